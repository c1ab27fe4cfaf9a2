"""Django set up in this process as the service sets it up, once. Import it before anything of `kontobro.web`."""

from __future__ import annotations

import os
import tempfile

_folder = tempfile.TemporaryDirectory(prefix="kontobro-web-")
os.environ["KONTOBRO_HOME"] = _folder.name
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kontobro.web.settings")

from kontobro.web.server.start import set_up  # noqa: E402 - it reads the environment

set_up()
del os.environ["KONTOBRO_HOME"]

from tests.support.quick_passwords import hash_quickly  # noqa: E402 - likewise

hash_quickly()
