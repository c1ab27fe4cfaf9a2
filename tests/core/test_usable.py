"""What a first export needs, and which types would fail for an account that is not set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kontobro.core.model.history import JobRow
from kontobro.core.model.settings import RowOverride, Settings
from kontobro.core.settings.check import fit_of
from kontobro.core.settings.usable import missing_accounts, not_usable, wallet_missing
from kontobro.core.words import LANGUAGES, name_in
from kontobro.testing.factories import masters, settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CARDS_ALONE = Settings(wallet="1080")


def a_run(status: str) -> JobRow:
    return JobRow(job_id="job", status=status, items=1, started_at=NOW, finished_at=NOW)


@pytest.mark.parametrize("chosen", [CARDS_ALONE, Settings(wallets={"EUR": "1081"})])
def test_a_wallet_is_enough(chosen: Settings) -> None:
    assert wallet_missing(chosen) is None
    assert not_usable(chosen, []) is None


@pytest.mark.parametrize(
    ("status", "usable"),
    [("completed", True), ("completed_with_errors", True), ("failed", False), ("not ours", False), ("seen", False)],
)
def test_who_exported_before_has_its_wallets_from_pleo(status: str, usable: bool) -> None:
    assert (not_usable(Settings(), [a_run("failed"), a_run(status)]) is None) == usable


def test_an_account_that_is_missing_is_told_with_the_types_that_need_it() -> None:
    found = {one.setting: set(one.types) for one in missing_accounts(CARDS_ALONE)}
    assert found == {
        "out_of_pocket": {
            "out_of_pocket",
            "mileage",
            "per_diem",
            "direct_reimbursement",
            "external_reimbursement",
            "personal_spend",
            "atm_withdrawal",
        },
        "contra": {"external_reimbursement", "wallet_topup", "wallet_unload"},
        "accounts_payable": {"invoice", "invoice_payment"},
    }
    assert missing_accounts(settings()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_types_that_would_fail_are_named_in_the_readers_language(language: str) -> None:
    (problem,) = [one.problem for one in missing_accounts(CARDS_ALONE) if one.setting == "accounts_payable"]
    told = problem.said(language).message
    for code in ("invoice", "invoice_payment", "accounts_payable"):
        assert name_in(code, language) in told
        assert f" {code}," not in told
    assert "accounts payable" in problem.message
    assert name_in("accounts_payable", language) != name_in("accounts_payable", "en")


def test_a_check_says_what_stops_and_what_would_fail() -> None:
    """The one answer of the command line, the pages and both modules."""
    fit = fit_of(replace(settings(), wallet=None, wallets={}, accounts_payable=None, contra="999999"), masters())
    assert [one.code for one in fit.problems] == ["setting_missing", "account_unknown"]
    assert [(one.code, one.field) for one in fit.warnings] == [("types_would_fail", "settings.accounts_payable")]


def test_the_companys_own_rows_are_asked() -> None:
    own = RowOverride(type="wallet_topup", credit="external")
    other = RowOverride(type="wallet_unload", debit="external")
    chosen = replace(CARDS_ALONE, external_reimbursement="2900", rows=(own, other))
    assert "contra" not in [one.setting for one in missing_accounts(chosen)]
