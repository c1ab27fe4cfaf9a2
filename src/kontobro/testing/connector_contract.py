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

from dataclasses import replace
from decimal import Decimal
from typing import cast

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Entry, InvoiceKey, Reference, line_sums
from kontobro.core.model.masterdata import Account
from kontobro.core.ports import Withdraws
from kontobro.testing.connector.books import Bookkeeper, Books, need_reference
from kontobro.testing.connector.checked import CheckedContract
from kontobro.testing.connector.entries import Chart, a_journal, a_reference, a_taxed_journal
from kontobro.testing.connector.faults import FaultsContract
from kontobro.testing.connector.kept import KeptContract
from kontobro.testing.connector.money import MoneyContract
from kontobro.testing.connector.papers import PapersContract
from kontobro.testing.connector.vendors import WrittenVendorsContract


class ConnectorContract(
    KeptContract, CheckedContract, MoneyContract, PapersContract, FaultsContract, WrittenVendorsContract
):
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
        kept = entry.fingerprint if books.connector.capabilities.keeps_fingerprint else None
        assert booking.fingerprint == kept

    def test_what_can_not_be_found_is_never_found(self, books: Books) -> None:
        if books.connector.capabilities.reference != "none":
            pytest.skip("what is booked can be found")
        entry = a_journal(books.chart)
        books.book(entry)
        assert books.connector.find([entry.reference]) == {}
        assert books.bookkeeper.count(entry.reference) == 1

    def test_a_batch_is_answered_in_order(self, books: Books) -> None:
        entries = [a_journal(books.chart, f"{n}.01") for n in range(1, 8)]
        answers = books.book(*entries)
        assert [booking.reference for booking in answers] == [entry.reference for entry in entries]
        assert [booking.total for booking in answers] == [entry.total for entry in entries]
        assert [books.found(entry).total for entry in entries] == [entry.total for entry in entries]

    def test_nothing_to_book_is_no_fault(self, books: Books) -> None:
        assert list(books.connector.book([])) == []
        assert list(books.connector.post([])) == []

    def test_one_bad_entry_does_not_stop_the_others(self, books: Books) -> None:
        good, bad, other = a_journal(books.chart), unknown_account(books.chart), a_journal(books.chart)
        answers = books.connector.book([good, bad, other])
        assert [type(answer) for answer in answers] == [Booking, Problem, Booking]
        assert not books.is_booked(bad)
        assert books.is_booked(good)
        assert books.is_booked(other)

    def test_a_problem_names_field_value_and_remedy(self, books: Books) -> None:
        problem = books.refused(unknown_account(books.chart))
        assert problem.reason == "account_unknown"
        assert problem.field == "account"
        assert problem.value in problem.message
        assert problem.remedy

    def test_an_entry_that_does_not_balance_is_refused(self, books: Books) -> None:
        entry = a_journal(books.chart)
        books.refused(replace(entry, lines=entry.lines[:1]))
        assert not books.is_booked(entry)

    def test_the_same_entry_twice_is_one_booking(self, books: Books) -> None:
        need_reference(books)
        entry = a_journal(books.chart)
        (first,), (second,) = books.book(entry), books.book(entry)
        assert first == second
        assert books.bookkeeper.count(entry.reference) == 1

    def test_the_same_entry_twice_in_a_batch_is_one_booking(self, books: Books) -> None:
        need_reference(books)
        entry = a_journal(books.chart)
        first, second = books.book(entry, entry)
        assert first == second
        assert books.bookkeeper.count(entry.reference) == 1

    def test_other_content_under_the_same_reference_gives_what_stands(self, books: Books) -> None:
        need_reference(books)
        entry = a_journal(books.chart, "99.00")
        books.book(entry)
        (booking,) = books.book(a_journal(books.chart, "50.00", reference=entry.reference))
        assert booking.total == Decimal(99)
        assert books.bookkeeper.count(entry.reference) == 1

    def test_a_voided_entry_is_found_void_and_booked_anew(self, books: Books) -> None:
        need_reference(books)
        entry = a_journal(books.chart)
        books.post(entry)
        books.bookkeeper.void(entry.reference)
        assert books.found(entry).status == "void"
        (booking,) = books.book(entry)
        assert booking.status != "void"
        books.post(entry)
        assert books.found(entry).status == "posted"
        assert dict(books.found(entry).line_sums) == line_sums(entry), "what was voided does not count"

    def test_a_deleted_entry_is_absent_and_booked_anew(self, books: Books) -> None:
        need_reference(books)
        entry = a_journal(books.chart)
        books.book(entry)
        books.bookkeeper.delete(entry.reference)
        assert not books.is_booked(entry)
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
        assert not books.is_booked(good)
        assert not books.is_booked(bad)

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

    # ------------------------------------------------------------------------------------- draft and posted

    def test_a_booking_is_a_draft_until_it_is_posted(self, books: Books) -> None:
        entry = a_journal(books.chart)
        if not books.connector.capabilities.drafts:
            assert books.book(entry)[0].status == "posted", "without drafts what is booked is final at once"
            pytest.skip("the accounting system has no drafts")
        (draft,) = books.book(entry)
        (posted,) = books.post(entry)
        assert (draft.status, posted.status) == ("draft", "posted")
        assert books.found(entry) == posted

    def test_posting_may_be_repeated(self, books: Books) -> None:
        need_reference(books)
        entry = a_journal(books.chart)
        assert books.post(entry) == books.post(entry)
        assert books.bookkeeper.count(entry.reference) == 1

    def test_posting_what_was_deleted_is_a_problem(self, books: Books) -> None:
        need_reference(books)
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
        assert not books.is_booked(draft)
        assert books.is_booked(posted)


def unknown_account(chart: Chart) -> Entry:
    """An entry over an account that no company has."""
    entry = a_journal(chart)
    return replace(entry, lines=(replace(entry.lines[0], account="Expenses:No-Such-Account"), *entry.lines[1:]))


__all__ = ["Bookkeeper", "Books", "ConnectorContract"]
