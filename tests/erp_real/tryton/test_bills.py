"""Bills in a real Tryton: its own supplier invoices, with Pleo's amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Bill, Booking, Entry, EntryLine, line_sums
from kontobro.erp.tryton.connector import TrytonConnector
from kontobro.testing.connector.entries import Chart, a_bill, a_payment, a_reverse_journal, a_taxed_bill
from tests.erp_real.tryton.installation import TrytonBookkeeper

pytestmark = pytest.mark.tryton


def booked(connector: TrytonConnector, entry: Entry) -> Booking:
    (answer,) = connector.book([entry])
    assert isinstance(answer, Booking), answer
    return answer


def posted(connector: TrytonConnector, *entries: Entry) -> list[Booking]:
    answers = connector.post([booked(connector, entry) for entry in entries])
    assert all(isinstance(answer, Booking) and answer.status == "posted" for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, Booking)]


def the_invoice(bookkeeper: TrytonBookkeeper, bill: Entry, *fields: str) -> dict[str, Any]:
    (invoice,) = bookkeeper.invoices(bill.reference, *fields)
    return invoice


def test_a_bill_is_a_supplier_invoice_that_people_find(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    bill = a_taxed_bill(chart, due_date=date(2026, 11, 2), document_date=date(2026, 10, 1))
    booking = booked(connector, bill)
    fields = ["type", "reference", "invoice_date", "accounting_date", "payment_term_date", "comment", "total_amount"]
    invoice = the_invoice(bookkeeper, bill, *fields)
    assert (invoice["state"], invoice["type"], invoice["reference"]) == ("draft", "in", bill.number)
    assert (invoice["invoice_date"], invoice["accounting_date"]) == (bill.document_date, bill.date)
    assert (invoice["payment_term_date"], invoice["total_amount"]) == (bill.due_date, Decimal("99.00"))
    assert invoice["comment"].startswith(f"{bill.number} · Staples")
    assert booking.url == f"{connector.link}/account.invoice/{invoice['id']}"
    (after,) = posted(connector, bill)
    assert after.number == the_invoice(bookkeeper, bill, "number")["number"]


@pytest.mark.parametrize("tax", ["19.81", "19.80", "0.00", "12.34"])
@pytest.mark.parametrize("credit_note", [False, True], ids=["bill", "credit_note"])
def test_the_tax_of_the_paper_is_booked_to_the_cent(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper, tax: str, credit_note: bool
) -> None:
    """Tryton itself would compute 19.80."""
    bill = a_taxed_bill(chart, "79.20", tax, credit_note=credit_note)
    (booking,) = posted(connector, bill)
    assert (booking.tax, dict(booking.line_sums)) == (bill.tax, line_sums(bill))
    sign = -1 if credit_note else 1
    amounts = the_invoice(bookkeeper, bill, "untaxed_amount", "tax_amount")
    assert (amounts["untaxed_amount"], amounts["tax_amount"]) == (sign * Decimal("79.20"), sign * Decimal(tax))
    expected = {("base", "I25"): sign * Decimal("79.20"), ("tax", "I25"): sign * Decimal(tax)}
    assert tax_lines(bookkeeper, bill) == {key: amount for key, amount in expected.items() if amount}


def tax_lines(bookkeeper: TrytonBookkeeper, bill: Entry) -> dict[tuple[str, str], Decimal]:
    """Tryton's own record of tax, which its VAT return sums."""
    move = the_invoice(bookkeeper, bill, "move")["move"]
    rows = bookkeeper.api.rows("account.tax.line", [["move_line.move", "=", move]], ["type", "tax.name", "amount"])
    return {(row["type"], row["tax."]["name"]): row["amount"] for row in rows}


def test_reverse_charge_stands_on_both_sides_of_an_invoice(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    expense, tax, output, wallet = a_reverse_journal(chart).lines
    output = replace(output, account=tax.account)  # the template's tax has one account for both
    owed = EntryLine(account=chart.payable, amount=wallet.amount, role="payable", vendor=chart.vendor)
    bill = a_bill(chart, lines=(expense, tax, output, owed))
    (booking,) = posted(connector, bill)
    assert (booking.tax, dict(booking.line_sums)) == (Decimal(20), line_sums(bill))
    assert tax_lines(bookkeeper, bill) == {
        ("base", "IV25 in"): Decimal(80),
        ("base", "IV25 out"): Decimal(80),
        ("tax", "IV25 in"): Decimal(20),
        ("tax", "IV25 out"): Decimal(-20),
    }


def test_two_lines_of_one_tax_share_its_row_and_keep_their_dimensions(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    one = a_taxed_bill(chart, "10.01", "2.50").lines
    first, second = replace(one[0], dimensions=chart.dimensions), replace(one[0], amount=Decimal("5.55"), dimensions=())
    tax = replace(one[1], amount=Decimal("5.00"))
    owed = replace(one[2], amount=Decimal("-20.56"))
    bill = a_bill(chart, lines=(first, second, tax, owed))
    (booking,) = posted(connector, bill)
    assert dict(booking.line_sums) == line_sums(bill)
    move = the_invoice(bookkeeper, bill, "move")["move"]
    analytic = bookkeeper.api.rows("analytic_account.line", [["move_line.move", "=", move]], ["account", "debit"])
    assert {(str(row["account"]), row["debit"]) for row in analytic} == {
        (value, Decimal("10.01")) for _, value in chart.dimensions
    }


def test_a_paid_bill_is_paid_in_tryton_and_open_again_when_the_money_came_back(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    bill = a_bill(chart)
    posted(connector, bill, a_payment(chart, bill.key, "50.00"))
    assert the_invoice(bookkeeper, bill)["state"] == "posted"
    posted(connector, a_payment(chart, bill.key, "70.00"))
    assert the_invoice(bookkeeper, bill)["state"] == "paid"
    posted(connector, a_payment(chart, bill.key, "70.00", returned=True))
    assert the_invoice(bookkeeper, bill)["state"] == "posted"


def test_rounding_in_the_companys_own_currency_is_trytons(connector: TrytonConnector, chart: Chart) -> None:
    lines = [replace(line, amount=Decimal("0.11")) for line in a_bill(chart).lines[:1] * 7]
    owed = replace(a_bill(chart).lines[1], amount=Decimal("-0.77"))
    bill = a_bill(chart, lines=(*lines, owed), currency="EUR")
    (booking,) = posted(connector, bill)
    assert dict(booking.line_sums) == line_sums(bill)


# ------------------------------------------------------------------------------------------ Tryton's warnings


def test_bills_of_ours_may_be_alike_and_each_warning_is_answered_once(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    bill = a_bill(chart)
    others = [a_bill(chart, f"{n}.00", number=bill.number) for n in (1, 2, 3)]
    posted(connector, bill, *others)
    assert bookkeeper.api.read("model.res.user.warning.search_count", []) == 0


def test_a_bill_that_a_person_has_entered_stays_a_draft(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    bill, other = a_bill(chart), a_bill(chart)
    by_hand = a_bill(chart, number=bill.number)
    booked(connector, by_hand)
    ids = [the_invoice(bookkeeper, by_hand)["id"]]
    bookkeeper.api.write("model.account.invoice.write", ids, {"description": "Entered by hand"})
    bookkeeper.api.write("model.account.invoice.post", ids)
    drafts = [booked(connector, one) for one in (bill, other)]
    refused, fine = connector.post(drafts)
    assert isinstance(refused, Problem)
    assert refused.code == "not_posted"
    assert bill.number in refused.message
    assert isinstance(fine, Booking)
    assert connector.find([bill.reference])[bill.reference].status == "draft"


# --------------------------------------------------------------------------------- what people do, and Tryton can't


def test_a_bill_that_a_person_validated_is_posted_or_withdrawn(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    bills = [a_bill(chart), a_bill(chart)]
    drafts = [booked(connector, bill) for bill in bills]
    validate(bookkeeper, bills)
    found = connector.find([bill.reference for bill in bills])
    assert [(one.status, one.total) for one in found.values()] == [("draft", Decimal(120))] * 2
    connector.withdraw(drafts[:1])
    assert the_invoice(bookkeeper, bills[0])["state"] == "cancelled"
    assert connector.find([bills[0].reference])[bills[0].reference].status == "void"
    posted(connector, bills[1])


def validate(bookkeeper: TrytonBookkeeper, bills: Sequence[Bill]) -> None:
    ids = [the_invoice(bookkeeper, bill)["id"] for bill in bills]
    bookkeeper.api.write("model.account.invoice.validate_invoice", ids)


def test_a_bill_on_an_account_that_invoices_don_t_take_is_a_move_on_the_payable_account(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    bill = a_bill(chart)
    wallet = replace(bill.lines[0], account=chart.wallets["DKK"])
    bill = replace(bill, lines=(wallet, bill.lines[1]))
    payment = a_payment(chart, bill.key)
    posted(connector, bill)
    assert bookkeeper.invoices(bill.reference) == []
    assert len(bookkeeper.moves(bill.reference)) == 1
    assert posted(connector, payment)[0].settled is True


def test_a_vendor_without_an_address_is_a_problem(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    (party,) = bookkeeper.api.write("model.party.party.create", [{"name": "Nowhere ApS", "addresses": []}])
    bill = replace(a_bill(chart), vendor=str(party))
    owed = replace(bill.lines[1], vendor=str(party))
    ((problem,),) = connector.validate([replace(bill, lines=(bill.lines[0], owed))])
    assert (problem.code, problem.value) == ("vendor_address_missing", str(party))
