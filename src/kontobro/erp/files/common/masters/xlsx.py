"""Master data in an Excel workbook: a sheet of each kind, or one sheet with a column `kind`."""

from __future__ import annotations

import io
import zipfile
import zlib
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Final

import openpyxl

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import Phrase, phrase, worded
from kontobro.erp.files.common.masters.csv_file import NO_KIND, Columns
from kontobro.erp.files.common.masters.fields import kind_named
from kontobro.erp.files.common.masters.found import Content
from kontobro.erp.files.common.masters.tables import Layout, Rows, Table, read_table
from kontobro.erp.kit.masters_file import placed, wrong

MOST_UNPACKED: Final = 64 * 1024 * 1024
MOST_PARTS: Final = 1_000
MOST_CELLS: Final = 5_000_000
MOST_DIGITS: Final = 15
"""Of a number in a spreadsheet; a longer one has lost its last digits."""

SAVE_AGAIN: Final = Phrase("xlsx_save_again")


def read_xlsx(content: bytes, name: str, columns: Columns) -> Content:
    """Raises Misconfigured, naming sheet, row and column. Sheets that say nothing of their kind are left out."""
    _require_small(content, name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        return _joined(name, columns, [(sheet.title, _rows(sheet, name)) for sheet in book.worksheets])
    except Misconfigured:
        raise
    except Exception as error:
        raise wrong(name, phrase("xlsx_unreadable", error=shown(error, 100)), SAVE_AGAIN) from error


def _require_small(content: bytes, name: str) -> None:
    """No more than is unpacked in memory, and no XML that grows while it is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            listed = parts.infolist()
            if len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > MOST_UNPACKED:
                raise wrong(name, phrase("xlsx_unpacked", most=MOST_UNPACKED), phrase("masters_alone"))
            for part in listed:
                if part.filename.lower().endswith((".xml", ".rels")) and _declares(parts.read(part)):
                    raise wrong(name, phrase("xlsx_declares", part=shown(part.filename)), SAVE_AGAIN)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise wrong(name, phrase("xlsx_not", error=shown(error, 100)), SAVE_AGAIN) from error


def _declares(xml: bytes) -> bool:
    return b"<!" in xml.replace(b"<!--", b"").replace(b"<![CDATA[", b"") or b"\0" in xml


def _joined(name: str, columns: Columns, sheets: list[tuple[str, Rows]]) -> Content:
    missing = sorted(set(columns.sheets) - {title for title, _ in sheets})
    if missing:
        raise wrong(name, phrase("xlsx_sheet_missing", sheet=shown(missing[0])), phrase("xlsx_columns_correct"))
    alone = len(sheets) == 1
    read: list[Content] = []
    unknown: list[str] = []
    empty: list[str] = []
    for title, rows in sheets:
        said = PurePath(name).stem if alone and kind_named(title) is None else title
        layout = columns.sheets.get(title, columns.layout if alone else Layout())
        found = read_table(Table(name, title, said, rows, layout))
        unknown += [title] if found is None else []
        empty += [title] if found is not None and not found.found else []
        read += [found] if found else []
    if not read:
        raise wrong(name, phrase("xlsx_kinds_unsaid", sheets=shown(", ".join(unknown), 100)), NO_KIND)
    notes = [note for each in read for note in each.notes]
    notes += [worded("xlsx_sheet_empty", sheet=shown(title)) for title in empty]
    notes += [worded("xlsx_sheet_left_out", sheet=shown(title)) for title in unknown]
    return Content(tuple(one for each in read for one in each.found), tuple(notes))


def _rows(sheet: Any, name: str) -> Rows:
    """The rows of a sheet; what it says of its size is not believed."""
    sheet.reset_dimensions()
    cells = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells += len(row)
        if cells > MOST_CELLS:
            raise wrong(name, phrase("xlsx_cells", sheet=sheet.title, most=MOST_CELLS), phrase("xlsx_delete_empty"))
        place = phrase("file_sheet_row", sheet=sheet.title, row=str(number))
        texts = [_text(cell, place, name) for cell in row]
        while texts and not texts[-1]:
            texts.pop()
        yield number, texts


def _text(cell: Any, place: Phrase, name: str) -> str:
    """A cell as text: whole numbers without a point, shares as percent where they are shown so, days in ISO 8601."""
    value = cell.value
    if value is None or isinstance(value, str):
        if cell.data_type == "e":
            raise wrong(name, placed(place, phrase("xlsx_formula", value=shown(value))), phrase("file_correct_cell"))
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, int | float):
        return _number(value, "%" in (cell.number_format or ""), place, name)
    raise wrong(name, placed(place, phrase("xlsx_value", value=shown(value))), phrase("file_correct_cell"))


def _number(value: float, percent: bool, place: Phrase, name: str) -> str:
    exact = Decimal(repr(value))
    if abs(exact) >= 10**MOST_DIGITS:
        what = phrase("xlsx_digits", value=shown(format(exact, "f")))
        raise wrong(name, placed(place, what), phrase("xlsx_format_text"))
    text = f"{exact * 100 if percent else exact:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + ("%" if percent else "")
