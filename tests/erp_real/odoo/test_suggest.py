"""Suggestions over the whole charts that the installed Odoo ships, in English and in the country's own language."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from erp_lab.places import erp_home
from kontobro.core.model.masterdata import Account, Company
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import Settings
from kontobro.core.settings.suggest import Suggestion, suggest
from tests.erp_real.odoo.installation import ABSENT, installed

CHARTS = {
    ("l10n_dk", "dk"): {"accounts_payable": "7440", "external_reimbursement": "7860"},
    ("l10n_de", "de_skr03"): {"accounts_payable": "1600", "external_reimbursement": "1740"},
    ("l10n_de", "de_skr04"): {"accounts_payable": "3300", "external_reimbursement": "3720"},
    ("l10n_fr_account", "fr"): {"accounts_payable": "401100", "contra": "580000", "external_reimbursement": "421000"},
    ("l10n_se", "se"): {"accounts_payable": "2440", "external_reimbursement": "2910", "out_of_pocket": "2820"},
}


def accounts_of(module: str, name: str, own: bool) -> list[Account]:
    file = f"usr/lib/python3/dist-packages/odoo/addons/{module}/data/template/account.account-{name}.csv"
    with Path(erp_home() / "odoo" / "root" / file).open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    column = next(key for key in rows[0] if key.startswith("name@")) if own else "name"
    return [Account(str(at), row["code"], row[column] or row["name"]) for at, row in enumerate(rows)]


def suggested(accounts: list[Account]) -> dict[str, Suggestion]:
    masters = Masters.of(Company("1", "Fjord & Bro", "EUR"), accounts)
    return {one.setting: one for one in suggest(Settings(), masters)}


@pytest.mark.skipif(not installed(), reason=ABSENT)
@pytest.mark.parametrize("own", [False, True], ids=["English", "own language"])
@pytest.mark.parametrize("chart", CHARTS, ids=[name for _, name in CHARTS])
def test_a_whole_chart_gives_the_usual_accounts_and_what_is_named_after_pleo_comes_first(
    chart: tuple[str, str], own: bool
) -> None:
    accounts = accounts_of(*chart, own)
    assert {name: one.after for name, one in suggested(accounts).items() if one.after} == CHARTS[chart]
    more = [Account("x1", "999901", "Money in transit to and from Pleo"), Account("x2", "999902", "Pleo")]
    found = suggested([*accounts, *more])
    assert {name: one.after for name, one in found.items() if one.after} == (
        {**CHARTS[chart], "wallet": "999902", "contra": "999901"}
    )
    assert "after Pleo and its purpose" in found["contra"].why
