"""Header and footer records: titles, lines as they are, and cells that may name the document's sums. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from kontobro.core.errors import shown
from kontobro.core.model.money import EXPONENTS, exact_sum
from kontobro.core.ports import DocumentHead, Vouchers
from kontobro.core.words import phrase
from kontobro.erp.files.template.book import Book
from kontobro.erp.files.template.columns.cells import Cells
from kontobro.erp.files.template.columns.styles import Style, written_date
from kontobro.erp.files.template.layout import TITLES, File, Layout, wrong
from kontobro.erp.files.template.rows import entry_row, rows_of

Record = str | Sequence[str]
"""A line as it is, or cells."""


@dataclass(slots=True)
class Totals:
    """What a document sums up to. `debits` and `credits` are both positive."""

    entries: int = 0
    rows: int = 0
    debits: Decimal = Decimal(0)
    credits: Decimal = Decimal(0)

    def take(self, amount: Decimal) -> None:
        self.rows += 1
        if amount > 0:
            self.debits = exact_sum((self.debits, amount))
        else:
            self.credits = exact_sum((self.credits, amount.copy_negate()))


def totals_of(head: DocumentHead, vouchers: Vouchers, layout: Layout, book: Book) -> Totals:
    """Gone through once more, for sums in the header."""
    totals = Totals()
    for voucher in vouchers:
        totals.entries += 1
        if layout.rows.per == "entry_and_lines":
            totals.take(entry_row(voucher, layout.rows, book, head).amount)
        for row in rows_of(voucher, layout.rows, book, head):
            totals.take(row.amount)
    return totals


_SAYS: Final[Mapping[str, Callable[[DocumentHead, Totals], object]]] = {
    "document_number": lambda head, totals: head.number,
    "group": lambda head, totals: head.group,
    "company": lambda head, totals: head.company.name,
    "company_currency": lambda head, totals: head.company.currency,
    "first_date": lambda head, totals: head.first,
    "last_date": lambda head, totals: head.last,
    "sealed_date": lambda head, totals: head.moment.date(),
    "entry_count": lambda head, totals: totals.entries,
    "row_count": lambda head, totals: totals.rows,
    "debit_sum": lambda head, totals: totals.debits,
    "credit_sum": lambda head, totals: totals.credits,
}
SUMS: Final = frozenset(["entry_count", "row_count", "debit_sum", "credit_sum"])
_NAMES: Final = re.compile(r"\{([a-z_]+)\}")


def require_records(layout: Layout, called: str) -> None:
    """Raises Misconfigured for a header or footer record that names what does not exist."""
    for name in _named([*layout.file.header, *layout.file.footer]):
        if name not in _SAYS:
            raise wrong(
                called, phrase("template_record", name=shown(name)), phrase("template_records", names=tuple(_SAYS))
            )


def asks_sums(records: Sequence[str | list[str]]) -> bool:
    return bool(_named(records) & SUMS)


def _named(records: Sequence[str | list[str]]) -> set[str]:
    texts = [text for record in records for text in ([record] if isinstance(record, str) else record)]
    return {name for text in texts for name in _NAMES.findall(text)}


def records_of(
    records: Sequence[str | list[str]], titles: Sequence[str], head: DocumentHead, totals: Totals, write: Writes
) -> Iterator[Record]:
    for record in records:
        if record == TITLES:
            yield list(titles)
        elif isinstance(record, str):
            yield write(record, head, totals)
        else:
            yield [write(cell, head, totals) for cell in record]


@dataclass(frozen=True, slots=True)
class Writes:
    """Fills a record's names."""

    file: File
    style: Style

    def __call__(self, text: str, head: DocumentHead, totals: Totals) -> str:
        return _NAMES.sub(lambda found: self._said(_SAYS[found[1]](head, totals), head), text)

    def _said(self, value: object, head: DocumentHead) -> str:
        if isinstance(value, Decimal):
            exponent = value.as_tuple().exponent
            most = max(EXPONENTS.get(head.company.currency, 2), -exponent if isinstance(exponent, int) else 0)
            return self.style.amount(value, most)
        if isinstance(value, int):
            return str(value)
        if isinstance(value, str):
            return self.style.words(value)
        return written_date(self.file.date)(value)  # type: ignore[arg-type]


def titles_of(layout: Layout, cells: Cells, *, lines: bool = False) -> list[str]:
    """The titles of the file's rows, `lines` those of a file of lines apart."""
    own = [cell.column.title for cell in cells.columns]
    others = [cell.column.title for cell in cells.line_columns]
    if lines:
        return others
    return [*own, *others] if layout.rows.per == "entry" else own
