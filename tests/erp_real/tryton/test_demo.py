"""`make demo ERP=tryton`: the demo's company in a real Tryton, counted there; a clear word where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from erp_lab.places import erp_home
from tests.erp_real.demo_run import run_demo
from tests.erp_real.tryton.installation import ABSENT, installed


@pytest.mark.tryton
def test_the_demos_expenses_stand_in_a_real_tryton_once(tmp_path: Path) -> None:
    if not installed():
        pytest.skip(ABSENT)
    ran = run_demo("tryton", tmp_path, erp_home())
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads((tmp_path / "demo" / "summary.json").read_text(encoding="utf-8"))
    # one more to fix than in the ledger: an invented tax number, by which a vendor would be known, is none to Tryton
    assert (told["items"], told["booked"], told["failed"], told["uncertain"]) == (116, 106, 10, 0)
    assert (told["entries"], told["duplicates"], told["drafts"], told["receipts"]) == (118, 0, 0, 60)


def test_where_tryton_is_not_installed_it_says_how_to_get_it(tmp_path: Path) -> None:
    ran = run_demo("tryton", tmp_path, tmp_path / "nothing")
    assert ran.returncode == 75, ran.stdout + ran.stderr
    assert "make erp-tryton" in ran.stderr
    assert not (tmp_path / "demo").exists()
