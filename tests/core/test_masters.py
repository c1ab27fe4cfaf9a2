"""Look-ups: codes among codes, ids among ids, ambiguity never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    MasterRecord,
    Period,
    TaxCode,
    Vendor,
)
from kontobro.core.model.masters import Masters, VendorIndex, tax_number_key
from kontobro.erp.beancount.load.masters import load
from kontobro.testing import factories
from kontobro.testing.factories import masters

LEDGER = Path(__file__).parents[1] / "golden" / "masters.beancount"


def ids(found: tuple[Account, ...]) -> list[str]:
    return [account.id for account in found]


def test_a_code_is_matched_with_codes_and_an_id_with_ids() -> None:
    """One account's id is another's code, as with numbered ids."""
    crossed = masters(accounts=[Account("10", "20", "A"), Account("20", "10", "B")])
    assert ids(crossed.accounts.find("10")) == ["20"]
    assert ids(crossed.accounts.with_id("10")) == ["10"]


def test_an_id_is_never_found_as_a_code() -> None:
    numbered = masters(
        accounts=[Account("7", "1200", "")],
        tax_codes=[TaxCode("26", "7 %", "", Decimal("0.07"), "inclusive")],
        dimensions=[Dimension("3", "Projects", "")],
        dimension_values=[DimensionValue("1", "3", "P1", "")],
        employees=[Employee("4", "E4", "")],
        journals=[Journal("5", "MISC", "")],
    )
    kinds = ("accounts", "tax_codes", "dimensions", "employees", "journals")
    looked_up = {kind: getattr(numbered, kind) for kind in kinds} | {"tags": numbered.dimension_values["3"]}
    found = {kind: [id for id in map(str, range(40)) if index.find(id)] for kind, index in looked_up.items()}
    assert found == {kind: [] for kind in looked_up}


def test_sure_is_only_what_has_its_code_alone_and_can_be_used() -> None:
    """All else takes the long way, which finds it, or says what is wrong with it."""
    plain, spaced = Account("1", "10", ""), Account("2", " 20 ", "")
    shared = [Account("3", "30", ""), Account("4", "30", "")]
    blocked, foreign = Account("5", "50", "", active=False), Account("6", "60", "", currencies=("EUR",))
    named = [Account("7", "70", "", name_too="80"), Account("8", "80", ""), Account("9", "80", "")]
    known = masters(
        accounts=[plain, spaced, *shared, blocked, foreign, *named],
        tax_codes=[replace(factories.TAX_CODES[0], code="T1"), replace(factories.TAX_CODES[0], code="", id="x")],
        dimensions=[Dimension("c", "Cost", ""), Dimension("p", "PROJECT", ""), Dimension("q", "project", "")],
    )
    assert {code: account.id for code, account in known.accounts.sure.items()} == {"10": "1", "20": "2", "70": "7"}
    assert set(known.tax_codes.sure) == {"T1"}
    assert {code: one.id for code, one in known.dimensions.sure.items()} == {"Cost": "c"}


def test_an_account_without_a_code_is_found_by_none() -> None:
    assert masters(accounts=[Account("7", "", "")]).accounts.find("") == ()


def test_a_name_that_no_code_can_look_like_serves_beside_the_code() -> None:
    """A Beancount account is typed by its name, or by the code in its metadata; codes come first."""
    assert (
        ids(masters().accounts.find("Expenses:Office")) == ids(masters().accounts.find("3600")) == ["Expenses:Office"]
    )
    taken = masters(accounts=[Account("A", "B", "", name_too="A"), Account("B", "A", "", name_too="B")])
    assert ids(taken.accounts.find("A")) == ["B"]
    assert masters().accounts.find("nothing") == ()


def test_an_active_account_hides_a_blocked_one_of_the_same_code() -> None:
    both = masters(accounts=[Account("old", "7", "", active=False), Account("new", "7", "")])
    assert ids(both.accounts.find("7")) == ["new"]
    assert ids(masters().accounts.find("3999")) == ["Expenses:Old"]


def test_codes_that_are_padded_are_the_same_code() -> None:
    assert ids(masters(accounts=[Account("a", " 7 ", "")]).accounts.find("7")) == ["a"]


def test_dimension_codes_ignore_case_and_values_do_not() -> None:
    assert [one.id for one in masters().dimensions.find("cost")] == ["COST"]
    assert masters().dimension_values["PROJECT"].find("p-1") == ()


def test_blocked_vendors_are_nowhere() -> None:
    vendors: VendorIndex = masters().vendors
    assert "V300" not in vendors.by_id
    assert "V300" not in vendors.by_code


@pytest.mark.parametrize(
    ("number", "key"), [("DK 12-34.56 78", "DK12345678"), ("dk12345678", "DK12345678"), ("", None), (None, None)]
)
def test_tax_numbers_are_compared_without_punctuation(number: str | None, key: str | None) -> None:
    assert tax_number_key(number) == key


def test_the_whole_chart_is_not_printed() -> None:
    assert "Expenses" not in repr(Masters.of(factories.masters().company, factories.ACCOUNTS))


@pytest.mark.parametrize(
    ("kind", "records"),
    [
        (Company, [masters().company]),
        (Account, factories.ACCOUNTS),
        (TaxCode, factories.TAX_CODES),
        (Dimension, factories.DIMENSIONS),
        (DimensionValue, factories.DIMENSION_VALUES),
        (Vendor, factories.VENDORS),
        (Employee, factories.EMPLOYEES),
        (Journal, factories.JOURNALS),
        (Period, factories.PERIODS),
    ],
)
def test_the_factories_company_is_the_golden_ledger_as_the_connector_reads_it(
    kind: type[MasterRecord], records: Sequence[MasterRecord]
) -> None:
    read = (replace(one, opened=None, type=None) if isinstance(one, Account) else one for one in load(LEDGER).all(kind))
    assert sorted(read, key=repr) == sorted(records, key=repr)
