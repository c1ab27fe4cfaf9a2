"""Rows as CSV and as XLSX, in bounded pieces. Pure: a document's moment is its only clock."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import IO, Any, Final, Literal

from kontobro.core.model.money import EXPONENTS
from kontobro.core.ports import DocumentHead, Vouchers
from kontobro.erp.files.common.pieces import in_pieces
from kontobro.erp.files.template.book import Book
from kontobro.erp.files.template.columns.cells import Cell, Cells
from kontobro.erp.files.template.columns.points import Value
from kontobro.erp.files.template.columns.styles import date_tokens, style_of
from kontobro.erp.files.template.layout import Layout, encoding_of, mark_of
from kontobro.erp.files.template.records import Totals, Writes, asks_sums, records_of, titles_of, totals_of
from kontobro.erp.files.template.rows import Row, entry_row, rows_of

PIECE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """What a file is made of."""

    layout: Layout
    cells: Cells
    book: Book
    head: DocumentHead
    vouchers: Vouchers


Written = tuple[Row, tuple[Cell, ...]]
"""A row of the entry, and the columns that it fills."""


def cells_per_row(document: Document, totals: Totals, part: str = "all") -> Iterator[list[Written]]:
    """The rows of a file; several pieces of one row where lines repeat in it. `part`: `entries` or `lines` alone."""
    layout, own, lines = document.layout, document.cells.columns, document.cells.line_columns
    per = layout.rows.per
    at = 0
    for voucher in document.vouchers:
        totals.entries += 1
        rows = list(rows_of(voucher, layout.rows, document.book, document.head))
        if per in ("entry", "entry_and_lines"):
            first = entry_row(voucher, layout.rows, document.book, document.head)
            repeated = [(row, lines) for row in rows]
            groups = [[(first, own), *repeated]] if per == "entry" else _apart(first, own, repeated, part)
        else:
            groups = [[(row, own)] for row in rows]
        for group in groups:
            at += 1
            for row, _ in group:
                row.at = at
            totals.take(group[0][0].amount)
            yield group


def _apart(first: Row, own: tuple[Cell, ...], repeated: list[Written], part: str) -> list[list[Written]]:
    entry = [] if part == "lines" else [[(first, own)]]
    return entry if part == "entries" else [*entry, *([one] for one in repeated)]


def csv_pieces(document: Document, part: str = "all") -> Iterator[bytes]:
    """A CSV file. Its rows are written as they are read."""
    encoding = encoding_of(document.layout.file)
    lines = (line.encode(encoding) for line in _csv_lines(document, part))
    return in_pieces(_with(mark_of(document.layout.file), lines), PIECE)


def _with(mark: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
    yield mark
    yield from lines


def _csv_lines(document: Document, part: str) -> Iterator[str]:
    file, head = document.layout.file, document.head
    row_of, end = _joiner(document), "\r\n" if file.line_end == "crlf" else "\n"
    titles = titles_of(document.layout, document.cells, lines=part == "lines")
    writes, totals = Writes(file, style_of(file)), Totals()
    before = totals
    if asks_sums(file.header):
        before = totals_of(head, document.vouchers, document.layout, document.book)
    for record in records_of(file.header, titles, head, before, writes):
        yield f"{record}{end}" if isinstance(record, str) else row_of(list(record), [True] * len(record))
    for group in cells_per_row(document, totals, part):
        texts = [cell.text(row) for row, cells in group for cell in cells]
        yield row_of(texts, [cell.kind in ("text", "code") for _, cells in group for cell in cells])
    for record in records_of(file.footer, titles, head, totals, writes):
        yield f"{record}{end}" if isinstance(record, str) else row_of(list(record), [True] * len(record))


Joins = Callable[[list[str], list[bool]], str]
"""A row's texts, and which of them are no numbers or dates, as a line."""


class _Line:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


def _joiner(document: Document) -> Joins:
    file = document.layout.file
    separator, end = style_of(file).separator, "\r\n" if file.line_end == "crlf" else "\n"
    if not separator or file.quote == "none":
        return lambda texts, words: separator.join(texts) + end
    if file.quote == "text":
        return lambda texts, words: separator.join(map(_quoted, texts, words)) + end
    line = _Line()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if file.quote == "all" else csv.QUOTE_MINIMAL
    writer = csv.writer(line, delimiter=separator, quoting=quoting, lineterminator=end)

    def joined(texts: list[str], words: list[bool]) -> str:
        writer.writerow(texts)
        return line.text

    return joined


def _quoted(text: str, is_text: bool) -> str:
    return '"' + text.replace('"', '""') + '"' if is_text else text


def xlsx_pieces(document: Document) -> Iterator[bytes]:
    """An XLSX file: numbers and dates are numbers and dates, texts are never formulas. Written to disk first, row by
    row: its end says where its parts are."""
    with tempfile.TemporaryFile() as out:
        _write_workbook(document, out)
        out.seek(0)
        while piece := out.read(PIECE):
            yield piece


def _write_workbook(document: Document, out: IO[bytes]) -> None:
    from xlsxwriter import Workbook

    head, file = document.head, document.layout.file
    workbook = Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    created = head.moment.astimezone(UTC).replace(tzinfo=None)
    workbook.set_properties({"title": document.layout.name, "author": "Kontobro", "created": created})
    sheet = workbook.add_worksheet(file.sheet)
    titles = titles_of(document.layout, document.cells)
    sheet.set_column(0, max(len(titles) - 1, 0), 16)
    writes, totals, formats = Writes(file, style_of(file)), Totals(), _Formats(workbook)
    before = totals
    if asks_sums(file.header):
        before = totals_of(head, document.vouchers, document.layout, document.book)
    at = 0
    for record in records_of(file.header, titles, head, before, writes):
        _write_texts(sheet, at, record, formats.bold)
        at += 1
    for group in cells_per_row(document, totals):
        for column, (cell, row) in enumerate((cell, row) for row, cells in group for cell in cells):
            _write(sheet, (at, column), cell.typed(row), formats.of(cell, row))
        at += 1
    for record in records_of(file.footer, titles, head, totals, writes):
        _write_texts(sheet, at, record, None)
        at += 1
    workbook.close()


def _write_texts(sheet: Any, at: int, record: str | Sequence[str], style: object) -> None:
    for column, text in enumerate([record] if isinstance(record, str) else record):
        if text:
            sheet.write_string(at, column, text, style)


def _write(sheet: Any, place: tuple[int, int], value: Value, style: object) -> None:
    if value is None or value == "":
        return
    if isinstance(value, date):
        sheet.write_datetime(*place, value, style)
    elif isinstance(value, str):
        sheet.write_string(*place, value, style)
    else:
        sheet.write_number(*place, value, style)  # a Decimal is written to the digit


class _Formats:
    """The formats of cells, each made once."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._made: dict[str, object] = {}
        self.bold = workbook.add_format({"bold": True})

    def of(self, cell: Cell, row: Row) -> object:
        if not cell.is_typed:
            return self._format("@")
        if cell.kind == "date":
            return self._format("".join(date_tokens(cell.date_pattern) or []))
        if cell.kind == "amount":
            given = cell.column.decimals
            decimals = EXPONENTS.get(row.entry.currency, 2) if given is None else given
            return self._format(f"0.{'0' * decimals}" if decimals else "0")
        return None

    def _format(self, number: str) -> object:
        if number not in self._made:
            self._made[number] = self._workbook.add_format({"num_format": number})
        return self._made[number]
