"""What an accounting system has to hold of an entry, as a person finds it there (part of `connector_contract`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kontobro.core.model.journal import (
    Entry,
    EntryLine,
    InvoiceKey,
    dimension_sums,
    line_sums,
    summed,
    tax_code_sums,
)
from kontobro.core.ports import Fact
from kontobro.testing.connector.books import Books, Contract, need_bills
from kontobro.testing.connector.entries import (
    Chart,
    a_bill,
    a_journal,
    a_payment,
    a_reverse_journal,
    a_taxed_bill,
    a_taxed_journal,
    an_invoice_journal,
)
from kontobro.testing.connector.shown import Kind, Shown

Make = Callable[..., Entry]

PAYEE, TEXT = "Lagerhuset A/S", "Standing desk for the new office"


def a_note(chart: Chart, **changes: Any) -> Entry:
    return a_bill(chart, "40.00", credit_note=True, **changes)


def a_paid_bill(chart: Chart, **changes: Any) -> Entry:
    return a_payment(chart, InvoiceKey(chart.vendor, "never", "DKK"), **changes)


def a_returned_payment(chart: Chart, **changes: Any) -> Entry:
    return a_payment(chart, InvoiceKey(chart.vendor, "never", "DKK"), returned=True, **changes)


BILLS: dict[str, Make] = {
    "bill": a_bill,
    "credit_note": a_note,
    "payment": a_paid_bill,
    "returned": a_returned_payment,
}
KINDS: dict[str, Make] = {"journal": a_journal, **BILLS}
OWED: dict[str, Make] = {"journal": an_invoice_journal, **BILLS}


def each(makes: dict[str, Make]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", list(makes))


class KeptContract(Contract):
    """An entry is kept whole: lines with dimensions, tax codes and vendors, days, texts, and what it is."""

    page = "what-is-kept"

    @each(KINDS)
    def test_an_entry_is_shown_as_what_it_is(self, books: Books, kind: Kind) -> None:
        shown = books.shown(make(books, KINDS, kind))
        assert shown.kind == kind

    @each(KINDS)
    def test_an_entry_keeps_its_day_and_currency(self, books: Books, kind: str) -> None:
        day = books.chart.open_day + timedelta(days=4)
        shown = books.shown(make(books, KINDS, kind, date=day))
        assert (shown.date, shown.currency) == (day, "DKK")

    @each(KINDS)
    def test_every_line_keeps_its_account_and_amount(self, books: Books, kind: str) -> None:
        entry = make(books, KINDS, kind)
        shown = books.shown(entry)
        assert sums_of(shown) == line_sums(entry)
        assert sum(line.amount for line in shown.lines) == 0

    def test_lines_of_one_account_stay_apart(self, books: Books) -> None:
        entry = of_lines(books.chart, ("10.00", ()), ("20.00", ()), ("10.00", ()))
        shown = books.shown(entry)
        amounts = Counter(line.amount for line in shown.lines if line.account == books.chart.expense)
        assert amounts == Counter([Decimal(10), Decimal(20), Decimal(10)])

    @pytest.mark.parametrize("is_bill", [False, True], ids=["journal", "bill"])
    def test_every_line_keeps_its_own_dimensions(self, books: Books, is_bill: bool) -> None:
        if is_bill:
            need_bills(books)
        need_kept(books, "dimensions")
        both = books.chart.dimensions
        lines = [("10.00", both), ("20.00", both[:1]), ("30.00", both[1:]), ("40.00", ())]
        entry = of_lines(books.chart, *lines, is_bill=is_bill)
        kept = {line.amount: line.dimensions for line in books.shown(entry).lines if line.amount > 0}
        assert kept == {Decimal(amount): frozenset(pairs) for amount, pairs in lines}

    @pytest.mark.parametrize(
        "make_one", [a_taxed_journal, a_reverse_journal, a_taxed_bill], ids=["tax", "reverse_charge", "bill"]
    )
    def test_a_line_keeps_its_tax_code(self, books: Books, make_one: Make) -> None:
        need_kept(books, "tax_codes")
        if make_one is a_taxed_bill:
            need_bills(books)
        entry = make_one(books.chart)
        codes = {line.tax_code for line in books.shown(entry).lines if line.account == books.chart.expense}
        assert codes == {entry.lines[0].tax_code}

    def test_a_line_without_tax_gets_no_tax_code(self, books: Books) -> None:
        need_kept(books, "tax_codes")
        chart = books.chart
        taxed = a_taxed_journal(chart)
        untaxed = EntryLine(account=chart.expense, amount=Decimal(11), role="expense")
        wallet = EntryLine(account=chart.wallets["DKK"], amount=Decimal(-110), role="wallet")
        shown = books.shown(a_journal(chart, lines=(*taxed.lines[:-1], untaxed, wallet)))
        codes = {line.amount: line.tax_code for line in shown.lines if line.account == chart.expense}
        assert codes == {taxed.lines[0].amount: chart.tax_code, Decimal(11): None}

    @each(OWED)
    def test_what_is_owed_keeps_its_vendor(self, books: Books, kind: str) -> None:
        need_kept(books, "vendors")
        shown = books.shown(make(books, OWED, kind))
        vendors = [line.vendor for line in shown.lines if line.account == books.chart.payable]
        assert vendors == [books.chart.vendor]
        assert kind not in ("bill", "credit_note") or shown.vendor == books.chart.vendor

    @each({"journal": an_invoice_journal, "bill": a_bill})
    def test_an_invoice_keeps_its_own_days_and_its_number(self, books: Books, kind: str) -> None:
        day = books.chart.open_day
        days = {"date": day + timedelta(days=3), "document_date": day, "due_date": day + timedelta(days=20)}
        entry = make(books, OWED, kind, **days)
        shown = books.shown(entry)
        assert entry.number in shown.number
        assert shown.date == days["date"]
        if "document_dates" not in books.connector.capabilities.not_kept:
            assert shown.document_date == days["document_date"]
        if "due_dates" not in books.connector.capabilities.not_kept:
            assert shown.due_date == days["due_date"]

    @each(KINDS)
    def test_an_entry_keeps_its_payee(self, books: Books, kind: str) -> None:
        need_kept(books, "payees")
        assert PAYEE in books.shown(make(books, KINDS, kind, payee=PAYEE, text=TEXT)).payee

    @each(KINDS)
    def test_an_entry_keeps_its_text(self, books: Books, kind: str) -> None:
        need_kept(books, "texts")
        assert TEXT in books.shown(make(books, KINDS, kind, payee=PAYEE, text=TEXT)).text

    @pytest.mark.parametrize("make_one", [a_taxed_journal, a_taxed_bill], ids=["journal", "bill"])
    def test_what_find_gives_back_of_dimensions_and_tax_codes_is_what_is_kept(
        self, books: Books, make_one: Make
    ) -> None:
        if make_one is a_taxed_bill:
            need_bills(books)
        entry = make_one(books.chart)
        (draft,) = books.book(entry)
        books.post(entry)
        for booking in (draft, books.found(entry)):
            if booking.dimension_sums is not None:
                assert dict(booking.dimension_sums) == dimension_sums(entry)
            if booking.tax_code_sums is not None:
                assert dict(booking.tax_code_sums) == tax_code_sums(entry)


def make(books: Books, makes: dict[str, Make], kind: str, **changes: Any) -> Entry:
    """An entry of a kind; without bills there are journal entries only."""
    if kind != "journal":
        need_bills(books)
    return makes[kind](books.chart, **changes)


def of_lines(chart: Chart, *lines: tuple[str, tuple[tuple[str, str], ...]], is_bill: bool = False) -> Entry:
    """An entry of expense lines on one account, each with an amount and its dimensions."""
    expenses = [
        EntryLine(account=chart.expense, amount=Decimal(amount), role="expense", dimensions=pairs)
        for amount, pairs in lines
    ]
    total = -sum(line.amount for line in expenses)
    if is_bill:
        owed = EntryLine(account=chart.payable, amount=Decimal(total), role="payable", vendor=chart.vendor)
        return a_bill(chart, lines=(*expenses, owed))
    wallet = EntryLine(account=chart.wallets["DKK"], amount=Decimal(total), role="wallet")
    return a_journal(chart, lines=(*expenses, wallet))


def sums_of(shown: Shown) -> dict[str, Decimal]:
    return summed((line.account, line.amount) for line in shown.lines)


def need_kept(books: Books, fact: Fact) -> None:
    if fact in books.connector.capabilities.not_kept:
        pytest.skip(f"the accounting system keeps no {fact.replace('_', ' ')}")
