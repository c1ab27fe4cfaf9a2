"""The module as a package: what pip installs has all that Tryton reads, and says where the module is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.addons.tryton.installation import MODULE


def test_the_package_brings_all_that_tryton_reads(tmp_path: Path) -> None:
    source = shutil.copytree(MODULE, tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "built")]
    subprocess.run(build, cwd=source, check=True, capture_output=True, timeout=120)
    (wheel,) = (tmp_path / "built").iterdir()
    with zipfile.ZipFile(wheel) as package:
        names = set(package.namelist())
        (points,) = (package.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    files = [MODULE / "tryton.cfg", *MODULE.rglob("*.py"), *MODULE.glob("*.xml")]
    files += [*(MODULE / "view").iterdir(), *(MODULE / "locale").iterdir()]
    assert {f"trytond_kontobro/{file.relative_to(MODULE)}" for file in files} <= names
    assert "kontobro = trytond_kontobro" in points
    assert any(name.endswith("LICENSE") for name in names)
