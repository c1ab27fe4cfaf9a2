"""A column's value: its data points, and what the template does with them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final, Literal

from kontobro.core.errors import shown
from kontobro.core.words import phrase
from kontobro.erp.files.template.book import Book
from kontobro.erp.files.template.columns.points import Point, UnknownPoint, Value, dimension_of, point_named
from kontobro.erp.files.template.columns.styles import FORMULA, Style, date_tokens, decimals_of, style_of, written_date
from kontobro.erp.files.template.layout import Column, File, Flaw, Layout, column_called, letters_of, wrong
from kontobro.erp.files.template.rows import Row
from kontobro.erp.kit.masters_file import placed, why_of

Rule = Literal["empty", "lookup", "letters", "longest", "decimals", "formula"]
MOST_LETTERS: Final = 32_767
"""Of a cell, in Excel and in what opens CSV files."""

RECEIPT_NAME: Final = 60
"""Letters that a receipt's file name may have (`ReceiptFile.name`)."""


class Refused(ValueError):
    """A column can't hold a value."""

    def __init__(self, column: str, rule: Rule, value: str, limit: int | None = None) -> None:
        super().__init__(f"{column}: {rule}")
        self.column, self.rule, self.value, self.limit = column, rule, value, limit


@dataclass(frozen=True, slots=True)
class Change:
    """What was written in other letters, or cut: `longest` is None for letters."""

    column: str
    given: str
    written: str
    longest: int | None = None


@dataclass(frozen=True)
class Cell:
    """One compiled column. `kind` is that of its only data point, else `text`."""

    column: Column
    parts: tuple[str | Point, ...]
    style: Style
    date_pattern: str
    changes: list[Change] | None = field(default=None, compare=False)

    @cached_property
    def kind(self) -> str:
        only = self.parts[0] if len(self.parts) == 1 else ""
        return only.kind if isinstance(only, Point) else "text"

    @cached_property
    def is_typed(self) -> bool:
        """Whether a spreadsheet gets a number or a date: nothing is done to its letters."""
        column = self.column
        shaped = column.lookup or column.replace or column.upper or column.pad or column.letters or column.default
        return self.kind in ("amount", "number", "date") and not shaped

    @cached_property
    def _written_date(self) -> object:
        return written_date(self.date_pattern)

    @cached_property
    def _letters(self) -> frozenset[str]:
        return letters_of(self.column.letters)

    @cached_property
    def _is_shaped(self) -> bool:
        column = self.column
        return bool(
            column.replace
            or column.lookup
            or column.upper
            or column.default
            or column.required
            or column.letters
            or column.longest
            or column.pad
        )

    def typed(self, row: Row) -> Value:
        """What a spreadsheet gets. Raises Refused."""
        if not self.is_typed:
            return self.text(row)
        (point,) = self.parts
        value = point.read(row) if isinstance(point, Point) else point
        if isinstance(value, Decimal) and self.kind == "amount":
            self.decimals(value, row)
        if value in (None, "") and self.column.required:
            raise Refused(self.column.title, "empty", "")
        return value

    def text(self, row: Row) -> str:
        """What a CSV file gets. Raises Refused."""
        parts = [part if isinstance(part, str) else self._part(part, row) for part in self.parts]
        text = parts[0] if len(parts) == 1 else "".join(parts).strip()
        if self._is_shaped:
            text = self._shaped(text)
        if text[:1] in FORMULA and self.style.disarm:
            text = self._disarmed(text)
        if len(text) > MOST_LETTERS:
            raise Refused(self.column.title, "longest", text, MOST_LETTERS)
        return self._padded(text) if self.column.pad else text

    def _part(self, point: Point, row: Row) -> str:
        value = point.read(row)
        if value is None or value == "":
            return ""
        if isinstance(value, date):
            return self._written_date(value)  # type: ignore[operator, no-any-return]
        if point.kind == "amount" and isinstance(value, Decimal):
            return self.style.amount(value, self.decimals(value, row))
        if isinstance(value, (Decimal, int)):
            return self.style.number(value)
        return self._words(value, point)

    def decimals(self, amount: Decimal, row: Row) -> int:
        decimals = decimals_of(amount, row.entry.currency, self.column.decimals)
        if decimals is None:
            raise Refused(self.column.title, "decimals", str(amount), self.column.decimals)
        return decimals

    def _words(self, value: str, point: Point) -> str:
        words = self.style.words(value)
        if words == value:
            return words
        if point.kind == "code":
            raise Refused(self.column.title, "letters", value)
        if self.changes is not None and " ".join(value.split()) != words:
            self.changes.append(Change(self.column.title, value, words))
        return words

    def _shaped(self, text: str) -> str:
        column = self.column
        for old, new in column.replace.items():
            text = text.replace(old, new)
        if column.lookup and text:
            text = self._looked_up(text)
        if column.upper:
            text = text.upper()
        text = text or column.default
        if not text and column.required:
            raise Refused(column.title, "empty", "")
        if self._letters and not self._letters.issuperset(text):
            raise Refused(column.title, "letters", text)
        return self._cut(text)

    def _looked_up(self, text: str) -> str:
        if text in self.column.lookup:
            return self.column.lookup[text]
        if self.column.otherwise == "refuse":
            raise Refused(self.column.title, "lookup", text)
        return text if self.column.otherwise == "keep" else ""

    def _cut(self, text: str, before: str = "") -> str:
        """What fits of a text, after what stays before it."""
        longest = self.column.longest
        if longest is None or len(before) + len(text) <= longest:
            return before + text
        if self.column.too_long == "refuse":
            raise Refused(self.column.title, "longest", before + text, longest)
        left = longest - len(before)
        cut = before + (text[:left] if self.column.too_long == "cut_right" else text[len(text) - left :])
        if self.changes is not None:
            self.changes.append(Change(self.column.title, text, cut, longest))
        return cut

    def _disarmed(self, text: str) -> str:
        """A text that looks like a formula begins with an apostrophe; the template's own letters are left alone."""
        first = self.parts[0] if self.parts else ""
        if self.kind in ("amount", "number", "date") or (isinstance(first, str) and first[:1] == text[:1]):
            return text
        if text in self.column.lookup.values() or text == self.column.default:
            return text
        if self.kind == "code":
            raise Refused(self.column.title, "formula", text)
        return self._cut(text, before="'")

    def _padded(self, text: str) -> str:
        width, sign = self.column.width or 0, self.column.pad_with
        if len(text) > width and not self.style.separator:
            raise Refused(self.column.title, "longest", text, width)
        return text.rjust(width, sign) if self.column.pad == "left" else text.ljust(width, sign)


@dataclass(frozen=True, slots=True)
class Cells:
    """A template's columns, compiled for one company."""

    columns: tuple[Cell, ...]
    line_columns: tuple[Cell, ...]
    dimensions: frozenset[str]
    """The ids of the dimensions that have a column."""
    points: frozenset[str]
    """Names of all data points that are used."""

    def noting(self, changes: list[Change]) -> Cells:
        """The same, which say what they change."""
        own, lines = (
            tuple(replace(cell, changes=changes) for cell in some) for some in (self.columns, self.line_columns)
        )
        return replace(self, columns=own, line_columns=lines)


def cells_of(layout: Layout, book: Book, called: str) -> Cells:
    """Raises Misconfigured for an unknown data point, or a limit that no value fits."""
    own = tuple(_compiled(layout.columns, layout.file, book, called))
    lines = tuple(_compiled(layout.line_columns, layout.file, book, called))
    points = [part.name for cell in (*own, *lines) for part in cell.parts if isinstance(part, Point)]
    kept = frozenset(filter(None, (dimension_of(name, book) for name in points)))
    return Cells(own, lines, kept, frozenset(points))


def _compiled(columns: Sequence[Column], file: File, book: Book, called: str) -> Iterator[Cell]:
    for number, column in enumerate(columns, 1):
        yield from compiled(column, number, Around(file, book, called))


@dataclass(frozen=True, slots=True)
class Around:
    """What a column is compiled with; `called` names the template in messages."""

    file: File
    book: Book
    called: str


def compiled(given: Column, number: int, around: Around) -> Iterator[Cell]:
    """A column, or those that it is repeated as. Raises Misconfigured for the first thing that can't be used."""
    style = style_of(around.file)
    place = column_called(number, given.title)
    for column in _expanded(given, around.book):
        try:
            parts = parts_of(column.value, around.book)
        except UnknownPoint as unknown:
            what = phrase("template_point", name=shown(unknown.name))
            raise wrong(around.called, placed(place, what), unknown.remedy) from unknown
        except ValueError as error:
            raise wrong(around.called, placed(place, why_of(error)), phrase("template_braces")) from error
        cell = Cell(column, parts, style, column.format or around.file.date)
        for flaw, remedy in _impossible(cell, around.file):
            raise wrong(around.called, placed(place, flaw), remedy)
        yield cell


def _expanded(column: Column, book: Book) -> Iterator[Column]:
    """A column for each dimension of the master data, where it asks for that: `*` is the dimension's code."""
    if column.each is None:
        yield column
        return
    import msgspec

    for id, dimension in book.dimensions.items():
        name = dimension.name or dimension.code or id
        value = column.value.replace(".*", f".{dimension.code or id}")
        yield msgspec.structs.replace(column, title=column.title.replace("*", name), value=value, each=None)


_PARTS: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|([{}])|[^{}]+")


def parts_of(value: str, book: Book) -> tuple[str | Point, ...]:
    """Constants and data points of `Pleo {reference}`. Raises UnknownPoint, and ValueError for a brace alone."""
    parts: list[str | Point] = []
    for found in _PARTS.finditer(value):
        if found[2]:
            raise ValueError(phrase("template_brace_alone", text=shown(value)))
        part = (
            point_named(found[1].strip(), book)
            if found[1] is not None
            else found[0].replace("{{", "{").replace("}}", "}")
        )
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            part = f"{parts.pop()}{part}"
        parts.append(part)
    return tuple(parts) or ("",)


def _impossible(cell: Cell, file: File) -> Iterator[Flaw]:
    """Limits that no value, or not every value, can fit."""
    column, points = cell.column, [part for part in cell.parts if isinstance(part, Point)]
    constant = sum(len(part) for part in cell.parts if isinstance(part, str))
    if date_tokens(cell.date_pattern) is None:
        yield phrase("template_date_format", given=shown(cell.date_pattern)), phrase("template_date_use")
    if column.format is not None and not any(point.kind == "date" for point in points):
        yield phrase("template_no_date"), phrase("template_remove_format")
    if column.decimals is not None and not any(point.kind == "amount" for point in points):
        yield phrase("template_no_amount"), phrase("template_remove_decimals")
    shortest = constant + sum(_shortest(point, cell) for point in points)
    refuses = column.longest is not None and column.too_long == "refuse" and not column.lookup and not column.replace
    if refuses and column.longest is not None and shortest > column.longest:
        what = phrase("template_too_short", longest=str(column.longest), shortest=str(shortest))
        yield what, phrase("template_enlarge")
    if (
        refuses
        and column.longest
        and any(point.name == "receipt_file" for point in points)
        and column.longest < RECEIPT_NAME
    ):
        yield phrase("template_receipt_name", most=str(RECEIPT_NAME)), phrase("template_enlarge")
    if refuses and any(point.name == "receipt_files" for point in points):
        yield phrase("template_receipt_names"), phrase("template_receipt_use")
    constants = "".join(part for part in cell.parts if isinstance(part, str)) + column.default + column.pad_with
    if cell.style.words(constants).replace(" ", "") != constants.replace(" ", ""):
        yield phrase("template_letters_lacking", encoding=file.encoding), phrase("template_letters_use")


def _shortest(point: Point, cell: Cell) -> int:
    """The fewest letters of a data point that is never empty."""
    if point.name == "date":
        return len(written_date(cell.date_pattern)(date(2026, 1, 1)))
    return {"reference": 36, "expense_id": 36, "fingerprint": 32, "currency": 3}.get(point.name, 0)
