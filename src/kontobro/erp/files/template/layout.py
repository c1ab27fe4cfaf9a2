"""A template: the TOML file, read strictly. Every fault names template, column and what exists."""

from __future__ import annotations

import codecs
import re
import tomllib
from typing import Final, Literal

import msgspec

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import Fact, Phrase, phrase
from kontobro.erp.kit.masters_file import placed, unusable

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


Flaw = tuple[Fact, Fact]
"""What is wrong, and what to do."""


def wrong(template: str, what: Fact, remedy: Fact) -> Misconfigured:
    return unusable(phrase("template_wrong", template=shown(template), what=what), remedy)


def read_layout(text: str | bytes, called: str) -> Layout:
    """A template's text. `called` names it in messages. Raises Misconfigured for the first thing that is wrong."""
    layout = parsed(text, called)
    for what, remedy in faults(layout):
        raise wrong(called, what, remedy)
    return layout


def parsed(text: str | bytes, called: str) -> Layout:
    """A template's text as it is, before its values are checked. Raises Misconfigured for an unknown key or type."""
    if len(text) > MOST_BYTES:
        raise wrong(called, phrase("file_bytes", most=MOST_BYTES), phrase("template_lookup_elsewhere"))
    try:
        given = tomllib.loads(text if isinstance(text, str) else text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise wrong(called, shown(error, 160), phrase("file_toml")) from error
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
    said = shown(what, 160)
    return wrong(called, placed(place, said) if place else said, phrase("template_keys", names=tuple(keys)))


def _column_at(path: str, given: dict[str, object]) -> Fact:
    found = re.match(r"(columns|line_columns)\[(\d+)\](.*)", path)
    if not found:
        return ""
    number = int(found[2])
    columns = given.get(found[1])
    column = columns[number] if isinstance(columns, list) and number < len(columns) else None
    title = column.get("title", "") if isinstance(column, dict) else ""
    return column_called(number + 1, title, found[3])


def column_called(number: int, title: str, beyond: str = "") -> Phrase:
    """A column as messages name it; `beyond` is the key within it, with its point."""
    return phrase("template_column", number=str(number), title=shown(title), beyond=beyond)


def faults(layout: Layout) -> list[Flaw]:
    """All that does not fit together: what is wrong, and what to do."""
    columns = [*layout.columns, *layout.line_columns]
    found = [*_file_faults(layout), *_row_faults(layout)]
    for number, column in enumerate(columns, 1):
        place = column_called(number, column.title)
        found += [(placed(place, what), remedy) for what, remedy in _column_faults(column, layout)]
    return found


def _file_faults(layout: Layout) -> list[Flaw]:
    file = layout.file
    found: list[Flaw] = []
    if not layout.columns or len(layout.columns) + len(layout.line_columns) > MOST_COLUMNS:
        found.append((phrase("template_columns_number", most=MOST_COLUMNS), phrase("template_columns_give")))
    if file.encoding not in ENCODINGS:
        what = phrase("template_encoding", given=shown(file.encoding))
        found.append((what, phrase("template_encodings", names=tuple(ENCODINGS))))
    if len(SEPARATORS.get(file.separator, file.separator)) > 1 or file.separator in ("", '"', "\n", "\r", "."):
        what = phrase("template_separator", given=shown(file.separator))
        found.append((what, phrase("template_separators", names=tuple(SEPARATORS))))
    if file.separator == "," and file.decimal == "," and file.quote == "none":
        found.append((phrase("template_commas"), phrase("file_set", text='separator = ";"')))
    if file.thousands and file.thousands == file.decimal:
        found.append((phrase("template_thousands"), phrase("template_thousands_empty")))
    if file.max_rows is not None and not 2 <= file.max_rows <= MOST_ROWS:
        found.append((_is("max_rows", file.max_rows), phrase("give_number", least="2", most=f"{MOST_ROWS:,}")))
    if not file.sheet or len(file.sheet) > 31 or set(file.sheet) & set("[]:*?/\\"):
        found.append((phrase("template_sheet", given=shown(file.sheet)), phrase("template_sheet_name")))
    if any(line != TITLES for line in file.header if isinstance(line, str)) and file.format == "xlsx":
        found.append((phrase("template_header_row"), phrase("file_write", text='["…", "…"]')))
    if file.format == "xlsx" and file.lines_apart:
        found.append((phrase("template_lines_apart_csv"), phrase("template_leave_out")))
    return found


def _is(key: str, value: object) -> Phrase:
    return phrase("template_is", key=key, value=str(value))


def _row_faults(layout: Layout) -> list[Flaw]:
    rows = layout.rows
    found: list[Flaw] = []
    whole = rows.per in ("entry", "entry_and_lines")
    if whole != bool(layout.line_columns):
        found.append((phrase("template_rows_per", per=rows.per), phrase("template_line_columns")))
    if layout.file.lines_apart and rows.per != "entry_and_lines":
        found.append((phrase("template_lines_apart"), phrase("template_rows_with", per="entry_and_lines")))
    if rows.lines == "without_money" and rows.per in ("line", "pair"):
        found.append((phrase("template_without_money"), phrase("template_rows_per_entry")))
    if rows.clearing and rows.per != "pair":
        found.append((phrase("template_clearing"), phrase("template_rows_with", per="pair")))
    if not rows.kinds:
        found.append((phrase("template_kinds_empty"), phrase("template_kinds")))
    return found


def _column_faults(column: Column, layout: Layout) -> list[Flaw]:
    found: list[Flaw] = []
    longest = column.longest
    if longest is not None and longest < 1:
        found.append((phrase("template_longest_none", longest=str(longest)), phrase("template_from_one")))
    if column.width is not None and not 1 <= column.width <= 10_000:
        found.append((_is("width", column.width), phrase("give_number", least="1", most="10000")))
    if (column.pad is None) != (column.width is None):
        found.append((phrase("template_pad_width"), phrase("template_set_both", text='pad = "left", width = 10')))
    if column.width and longest and longest < column.width:
        what = phrase("template_padded", width=str(column.width), longest=str(longest))
        found.append((what, phrase("template_longest_larger")))
    if len(column.pad_with) != 1:
        found.append((phrase("template_pad_with"), phrase("file_set_example", text='pad_with = "0"')))
    if column.decimals is not None and not 0 <= column.decimals <= 6:
        found.append((_is("decimals", column.decimals), phrase("give_number", least="0", most="6")))
    return [*found, *_text_faults(column, layout)]


def _text_faults(column: Column, layout: Layout) -> list[Flaw]:
    found: list[Flaw] = []
    if column.default and column.longest is not None and len(column.default) > column.longest:
        what = phrase("template_default_long", default=shown(column.default), longest=str(column.longest))
        found.append((what, phrase("template_shorten")))
    if SEPARATORS.get(layout.file.separator) == "" and column.width is None:
        found.append((phrase("template_width_needed"), phrase("template_set_pad_width")))
    if any(not key for key in column.replace):
        found.append((phrase("template_replace_empty"), phrase("template_replace_name")))
    if column.each and "*" not in column.value:
        found.append((phrase("template_each"), phrase("template_each_names")))
    if column.letters and not letters_of(column.letters):
        what = phrase("template_letters", given=shown(column.letters))
        found.append((what, phrase("file_set_example", text='letters = "A-Z0-9"')))
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
