"""pytest within Odoo's own Python: started by test_inside.py with the configuration file and pytest's arguments.

The test tools come last on the path: Odoo's own versions of everything win.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(conf: str, *arguments: str) -> int:
    sys.path.append(os.environ["KONTOBRO_TEST_TOOLS"])
    import odoo.modules.module
    import pytest
    from odoo.tools import config

    config.parse_config(["-c", conf, "--log-level", "warn"])
    odoo.modules.module.initialize_sys_path()
    here = str(Path(__file__).parent)
    options = ["-q", "-c", os.devnull, "--rootdir", here, "--confcutdir", here, "-p", "no:cacheprovider"]
    return int(pytest.main([*options, "-W", "error::pytest.PytestUnraisableExceptionWarning", *arguments]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
