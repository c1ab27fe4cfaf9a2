"""Booking through a connector against the accounting system's bare API, batch by batch in turns, in one database.

What slows one down slows the other. Ours is what an export does: find, book (race-proof create, read back), post, and
find once more.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.result import Result
from kontobro.core.model.journal import Booking, EntryLine, JournalEntry
from kontobro.core.ports import Connector
from kontobro.testing.connector.entries import Chart, a_taxed_journal

BATCH, SINGLES = 100, 30

Book = Callable[[Sequence[JournalEntry]], object]


def compare(
    system: str, book_bare: Book, connector: Connector, chart: Chart, spent: Counter[str], count: int
) -> list[Result]:
    """Ratios. `spent`: seconds that the connector waited for each of the system's methods; `count` entries in all."""
    bare, ours = [], []
    book_bare(entries(chart, 5))  # warms the server up
    book_ours(connector, entries(chart, 5))
    spent.clear()
    for _ in range(count // BATCH):
        bare.append(timed(lambda: book_bare(entries(chart, BATCH))))
        ours.append(timed(lambda: book_ours(connector, entries(chart, BATCH))))
    parts = ", ".join(f"{method} {seconds:.1f} s" for method, seconds in spent.most_common())
    single = timed(lambda: [book_ours(connector, [one]) for one in entries(chart, SINGLES)]) / SINGLES
    bare_single = timed(lambda: [book_bare([one]) for one in entries(chart, SINGLES)]) / SINGLES
    note = f"{count:,} entries of 3 lines: bare {sum(bare):.1f} s; ours {sum(ours):.1f} s, of it {parts}"
    faster, than_bare = single * count / sum(ours), bare_single * count / sum(ours)
    singly = f"{faster:.1f} times faster than one entry a call; {than_bare:.1f} times faster than the bare API so"
    return [
        Result(f"{system}_ratio_to_bare", sum(ours) / sum(bare), 1.35, "times", note),
        Result(f"{system}_batch_to_single", 1 / faster, 1 / 5, "times", singly),
    ]


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def entries(chart: Chart, count: int) -> list[JournalEntry]:
    """Card purchases: expense, tax, wallet; no tax code, so that all three lines are sent by both."""
    made = [a_taxed_journal(chart, f"{n + 40}.00", "10.00") for n in range(count)]
    return [_plain(entry) for entry in made]


def _plain(entry: JournalEntry) -> JournalEntry:
    lines: list[EntryLine] = [replace(line, tax_code=None, tax_amount=None, dimensions=()) for line in entry.lines]
    return replace(entry, lines=tuple(lines))


def book_ours(connector: Connector, batch: Sequence[JournalEntry]) -> None:
    """As the export engine does it."""
    references = [entry.reference for entry in batch]
    assert not connector.find(references)
    bookings = [answer for answer in connector.book(batch) if isinstance(answer, Booking)]
    assert len(bookings) == len(batch)
    connector.post(bookings)
    assert {booking.status for booking in connector.find(references).values()} == {"posted"}
