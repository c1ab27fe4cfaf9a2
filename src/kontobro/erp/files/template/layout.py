"""A template: the TOML file, read strictly. Every fault names template, column and what exists."""

from __future__ import annotations

import codecs
import re
import tomllib
from typing import Final, Literal

import msgspec

from kontobro.core.errors import Misconfigured, shown

Format = Literal["csv", "xlsx"]
Per = Literal["line", "pair", "entry", "entry_and_lines"]
Kind = Literal["journal", "bill", "credit_note", "payment"]

MOST_BYTES: Final = 256 * 1024
MOST_COLUMNS: Final = 500
MOST_ROWS: Final = 1_048_000
"""Of one Excel sheet, beside its header rows."""

TITLES: Final = "titles"
"""The header row that has the columns' titles."""


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class File(_Strict, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a file is written. `header` and `footer` are rows: `titles`, a list of cells, or a whole line as it is."""

    format: Format | None = None
    encoding: str = "utf-8"
    separator: str = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    date: str = "yyyy-mm-dd"
    line_end: Literal["crlf", "lf"] = "crlf"
    quote: Literal["needed", "text", "all", "none"] = "needed"
    header: list[str | list[str]] = msgspec.field(default_factory=lambda: [TITLES])
    footer: list[str | list[str]] = []
    sheet: str = "Entries"
    one_file_per: list[Literal["entry", "month", "journal", "currency"]] = []
    max_rows: int | None = None
    receipts: bool = False
    formulas: Literal["disarm", "keep"] = "disarm"
    lines_apart: bool = False


class Rows(_Strict, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows an entry has."""

    per: Per = "line"
    kinds: tuple[Kind, ...] = ("journal", "bill", "credit_note", "payment")
    bills: bool = False
    lines: Literal["all", "without_money"] = "all"
    tax: Literal["lines", "code_on_net", "code_on_gross"] = "lines"
    clearing: str | None = None
    currencies: Literal["any", "company"] = "any"


class Column(_Strict, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column. `value` has data points in braces: `{invoice_number} {payee}`."""

    title: str
    value: str = ""
    format: str | None = None
    decimals: int | None = None
    lookup: dict[str, str] = {}
    otherwise: Literal["refuse", "keep", "empty"] = "refuse"
    replace: dict[str, str] = {}
    upper: bool = False
    default: str = ""
    required: bool = False
    letters: str = ""
    longest: int | None = None
    too_long: Literal["refuse", "cut_right", "cut_left"] = "refuse"
    pad: Literal["left", "right"] | None = None
    pad_with: str = " "
    width: int | None = None
    each: Literal["dimension"] | None = None


class Layout(_Strict, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole template. `line_columns` are those of the lines where rows are per entry."""

    name: str
    about: str = ""
    source: str = ""
    check_with_consultant: bool = False
    file: File = msgspec.field(default_factory=File)
    rows: Rows = msgspec.field(default_factory=Rows)
    columns: list[Column]
    line_columns: list[Column] = []


ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf-8-bom": "utf-8",
    "utf-16": "utf-16-le",
    "cp1252": "cp1252",
    "latin-1": "latin-1",
    "cp437": "cp437",
    "cp850": "cp850",
    "ascii": "ascii",
}
"""What a template calls an encoding, and what Python does; `mark_of` is what comes before."""

SEPARATORS: Final = {"tab": "\t", "none": "", "blank": " "}


def wrong(template: str, what: str, remedy: str) -> Misconfigured:
    return Misconfigured(f"Template {shown(template)}: {what}.", remedy, "invalid_configuration")


def read_layout(text: str | bytes, called: str) -> Layout:
    """A template's text. `called` names it in messages. Raises Misconfigured for the first thing that is wrong."""
    layout = parsed(text, called)
    for what, remedy in faults(layout):
        raise wrong(called, what, remedy)
    return layout


def parsed(text: str | bytes, called: str) -> Layout:
    """A template's text as it is, before its values are checked. Raises Misconfigured for an unknown key or type."""
    if len(text) > MOST_BYTES:
        raise wrong(called, f"it has more than {MOST_BYTES:,} bytes", "Keep long lookup tables in the master data.")
    try:
        given = tomllib.loads(text if isinstance(text, str) else text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise wrong(called, shown(error, 160), "Correct the file: it is TOML, in UTF-8.") from error
    try:
        return msgspec.convert(given, Layout)
    except msgspec.ValidationError as error:
        raise _told(called, str(error), given) from error


_PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$?\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_KINDS: Final = {"file": File, "rows": Rows, "columns": Column, "line_columns": Column}


def _told(called: str, error: str, given: dict[str, object]) -> Misconfigured:
    """What msgspec says, at the column's title instead of its index, with the keys that exist there."""
    found = _PLACE.match(error)
    what, path = (found["what"], found["path"] or "") if found else (error, "")
    table = re.match(r"[a-z_]*", path)
    name = table[0] if table else ""
    keys = _KINDS.get(name, Layout).__struct_fields__
    place = _column_at(path, given) or path
    return wrong(called, f"{f'{place}: ' if place else ''}{shown(what, 160)}", f"Keys here are {', '.join(keys)}.")


def _column_at(path: str, given: dict[str, object]) -> str:
    found = re.match(r"(columns|line_columns)\[(\d+)\](.*)", path)
    if not found:
        return ""
    number = int(found[2])
    columns = given.get(found[1])
    column = columns[number] if isinstance(columns, list) and number < len(columns) else None
    title = column.get("title", "") if isinstance(column, dict) else ""
    return f'column {number + 1} "{shown(title)}"{found[3]}'


def faults(layout: Layout) -> list[tuple[str, str]]:
    """All that does not fit together: what is wrong, and what to do."""
    columns = [*layout.columns, *layout.line_columns]
    found = [*_file_faults(layout), *_row_faults(layout)]
    for number, column in enumerate(columns, 1):
        found += [
            (f'column {number} "{shown(column.title)}": {what}', remedy)
            for what, remedy in _column_faults(column, layout)
        ]
    return found


def _file_faults(layout: Layout) -> list[tuple[str, str]]:
    file = layout.file
    found = []
    if not layout.columns or len(layout.columns) + len(layout.line_columns) > MOST_COLUMNS:
        found.append((f"it has no columns, or more than {MOST_COLUMNS}", "Give it [[columns]]."))
    if file.encoding not in ENCODINGS:
        known = ", ".join(ENCODINGS)
        found.append((f'the encoding "{shown(file.encoding)}" does not exist', f"Encodings are {known}."))
    if len(SEPARATORS.get(file.separator, file.separator)) > 1 or file.separator in ("", '"', "\n", "\r", "."):
        named = ", ".join(SEPARATORS)
        found.append((f'the separator "{shown(file.separator)}" can\'t be used', f"Give one sign, or {named}."))
    if file.separator == "," and file.decimal == "," and file.quote == "none":
        found.append(("separator and decimal sign are both a comma, without quotes", 'Set separator = ";".'))
    if file.thousands and file.thousands == file.decimal:
        found.append(("thousands and decimal sign are the same", "Leave `thousands` empty."))
    if file.max_rows is not None and not 2 <= file.max_rows <= MOST_ROWS:
        found.append((f"max_rows is {file.max_rows}", f"Give a number from 2 to {MOST_ROWS:,}."))
    if not file.sheet or len(file.sheet) > 31 or set(file.sheet) & set("[]:*?/\\"):
        found.append((f'"{shown(file.sheet)}" can\'t be the name of a sheet', "Use 1 to 31 letters, without []:*?/\\."))
    if any(line != TITLES for line in file.header if isinstance(line, str)) and file.format == "xlsx":
        found.append(("a header row of an Excel file is a list of cells", 'Write it as ["…", "…"].'))
    if file.format == "xlsx" and file.lines_apart:
        found.append(("lines_apart is for CSV files", "Leave it out."))
    return found


def _row_faults(layout: Layout) -> list[tuple[str, str]]:
    rows, found = layout.rows, []
    whole = rows.per in ("entry", "entry_and_lines")
    if whole != bool(layout.line_columns):
        found.append((f'rows are per "{rows.per}"', "[[line_columns]] are for rows per entry or entry_and_lines only."))
    if layout.file.lines_apart and rows.per != "entry_and_lines":
        found.append(("lines_apart is set", 'It is for rows with per = "entry_and_lines".'))
    if rows.lines == "without_money" and rows.per in ("line", "pair"):
        found.append(('lines = "without_money" would leave out a side', "It is for rows per entry."))
    if rows.clearing and rows.per != "pair":
        found.append(("a clearing account is set", 'It is for rows with per = "pair".'))
    if not rows.kinds:
        found.append(("kinds is empty", "Kinds are journal, bill, credit_note, payment."))
    return found


def _column_faults(column: Column, layout: Layout) -> list[tuple[str, str]]:
    found = []
    longest = column.longest
    if longest is not None and longest < 1:
        found.append((f"longest is {longest}, which no value fits", "Give a number from 1, or leave it out."))
    if column.width is not None and not 1 <= column.width <= 10_000:
        found.append((f"width is {column.width}", "Give a number from 1 to 10000."))
    if (column.pad is None) != (column.width is None):
        found.append(("pad and width belong together", 'Set both: pad = "left", width = 10.'))
    if column.width and longest and longest < column.width:
        found.append((f"it is padded to {column.width} and may have {longest} characters", "Make longest the larger."))
    if len(column.pad_with) != 1:
        found.append(("pad_with is not one sign", 'Set pad_with = "0", for example.'))
    if column.decimals is not None and not 0 <= column.decimals <= 6:
        found.append((f"decimals is {column.decimals}", "Give a number from 0 to 6."))
    if column.default and longest is not None and len(column.default) > longest:
        found.append((f'the default "{shown(column.default)}" is longer than {longest}', "Shorten it."))
    if SEPARATORS.get(layout.file.separator) == "" and column.width is None:
        found.append(("a file without separator needs a width for each column", "Set pad and width."))
    if any(not key for key in column.replace):
        found.append(("replace has an empty text", "Name what is replaced."))
    if column.each and "*" not in column.value:
        found.append(('each = "dimension" repeats it', "Its value names {dimension.*} or {dimension_name.*}."))
    if column.letters and not letters_of(column.letters):
        found.append((f'letters "{shown(column.letters)}" has no letter', 'Write letters = "A-Z0-9", for example.'))
    return found


def letters_of(text: str) -> frozenset[str]:
    """The letters of `A-Z0-9 -/`: ranges of letters or digits, and single signs."""
    letters: set[str] = set()
    for found in re.finditer(r"([A-Za-z0-9])-([A-Za-z0-9])|(.)", text, re.DOTALL):
        if found[3] is not None:
            letters.add(found[3])
        else:
            letters.update(chr(code) for code in range(ord(found[1]), ord(found[2]) + 1))
    return frozenset(letters)


def encoding_of(file: File) -> str:
    """Python's name of the encoding: in an Excel file there is none to heed."""
    return ENCODINGS[file.encoding] if file.format != "xlsx" else "utf-8"


def mark_of(file: File) -> bytes:
    """What a file begins with."""
    return {"utf-16": codecs.BOM_UTF16_LE, "utf-8-bom": codecs.BOM_UTF8}.get(file.encoding, b"")
