"""What every connector does with receipts, bills and payments (part of `connector_contract`)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kontobro.core.errors import KontobroError
from kontobro.core.journal import InvoiceKey, Reference, line_sums
from kontobro.core.ports import ReceiptRules
from kontobro.testing.books import Books
from kontobro.testing.entries import PDF, a_bill, a_journal, a_payment, a_receipt


class PapersContract:
    """Receipts in order and once; a payment and its bill find each other, whichever comes first."""

    # ------------------------------------------------------------------------------------------- receipts

    def test_receipts_are_attached_in_order_and_once(self, books: Books) -> None:
        need_receipts(books)
        entry = a_journal(books.chart)
        (booking,) = books.book(entry)
        receipts = [a_receipt(PDF + bytes([n])) for n in (3, 1, 2)]
        books.connector.attach(booking, receipts[:2])
        books.connector.attach(booking, receipts)
        books.connector.attach(booking, receipts)
        assert list(books.bookkeeper.receipts(entry.reference)) == [receipt.sha256 for receipt in receipts]
        assert books.found(entry).receipts == {receipt.sha256 for receipt in receipts}

    def test_one_receipt_may_belong_to_two_entries(self, books: Books) -> None:
        need_receipts(books)
        entries = [a_journal(books.chart), a_journal(books.chart)]
        for booking in books.book(*entries):
            books.connector.attach(booking, [a_receipt()])
        assert [books.found(entry).receipts for entry in entries] == [{a_receipt().sha256}] * 2

    def test_receipts_stay_when_the_entry_is_posted(self, books: Books) -> None:
        need_receipts(books)
        entry = a_journal(books.chart)
        books.connector.attach(books.book(entry)[0], [a_receipt()])
        books.post(entry)
        assert books.found(entry).receipts == {a_receipt().sha256}

    def test_a_receipt_of_the_wrong_kind_or_size_is_refused(self, books: Books) -> None:
        rules = need_receipts(books)
        assert "text/plain" not in rules.media_types
        entry = a_journal(books.chart)
        (booking,) = books.book(entry)
        for receipt in (a_receipt(b"hello", "text/plain"), a_receipt(PDF + bytes(rules.max_bytes))):
            with pytest.raises(KontobroError):
                books.connector.attach(booking, [receipt])
        assert books.found(entry).receipts == frozenset()

    # --------------------------------------------------------------------------------- bills and payments

    def test_a_bill_is_found_by_vendor_number_and_currency(self, books: Books) -> None:
        bill = a_bill(books.chart)
        books.book(bill)
        key = need_key(bill.key)
        assert books.connector.find([key])[key].reference == bill.reference
        strangers = [replace(key, currency="EUR"), replace(key, vendor="V0"), replace(key, number=key.number + "0")]
        assert books.connector.find(strangers) == {}

    def test_a_credit_note_is_booked_the_other_way_round(self, books: Books) -> None:
        note = a_bill(books.chart, "40.00", credit_note=True)
        (booking,) = books.post(note)
        assert booking.line_sums[books.chart.expense] == Decimal(-40)

    @pytest.mark.parametrize(("amount", "currency"), [("99.01", "EUR"), ("1500", "JPY"), ("12.345", "KWD")])
    def test_a_bill_is_exact_in_every_currency(self, books: Books, amount: str, currency: str) -> None:
        bill = a_bill(books.chart, amount, currency=currency)
        (draft,) = books.book(bill)
        books.post(bill)
        for booking in (draft, books.found(bill)):
            assert (booking.currency, booking.total, dict(booking.line_sums)) == (currency, bill.total, line_sums(bill))

    def test_a_bill_keeps_its_receipts_and_its_date(self, books: Books) -> None:
        need_receipts(books)
        bill = a_bill(books.chart, date=books.chart.open_day + timedelta(days=2))
        books.connector.attach(books.book(bill)[0], [a_receipt()])
        books.post(bill)
        assert list(books.bookkeeper.receipts(bill.reference)) == [a_receipt().sha256]
        assert (books.found(bill).receipts, books.found(bill).date) == (frozenset([a_receipt().sha256]), bill.date)

    def test_a_voided_bill_is_found_void_and_booked_anew(self, books: Books) -> None:
        bill = a_bill(books.chart)
        books.post(bill)
        books.bookkeeper.void(bill.reference)
        assert books.found(bill).status == "void"
        assert books.connector.find([need_key(bill.key)]) == {}
        books.post(bill)
        assert books.found(bill).status == "posted"

    def test_of_two_bills_under_one_number_each_payment_settles_one(self, books: Books) -> None:
        bill = a_bill(books.chart)
        books.post(bill)
        books.post(a_bill(books.chart, number=bill.number))
        assert books.post(a_payment(books.chart, bill.key))[0].settled is True
        assert books.post(a_payment(books.chart, bill.key))[0].settled is True

    def test_bill_and_payment_of_one_item_settle_each_other(self, books: Books) -> None:
        bill = a_bill(books.chart)
        payment = a_payment(books.chart, bill.reference, reference=Reference(f"{bill.reference}/pay"))
        posted = books.post(bill, payment)
        assert [booking.settled for booking in posted] == [None, True]

    def test_a_credit_note_and_its_money_settle_each_other(self, books: Books) -> None:
        note = a_bill(books.chart, "40.00", credit_note=True)
        money = a_payment(books.chart, note.reference, "40.00", received=True)
        assert books.post(note, money)[1].settled is True

    def test_a_payment_settles_the_bill_that_came_before(self, books: Books) -> None:
        bill = a_bill(books.chart)
        books.post(bill)
        assert books.post(a_payment(books.chart, bill.key))[0].settled is True

    def test_a_payment_is_settled_by_the_bill_that_comes_later(self, books: Books) -> None:
        bill = a_bill(books.chart)
        payment = a_payment(books.chart, bill.key)
        assert books.post(payment)[0].settled is False
        books.post(bill)
        assert books.found(payment).settled is True

    def test_a_payment_waits_for_a_bill_that_is_still_a_draft(self, books: Books) -> None:
        if not books.connector.capabilities.drafts:
            pytest.skip("the accounting system has no drafts")
        bill = a_bill(books.chart)
        books.book(bill)
        payment = a_payment(books.chart, bill.key)
        assert books.post(payment)[0].settled is False
        books.post(bill)
        assert books.found(payment).settled is True

    def test_a_payment_without_its_bill_stands_open(self, books: Books) -> None:
        payment = a_payment(books.chart, InvoiceKey(books.chart.vendor, "never", "DKK"))
        assert books.post(payment)[0].settled is False
        assert books.post(payment)[0].status == "posted"

    def test_a_part_payment_settles_what_there_is(self, books: Books) -> None:
        bill = a_bill(books.chart, "120.00")
        parts = [a_payment(books.chart, bill.key, "50.00"), a_payment(books.chart, bill.key, "70.00")]
        assert [booking.settled for booking in books.post(bill, *parts)] == [None, True, True]

    def test_a_returned_payment_leaves_the_bill_open_for_the_next(self, books: Books) -> None:
        bill = a_bill(books.chart)
        paid, back = a_payment(books.chart, bill.key), a_payment(books.chart, bill.key, returned=True)
        books.post(bill, paid, back)
        (again,) = books.post(a_payment(books.chart, bill.key))
        assert again.settled is True
        assert books.found(back).line_sums == {books.chart.payable: -120, books.chart.wallets["DKK"]: 120}


def need_receipts(books: Books) -> ReceiptRules:
    rules = books.connector.capabilities.receipts
    if rules is None:
        pytest.skip("the accounting system keeps no receipts")
    return rules


def need_key(key: InvoiceKey | None) -> InvoiceKey:
    assert key is not None
    return key
