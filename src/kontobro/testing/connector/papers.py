"""What every connector does with receipts, bills and payments (part of `connector_contract`)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kontobro.core.errors import KontobroError, Problem
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Entry, InvoiceKey, Reference, line_sums
from kontobro.core.ports import ReceiptRules
from kontobro.testing.connector.books import Books, Contract, need_bills, need_reference
from kontobro.testing.connector.entries import PDF, a_bill, a_journal, a_payment, a_receipt, an_invoice_journal


class PapersContract(Contract):
    """Receipts in order and once; a payment and its bill find each other, whichever comes first."""

    # ------------------------------------------------------------------------------------------- receipts

    def test_receipts_are_attached_in_order_and_once(self, books: Books) -> None:
        need_receipts(books)
        entry = a_journal(books.chart)
        (booking,) = books.book(entry)
        receipts = against_their_hashes(3)
        books.connector.attach(booking, receipts[:2])
        books.connector.attach(booking, receipts[2:])
        assert list(books.bookkeeper.receipts(entry.reference)) == [receipt.sha256 for receipt in receipts]
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

    def test_a_bill_is_found_by_vendor_and_number(self, books: Books) -> None:
        need_reference(books)
        need_bills(books)
        bill = a_bill(books.chart)
        books.book(bill)
        key = need_key(bill.key)
        assert books.connector.find([key])[key].reference == bill.reference
        strangers = [replace(key, vendor="V0"), replace(key, number=key.number + "0")]
        assert books.connector.find(strangers) == {}

    def test_the_currency_of_a_bill_weighs_least(self, books: Books) -> None:
        need_reference(books)
        need_bills(books)
        bill = a_bill(books.chart)
        books.book(bill)
        key = replace(need_key(bill.key), currency="EUR")
        found = books.connector.find([key])[key]
        assert (found.reference, found.currency) == (bill.reference, "DKK")
        other = a_bill(books.chart, number=bill.number, currency="EUR")
        books.book(other)
        assert books.connector.find([key])[key].reference == other.reference

    def test_what_is_open_of_a_bill_is_told(self, books: Books) -> None:
        need_reference(books)
        need_bills(books)
        bill = a_bill(books.chart)
        key = need_key(bill.key)
        books.post(bill)
        assert books.connector.find([key])[key].open == Decimal(120)
        books.post(a_payment(books.chart, key))
        assert books.connector.find([key])[key].open == 0

    # ----------------------------------------------------------------------- the same invoice once more

    @pytest.mark.parametrize("make", [a_bill, an_invoice_journal], ids=["bill", "journal"])
    def test_the_same_invoice_is_found_under_another_expense(self, books: Books, make: Callable[..., Entry]) -> None:
        need_bills(books)
        need_twins(books)
        number = f"F-{uuid.uuid4().hex[:8]}"
        first = make(books.chart, number=f"{number} a")
        books.book(first)
        again = a_bill(books.chart, number=f" {number.lower()}A ")
        assert books.twin(again) == first.reference
        assert books.twin(replace(again, reference=first.reference)) is None
        strangers = [
            a_bill(books.chart, number=f"{number}b"),
            a_bill(books.chart, "120.01", number=f"{number}a"),
            a_bill(books.chart, number=f"{number}a", credit_note=True),
            a_bill(books.chart, number=f"{number}a", currency="EUR"),
        ]
        assert [books.twin(one) for one in strangers] == [None] * 4
        books.post(first)
        books.bookkeeper.void(first.reference)
        assert books.twin(again) is None

    @pytest.mark.parametrize("make", [a_bill, an_invoice_journal], ids=["bill", "journal"])
    def test_the_same_invoice_is_found_however_its_number_is_typed(
        self, books: Books, make: Callable[..., Entry]
    ) -> None:
        need_bills(books)
        need_twins(books)
        digits = f"{uuid.uuid4().int % 10**8:08}"
        numbers = ["F-{d}/7", "F\N{EN DASH}{d}/7", "F\N{ZERO WIDTH SPACE}-{d}\N{NO-BREAK SPACE}/7"]
        numbers += ["F-{w}/\uff17", "\uff26\uff0d{w}\uff0f\uff17"]
        wide = "".join(chr(ord(digit) + 0xFEE0) for digit in digits)
        for booked in (number.format(d=digits, w=wide) for number in numbers):
            first = make(books.chart, number=booked)
            books.book(first)
            again = [a_bill(books.chart, number=number.format(d=digits, w=wide)) for number in numbers]
            assert [books.twin(one) for one in again] == [first.reference] * len(numbers)
            books.post(first)
            books.bookkeeper.void(first.reference)

    def test_a_payment_is_never_the_same_invoice(self, books: Books) -> None:
        need_bills(books)
        need_twins(books)
        bill = a_bill(books.chart)
        for returned in (False, True):
            books.book(a_payment(books.chart, bill.key, number=bill.number, returned=returned))
        assert books.twin(bill) is None

    def test_an_invoice_number_is_kept_whole_or_refused(self, books: Books) -> None:
        need_reference(books)
        need_bills(books)
        for length in (90, 250, 5_000):
            number = f"{uuid.uuid4().hex} {'9' * length}"
            bill = a_bill(books.chart, number=number)
            (answer,) = books.connector.book([bill])
            if isinstance(answer, Problem):
                assert (answer.code, length > 250) == ("text_too_long", True)
            else:
                key, cut = need_key(bill.key), replace(need_key(bill.key), number=number[:-1])
                assert set(books.connector.find([key, cut])) == {key}

    def test_a_credit_note_is_booked_the_other_way_round(self, books: Books) -> None:
        need_bills(books)
        note = a_bill(books.chart, "40.00", credit_note=True)
        (booking,) = books.post(note)
        assert booking.line_sums[books.chart.expense] == Decimal(-40)

    @pytest.mark.parametrize(("amount", "currency"), [("99.01", "EUR"), ("1500", "JPY"), ("12.345", "KWD")])
    def test_a_bill_is_exact_in_every_currency(self, books: Books, amount: str, currency: str) -> None:
        need_bills(books)
        bill = a_bill(books.chart, amount, currency=currency)
        (draft,) = books.book(bill)
        books.post(bill)
        for booking in (draft, books.found(bill)):
            assert (booking.currency, booking.total, dict(booking.line_sums)) == (currency, bill.total, line_sums(bill))

    def test_a_bill_keeps_its_receipts_and_its_date(self, books: Books) -> None:
        need_bills(books)
        need_receipts(books)
        bill = a_bill(books.chart, date=books.chart.open_day + timedelta(days=2))
        receipts = against_their_hashes(2)
        books.connector.attach(books.book(bill)[0], receipts)
        books.post(bill)
        hashes = [receipt.sha256 for receipt in receipts]
        assert list(books.bookkeeper.receipts(bill.reference)) == hashes
        assert (books.found(bill).receipts, books.found(bill).date) == (frozenset(hashes), bill.date)

    def test_a_voided_bill_is_found_void_and_booked_anew(self, books: Books) -> None:
        need_bills(books)
        bill = a_bill(books.chart)
        books.post(bill)
        books.bookkeeper.void(bill.reference)
        assert books.found(bill).status == "void"
        assert books.connector.find([need_key(bill.key)]) == {}
        books.post(bill)
        assert books.found(bill).status == "posted"

    @pytest.mark.parametrize("by", ["number", "reference"])
    def test_a_voided_bill_leaves_its_payment_open_for_the_next(self, books: Books, by: str) -> None:
        need_bills(books)
        bill = a_bill(books.chart)
        payment = a_payment(books.chart, bill.reference if by == "reference" else bill.key)
        assert [one.settled for one in books.post(bill, payment)] == [None, True]
        books.bookkeeper.void(bill.reference)
        assert books.found(payment).settled is False
        books.book(bill)
        books.post(bill)
        books.post(payment)
        assert books.found(payment).settled is True

    def test_the_payment_of_a_voided_bill_settles_another_of_its_number(self, books: Books) -> None:
        need_reference(books)
        need_bills(books)
        bill = a_bill(books.chart)
        payment = a_payment(books.chart, bill.key)
        books.post(bill, payment)
        books.bookkeeper.void(bill.reference)
        other = a_bill(books.chart, number=bill.number)
        books.post(other)
        assert books.found(payment).settled is True
        assert books.connector.find([need_key(other.key)])[need_key(other.key)].open == 0

    def test_a_voided_payment_leaves_its_bill_open(self, books: Books) -> None:
        need_reference(books)
        need_bills(books)
        bill = a_bill(books.chart)
        payment = a_payment(books.chart, bill.key)
        books.post(bill, payment)
        books.bookkeeper.void(payment.reference)
        key = need_key(bill.key)
        assert books.connector.find([key])[key].open == Decimal(120)
        assert books.post(a_payment(books.chart, bill.key))[0].settled is True

    def test_of_two_bills_under_one_number_each_payment_settles_one(self, books: Books) -> None:
        need_bills(books)
        bill = a_bill(books.chart)
        books.post(bill)
        books.post(a_bill(books.chart, number=bill.number))
        key = need_key(bill.key)
        assert books.post(a_payment(books.chart, key))[0].settled is True
        if books.connector.capabilities.reference != "none":
            assert books.connector.find([key])[key].open == Decimal(120), (
                "one of the two is still owed: that one is meant"
            )
        assert books.post(a_payment(books.chart, key))[0].settled is True

    def test_a_payment_settles_no_credit_note(self, books: Books) -> None:
        need_bills(books)
        note = a_bill(books.chart, credit_note=True)
        books.post(note)
        assert books.post(a_payment(books.chart, note.key))[0].settled is False

    def test_a_bill_that_is_settled_takes_no_second_payment(self, books: Books) -> None:
        need_bills(books)
        bill = a_bill(books.chart)
        books.post(bill)
        assert books.post(a_payment(books.chart, bill.key))[0].settled is True
        second = a_payment(books.chart, bill.key)
        assert books.post(second)[0].settled is False
        assert books.post(second)[0].settled is False

    def test_of_two_payments_of_one_bill_at_once_one_settles(self, books: Books) -> None:
        need_bills(books)
        bill = a_bill(books.chart)
        posted = books.post(bill, a_payment(books.chart, bill.key), a_payment(books.chart, bill.key))
        assert sorted(str(booking.settled) for booking in posted) == ["False", "None", "True"]

    def test_money_that_comes_back_settles_nothing(self, books: Books) -> None:
        need_reference(books)
        need_bills(books)
        bill = a_bill(books.chart)
        books.post(bill)
        back = a_payment(books.chart, bill.key, returned=True)
        assert books.post(back)[0].settled is False
        key = need_key(bill.key)
        assert books.connector.find([key])[key].open == Decimal(120)
        assert books.post(a_payment(books.chart, bill.key))[0].settled is True

    def test_a_bill_in_another_currency_is_named_and_never_doubled(self, books: Books) -> None:
        need_bills(books)
        bill = a_bill(books.chart, "16.00", currency="EUR")
        books.post(bill)
        payment = a_payment(books.chart, replace(need_key(bill.key), currency="DKK"), "119.40")
        (booking,) = books.post(payment)
        assert booking.settled in (True, False)
        assert (booking.currency, booking.total, booking.settles) == ("DKK", Decimal("119.40"), payment.settles)

    def test_bill_and_payment_of_one_item_settle_each_other(self, books: Books) -> None:
        need_bills(books)
        bill = a_bill(books.chart)
        payment = a_payment(books.chart, bill.reference, reference=Reference(f"{bill.reference}/pay"))
        posted = books.post(bill, payment)
        assert [booking.settled for booking in posted] == [None, True]

    def test_a_credit_note_and_its_money_settle_each_other(self, books: Books) -> None:
        need_bills(books)
        note = a_bill(books.chart, "40.00", credit_note=True)
        money = a_payment(books.chart, note.reference, "40.00", received=True)
        assert books.post(note, money)[1].settled is True

    def test_a_payment_settles_the_bill_that_came_before(self, books: Books) -> None:
        need_bills(books)
        bill = a_bill(books.chart)
        books.post(bill)
        assert books.post(a_payment(books.chart, bill.key))[0].settled is True

    def test_a_payment_is_settled_by_the_bill_that_comes_later(self, books: Books) -> None:
        need_bills(books)
        bill = a_bill(books.chart)
        payment = a_payment(books.chart, bill.key)
        assert books.post(payment)[0].settled is False
        books.post(bill)
        assert books.found(payment).settled is True

    def test_a_payment_waits_for_a_bill_that_is_still_a_draft(self, books: Books) -> None:
        need_bills(books)
        if not books.connector.capabilities.drafts:
            pytest.skip("the accounting system has no drafts")
        bill = a_bill(books.chart)
        books.book(bill)
        payment = a_payment(books.chart, bill.key)
        assert books.post(payment)[0].settled is False
        books.post(bill)
        assert books.found(payment).settled is True

    def test_a_payment_without_its_bill_stands_open(self, books: Books) -> None:
        need_bills(books)
        payment = a_payment(books.chart, InvoiceKey(books.chart.vendor, "never", "DKK"))
        assert books.post(payment)[0].settled is False
        assert books.post(payment)[0].status == "posted"

    def test_a_part_payment_settles_what_there_is(self, books: Books) -> None:
        need_bills(books)
        bill = a_bill(books.chart, "120.00")
        parts = [a_payment(books.chart, bill.key, "50.00"), a_payment(books.chart, bill.key, "70.00")]
        assert [booking.settled for booking in books.post(bill, *parts)] == [None, True, True]

    def test_a_returned_payment_leaves_the_bill_open_for_the_next(self, books: Books) -> None:
        need_bills(books)
        bill = a_bill(books.chart)
        paid, back = a_payment(books.chart, bill.key), a_payment(books.chart, bill.key, returned=True)
        books.post(bill, paid, back)
        (again,) = books.post(a_payment(books.chart, bill.key))
        assert again.settled is True
        assert books.found(back).line_sums == {books.chart.payable: -120, books.chart.wallets["DKK"]: 120}


def against_their_hashes(count: int) -> list[Receipt]:
    """Receipts whose hashes descend: in their order, or in that of their hashes, is seen."""
    some = (a_receipt(PDF + bytes([n])) for n in range(1, count + 1))
    return sorted(some, key=lambda receipt: receipt.sha256, reverse=True)


def need_receipts(books: Books) -> ReceiptRules:
    rules = books.connector.capabilities.receipts
    if rules is None:
        pytest.skip("the accounting system keeps no receipts")
    return rules


def need_twins(books: Books) -> None:
    need_reference(books)
    if not books.connector.capabilities.finds_twins:
        pytest.skip("the connector does not look for the same invoice")


def need_key(key: InvoiceKey | None) -> InvoiceKey:
    assert key is not None
    return key
