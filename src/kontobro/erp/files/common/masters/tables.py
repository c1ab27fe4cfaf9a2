"""A table, its header and rows, as records: the same for CSV and XLSX."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.masterdata import MasterRecord
from kontobro.core.words import Fact, Noted, Phrase, phrase
from kontobro.erp.files.common.letters import line_of
from kontobro.erp.files.common.masters.fields import (
    DEFAULTS,
    INVERTED,
    KIND_COLUMNS,
    NAMED,
    NOT_OF,
    READERS,
    folded,
    is_number,
    kind_named,
    number,
)
from kontobro.erp.files.common.masters.found import NAMES, Content, Found
from kontobro.erp.kit.masters_file import COLUMNS, TABLES, placed, record_of, why_of, wrong

MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 400
MOST_LETTERS: Final = 1_000
"""Of one cell."""

Rows = Iterator[tuple[int, Sequence[str]]]
"""Rows with their numbers, as a person counts them; the header is the first."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file of columns says of a table: its kind (`accounts`), the row of its header, from 1, and what its
    columns hold: a field of the core (`code`), or a name that a format asks for (`datev_key`)."""

    kind: str = ""
    header_row: int = 1
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """`file` and `sheet` are for messages; the sheet is empty in a file that has none. `title` says what it holds."""

    file: str
    sheet: str
    title: str
    rows: Rows
    layout: Layout = Layout()

    def place(self, row: int) -> Phrase:
        if self.sheet:
            return phrase("file_sheet_row", sheet=self.sheet, row=str(row))
        return phrase("file_row", row=str(row))

    def wrong_at(self, row: int, what: Fact, remedy: Phrase) -> Misconfigured:
        return wrong(self.file, placed(self.place(row), what), remedy)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column holds which field of a kind, and which are a format's own, by place."""

    kind: type[MasterRecord]
    fields: Mapping[str, int]
    others: Mapping[str, int]


def read_table(table: Table) -> Content | None:
    """The records of a table; None where it does not say of which kind they are. Raises Misconfigured."""
    rows = ((at, cells) for at, cells in _bounded(table) if at >= table.layout.header_row)
    header = next(((at, cells) for at, cells in rows if any(cells)), None)
    if header is None:
        return Content(())
    names = _unique(table, *header)
    kinds = [place for name, place in names.items() if folded(name) in KIND_COLUMNS]
    stated = _kind_stated(table)
    if stated is None and not kinds:
        return None
    found = tuple(_records(table, names, stated or kinds[0], list(rows)))
    own = sorted({name for one in found for name in one.extra})
    what = phrase("file_own_columns", names=shown(", ".join(own), 200))
    return Content(found, (Noted(placed(table.sheet, what) if table.sheet else what),) if own else ())


def _bounded(table: Table) -> Rows:
    for row, cells in table.rows:
        if row > MOST_ROWS:
            raise wrong(table.file, phrase("file_rows", most=MOST_ROWS), phrase("masters_no_bookings"))
        if len(cells) > MOST_COLUMNS:
            raise table.wrong_at(row, phrase("file_columns_many", most=MOST_COLUMNS), phrase("file_row_each"))
        if any(len(cell) > MOST_LETTERS for cell in cells):
            raise table.wrong_at(row, phrase("file_cell_long", most=MOST_LETTERS), phrase("file_shorten"))
        yield row, [line_of(cell) for cell in cells]


def _unique(table: Table, row: int, cells: Sequence[str]) -> dict[str, int]:
    """The places of the columns that have a name."""
    names: dict[str, int] = {}
    for place, name in enumerate(cells):
        if name and names.setdefault(name, place) != place:
            raise table.wrong_at(row, phrase("file_column_twice", name=shown(name)), phrase("file_column_own"))
    missing = [name for name in table.layout.columns if name not in names]
    if missing:
        known = phrase("file_columns", names=shown(", ".join(names), 200))
        raise table.wrong_at(row, phrase("file_column_missing", name=shown(missing[0])), known)
    return names


def _kind_stated(table: Table) -> type[MasterRecord] | None:
    if table.layout.kind and table.layout.kind not in TABLES:
        what = phrase("file_kind_wrong", kind=shown(table.layout.kind))
        raise wrong(table.file, what, phrase("file_kinds", names=tuple(TABLES)))
    return TABLES[table.layout.kind] if table.layout.kind else kind_named(table.title)


def _records(
    table: Table, names: Mapping[str, int], kind: type[MasterRecord] | int, rows: list[tuple[int, Sequence[str]]]
) -> Iterable[Found]:
    """`kind` of all rows, or the place of the column that says it."""
    of_kind: dict[type[MasterRecord], list[tuple[int, Sequence[str]]]] = {}
    filled = [(at, cells) for at, cells in rows if any(cells)]
    for at, cells in filled:
        if any(cells[max(names.values()) + 1 :]):
            raise table.wrong_at(at, phrase("file_cells_many"), phrase("file_row_quote"))
        of_kind.setdefault(_kind_of(table, at, cells, kind), []).append((at, cells))
    if isinstance(kind, type):
        of_kind.setdefault(kind, [])
    for each, given in of_kind.items():
        columns = _columns(table, names, each)
        numbers = [field for field in columns.fields if is_number(each, field)]
        hundred = {field for field in numbers if _is_percent(names, columns, field, given)}
        for at, cells in given:
            yield _record(table, columns, at, cells, hundred)


def _kind_of(table: Table, row: int, cells: Sequence[str], kind: type[MasterRecord] | int) -> type[MasterRecord]:
    if isinstance(kind, type):
        return kind
    text = _cell(cells, kind)
    found = TABLES.get(text) or kind_named(text)
    if found is None:
        what = phrase("file_kind_wrong", kind=shown(text))
        raise table.wrong_at(row, what, phrase("file_kinds", names=tuple(TABLES)))
    return found


def _columns(table: Table, names: Mapping[str, int], kind: type[MasterRecord]) -> _Columns:
    """The file of columns comes first, then the core's own names, then what they are called elsewhere."""
    known = NAMED[kind]
    found: dict[str, tuple[int, str]] = {}
    others: dict[str, int] = {}
    for name, place in names.items():
        given = table.layout.columns.get(name)
        field, rank = (given, -1) if given else known.get(folded(name), ("", 9))
        if given and given not in COLUMNS[kind].__struct_fields__ and given != INVERTED:
            field = ""
        if not field:
            others[given or own_name(name)] = place
        elif field not in found or rank < found[field][0]:
            found[field] = rank, name
        elif rank == found[field][0]:
            both = {"first": shown(found[field][1]), "second": shown(name)}
            what = phrase("file_columns_same", field=field, table=NAMES[kind], **both)
            raise wrong(table.file, what, phrase("file_rename"))
    fields = {field: names[name] for field, (_, name) in found.items()}
    _require(table, names, kind, fields)
    kinds = {own_name(name) for name in names if folded(name) in KIND_COLUMNS}
    return _Columns(kind, fields, {name: place for name, place in others.items() if name not in kinds})


def own_name(name: str) -> str:
    """A column's name as formats ask for it: `DATEV-Key` is `datev_key`."""
    return "_".join("".join(letter if letter.isalnum() else " " for letter in name.casefold()).split())


def _require(table: Table, names: Mapping[str, int], kind: type[MasterRecord], fields: Mapping[str, int]) -> None:
    required = [name for name in COLUMNS[kind].__struct_fields__ if name in REQUIRED[kind]]
    missing = [name for name in required if name not in fields]
    if missing:
        what = phrase("file_column_lacking", table=NAMES[kind], name=missing[0])
        remedy = phrase("file_columns_name", names=shown(", ".join(names), 200), name=missing[0])
        raise wrong(table.file, placed(table.sheet, what) if table.sheet else what, remedy)


def _required(kind: type[MasterRecord]) -> frozenset[str]:
    encoded = COLUMNS[kind]
    count = len(encoded.__struct_fields__) - len(encoded.__struct_defaults__)
    return frozenset(encoded.__struct_fields__[:count]) - {"id", *DEFAULTS}


REQUIRED: Final = {kind: _required(kind) for kind in TABLES.values()}


def _is_percent(
    names: Mapping[str, int], columns: _Columns, field: str, rows: Sequence[tuple[int, Sequence[str]]]
) -> bool:
    """Whether a column has hundredths: its name says so, or a number of it is above 1."""
    place = columns.fields[field]
    name = next(name for name, each in names.items() if each == place)
    if "%" in name or any(word in folded(name) for word in ("percent", "prozent", "procent", "pourcent")):
        return True
    return any(_is_above_one(_cell(cells, place)) for _, cells in rows)


def _is_above_one(text: str) -> bool:
    try:
        return not text.endswith("%") and number(text) > 1
    except ValueError:
        return False  # refused with its row


def _record(table: Table, columns: _Columns, number: int, cells: Sequence[str], hundred: set[str]) -> Found:
    row: dict[str, Any] = {}
    place = table.place(number)
    for name, column in columns.fields.items():
        text = _cell(cells, column)
        if text:
            row[name.removeprefix("!")] = _value(table, columns.kind, place, name, text, name in hundred)
        elif name in REQUIRED[columns.kind] and name != "name":
            raise table.wrong_at(number, phrase("file_cell_empty", name=name), phrase("file_fill"))
    if "name" in columns.fields:
        row.setdefault("name", row.get("code", ""))
    for name, default in DEFAULTS.items():
        if name in COLUMNS[columns.kind].__struct_fields__ and name not in NOT_OF.get(columns.kind, ()):
            row.setdefault(name, default)
    extra = {name: text for name, column in columns.others.items() if (text := _cell(cells, column))}
    return Found(record_of(columns.kind, row, place, table.file), table.file, place, extra)


def _value(table: Table, kind: type[MasterRecord], place: Phrase, name: str, text: str, hundred: bool) -> Any:
    try:
        value = READERS[kind][name](text)
        if not is_number(kind, name):
            return value
        share = value / 100 if hundred and not text.endswith("%") else value
        if share > 1:
            raise ValueError(phrase("file_share_high", given=shown(text)))
    except ValueError as error:
        raise wrong(table.file, placed(place, placed(name, why_of(error))), phrase("file_correct_cell")) from error
    return share


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""
