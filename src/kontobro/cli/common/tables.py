"""A table that keeps what matters on a narrow terminal: texts wrap, spare columns go, figures are never cut.

rich shrinks every column alike and drops the rightmost ones, which are often those that a person is here for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kontobro.cli.common.words import pgettext

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table

NARROWEST = 14
"""Characters below which a wrapped column is no pleasure to read."""
BETWEEN, EDGES = 3, 2
"""Columns of the terminal that the table's form takes: between two columns, and at both edges."""


@dataclass(frozen=True, slots=True)
class Column:
    """`whole`: its cells are never wrapped (figures, codes, ids). `right`: figures, aligned at the right."""

    head: str
    right: bool = False
    whole: bool = False


@dataclass(slots=True)
class Sheet:
    """Rows of cells under heads, drawn to the width there is. `spare`: heads that may go, the first one first."""

    columns: Sequence[Column]
    title: str | None = None
    spare: Sequence[str] = ()
    rows: list[tuple[tuple[str, ...], str | None]] = field(default_factory=list)

    def add_row(self, *cells: str, style: str | None = None) -> None:
        self.rows.append((cells, style))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        widths = self._fitted(options.max_width)
        yield from [self._table(widths)] if widths else self._blocks()

    def _fitted(self, width: int) -> dict[int, int]:
        """The width of each column that is shown, by its place; nothing when they don't fit side by side."""
        shown = [at for at, column in enumerate(self.columns) if any(cells[at] for cells, _ in self.rows)]
        for gone in [None, *self.spare]:
            shown = [at for at in shown if gone is None or self.columns[at].head != gone]
            room = width - EDGES - BETWEEN * (len(shown) - 1)
            natural = {at: self._longest(at) for at in shown}
            least = {at: natural[at] if self.columns[at].whole else min(natural[at], self._least(at)) for at in shown}
            if sum(least.values()) <= room:
                return _shared(natural, least, room)
        return {}

    def _cells(self, at: int) -> Iterator[str]:
        yield self.columns[at].head
        yield from (cells[at] for cells, _ in self.rows)

    def _longest(self, at: int) -> int:
        return max(_width(line) for cell in self._cells(at) for line in cell.split("\n"))

    def _least(self, at: int) -> int:
        """The longest word (of those that are no address), so that wrapping does not cut it."""
        words = (_width(word) for cell in self._cells(at) for word in cell.split())
        return max(NARROWEST, max((word for word in words if word <= 2 * NARROWEST), default=0))

    def _table(self, widths: dict[int, int]) -> Table:
        from rich import box
        from rich.table import Table

        made = Table(title=self.title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
        for at, width in widths.items():
            column = self.columns[at]
            made.add_column(
                column.head,
                justify="right" if column.right else "left",
                overflow="fold",
                no_wrap=column.whole,
                width=width,
            )
        for cells, style in self.rows:
            made.add_row(*(cells[at] for at in widths), style=style)
        return made

    def _blocks(self) -> Iterator[RenderableType]:
        """Each row as a block, each cell on a line of its own under its head's name."""
        from rich.padding import Padding
        from rich.text import Text

        if self.title:
            yield Text(self.title, style="bold")
        for cells, style in self.rows:
            first, *rest = [pair for pair in zip(self.columns, cells, strict=True) if pair[1]]
            yield Text(_labelled(*first), style=style or "bold")
            for column, cell in rest:
                yield Padding(Text(_labelled(column, cell), style=style or ""), (0, 0, 0, 2))
        yield Text("")


def sheet(
    *heads: str,
    title: str | None = None,
    right: Iterable[str] = (),
    whole: Iterable[str] = (),
    spare: Sequence[str] = (),
) -> Sheet:
    """An empty one; the columns named in `right` hold figures, those in `whole` are never wrapped, those in `spare`
    may go where it is narrow, the first one first."""
    figures, uncut = set(right), {*right, *whole}
    columns = [Column(head_words(head), head in figures, head in uncut) for head in heads]
    return Sheet(columns, title, [head_words(head) for head in spare])


HEADS: Final = (
    "account",
    "after",
    "already in Pleo",
    "amount",
    "archived",
    "before",
    "booked",
    "books",
    "chosen",
    "code",
    "created",
    "credit",
    "date",
    "debit",
    "delivered",
    "difference",
    "dimensions",
    "document",
    "drafts",
    "due",
    "entries",
    "expense type",
    "exported",
    "for",
    "from",
    "imported",
    "in the journal",
    "items",
    "job",
    "last checked",
    "master data",
    "month",
    "name",
    "note",
    "of",
    "problem and what to do",
    "receipts",
    "reference",
    "remark",
    "sealed",
    "setting",
    "state",
    "status",
    "tag group in Pleo",
    "tax",
    "template",
    "to",
    "to fix",
    "updated",
    "values",
    "voucher",
    "what changes",
    "what to fix before you export",
    "who",
    "why",
)
"""Of all tables, as `sheet` is given them: they are in the catalogue, context "column"."""


def head_words(head: str) -> str:
    """A column's head in the reader's language; what is none of ours stays as it is."""
    return pgettext("column", head) if head in HEADS else head


def _labelled(column: Column, cell: str) -> str:
    return f"{column.head}: {cell}" if column.head else cell


def _shared(natural: dict[int, int], least: dict[int, int], room: int) -> dict[int, int]:
    """The room among the columns: each as wide as it would be, the widest give way first, none below its least."""
    widths = dict(natural)
    while sum(widths.values()) > room:
        widest = max((at for at in widths if widths[at] > least[at]), key=widths.__getitem__)
        widths[widest] -= 1
    return widths


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
