"""Rows as CSV and XLSX, for a person's spreadsheet. Texts come from outside: none of them may become a formula.

CSV is the same for every reader: UTF-8 with its mark (Excel asks for it), commas, dots in numbers, ISO dates; a text
that a spreadsheet would take for a formula gets an apostrophe in front. XLSX has types of its own: numbers are numbers,
dates dates, texts texts, unchanged.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Protocol

from kontobro.core.errors import Misconfigured
from kontobro.core.words import told
from kontobro.export.personal.private import private_file

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

Cell = str | Decimal | int | dt.date | dt.datetime | bool | None

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that some spreadsheet reads as a formula, or drops to get to one."""

MOST_ROWS = 1_048_575
"""Rows a sheet of XLSX has, its head not counted."""
MOST_CHARACTERS = 32_767
"""Characters a cell of XLSX takes."""


class Rows(Protocol):
    """Where rows go, one at a time."""

    def add(self, row: Sequence[Cell]) -> None: ...


def looks_like_formula(text: str) -> bool:
    return text.lstrip(" \u00a0\ufeff").startswith(FORMULA_SIGNS)


def csv_cell(cell: Cell) -> str:
    """A cell as CSV has it."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case str():
            return f"'{cell}" if looks_like_formula(cell) else cell
        case Decimal():
            return f"{cell or cell.copy_abs():f}"  # nothing has no sign
        case dt.date():
            return cell.isoformat()
        case _:
            return str(cell)


class CsvRows:
    """CSV on an open text file (`newline=""`), head first. A row is written at once: nothing is kept."""

    def __init__(self, file: IO[str], columns: Sequence[str]) -> None:
        self._writer = csv.writer(file)
        self.add(columns)

    def add(self, row: Sequence[Cell]) -> None:
        self._writer.writerow([csv_cell(cell) for cell in row])


@contextmanager
def csv_file(path: Path, columns: Sequence[str]) -> Iterator[CsvRows]:
    """A new CSV file, its owner's alone; it takes its name when all of it is written."""
    with private_file(path) as part, TextIOWrapper(part, encoding="utf-8-sig", newline="") as file:
        yield CsvRows(file, columns)


def csv_lines(columns: Sequence[str], rows: Iterator[Sequence[Cell]]) -> Iterator[str]:
    """CSV line by line, for an answer that streams; its encoding is the caller's (`utf-8-sig`)."""
    line = _Line()
    writer = CsvRows(line, columns)  # type: ignore[arg-type]  # csv asks for `write` alone
    yield line.text
    for row in rows:
        writer.add(row)
        yield line.text


class _Line:
    """Keeps the line that was written last."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


# ------------------------------------------------------------------------------------------- XLSX


class SheetRows:
    """One sheet of a workbook, head first. Rows go to disk as they come."""

    def __init__(self, sheet: Worksheet, columns: Sequence[str], formats: Formats, most_rows: int) -> None:
        self._sheet = sheet
        self._most_rows = most_rows
        self._formats = formats
        self._next = 1
        sheet.freeze_panes(1, 0)
        for at, title in enumerate(columns):
            sheet.set_column(at, at, max(12, min(40, len(title) + 4)))
            sheet.write_string(0, at, title, formats.head)

    def add(self, row: Sequence[Cell]) -> None:
        """Raises Misconfigured when the sheet is full."""
        if self._next > self._most_rows:
            raise Misconfigured(*told("sheet_full", most=self._most_rows))
        for at, cell in enumerate(row):
            self._write(at, cell)
        self._next += 1

    def _write(self, at: int, cell: Cell) -> None:
        sheet, row, formats = self._sheet, self._next, self._formats
        match cell:
            case None | "":
                return
            case bool():
                sheet.write_boolean(row, at, cell)
            case str():
                sheet.write_string(row, at, cell[:MOST_CHARACTERS], formats.of_text(cell))
            case dt.datetime():
                naive = cell.astimezone(dt.UTC).replace(tzinfo=None) if cell.tzinfo else cell
                sheet.write_datetime(row, at, naive, formats.moment)
            case dt.date():
                sheet.write_datetime(row, at, cell, formats.day)
            case Decimal():
                figure = cell or cell.copy_abs()  # nothing has no sign
                sheet.write_number(row, at, figure, formats.number(cell))  # 16 digits, never by way of a float
            case _:
                sheet.write_number(row, at, cell)


class Formats:
    """A workbook's cell formats, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        self._add: Callable[[dict[str, Any]], Format] = workbook.add_format
        self._numbers: dict[int, Format] = {}
        self.head = self._add({"bold": True, "bottom": 1})
        self.text = self._add({"quote_prefix": True})  # stays a text also when a person edits the cell
        self.code = self._add({"num_format": "@"})  # digits that a person edits keep their zeros
        self.day = self._add({"num_format": "yyyy-mm-dd"})
        self.moment = self._add({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def of_text(self, text: str) -> Format | None:
        """What keeps a text a text."""
        if looks_like_formula(text):
            return self.text
        return self.code if text.isdecimal() else None

    def number(self, amount: Decimal) -> Format:
        places = max(0, -int(amount.as_tuple().exponent)) if amount.is_finite() else 0
        if places not in self._numbers:
            self._numbers[places] = self._add({"num_format": "#,##0" + ("." + "0" * places if places else "")})
        return self._numbers[places]


class Book:
    """A workbook being written; `sheet` adds one. Sheets can be filled side by side."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._formats = Formats(workbook)

    def sheet(self, name: str, columns: Sequence[str], most_rows: int = MOST_ROWS) -> SheetRows:
        return SheetRows(self._workbook.add_worksheet(name), columns, self._formats, most_rows)


_SAFE = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}


@contextmanager
def xlsx_book(target: BinaryIO) -> Iterator[Book]:
    """A workbook on an open binary file; written when the block ends. Raises Misconfigured without XlsxWriter."""
    try:
        from xlsxwriter.workbook import Workbook
    except ImportError as error:
        raise Misconfigured(*told("xlsx_not_installed")) from error
    workbook = Workbook(target, _SAFE)
    try:
        yield Book(workbook)
    finally:
        workbook.close()  # after a fault too: it takes its temporary files away


@contextmanager
def xlsx_file(path: Path) -> Iterator[Book]:
    """A new XLSX file, its owner's alone; it takes its name when all of it is written."""
    with private_file(path) as file, xlsx_book(file) as book:
        yield book
