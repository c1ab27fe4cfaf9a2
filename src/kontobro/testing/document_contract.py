"""What every document target must do, as tests. Subclass it, give it a target and a reader, run pytest:

```python
class TestOurs(DocumentContract):
    @pytest.fixture
    def papers(self, tmp_path) -> Papers:
        return Papers(target=OurTarget(...), read=read_our_files, chart=Chart(...))
```
`read` is written from the format's own description and shares no code with the target: what it reads back is compared
with what was sent. What the format can't hold has to be refused by `validate`; such tests are skipped and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kontobro.core.model.journal import Entry, dimension_sums, line_sums
from kontobro.core.model.masterdata import Account
from kontobro.testing.connector.entries import (
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
from kontobro.testing.document.papers import MOMENT, KeptVouchers, Papers, ReadVoucher, files_of

ODD_TEXTS = (
    '"quoted"; semi, comma',
    "two\nlines\tand a tab\r\n",
    "=1+1",
    "+49 30 1234",
    "@SUM(A1)",
    "Łódź 🚀 … naïve – “Ø”",
    "x" * 5_000,
    "\u202e\x00\x7f",
    "{}[]|\\",
    "",
)


class DocumentContract:
    """The suite. A subclass gives the fixture `papers`."""

    # ------------------------------------------------------------------------ company and master data

    def test_it_says_which_company_it_is(self, papers: Papers) -> None:
        company = papers.target.check()
        assert company.id
        assert len(company.currency) == 3

    def test_its_documents_are_a_whole_jobs(self, papers: Papers) -> None:
        """Files have no batches, and the store refuses a second entry under one reference."""
        capabilities = papers.target.capabilities
        assert (capabilities.batch_size, capabilities.reference, capabilities.drafts) == (None, "enforced", False)

    def test_every_kind_it_names_can_be_read_to_the_last(self, papers: Papers) -> None:
        for kind in papers.target.capabilities.kinds:
            records: list[object] = list(papers.target.read(kind))
            assert all(isinstance(record, kind) for record in records)
        accounts = [account.id for account in papers.target.read(Account)]
        assert papers.chart.last_account in accounts
        assert len(accounts) == len(set(accounts))

    # ---------------------------------------------------------------------------------- what is written

    @pytest.mark.parametrize("name", ["journal", "taxed", "reverse", "bill", "credit_note", "taxed_bill", "payment"])
    def test_what_is_written_reads_back(self, papers: Papers, name: str) -> None:
        entry = an_entry(papers.chart, name)
        papers.require(entry)
        assert_same(papers, [entry], papers.read_back(entry))

    @pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
    def test_other_currencies_are_exact_or_refused(self, papers: Papers, currency: str) -> None:
        amount = {"EUR": "12.34", "JPY": "1234", "KWD": "1.234"}[currency]
        entry = a_journal(papers.chart, amount, currency)
        papers.require(entry)
        assert_same(papers, [entry], papers.read_back(entry))

    @pytest.mark.parametrize("amount", ["0.01", "99999999.99", "9999999999999.99", "0.001", "123456789012345678.90"])
    def test_amounts_are_exact_or_refused(self, papers: Papers, amount: str) -> None:
        entry = a_journal(papers.chart, amount)
        papers.require(entry)
        assert_same(papers, [entry], papers.read_back(entry))

    def test_lines_of_one_account_and_cents_add_up(self, papers: Papers) -> None:
        entry = a_taxed_journal(papers.chart, "10.01", "2.50")
        first, *rest = entry.lines
        split = (
            replace(first, amount=Decimal("3.34"), tax_amount=Decimal("0.83")),
            replace(first, amount=Decimal("6.67"), tax_amount=Decimal("1.67")),
        )
        entry = replace(entry, lines=(*split, *rest))
        papers.require(entry)
        assert_same(papers, [entry], papers.read_back(entry))

    def test_many_entries_keep_their_order_and_none_is_lost_or_doubled(self, papers: Papers) -> None:
        days = [papers.chart.open_day + timedelta(days=n % 7) for n in range(120)]
        entries = [a_journal(papers.chart, f"{n}.07", date=day) for n, day in enumerate(days, 1)]
        papers.require(*entries)
        read = papers.read_back(*entries)
        assert_same(papers, sorted(entries, key=lambda entry: entry.date), read)

    def test_a_refund_turns_its_sides(self, papers: Papers) -> None:
        entry = a_journal(papers.chart)
        refund = replace(entry, lines=tuple(replace(line, amount=-line.amount) for line in entry.lines))
        papers.require(refund)
        assert_same(papers, [refund], papers.read_back(refund))

    def test_each_entry_balances(self, papers: Papers) -> None:
        entries = [a_taxed_journal(papers.chart), a_taxed_bill(papers.chart), a_reverse_journal(papers.chart)]
        for entry in entries:
            if not papers.refusals(entry):
                assert [sum(read.amounts.values()) for read in papers.read_back(entry)] == [0]

    # --------------------------------------------------------------------------- what is refused, not cut

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
    @pytest.mark.parametrize("field", ["text", "payee"])
    def test_no_text_moves_a_row_or_an_amount(self, papers: Papers, text: str, field: str) -> None:
        """Another entry is beside it: what is odd in one must not reach the other."""
        entry, other = a_taxed_journal(papers.chart, **{field: text}), a_journal(papers.chart, "7.00")
        papers.require(entry, other)
        assert_same(papers, [entry, other], papers.read_back(entry, other))

    @pytest.mark.parametrize("number", ["INV 2026/0001", "x" * 300, "№ 17 – ☂", "=HYPERLINK(1)", "  "])
    def test_an_invoice_number_is_kept_or_refused(self, papers: Papers, number: str) -> None:
        entry = a_bill(papers.chart, number=number)
        papers.require(entry)
        assert_same(papers, [entry], papers.read_back(entry))

    def test_an_account_that_does_not_exist_is_refused(self, papers: Papers) -> None:
        entry = a_journal(papers.chart)
        lines = (replace(entry.lines[0], account="no such account"), *entry.lines[1:])
        assert papers.refusals(replace(entry, lines=lines))

    def test_an_entry_that_does_not_balance_is_refused(self, papers: Papers) -> None:
        entry = a_journal(papers.chart)
        lines = (replace(entry.lines[0], amount=Decimal("1.00")), *entry.lines[1:])
        assert papers.refusals(replace(entry, lines=lines))

    def test_each_entry_is_answered_for_itself(self, papers: Papers) -> None:
        good, bad = a_journal(papers.chart), a_journal(papers.chart)
        bad = replace(bad, lines=(replace(bad.lines[0], account="no such account"), *bad.lines[1:]))
        answers = papers.target.validate([good, bad, good])
        assert [bool(answer) for answer in answers] == [bool(papers.refusals(good)), True, bool(papers.refusals(good))]

    # ----------------------------------------------------------------------------------- pure and bounded

    def test_the_same_vouchers_give_the_same_bytes(self, papers: Papers) -> None:
        entries = [a_taxed_journal(papers.chart), a_journal(papers.chart)]
        papers.require(*entries)
        for head, vouchers in papers.sorted(entries):
            first = files_of(papers.target, head, vouchers)
            assert files_of(papers.target, head, vouchers) == first
            if papers.again is not None:
                assert files_of(papers.again(), head, vouchers) == first

    def test_a_document_of_another_moment_says_the_same_of_its_entries(self, papers: Papers) -> None:
        entry = a_journal(papers.chart)
        papers.require(entry)
        for head, vouchers in papers.sorted([entry]):
            later = replace(head, moment=MOMENT + timedelta(days=40))
            assert_same(papers, [entry], papers.read(files_of(papers.target, later, vouchers)))

    def test_its_rows_are_written_as_they_are_read(self, papers: Papers) -> None:
        """So that a large document fits into little memory."""
        entries = [a_journal(papers.chart, f"{n}.00") for n in range(1, 2_001)]
        papers.require(entries[0])
        for head, vouchers in papers.sorted(entries):
            before = vouchers.given
            file = next(iter(papers.target.render(head, vouchers)))
            next(iter(file.content))
            if file.media_type.startswith("text/"):
                passes = (vouchers.given - before) / len(vouchers)
                assert passes % 1 or passes == 0, "all vouchers were read before the first piece of a text file"

    def test_files_have_names_of_their_own(self, papers: Papers) -> None:
        entries = [a_journal(papers.chart, date=papers.chart.open_day + timedelta(days=days)) for days in (0, 35, 400)]
        papers.require(*entries)
        names = [name for _, files in papers.documents(*entries) for name in files]
        assert len(names) == len({name.casefold() for name in names})
        for name in names:
            parts = name.split("/")
            assert name.isascii()
            assert name.isprintable()
            assert len(parts) <= 2
            assert not any(part.startswith(".") or part.strip() != part or not part for part in parts)

    def test_no_document_has_more_rows_than_it_may(self, papers: Papers) -> None:
        if papers.target.max_rows is None:
            pytest.skip("the format has no limit of rows")
        place = papers.target.place(a_taxed_journal(papers.chart))
        assert 0 < place.rows <= papers.target.max_rows

    def test_where_an_entry_goes_depends_on_the_entry_alone(self, papers: Papers) -> None:
        entry = a_taxed_journal(papers.chart)
        papers.require(entry)
        assert papers.target.place(entry) == papers.target.place(replace(entry))

    def test_receipts_are_beside_the_rows(self, papers: Papers) -> None:
        if papers.target.capabilities.receipts is None:
            pytest.skip("the format takes no receipts")
        entry, receipt = a_journal(papers.chart), a_receipt()
        papers.require(entry)
        ((_, with_it),) = papers.documents(entry, receipts=[receipt])
        ((_, without),) = papers.documents(entry)
        assert sum(map(len, with_it.values())) > sum(map(len, without.values())) + len(receipt.content) // 4
        assert_same(papers, [entry], papers.read(with_it))


def an_entry(chart: Chart, name: str) -> Entry:
    """One entry of each kind."""
    match name:
        case "taxed":
            return a_taxed_journal(chart)
        case "reverse":
            return a_reverse_journal(chart)
        case "bill":
            return a_bill(chart)
        case "credit_note":
            return a_taxed_bill(chart, credit_note=True)
        case "taxed_bill":
            return a_taxed_bill(chart)
        case "payment":
            return a_payment(chart, a_reference())
    return a_journal(chart)


def assert_same(papers: Papers, entries: list[Entry], read: Sequence[ReadVoucher]) -> None:
    """What was read back is what was sent: days, amounts account by account, references and dimensions."""
    assert [(one.date, dict(one.amounts)) for one in read] == [(entry.date, line_sums(entry)) for entry in entries]
    for one, entry in zip(read, entries, strict=True):
        if one.reference:
            assert one.reference == entry.reference
        if one.currency:
            assert one.currency == entry.currency
        if "dimensions" not in papers.target.capabilities.not_kept:
            assert one.dimensions is not None, "the reader says nothing of dimensions, which the target says it keeps"
            assert dict(one.dimensions) == dimension_sums(entry)


__all__ = ["Chart", "DocumentContract", "KeptVouchers", "Papers", "ReadVoucher"]
