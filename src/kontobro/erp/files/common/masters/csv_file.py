"""Master data in CSV: separator and encoding are found out, a file of columns beside it says the rest.

`konten.csv` has `konten.columns.toml` beside it, where its columns need one: a template read backwards.

    kind = "accounts"
    header_row = 3
    encoding = "cp850"
    separator = ";"

    [columns]
    "Kto" = "code"
    "Text 1" = "name"
    "BU" = "datev_key"

A workbook has a table of each sheet: `[sheets."Kontenplan"]` with `kind`, `header_row` and `columns`.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import PurePath
from typing import Final

import msgspec

from kontobro.core.errors import shown
from kontobro.core.words import Phrase, phrase
from kontobro.erp.files.common.masters.found import Content
from kontobro.erp.files.common.masters.source import ENCODINGS, text_of
from kontobro.erp.files.common.masters.tables import MOST_ROWS, Layout, Rows, Table, read_table
from kontobro.erp.kit.masters_file import TABLES, placed, toml_of, wrong

SEPARATORS: Final = (";", "\t", ",", "|")

NO_KIND: Final = Phrase("file_name_kind", {"names": tuple(TABLES)})


class Columns(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A file of columns."""

    kind: str = ""
    header_row: int = 1
    encoding: str = ""
    separator: str = ""
    columns: dict[str, str] = {}
    sheets: dict[str, Layout] = {}

    @property
    def layout(self) -> Layout:
        return Layout(self.kind, self.header_row, self.columns)


def columns_in(content: bytes, name: str) -> Columns:
    """Raises Misconfigured for what a file of columns can't say."""
    try:
        found = msgspec.convert(toml_of(content, name), Columns)
    except ValueError as error:
        raise wrong(name, shown(error, 160), phrase("file_columns_correct")) from error
    if found.encoding and found.encoding.lower() not in ENCODINGS:
        what = phrase("file_encoding_wrong", given=shown(found.encoding))
        raise wrong(name, what, phrase("use_one_of", names=ENCODINGS))
    if len(found.separator) > 1 or found.separator in {'"', "\r", "\n"}:
        raise wrong(name, phrase("file_separator_wrong", given=shown(found.separator)), phrase("file_separator_use"))
    for layout in (found.layout, *found.sheets.values()):
        if not 1 <= layout.header_row <= MOST_ROWS:
            raise wrong(name, phrase("file_header_row", row=str(layout.header_row)), phrase("file_first_row"))
    return found


def read_csv(content: bytes, name: str, columns: Columns) -> Content:
    """Raises Misconfigured, naming row and column."""
    text = text_of(content, name, columns.encoding)
    rows = rows_of(text, name, columns.separator, columns.header_row)
    read = read_table(Table(name, "", PurePath(name).stem, rows, columns.layout))
    if read is None:
        raise wrong(name, phrase("file_kind_unsaid"), NO_KIND)
    return read


_SEP: Final = re.compile(r"sep=([;,|\t])\r?\n", re.IGNORECASE)
_FORMULA: Final = re.compile(r'="(.*)"')


def rows_of(text: str, name: str, separator: str = "", header_row: int = 1) -> Rows:
    """The rows of a CSV file with their numbers. Excel's own first line `sep=;` is the first one."""
    first = _SEP.match(text)
    separator = separator or (first[1] if first else _separator_of(text, header_row))
    lines = csv.reader(io.StringIO(text[first.end() if first else 0 :], newline=""), delimiter=separator, strict=True)
    number = 1 if first else 0
    if first:
        yield 1, []
    while True:
        number += 1
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            what = placed(phrase("file_row", row=str(number)), shown(error, 100))
            raise wrong(name, what, phrase("file_correct_row")) from error
        yield number, [_FORMULA.sub(r"\1", cell) for cell in cells]


def _separator_of(text: str, header_row: int) -> str:
    """The one that the header has most of, outside quotation marks."""
    lines = [line for line in text[:100_000].splitlines() if line.strip()]
    header = re.sub(r'"[^"]*"', "", lines[min(header_row, len(lines)) - 1]) if lines else ""
    return max(SEPARATORS, key=header.count)
