"""What every connector does with amounts, currencies, tax, dimensions and texts (part of `connector_contract`)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, line_sums
from kontobro.testing.connector.books import Books, Contract, need_bills
from kontobro.testing.connector.entries import a_journal, a_reverse_journal, a_taxed_bill, a_taxed_journal

ODD_TEXTS = (
    'Müller & Søn "A/S" \\ 50 % 👩‍💻 — ñ',
    "two\nlines\tand a tab\r\n",
    "; no comment # no tag ^no-link",
    "x" * 10_000,
    "\x00\x1b[31m\u2028\ufeff",
    "   ",
)


class MoneyContract(Contract):
    """Amounts to the last digit, whatever the currency and the tax."""

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
        for amount in ("99999999999999.99", f"{10**24}.01", f"{10**60 + 1}.01"):
            entry = a_journal(books.chart, amount)
            (answer,) = books.connector.book([entry])
            assert isinstance(answer, Problem) or answer.total == entry.total
            if isinstance(answer, Problem):
                assert answer.code == "amount_invalid"

    def test_a_line_may_have_several_dimensions(self, books: Books) -> None:
        entry = a_taxed_journal(books.chart)
        assert len(entry.lines[0].dimensions) > 1
        (booking,) = books.post(entry)
        assert booking.status == "posted"

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=["marks", "breaks", "syntax", "long", "control", "blank"])
    def test_odd_texts_are_booked_or_refused_with_a_reason(self, books: Books, text: str) -> None:
        entry = a_journal(books.chart, payee=text, text=text, notes=(text,))
        (answer,) = books.connector.book([entry])
        assert isinstance(answer, Booking) == books.is_booked(entry)
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
        need_bills(books)
        bill = a_taxed_bill(books.chart, credit_note=credit_note)
        books.post(bill)
        booking = books.found(bill)
        assert (booking.total, booking.tax, dict(booking.line_sums)) == (bill.total, bill.tax, line_sums(bill))

    @pytest.mark.parametrize("tax", ["19.81", "0.00"], ids=["a_cent_more", "none"])
    def test_a_bills_typed_tax_is_booked_or_is_seen_to_differ(self, books: Books, tax: str) -> None:
        need_bills(books)
        bill = a_taxed_bill(books.chart, "79.20", tax)
        (answer,) = books.connector.book([bill])
        if isinstance(answer, Booking):
            assert (answer.tax == bill.tax) == (dict(answer.line_sums) == line_sums(bill))
            assert answer.status == "draft" or answer.tax == bill.tax

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
