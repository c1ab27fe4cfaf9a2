"""`make demo ERP=odoo`: the demo's company in a real Odoo, counted there; a clear word where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.erp_real.odoo.house import ABSENT, installed
from tests.erp_real.places import ROOT, erp_home


def run_demo(folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    variables = os.environ | {"PYTHONPATH": path, "KONTOBRO_ERP_HOME": str(home), "LANG": "C.UTF-8"}
    command = [sys.executable, "-m", "scripts.erp.demo_odoo"]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.odoo
def test_the_demos_expenses_stand_in_a_real_odoo_once(tmp_path: Path) -> None:
    if not installed():
        pytest.skip(ABSENT)
    ran = run_demo(tmp_path, erp_home())
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads((tmp_path / "demo" / "summary.json").read_text(encoding="utf-8"))
    assert (told["items"], told["booked"], told["failed"], told["uncertain"]) == (116, 107, 9, 0)
    assert (told["entries"], told["duplicates"], told["drafts"], told["receipts"]) == (120, 0, 0, 61)


def test_where_odoo_is_not_installed_it_says_how_to_get_it(tmp_path: Path) -> None:
    ran = run_demo(tmp_path, tmp_path / "nothing")
    assert ran.returncode == 75, ran.stdout + ran.stderr
    assert "make erp-odoo" in ran.stderr
    assert not (tmp_path / "demo").exists()
