"""One `make demo ERP=...`, as its own process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from erp_lab.places import ROOT


def run_demo(erp: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    variables = os.environ | {"PYTHONPATH": path, "KONTOBRO_ERP_HOME": str(home), "LANG": "C.UTF-8"}
    command = [sys.executable, "-m", f"erp_lab.demo_{erp}"]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False)
