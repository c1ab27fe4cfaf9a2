"""Ids and codes that are the same numbers: an account is booked on only when Pleo named that very one."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import Problem
from kontobro.core.model.bindings import FEW, Binding, Given, of_another_database
from kontobro.core.model.export import AccountRef, Person
from kontobro.core.model.findings import Findings
from kontobro.core.model.masterdata import Account, DimensionValue, Employee, TaxCode, Vendor
from kontobro.core.model.masters import Masters
from kontobro.core.rules.accounts import account_named
from kontobro.core.rules.post import post_item
from kontobro.core.rules.vendor import match_vendor
from kontobro.core.settings.check import check_settings
from kontobro.testing.factories import a_line, a_tax, a_vendor, an_item, masters, settings

NOTHING = Given({})


def chart(*pairs: tuple[str, str], given: Given | None = NOTHING) -> Masters:
    """Accounts by id and code."""
    accounts = [Account(id, code, f"Account {code}") for id, code in pairs]
    return replace(masters(accounts=accounts), given_accounts=given)


SKR03 = chart(("1583", "0420"), ("420", "1583"), ("1131", "4930"), ("1200", "8339"), ("1100", "4851"), ("7", "1100"))


def named(books: Masters, code: str | None = None, identifier: str | None = None) -> tuple[str | None, list[Problem]]:
    findings = Findings()
    ref = AccountRef("p", "Office supplies", code, identifier)
    return account_named(ref, "account", "DKK", "Check it.", books, findings), findings.problems


# ------------------------------------------------------------------------------------------ what was seen


@pytest.mark.parametrize("code", ["420", "1131", "1200", "7"])
def test_a_code_that_does_not_exist_is_no_id(code: str) -> None:
    found, (problem,) = named(SKR03, code)
    assert (found, problem.code, problem.value) == (None, "account_unknown", code)


def test_identifier_and_code_alike_are_the_code() -> None:
    assert named(SKR03, "1100", "1100") == ("7", [])


def test_an_identifier_that_is_not_ours_is_not_looked_up() -> None:
    """Someone else's number: the code decides, and without a code nothing does."""
    assert named(SKR03, "1100", "1131") == ("7", [])
    found, (problem,) = named(SKR03, None, "1131")
    assert (found, problem.code) == (None, "account_unknown")
    assert "Office supplies" in problem.message


@pytest.mark.parametrize("setting", ["contra", "out_of_pocket", "accounts_payable", "external_reimbursement"])
def test_a_setting_that_holds_an_id_is_refused(setting: str) -> None:
    books = chart(("1200", "8339"), ("2", "5810"), ("3", "6800"), ("4", "5850"), ("5", "6700"), ("6", "6850"))
    wrong = settings(wallets={}, **{setting: "1200"})
    found = {problem.field: problem.code for problem in check_settings(wrong, books)}
    assert found == {f"settings.{setting}": "setting_is_id"}


def test_a_tax_code_and_a_tag_are_no_ids() -> None:
    tax = TaxCode("26", "7 %", "", Decimal("0.07"), "inclusive", "Assets:Tax:Input")
    books = masters(tax_codes=[tax], dimension_values=[DimensionValue("1", "COST", "100", "Sales")])
    line = a_line(10000, tax=a_tax(2000, "26"), tags=[("COST", "1")])
    posted = post_item(an_item(lines=[line]), settings(), books, dt.date(2026, 11, 22))
    assert {problem.code for problem in posted.problems} == {"tax_code_unknown", "tag_unknown"}


def test_an_employees_code_is_no_other_employees_id() -> None:
    """It would be someone else's balance; a code that no one has is kept as it is."""
    books = masters(employees=[Employee("5", "E5", ""), Employee("6", "7", "")])
    for code, balance in (("5", None), ("7", "6"), ("E5", "5"), ("stranger", "stranger")):
        item = an_item("out_of_pocket", user=Person("u", "Anna Berg", code))
        (entry,) = post_item(item, settings(), books, dt.date(2026, 11, 22)).entries
        assert {line.employee for line in entry.lines if line.role == "employee"} == {balance}


# ------------------------------------------------------------------------------------------ what we gave


GIVEN = Given({"26": "1100"})
"""We gave account 26 to Pleo, with the code 1100."""


@pytest.mark.parametrize(
    ("books", "code", "booked"),
    [
        pytest.param([("26", "1100")], "1100", "26", id="as it was given"),
        pytest.param([("26", "1200")], "1100", "26", id="renumbered, Pleo has the old code"),
        pytest.param([("26", "1200")], "1200", "26", id="renumbered, Pleo has the new code"),
        pytest.param([("26", "1200"), ("27", "1100")], "1100", "26", id="renumbered, another has the old code"),
        pytest.param([("26", "1200"), ("27", "900")], "1000", "26", id="a code of long ago, that nobody has"),
        pytest.param([("26", "1200")], None, "26", id="without a code"),
        pytest.param([("26", "1200"), ("27", "900")], "900", None, id="the code is another's"),
        pytest.param([("27", "1100")], "1100", None, id="gone, another has the code"),
        pytest.param([("27", "900")], "1100", None, id="gone, and so is the code"),
    ],
)
def test_an_account_that_we_gave_is_followed_or_refused(
    books: list[tuple[str, str]], code: str | None, booked: str | None
) -> None:
    found, problems = named(chart(*books, given=GIVEN), code, "26")
    assert found == booked
    assert [problem.code for problem in problems] == ([] if booked else ["account_unknown"])


def test_a_stale_identifier_is_refused_with_both_and_the_category() -> None:
    _, (problem,) = named(chart(("27", "1100"), given=GIVEN), "1100", "26")
    assert problem.reason == "account_unknown"
    for said in ("Office supplies", "26", "1100"):
        assert said in problem.message
    assert problem.value == "26 (1100)"


def test_an_intent_proves_nothing() -> None:
    """Pleo may have refused what we meant to create, because someone else has that identifier there."""
    bindings = [Binding("accounts", "26", None, "created", "1100")]
    assert Given.of(bindings, in_sync=False) == NOTHING
    assert Given.of([replace(bindings[0], pleo_id="p")], in_sync=True).codes == GIVEN.codes


def test_with_bindings_lost_the_code_has_to_confirm() -> None:
    """Accounts are kept in sync, but nothing tells what was given: a new store, or one that was emptied."""
    lost = Given.of([], in_sync=True)
    books = chart(("26", "1200"), ("27", "1100"), given=lost)
    assert named(books, "1200", "26") == ("26", [])
    assert named(books, "1100", "1100") == ("27", [])
    assert named(books, "1100") == ("27", [])
    for identifier in ("26", "99"):
        found, (problem,) = named(books, "1100", identifier)
        assert (found, problem.code) == (None, "account_unknown")


def test_where_ids_are_names_an_identifier_needs_no_binding() -> None:
    """Beancount: nothing but the account itself can be called Expenses:Office."""
    assert named(masters(), "3600", "Expenses:Travel") == ("Expenses:Travel", [])
    found, (problem,) = named(masters(), "3600", "Expenses:Gone")
    assert found is None
    assert "Expenses:Gone" in problem.message
    assert "3600" in problem.message


def test_the_accounts_of_a_tax_code_are_ids_where_a_sync_wrote_them() -> None:
    """A tax code without accounts of its own in the accounting system: those that Pleo names are used."""
    tax_codes = [TaxCode("26", "I25", "", Decimal("0.25"), "inclusive")]
    accounts = [
        Account("1", "1200", ""),
        Account("1200", "6410", ""),
        Account("2", "5810", ""),
        Account("3", "3600", ""),
    ]
    books = masters(accounts=accounts, tax_codes=tax_codes)
    tax = a_tax(2000, "I25")._replace(ingoing_account="1200")
    line = a_line(10000, tax=tax)

    def booked(given: Given) -> set[str]:
        known = replace(books, given_tax_codes=given)
        posted = post_item(an_item(lines=[line]), settings(wallets={}), known, dt.date(2026, 11, 22))
        return {line.account for entry in posted.entries for line in entry.lines}

    assert booked(NOTHING) == {"1", "2", "3"}
    ours = [Binding("tax_codes", "26", tax.id, "created", "I25")]
    assert booked(Given.of(ours, in_sync=True)) == {"1200", "2", "3"}
    assert booked(Given.of([], in_sync=True)) == set()


# --------------------------------------------------------------------------------------------- vendors


def test_a_vendors_external_id_counts_when_we_gave_it() -> None:
    vendors = [Vendor(id="26", code="V26", name="Ours"), Vendor(id="27", code="26", name="Another")]
    books = replace(masters(vendors=vendors), given_vendors=NOTHING)
    asked = an_item(vendor=a_vendor("26", external_id="26"))
    assert match_vendor(asked, books).vendor == vendors[1]
    assert match_vendor(an_item(vendor=a_vendor(None, external_id="26")), books).vendor is None
    ours = replace(books, given_vendors=Given({"26": "V26"}))
    assert match_vendor(an_item(vendor=a_vendor("V26", external_id="26")), ours).vendor == vendors[0]
    both = match_vendor(asked, ours)
    assert (both.vendor, both.ambiguous) == (None, True)


def test_a_vendor_born_in_pleo_is_known_by_pleos_id() -> None:
    vendor = Vendor(id="26", code="", name="Born", pleo_id="vendor-at-pleo")
    books = replace(masters(vendors=[vendor]), given_vendors=NOTHING)
    asked = replace(a_vendor(None, external_id="26"), id="vendor-at-pleo")
    assert match_vendor(an_item(vendor=asked), books).vendor == vendor


# ---------------------------------------------------------------------------------------- for any chart


numbers = st.integers(1, 12).map(str) | st.integers(1, 12).map(lambda number: f"0{number}")


@st.composite
def charts(draw: st.DrawFn) -> Masters:
    """Ids and codes of one small pool, codes shared and blocked now and then; some ids given, some of them gone."""
    ids = draw(st.lists(st.integers(1, 12).map(str), unique=True, max_size=8))
    accounts = [Account(id, draw(numbers), "", active=draw(st.booleans())) for id in ids]
    codes = draw(st.dictionaries(st.integers(1, 12).map(str), numbers | st.just(""), max_size=6))
    return replace(masters(accounts=accounts), given_accounts=Given(codes, lost=draw(st.booleans()) and not codes))


@given(books=charts(), identifier=st.none() | numbers, code=st.none() | numbers)
def test_what_is_booked_is_what_pleo_named(books: Masters, identifier: str | None, code: str | None) -> None:
    """The booked account has the code that Pleo named, or our binding says that it is the one."""
    found, problems = named(books, code, identifier)
    assert (found is None) == bool(problems)
    if found is None:
        return
    (account,) = books.accounts.with_id(found)
    assert books.given_accounts is not None
    bound = identifier == found and found in books.given_accounts.codes
    assert account.active
    assert account.code == code or bound
    if bound and code and books.accounts.find(code) and account.code != code:
        assert code == books.given_accounts.codes[found]  # another's by now, but the one that we wrote


@given(books=charts(), key=numbers)
def test_a_setting_takes_the_account_of_that_code_or_none(books: Masters, key: str) -> None:
    refused = [p for p in check_settings(settings(wallets={}, contra=key), books) if p.field == "settings.contra"]
    item = an_item("wallet_topup", contra_account=None)
    posted = post_item(item, settings(wallet=key, wallets={}, contra=key), books, dt.date(2026, 11, 22))
    live = [one for one in books.accounts.by_id.values() if one.active and one.code == key]
    assert bool(refused) == (len(live) != 1)
    assert bool([p for p in posted.problems if p.field == "settings.contra"]) == bool(refused)
    for entry in posted.entries:
        assert {line.account for line in entry.lines} == {live[0].id}


# ------------------------------------------------------------------------------- another database of the same kind


def bound(count: int, start: int = 1) -> Given:
    return Given({str(id): f"{4000 + id}" for id in range(start, start + count)})


def accounts_of(codes: dict[str, str]) -> dict[str, Account]:
    return {id: Account(id, code, "") for id, code in codes.items()}


def test_ids_of_another_database_are_told_by_their_codes() -> None:
    ours = bound(40)
    here = accounts_of(dict(ours.codes))
    there = accounts_of({id: f"{5000 + int(id)}" for id in ours.codes})
    assert not of_another_database(ours, here)
    assert of_another_database(ours, there)
    assert of_another_database(ours, {}), "all are gone"


@pytest.mark.parametrize(("renumbered", "other"), [(20, False), (21, True)])
def test_some_accounts_of_another_code_are_renumbered_not_elsewhere(renumbered: int, other: bool) -> None:
    ours = bound(40)
    codes = {id: f"9{code}" if int(id) <= renumbered else code for id, code in ours.codes.items()}
    assert of_another_database(ours, accounts_of(codes)) is other


def test_a_few_bindings_and_those_without_a_code_prove_nothing() -> None:
    assert not of_another_database(bound(FEW), {})
    assert not of_another_database(Given(dict.fromkeys(map(str, range(40)), "")), {})
