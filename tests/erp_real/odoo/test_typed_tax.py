"""A bookkeeper typed the VAT of the receipt: Pleo's amount is in Odoo to the cent, and the VAT return gets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from kontobro.core.model.journal import Booking, Entry, EntryLine, JournalEntry, dimension_sums, tax_code_sums
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.export.book.compare import differences
from kontobro.testing.connector.entries import (
    Chart,
    a_bill,
    a_journal,
    a_reverse_journal,
    a_taxed_bill,
    a_taxed_journal,
)
from tests.erp_real.odoo.installation import Company, OdooBookkeeper

pytestmark = pytest.mark.odoo

VAT_FIELDS = ("account_id", "tax_line_id", "tax_ids", "tax_tag_ids", "tax_base_amount")
TAX_FIELDS = (*VAT_FIELDS, "balance")

Make = Callable[[Chart, str, str], Entry]


@pytest.fixture
def connector(company: Company) -> OdooConnector:
    return company.connector()


@pytest.fixture
def chart(company: Company) -> Chart:
    return company.chart()


def book(connector: OdooConnector, entry: Entry) -> Booking:
    (booking,) = connector.book([entry])
    assert isinstance(booking, Booking), booking
    return booking


def post(connector: OdooConnector, entry: Entry) -> Booking:
    (booking,) = connector.post([book(connector, entry)])
    assert isinstance(booking, Booking), booking
    return booking


def a_credit_note(chart: Chart, net: str, tax: str) -> Entry:
    return a_taxed_bill(chart, net, tax, credit_note=True)


def in_euro(chart: Chart, net: str, tax: str) -> Entry:
    return a_taxed_journal(chart, net, tax, "EUR")


def a_euro_bill(chart: Chart, net: str, tax: str) -> Entry:
    return a_taxed_bill(chart, net, tax, currency="EUR")


def a_reverse_bill(chart: Chart, net: str, tax: str) -> Entry:
    journal = a_reverse_journal(chart, net, tax)
    *others, wallet = journal.lines
    owed = replace(wallet, account=chart.payable, role="payable", vendor=chart.vendor)
    return a_bill(chart, lines=(*others, owed))


MAKERS = {
    "journal": a_taxed_journal,
    "foreign": in_euro,
    "reverse": a_reverse_journal,
    "bill": a_taxed_bill,
    "credit note": a_credit_note,
    "foreign bill": a_euro_bill,
    "reverse bill": a_reverse_bill,
}


@pytest.mark.parametrize("tax", ["19.81", "19.79", "12.00"])
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_typed_tax_stands_to_the_cent(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart, make: Make, tax: str
) -> None:
    entry = make(chart, "79.20", tax)
    assert differences(entry, book(connector, entry)) == []
    booking = post(connector, entry)
    assert (booking.status, differences(entry, booking)) == ("posted", [])
    computed = make(chart, "79.20", "19.80")
    assert differences(computed, post(connector, computed)) == []
    assert in_the_vat_return(bookkeeper, entry) == in_the_vat_return(bookkeeper, computed)


def in_the_vat_return(bookkeeper: OdooBookkeeper, entry: Entry) -> list[tuple[object, ...]]:
    """Which tax and tags each line has, and the base. No balancing line, no second tax line."""
    lines = bookkeeper.lines(entry.reference, *TAX_FIELDS)
    assert len(lines) == len(entry.lines)
    assert sum(Decimal(line["balance"]) for line in lines) == 0
    taxes = [line for line in lines if line["tax_line_id"]]
    assert len(taxes) == sum(line.role in ("tax", "reverse_tax") for line in entry.lines)
    assert all(line["tax_tag_ids"] for line in taxes)
    return [tuple(line[name] for name in VAT_FIELDS) for line in lines]


def test_several_taxes_on_one_entry_each_keep_their_own(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    """Two lines of one tax, which Odoo adds up in one tax line, and one under reverse charge."""
    reverse = a_reverse_journal(chart, "50.00", "12.51").lines
    first, second = a_taxed_journal(chart, "79.20", "19.83").lines, a_taxed_journal(chart, "10.00", "2.49").lines
    expenses = [first[0], replace(second[0], dimensions=()), reverse[0]]
    taxes = [replace(first[1], amount=Decimal("22.32")), *reverse[1:3]]
    total = sum((line.amount for line in (*expenses, *taxes)), Decimal(0))
    entry = replace(a_journal(chart), lines=(*expenses, *taxes, replace(first[2], amount=-total)))
    booking = post(connector, entry)
    assert differences(entry, booking) == []
    assert in_the_vat_return(bookkeeper, entry)


def test_a_typed_tax_of_nothing_stands(connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart) -> None:
    """The receipt states no VAT, the code has a rate: the base is reported, and no tax."""
    expense, _, wallet = a_taxed_journal(chart, "99.00", "0.00").lines
    entry = replace(a_journal(chart), lines=(expense, wallet))
    booking = post(connector, entry)
    assert differences(entry, booking) == []
    assert any(line["tax_ids"] for line in bookkeeper.lines(entry.reference, *TAX_FIELDS))


def test_only_the_entry_whose_tax_was_typed_is_touched(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    entries = [a_taxed_journal(chart), a_taxed_journal(chart, "79.20", "19.81"), a_taxed_bill(chart, "79.20", "19.79")]
    answers = connector.book(entries)
    for entry, answer in zip(entries, answers, strict=True):
        assert isinstance(answer, Booking)
        assert differences(entry, answer) == []
        assert bookkeeper.count(entry.reference) == 1


def test_two_that_book_the_same_typed_tax_make_one(
    connector: OdooConnector, company: Company, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    """The amounts are set, not added: once more changes nothing."""
    entry = a_taxed_journal(chart, "79.20", "19.81")
    assert book(connector, entry) == book(company.connector(), entry)
    assert in_the_vat_return(bookkeeper, entry)


def test_a_tax_in_the_price_keeps_pleos_net(connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart) -> None:
    bookkeeper.api.write(
        "account.tax", "write", ids=[int(chart.tax_code)], vals={"price_include_override": "tax_included"}
    )
    for entry in (a_taxed_bill(chart, "79.20", "19.81"), a_taxed_journal(chart, "79.20", "12.00")):
        assert differences(entry, post(connector, entry)) == []


# --------------------------------------------------------------------------------------- what can't be had


def test_a_tax_that_falls_on_the_expense_in_part_is_booked_with_its_dimensions(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    """Half of it deductible: the other half is on the expense's account, under its dimensions."""
    halves = [
        [0, 0, {"repartition_type": "base", "factor_percent": 100}],
        [0, 0, {"repartition_type": "tax", "factor_percent": 50, "account_id": int(chart.input_tax)}],
        [0, 0, {"repartition_type": "tax", "factor_percent": 50}],
    ]
    (tax,) = bookkeeper.api.write(
        "account.tax",
        "create",
        vals_list=[
            {
                "name": "Half",
                "type_tax_use": "purchase",
                "amount": 25,
                "invoice_repartition_line_ids": halves,
                "refund_repartition_line_ids": halves,
            }
        ],
    )
    entry = with_code(a_taxed_journal(chart, "80.00", "10.01"), str(tax))
    booking = book(connector, entry)
    assert booking.status == "draft"
    assert differences(entry, booking) == []
    assert booking.dimension_sums == dimension_sums(entry)
    assert booking.tax_code_sums == tax_code_sums(entry)
    connector.withdraw([booking])
    assert connector.find([entry.reference]) == {}


def test_a_draft_that_a_bookkeeper_changed_is_left_alone(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    entry = a_taxed_journal(chart, "79.20", "19.81")
    booking = book(connector, entry)
    taxed = [line["id"] for line in bookkeeper.lines(entry.reference, *TAX_FIELDS) if line["tax_line_id"]]
    changes = [[1, taxed[0], {"balance": 20, "amount_currency": 20}]]
    bookkeeper.api.write("account.move", "write", ids=[int(booking.id)], vals={"line_ids": changes})
    again = book(connector, entry)
    assert "tax 20.00 instead of 19.81" in map(str, differences(entry, again))


def with_code(entry: JournalEntry, code: str) -> JournalEntry:
    lines: list[EntryLine] = [replace(line, tax_code=code) if line.tax_code else line for line in entry.lines]
    return replace(entry, lines=tuple(lines))
