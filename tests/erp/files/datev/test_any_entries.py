"""Any entries at all are read back as they were sent, or refused with the field: nothing is cut, no amount moves."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kontobro.core.errors import Note
from kontobro.core.model.journal import Bill, Entry, EntryLine, JournalEntry, Payment, dimension_sums, line_sums
from kontobro.testing.connector.entries import a_reference
from kontobro.testing.document.papers import Papers
from tests.erp.files.datev.company import READER, some_papers
from tests.erp.files.datev.reader import read_files

CENTS = st.one_of(st.integers(-3_000, 3_000), st.integers(-(10**13), 10**13))
RATES = {"I25": 25, "I07": 7, "R25": 25}
ACCOUNTS = ("6815", "6640", "5400", "5425", "0420")
TEXTS = st.text(max_size=90)


def money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


@dataclass(frozen=True)
class Taxed:
    """An expense line with tax that may be to the cent what its rate gives, or not."""

    net: int
    code: str
    off: int

    def lines(self, account: str, dimensions: tuple[tuple[str, str], ...], text: str) -> Iterator[EntryLine]:
        code = self.code or None
        tax = (self.net * RATES[self.code] * 2 + 100) // 200 + self.off if self.code else 0
        yield EntryLine(
            account=account,
            amount=money(self.net),
            role="expense",
            text=text,
            tax_code=code,
            tax_amount=money(tax) if code else None,
            dimensions=dimensions,
        )
        if tax:
            yield EntryLine(account="1406", amount=money(tax), role="tax", tax_code=code)
        if tax and self.code.startswith("R"):
            yield EntryLine(account="3806", amount=money(-tax), role="reverse_tax", tax_code=code)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    lines: list[EntryLine] = []
    for _ in range(draw(st.integers(1, 3))):
        code, off = draw(st.sampled_from(["", "I25", "I07", "R25"])), draw(st.sampled_from([0, 0, 0, 1]))
        taxed = Taxed(draw(CENTS), code, off)
        dimensions = draw(st.sampled_from([(), (("COST", "100"),), (("COST", "100"), ("PROJECT", "P1"))]))
        lines += taxed.lines(draw(st.sampled_from(ACCOUNTS)), dimensions, draw(TEXTS))
    total = sum((line.amount for line in lines), Decimal(0))
    kind = draw(st.sampled_from([JournalEntry, Bill, Payment]))
    vendor = None if kind is JournalEntry else "V100"
    role, account = ("wallet", "1810") if kind is JournalEntry else ("payable", "70001")
    day = date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 500)))
    entry = JournalEntry(
        reference=a_reference(),
        date=day,
        currency="DKK",
        lines=(*lines, EntryLine(account=account, amount=-total, role=role, vendor=vendor)),  # type: ignore[arg-type]
        fingerprint="f",
        payee=draw(TEXTS),
        text=draw(TEXTS),
        vendor=vendor,
        number=draw(TEXTS) if vendor else "",
        attendees=tuple(draw(st.lists(TEXTS, max_size=3))),
        due_date=draw(st.sampled_from([None, day])),
        document_date=day,
    )
    if kind is JournalEntry:
        return entry
    return kind(**{name: getattr(entry, name) for name in entry.__dataclass_fields__})


def accepted(papers: Papers, given: list[Entry]) -> list[Entry]:
    kept = []
    for entry, found in zip(given, papers.target.validate(given), strict=True):
        refused = [problem for problem in found if not isinstance(problem, Note)]
        assert all(problem.field and problem.message and problem.remedy for problem in refused)
        kept += [] if refused else [entry]
    return kept


@settings(max_examples=150, deadline=None)
@given(st.lists(entries(), min_size=1, max_size=4), st.sampled_from(["keys", "lines", "keys_only"]))
def test_any_entries_are_read_back_or_refused(given: list[Entry], tax: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        papers = some_papers(Path(folder), tax=tax, kost2="PROJECT")
        reader = replace(READER, kost=("COST", "PROJECT"))
        kept = accepted(papers, given)
        read = [one for _, files in papers.documents(*kept) for one in read_files(reader, files)] if kept else []
        assert {one.reference: (one.date, one.amounts, one.dimensions) for one in read} == {
            entry.reference: (entry.date, line_sums(entry), dimension_sums(entry)) for entry in kept
        }


def test_most_entries_are_taken() -> None:
    """Else the test above would say little."""
    seen: list[bool] = []

    @settings(max_examples=100, deadline=None, database=None)
    @given(entries())
    def count(entry: Entry) -> None:
        seen.append(bool(accepted(papers, [entry])))

    with tempfile.TemporaryDirectory() as folder:
        papers = some_papers(Path(folder))
        count()
    assert sum(seen) > len(seen) / 4
