"""`kontobro check`: everything that is wrong with the settings, at once."""

from __future__ import annotations

from typing import Any

import pytest

from kontobro.core.model.masterdata import Account, Company, Dimension, Journal
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import RowOverride, Settings
from kontobro.core.settings.check import check_all, check_settings, check_stored
from kontobro.core.settings.codes import in_codes
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


# ------------------------------------------------------------------------------- ids that were stored before


def numbered(**changed: Any) -> Masters:
    """Accounts of four digits; ids are numbers."""
    accounts = [Account("1200", "8339", "Revenue"), Account("420", "4930", ""), Account("57", "1590", "")]
    accounts += [Account("5", "0420", ""), Account("6", "2000", "One"), Account("7", "2000", "Two")]
    dimensions = [Dimension("3", "Projects", ""), Dimension("4", "3", "Named like an id")]
    given = {"accounts": accounts, "dimensions": dimensions, "journals": [Journal("9", "MISC", "")]}
    return masters(**(given | changed))


def test_an_id_that_can_be_nothing_else_is_read_as_its_code() -> None:
    held = Settings(contra="57", journal="9", wallets={"EUR": "57"}, rows=(RowOverride(type="fee", line_account="57"),))
    read, stored = in_codes(held, numbered())
    assert (read.contra, read.journal, read.wallets) == ("1590", "MISC", {"EUR": "1590"})
    assert read.rows[0].line_account == "1590"
    assert {(one.setting, one.id, one.code) for one in stored} == {
        ("contra", "57", "1590"),
        ("journal", "9", "MISC"),
        ("wallets.EUR", "57", "1590"),
        ("rows[0].line_account", "57", "1590"),
    }


@pytest.mark.parametrize(
    "key", ["1200", "420", "6", "8339", "99", "nothing", " 1200", "420 ", "\u00a01200", "\uff11\uff12\uff10\uff10"]
)
def test_an_account_number_or_an_id_of_a_shared_code_is_left(key: str) -> None:
    """1200 is as long as a code, 420 is 0420 without its zero, 6 has the code of another account too."""
    assert in_codes(Settings(contra=key), numbered()) == (Settings(contra=key), ())


@pytest.mark.parametrize("code", ["1200.00", "1200-DE", "1200 A"])
def test_a_number_that_codes_begin_with_is_no_id(code: str) -> None:
    """A chart of 1200.00 and the like: 1200 is a code without its end, and some account's id."""
    books = numbered(accounts=[Account("1200", "8339.00", "Revenue"), Account("57", code, "")])
    for held in (Settings(contra="1200"), Settings(wallets={"EUR": " 1200"})):
        assert in_codes(held, books) == (held, ())
        assert [one.code for one in check_stored(held, books)] == ["setting_is_id"]


def test_a_journal_whose_code_is_a_number_is_not_meant_by_id() -> None:
    books, held = numbered(journals=[Journal("1", "02", ""), Journal("2", "03", "")]), Settings(journal="2")
    assert in_codes(held, books) == (held, ())
    assert [one.code for one in check_stored(held, books)] == ["setting_is_id"]


def test_dimensions_were_chosen_by_id() -> None:
    books = numbered(dimensions=[Dimension("3", "Projects", ""), Dimension("8", "Teams", "")])
    held = Settings(sync_dimensions=("3", "teams"), dimensions={"TEAM": "8"})
    read, _ = in_codes(held, books)
    assert (read.sync_dimensions, read.dimensions) == (("Projects", "teams"), {"TEAM": "Teams"})
    assert in_codes(Settings(sync_dimensions=("3",)), numbered())[0].sync_dimensions == ("3",)  # a code by now


def test_what_is_to_be_stored_is_held_to_codes() -> None:
    held = settings(contra="57", journal="9", dimensions={"TEAM": "4"}, sync_dimensions=("4", "nowhere"), wallets={})
    found = {problem.field: problem for problem in check_all(held, numbered())}
    for field in ("settings.contra", "settings.journal", "settings.dimensions.TEAM"):
        assert found[field].code == "setting_is_id"
    assert "1590" in found["settings.contra"].message
    assert found["settings.sync_dimensions"].code in ("setting_is_id", "dimension_unknown")
    stored = {problem.field for problem in check_stored(held, numbered())}
    assert not stored & {"settings.contra", "settings.journal", "settings.dimensions.TEAM"}
