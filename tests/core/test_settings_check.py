"""`kontobro check`: everything that is wrong with the settings, at once."""

from __future__ import annotations

from kontobro.core.masterdata import Company
from kontobro.core.settings import RowOverride, Settings
from kontobro.core.settings_check import check_settings
from kontobro.testing.factories import masters, settings


def faults(chosen: Settings) -> dict[str, str]:
    return {problem.field.removeprefix("settings."): problem.code for problem in check_settings(chosen, masters())}


def test_complete_settings_have_no_fault() -> None:
    chosen = settings(journal="PLEO", dimensions={"Afdeling": "cost"}, hook="tests.golden.hooks:meals_to_travel")
    assert check_settings(chosen, masters()) == []


def test_what_nothing_needs_yet_is_not_asked_for() -> None:
    assert faults(Settings()) == {}
    assert faults(settings(contra=None, accounts_payable=None, out_of_pocket=None)) == {}


def test_everything_wrong_is_told_at_once() -> None:
    wrong = settings(
        time_zone="Europe/Atlantis",
        wallet="5811",
        wallets={"EUR": "5810", "GBP": "9999"},
        out_of_pocket="3333",
        contra="3999",
        external_reimbursement="1",
        accounts_payable=None,
        journal="NOPE",
        dimensions={"Afdeling": "NOPE"},
        rows=(RowOverride(type="cashback", line_account="2"),),
        hook="tests.golden.hooks:nothing",
    )
    assert faults(wrong) == {
        "wallet": "account_currency",
        "wallets.EUR": "account_currency",
        "wallets.GBP": "account_unknown",
        "out_of_pocket": "account_ambiguous",
        "contra": "account_blocked",
        "external_reimbursement": "account_unknown",
        "rows[0].line_account": "account_unknown",
        "time_zone": "time_zone_unknown",
        "journal": "journal_missing",
        "dimensions.Afdeling": "dimension_unknown",
        "hook": "hook_missing",
    }
    assert all(problem.remedy for problem in check_settings(wrong, masters()))


def test_an_accounting_system_without_time_zone_is_booked_in_utc() -> None:
    assert check_settings(settings(), masters(company=Company("x", "x", "DKK"))) == []
