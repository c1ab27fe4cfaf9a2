"""The tie-out as rows of a spreadsheet: every entry with links both ways, and the sums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kontobro.core.tieout.compare import MEANINGS, Sum, SumKey, TiedEntry, TieOut
from kontobro.core.words import note_in
from kontobro.export.tieout.sheets import Book, Cell, Rows

ENTRY_COLUMNS: Sequence[str] = (
    "month",
    "date",
    "side",
    "wallet",
    "currency",
    "Pleo",
    "books",
    "drafts",
    "difference",
    "result",
    "changes",
    "booked on",
    "number",
    "type",
    "kind",
    "payee",
    "reference",
    "job",
    "compared with",
    "Pleo link",
    "accounting system link",
)

SUM_COLUMNS: Sequence[str] = (
    "side",
    "wallet",
    "currency",
    "month",
    "Pleo",
    "books",
    "drafts",
    "difference",
    "entries",
    "differing",
)


def entry_row(tied: TiedEntry) -> list[Cell]:
    """One entry; why it isn't booked is with its changes."""
    pleo = tied.pleo
    return [
        f"{pleo.date:%Y-%m}" if pleo.date else None,
        pleo.date,
        pleo.side,
        pleo.wallet,
        pleo.currency,
        pleo.amount,
        tied.books,
        tied.drafts,
        tied.difference,
        MEANINGS[tied.verdict],
        "; ".join(reasons(tied)),
        tied.booked_on,
        tied.number,
        pleo.item_type,
        pleo.kind,
        pleo.payee,
        pleo.reference,
        pleo.job_id,
        "Pleo's content" if pleo.source == "pleo" else "what was booked",
        pleo.pleo_url,
        tied.erp_url,
    ]


def reasons(tied: TiedEntry, language: str | None = None) -> Sequence[str]:
    """What changed, or why it isn't in the books, in that language."""
    if tied.changes:
        return tuple(note_in(change, language) for change in tied.changes)
    return tuple(problem.said(language).message for problem in tied.pleo.problems)


def sum_rows(result: TieOut) -> Iterator[list[Cell]]:
    for key, found in sorted_sums(result):
        yield [
            key.side,
            key.wallet,
            key.currency,
            key.month,
            found.pleo,
            found.books,
            found.drafts,
            found.difference,
            found.entries,
            found.differing,
        ]


def sorted_sums(result: TieOut) -> list[tuple[SumKey, Sum]]:
    """Wallets first, then what is owed; month after month."""
    order = ("wallet", "employee", "payable", "other")
    return sorted(result.sums.items(), key=lambda one: (order.index(one[0].side), one[0]))


def passing(tied: Iterable[TiedEntry], rows: Rows) -> Iterator[TiedEntry]:
    """Write each entry as a row on its way: the summary reads the same stream, once."""
    for entry in tied:
        rows.add(entry_row(entry))
        yield entry


def add_summary(book: Book, result: TieOut) -> None:
    """The sheets besides the entries'."""
    sums = book.sheet("Sums", SUM_COLUMNS)
    for row in sum_rows(result):
        sums.add(row)
    notes = book.sheet("Not seen", ("What this tie-out can't see",))
    for spot in result.cannot_see:
        notes.add([spot])
