"""A CSV file of a template's layout, read: references, accounts and amounts of an accounting system's journal. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import Phrase, phrase
from kontobro.erp.files.template.columns.styles import FORMULA, read_date
from kontobro.erp.files.template.layout import SEPARATORS, TITLES, Column, Layout, encoding_of, mark_of, wrong
from kontobro.erp.kit.masters_file import placed

MOST_BYTES: Final = 256 * 1024 * 1024

NEEDED: Final = frozenset(
    "account_number debit_account credit_account amount negated_amount absolute_amount debit credit "
    "credit_debit_indicator".split()
)
"""Data points that say accounts and amounts: a column with one of them may not be missing."""

_NAMES: Final = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One posting. `row` counts from 1, header rows too; `amount` is debit positive; `values` are all data points that
    the row says, as text. Empty, or None, is what it does not say."""

    row: int
    account: str
    amount: Decimal
    reference: str = ""
    date: date | None = None
    currency: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def read_back(layout: Layout, content: bytes, called: str = "") -> Iterator[ReadRow]:
    """The postings of a file. Raises Misconfigured, naming row and column, for one that is not of this layout; for a
    template that does not say accounts and amounts, or whose rows can't be told apart."""
    called = called or layout.name
    reader = _Reader(layout, called)
    reader.require()
    table = list(_table(layout, content, called))
    first, last = len(layout.file.header), len(table) - len(layout.file.footer)
    reader.places(table[layout.file.header.index(TITLES)] if TITLES in layout.file.header and table else None)
    for number in range(first, last):
        if any(table[number]):
            yield from reader.rows(number + 1, table[number])


def _table(layout: Layout, content: bytes, called: str) -> Iterator[list[str]]:
    if len(content) > MOST_BYTES:
        raise wrong(called, phrase("read_back_bytes", most=MOST_BYTES), phrase("read_back_shorter"))
    try:
        text = content.removeprefix(mark_of(layout.file)).decode(encoding_of(layout.file))
    except UnicodeDecodeError as error:
        what = phrase("read_back_encoding", encoding=layout.file.encoding, byte=str(error.start + 1))
        raise wrong(called, what, phrase("read_back_as_named")) from error
    bare = layout.file.quote == "none"
    separator = SEPARATORS.get(layout.file.separator, layout.file.separator)
    quoting = csv.QUOTE_NONE if bare else csv.QUOTE_MINIMAL
    lines = io.StringIO(text, newline="")
    try:
        yield from csv.reader(lines, delimiter=separator, quoting=quoting, strict=not bare)  # type: ignore[arg-type]
    except csv.Error as error:
        raise wrong(called, phrase("read_back_no_csv", error=shown(error)), phrase("export_it_again")) from error


class _Reader:
    """Columns as patterns, and where they are."""

    def __init__(self, layout: Layout, called: str) -> None:
        self._layout, self._called = layout, called
        self._columns = layout.line_columns if layout.file.lines_apart else layout.columns
        self._patterns = [_pattern(column) for column in self._columns]
        self._inverse = [{new: old for old, new in column.lookup.items()} for column in self._columns]
        self._at = list(range(len(self._columns)))

    def require(self) -> None:
        layout = self._layout
        names = {name for column in self._columns for name in _NAMES.findall(column.value)}
        if layout.rows.per in ("entry", "entry_and_lines") and not layout.file.lines_apart:
            raise wrong(self._called, phrase("read_back_alike"), phrase("read_back_rows"))
        if SEPARATORS.get(layout.file.separator) == "" or layout.file.format == "xlsx":
            raise wrong(self._called, phrase("read_back_kind"), phrase("read_back_csv"))
        pair = {"debit_account", "credit_account"} <= names and names & {"absolute_amount", "amount"}
        line = "account_number" in names and (
            "amount" in names
            or "negated_amount" in names
            or {"debit", "credit"} <= names
            or {"absolute_amount", "credit_debit_indicator"} <= names
        )
        if not (pair or line):
            raise wrong(self._called, phrase("read_back_unsaid"), phrase("read_back_both"))

    def places(self, titles: Sequence[str] | None) -> None:
        """Columns are found by their titles, where there are any; what is not needed may be missing."""
        if titles is None or len(set(titles)) < len(titles):
            return
        known = {title.strip(): at for at, title in enumerate(titles)}
        self._at = [known.get(column.title.strip(), -1) for column in self._columns]
        for column, at in zip(self._columns, self._at, strict=True):
            if at < 0 and NEEDED.intersection(_NAMES.findall(column.value)):
                what = phrase("read_back_column", name=shown(column.title))
                raise wrong(self._called, what, phrase("read_back_columns", names=shown(", ".join(titles), 200)))

    def rows(self, row: int, cells: Sequence[str]) -> Iterator[ReadRow]:
        values: dict[str, str] = {}
        for number, column in enumerate(self._columns):
            at = self._at[number]
            if 0 <= at < len(cells):
                values |= self._read(number, column, cells[at])
        reference, currency = values.get("reference", ""), values.get("currency", "")
        day = self._day(row, values)
        for account, amount in self._postings(row, values):
            yield ReadRow(row, account, amount, reference, day, currency, values)

    def _read(self, number: int, column: Column, cell: str) -> dict[str, str]:
        text = cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell
        if column.pad:
            text = text.rstrip(column.pad_with) if column.pad == "right" else text.lstrip(column.pad_with)
        text = self._inverse[number].get(text, text)
        found = self._patterns[number].fullmatch(text.strip())
        names = _NAMES.findall(column.value)
        return dict(zip(names, found.groups(), strict=True)) if found else {}

    def _day(self, row: int, values: Mapping[str, str]) -> date | None:
        text = values.get("date", "")
        if not text:
            return None
        column = next(column for column in self._columns if "{date}" in column.value)
        try:
            return read_date(column.format or self._layout.file.date, text)
        except ValueError as error:
            raise self._wrong(row, column.title, phrase("read_back_date", given=shown(text))) from error

    def _postings(self, row: int, values: Mapping[str, str]) -> Iterator[tuple[str, Decimal]]:
        if "debit_account" in values:
            amount = self._amount(row, values, "absolute_amount", "amount").copy_abs()
            yield values["debit_account"], amount
            yield values.get("credit_account", ""), amount.copy_negate()
        elif "amount" in values or "negated_amount" in values:
            amount = self._amount(row, values, "amount", "negated_amount")
            yield values.get("account_number", ""), amount if "amount" in values else amount.copy_negate()
        elif "absolute_amount" in values:
            amount = self._amount(row, values, "absolute_amount")
            is_debit = values.get("credit_debit_indicator") == "D"
            yield values.get("account_number", ""), amount if is_debit else amount.copy_negate()
        else:
            debit, credit = (self._amount(row, values, name) for name in ("debit", "credit"))
            yield values.get("account_number", ""), debit - credit

    def _amount(self, row: int, values: Mapping[str, str], *names: str) -> Decimal:
        file = self._layout.file
        text = next((values[name] for name in names if name in values), "")
        plain = (text.replace(file.thousands, "") if file.thousands else text).replace(file.decimal, ".")
        if not plain:
            return Decimal(0)
        if not re.fullmatch(r"[+-]?\d{1,30}(\.\d{0,30})?", plain, re.ASCII):
            raise self._wrong(row, names[0], phrase("read_back_amount", given=shown(text)))
        try:
            return Decimal(plain)
        except InvalidOperation as error:
            raise self._wrong(row, names[0], phrase("read_back_amount", given=shown(text))) from error

    def _wrong(self, row: int, column: str, what: Phrase) -> Misconfigured:
        place = phrase("file_row_column", row=str(row), column=shown(column))
        return wrong(self._called, placed(place, what), phrase("file_correct"))


def _pattern(column: Column) -> re.Pattern[str]:
    """The column's value with its data points as groups; what is trimmed in a cell may be missing here."""
    parts = re.split(r"(\{[^{}]+\})", column.value.strip())
    made = [r"(.*?)" if _NAMES.fullmatch(part) else _constant(part) for part in parts]
    return re.compile("".join(made), re.DOTALL)


def _constant(text: str) -> str:
    return re.escape(text.strip()).join(r"(?:\s+|$)" if end else "" for end in _blanks(text))


def _blanks(text: str) -> tuple[bool, bool]:
    """Whether it begins and ends with a blank; blanks alone count once."""
    return (text[:1].isspace() and bool(text.strip()), text[-1:].isspace())
