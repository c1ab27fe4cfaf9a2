"""What every connector must do, as tests. Subclass it, give it a company, run pytest:

```python
class TestOurs(ConnectorContract):
    @pytest.fixture
    def books(self, tmp_path) -> Books:
        return Books(connector=OurConnector(...), bookkeeper=OurBookkeeper(...), chart=Chart(...))
```
The company may hold other entries; each test books its own. What the connector's capabilities leave out is skipped.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import cast

import pytest

from kontobro.core.errors import KontobroError, NotAllowed, Problem, Uncertain, Unreachable
from kontobro.core.journal import Booking, Entry, InvoiceKey, Reference, line_sums
from kontobro.core.masterdata import Account, Vendor
from kontobro.core.ports import Connector, ReceiptRules, Withdraws
from kontobro.testing.books import Bookkeeper, Books
from kontobro.testing.entries import (
    PDF,
    Chart,
    a_bill,
    a_journal,
    a_payment,
    a_receipt,
    a_reference,
    a_reverse_journal,
    a_taxed_bill,
    a_taxed_journal,
)

ODD_TEXTS = (
    'Müller & Søn "A/S" \\ 50 % 👩‍💻 — ñ',
    "two\nlines\tand a tab\r\n",
    "; no comment # no tag ^no-link",
    "x" * 10_000,
    "\x00\x1b[31m\u2028\ufeff",
    "   ",
)


def book_elsewhere(connect: Callable[[], Connector], entries: Sequence[Entry]) -> list[Booking | Problem]:
    """Book through a connector of this process's own."""
    return list(connect().book(entries))


class ConnectorContract:
    """The suite. A subclass gives the fixture `books`."""

    # ------------------------------------------------------------------------ company and master data

    def test_it_says_which_company_it_is(self, books: Books) -> None:
        company = books.connector.check()
        assert company.id
        assert len(company.currency) == 3

    def test_every_kind_it_names_can_be_read_to_the_last(self, books: Books) -> None:
        for kind in books.connector.capabilities.kinds:
            records: list[object] = list(books.connector.read(kind))
            assert all(isinstance(record, kind) for record in records)
        accounts = [account.id for account in books.connector.read(Account)]
        assert books.chart.last_account in accounts
        assert len(accounts) == len(set(accounts))

    # ---------------------------------------------------------------------------- vendors born in Pleo

    def test_a_vendor_born_in_pleo_is_written_once_and_read_back_with_pleos_id(self, books: Books) -> None:
        need_written_vendors(books)
        asked = [a_vendor("without-code"), a_vendor("with-code", code="KB-77", tax_registration_number="DK12345678")]
        first, second = books.connector.write(asked), books.connector.write(asked)
        assert list(first) == list(second)
        written = [vendor for vendor in first if isinstance(vendor, Vendor)]
        assert [(vendor.pleo_id, vendor.name) for vendor in written] == [(vendor.id, vendor.name) for vendor in asked]
        assert all(vendor.active and vendor.code for vendor in written)
        read = {vendor.pleo_id: vendor for vendor in books.connector.read(Vendor) if vendor.pleo_id}
        assert [read[vendor.id] for vendor in asked] == written

    def test_a_written_vendor_can_be_booked_on(self, books: Books) -> None:
        need_written_vendors(books)
        (vendor,) = books.connector.write([a_vendor("new")])
        assert isinstance(vendor, Vendor)
        assert books.connector.validate([a_bill(replace(books.chart, vendor=vendor.id))]) == [[]]

    # ------------------------------------------------------------------------------- booking and finding

    def test_what_was_never_booked_is_not_found(self, books: Books) -> None:
        unknown: list[Reference | InvoiceKey] = [a_reference(), InvoiceKey(books.chart.vendor, "never", "DKK")]
        assert books.connector.find(unknown) == {}
        assert books.connector.find([]) == {}

    def test_what_was_booked_is_found_as_it_stands(self, books: Books) -> None:
        entry = a_taxed_journal(books.chart)
        (booking,) = books.book(entry)
        assert books.found(entry) == booking
        assert (booking.reference, booking.date, booking.currency) == (entry.reference, entry.date, "DKK")
        assert (booking.total, booking.tax, dict(booking.line_sums)) == (entry.total, entry.tax, line_sums(entry))
        if books.connector.capabilities.keeps_fingerprint:
            assert booking.fingerprint == entry.fingerprint

    def test_a_batch_is_answered_in_order(self, books: Books) -> None:
        entries = [a_journal(books.chart, f"{n}.01") for n in range(1, 8)]
        assert [booking.reference for booking in books.book(*entries)] == [entry.reference for entry in entries]
        assert [books.found(entry).total for entry in entries] == [entry.total for entry in entries]

    def test_nothing_to_book_is_no_fault(self, books: Books) -> None:
        assert list(books.connector.book([])) == []
        assert list(books.connector.post([])) == []

    def test_one_bad_entry_does_not_stop_the_others(self, books: Books) -> None:
        good, bad, other = a_journal(books.chart), unknown_account(books.chart), a_journal(books.chart)
        answers = books.connector.book([good, bad, other])
        assert [type(answer) for answer in answers] == [Booking, Problem, Booking]
        assert not books.stands(bad)
        assert books.stands(good)
        assert books.stands(other)

    def test_a_problem_names_field_value_and_remedy(self, books: Books) -> None:
        problem = books.refused(unknown_account(books.chart))
        assert problem.reason == "account_unknown"
        assert problem.field == "account"
        assert problem.value in problem.message
        assert problem.remedy

    def test_an_entry_that_does_not_balance_is_refused(self, books: Books) -> None:
        entry = a_journal(books.chart)
        books.refused(replace(entry, lines=entry.lines[:1]))
        assert not books.stands(entry)

    def test_the_same_entry_twice_is_one_booking(self, books: Books) -> None:
        entry = a_journal(books.chart)
        (first,), (second,) = books.book(entry), books.book(entry)
        assert first == second
        assert books.bookkeeper.count(entry.reference) == 1

    def test_the_same_entry_twice_in_a_batch_is_one_booking(self, books: Books) -> None:
        entry = a_journal(books.chart)
        first, second = books.book(entry, entry)
        assert first == second
        assert books.bookkeeper.count(entry.reference) == 1

    def test_other_content_under_the_same_reference_gives_what_stands(self, books: Books) -> None:
        entry = a_journal(books.chart, "99.00")
        books.book(entry)
        (booking,) = books.book(a_journal(books.chart, "50.00", reference=entry.reference))
        assert booking.total == Decimal(99)
        assert books.bookkeeper.count(entry.reference) == 1

    def test_two_processes_at_once_book_once(self, books: Books) -> None:
        if books.elsewhere is None:
            pytest.skip("there is no other process")
        entries = [a_journal(books.chart, f"{n}.00") for n in range(1, 21)]
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            answers = pool.starmap(book_elsewhere, [(books.elsewhere, entries)] * 2, chunksize=1)
        assert answers[0] == answers[1]
        assert [books.bookkeeper.count(entry.reference) for entry in entries] == [1] * 20

    def test_a_voided_entry_is_found_void_and_booked_anew(self, books: Books) -> None:
        entry = a_journal(books.chart)
        books.post(entry)
        books.bookkeeper.void(entry.reference)
        assert books.found(entry).status == "void"
        (booking,) = books.book(entry)
        assert booking.status != "void"
        books.post(entry)
        assert books.found(entry).status == "posted"

    def test_a_deleted_entry_is_absent_and_booked_anew(self, books: Books) -> None:
        entry = a_journal(books.chart)
        books.book(entry)
        books.bookkeeper.delete(entry.reference)
        assert not books.stands(entry)
        books.book(entry)
        assert books.bookkeeper.count(entry.reference) == 1

    # --------------------------------------------------------------------------------------- validating

    def test_validation_finds_every_problem_and_books_nothing(self, books: Books) -> None:
        good = a_taxed_journal(books.chart)
        bad = replace(unknown_account(books.chart), vendor="no such vendor")
        assert books.connector.validate([good, bad])[0] == []
        assert {problem.reason for problem in books.connector.validate([good, bad])[1]} == {
            "account_unknown",
            "vendor_unknown",
        }
        assert not books.stands(good)
        assert not books.stands(bad)

    def test_a_closed_period_takes_nothing(self, books: Books) -> None:
        if books.chart.closed_day is None:
            pytest.skip("the company has no closed period")
        entry = a_journal(books.chart, date=books.chart.closed_day)
        ((problem,),) = books.connector.validate([entry])
        assert problem.reason == "accounting_system_validation_failure"
        assert str(books.chart.closed_day) in problem.message
        assert books.refused(entry) == problem

    def test_an_unknown_dimension_value_is_a_problem(self, books: Books) -> None:
        entry = a_journal(books.chart)
        line = replace(entry.lines[0], dimensions=((books.chart.dimensions[0][0], "no such value"),))
        ((problem,),) = books.connector.validate([replace(entry, lines=(line, *entry.lines[1:]))])
        assert problem.reason == "tag_unknown"

    # ------------------------------------------------------------------------- amounts, dimensions, texts

    @pytest.mark.parametrize(("amount", "currency"), [("0.01", "DKK"), ("1500", "JPY"), ("12.345", "KWD")])
    def test_amounts_are_exact_in_every_currency(self, books: Books, amount: str, currency: str) -> None:
        entry = a_journal(books.chart, amount, currency)
        books.post(entry)
        assert (books.found(entry).total, books.found(entry).currency) == (Decimal(amount), currency)

    def test_large_amounts_lose_no_digit(self, books: Books) -> None:
        entry = a_journal(books.chart, books.chart.largest)
        books.post(entry)
        assert books.found(entry).total == Decimal(books.chart.largest)

    def test_amounts_too_large_are_refused_and_never_rounded(self, books: Books) -> None:
        entry = a_journal(books.chart, "99999999999999.99")
        (answer,) = books.connector.book([entry])
        assert isinstance(answer, Problem) or answer.total == entry.total

    def test_a_line_may_have_several_dimensions(self, books: Books) -> None:
        entry = a_taxed_journal(books.chart)
        assert len(entry.lines[0].dimensions) > 1
        (booking,) = books.post(entry)
        assert booking.status == "posted"

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=["marks", "breaks", "syntax", "long", "control", "blank"])
    def test_odd_texts_are_booked_or_refused_with_a_reason(self, books: Books, text: str) -> None:
        entry = a_journal(books.chart, payee=text, text=text, notes=(text,))
        (answer,) = books.connector.book([entry])
        assert isinstance(answer, Booking) == books.stands(entry)
        if isinstance(answer, Booking):
            books.connector.post([answer])
            assert books.found(entry).total == entry.total
        else:
            assert answer.remedy

    # ------------------------------------------------------------------------------- tax and other currencies

    def test_reverse_charge_stands_on_both_sides(self, books: Books) -> None:
        entry = a_reverse_journal(books.chart)
        books.post(entry)
        booking = books.found(entry)
        assert (booking.total, booking.tax, dict(booking.line_sums)) == (entry.total, entry.tax, line_sums(entry))

    @pytest.mark.parametrize("credit_note", [False, True], ids=["bill", "credit_note"])
    def test_a_bill_owes_net_and_tax(self, books: Books, credit_note: bool) -> None:
        bill = a_taxed_bill(books.chart, credit_note=credit_note)
        books.post(bill)
        booking = books.found(bill)
        assert (booking.total, booking.tax, dict(booking.line_sums)) == (bill.total, bill.tax, line_sums(bill))

    def test_a_tax_posted_is_what_was_sent_or_is_seen_to_differ(self, books: Books) -> None:
        entry = a_taxed_journal(books.chart, "79.20", "19.81")  # a cent more than 25 %, as a receipt may say
        (answer,) = books.connector.book([entry])
        if isinstance(answer, Booking):
            assert (answer.tax == entry.tax) == (dict(answer.line_sums) == line_sums(entry))
            assert answer.status == "draft" or answer.tax == entry.tax

    def test_another_currency_is_booked_at_the_systems_own_rate(self, books: Books) -> None:
        if books.in_base is None or books.chart.rate is None:
            pytest.skip("the accounting system keeps no exchange rates")
        entry = a_taxed_journal(books.chart, currency="EUR")
        books.post(entry)
        booking, base = books.found(entry), books.in_base(entry.reference)
        assert (booking.currency, dict(booking.line_sums)) == ("EUR", line_sums(entry))
        assert sum(base.values()) == 0
        assert abs(base[books.chart.expense] - entry.lines[0].amount / books.chart.rate) <= Decimal("0.005")

    # ------------------------------------------------------------------------------------- draft and posted

    def test_a_booking_is_a_draft_until_it_is_posted(self, books: Books) -> None:
        if not books.connector.capabilities.drafts:
            pytest.skip("the accounting system has no drafts")
        entry = a_journal(books.chart)
        (draft,) = books.book(entry)
        (posted,) = books.post(entry)
        assert (draft.status, posted.status) == ("draft", "posted")
        assert books.found(entry) == posted

    def test_posting_may_be_repeated(self, books: Books) -> None:
        entry = a_journal(books.chart)
        assert books.post(entry) == books.post(entry)
        assert books.bookkeeper.count(entry.reference) == 1

    def test_posting_what_was_deleted_is_a_problem(self, books: Books) -> None:
        entry, other = a_journal(books.chart), a_journal(books.chart)
        bookings = books.book(entry, other)
        books.bookkeeper.delete(entry.reference)
        assert [type(answer) for answer in books.connector.post(bookings)] == [Problem, Booking]

    def test_drafts_can_be_withdrawn_and_posted_entries_not(self, books: Books) -> None:
        if not books.connector.capabilities.withdraws_drafts:
            pytest.skip("the accounting system keeps its drafts")
        connector = cast(Withdraws, books.connector)
        draft, posted = a_journal(books.chart), a_journal(books.chart)
        bookings = [*books.book(draft), *books.post(posted)]
        connector.withdraw(bookings)
        connector.withdraw(bookings)
        assert not books.stands(draft)
        assert books.stands(posted)

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

    # ------------------------------------------------------------------------------ faults of the way and of rights

    def test_a_login_without_permissions_is_told_which(self, books: Books) -> None:
        if books.stranger is None:
            pytest.skip("the accounting system has no logins")
        with pytest.raises(NotAllowed) as fault:
            books.stranger.check()
        assert fault.value.remedy

    @pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5])
    def test_who_gave_up_on_an_answer_books_once(self, books: Books, seconds: float) -> None:
        if books.impatient is None:
            pytest.skip("the accounting system answers at once, or not at all")
        entries = [a_journal(books.chart, f"{n}.00") for n in range(1, 41)]
        # the client is gone while the system is still at work; the next one comes at once
        with contextlib.suppress(Unreachable, Uncertain):
            books.impatient(seconds).book(entries)
        if books.connector.capabilities.reference == "searchable":
            time.sleep(books.connector.capabilities.settle_after.total_seconds())
        standing = books.connector.find([entry.reference for entry in entries])
        books.book(*(entry for entry in entries if entry.reference not in standing))
        assert [books.bookkeeper.count(entry.reference) for entry in entries] == [1] * len(entries)

    def test_a_system_that_was_restarted_goes_on(self, books: Books) -> None:
        if books.restart is None:
            pytest.skip("there is no server to restart")
        entry, other = a_journal(books.chart), a_journal(books.chart)
        books.book(entry)
        books.restart()
        books.post(entry, other)
        assert [books.found(one).status for one in (entry, other)] == ["posted", "posted"]
        assert books.bookkeeper.count(entry.reference) == 1


def unknown_account(chart: Chart) -> Entry:
    """An entry over an account that no company has."""
    entry = a_journal(chart)
    return replace(entry, lines=(replace(entry.lines[0], account="Expenses:No-Such-Account"), *entry.lines[1:]))


def a_vendor(name: str, code: str = "", **other: str) -> Vendor:
    """A vendor as Pleo has it: its id is Pleo's."""
    return Vendor(id=f"pleo-{name}", code=code, name=f"Vendor {name}", pleo_id=f"pleo-{name}", **other)  # type: ignore[arg-type]  # texts


def need_written_vendors(books: Books) -> None:
    if not books.connector.capabilities.writes_vendors:
        pytest.skip("the accounting system takes no vendors")


def need_receipts(books: Books) -> ReceiptRules:
    rules = books.connector.capabilities.receipts
    if rules is None:
        pytest.skip("the accounting system keeps no receipts")
    return rules


def need_key(key: InvoiceKey | None) -> InvoiceKey:
    assert key is not None
    return key


__all__ = ["Bookkeeper", "Books", "ConnectorContract"]
