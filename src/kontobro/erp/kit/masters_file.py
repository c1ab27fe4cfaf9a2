"""Master data in a TOML file, for an accounting system that has none of a kind: tax codes, dimensions, periods.

A table of each kind, its rows the fields of the core's records; `id` is the code where it is left out:

    [company]
    name = "Fjord & Bro ApS"
    currency = "DKK"

    [[tax_codes]]
    code = "I25"
    name = "Input VAT 25 %"
    rate = 0.25
    type = "inclusive"
"""

from __future__ import annotations

import errno
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

import msgspec

from kontobro.core.errors import Misconfigured, said_of, shown
from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    MasterRecord,
    Period,
    TaxCode,
    Vendor,
)
from kontobro.core.words import Fact, Phrase, phrase, told

R = TypeVar("R", bound=MasterRecord)

MOST_BYTES: Final = 16 * 1024 * 1024

TABLES: Final[Mapping[str, type[MasterRecord]]] = {
    "company": Company,
    "accounts": Account,
    "tax_codes": TaxCode,
    "dimensions": Dimension,
    "dimension_values": DimensionValue,
    "vendors": Vendor,
    "employees": Employee,
    "journals": Journal,
    "periods": Period,
}
NAMES: Final = tuple(TABLES)


def read_masters(file: Path) -> dict[type[MasterRecord], tuple[MasterRecord, ...]]:
    """The records of a file by kind, for `Connector.read`. Raises Misconfigured naming table, row and field."""
    found: dict[type[MasterRecord], tuple[MasterRecord, ...]] = {}
    _, tables = tables_of(bytes_of(file), file.name)
    for kind, name, rows in tables:
        found[kind] = tuple(record_of(kind, row, f"{name}[{n}]", file.name) for n, row in enumerate(rows, 1))
    return found


def bytes_of(file: Path, most: int = MOST_BYTES) -> bytes:
    """What a file of at most so many bytes holds. Raises Misconfigured, also for what is not a file."""
    try:
        with open(file, "rb", opener=_open_file) as opened:
            content = opened.read(most + 1)
    except (OSError, ValueError) as missing:  # a name with a zero byte is a ValueError
        raise wrong(file.name, why_unread(missing), phrase("masters_path")) from missing
    if len(content) > most:
        raise wrong(file.name, phrase("file_bytes", most=most), phrase("masters_elsewhere"))
    return content


def why_unread(missing: OSError | ValueError) -> Fact:
    """Why a file could not be opened: in the system's words, or that its name is not one."""
    return said_of(missing) if isinstance(missing, OSError) else phrase("file_name_wrong")


def _open_file(path: str, flags: int) -> int:
    """A pipe would be waited for without an end."""
    opened = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return opened
    os.close(opened)
    raise OSError(errno.EINVAL, "it is not a file", path)


def toml_of(content: bytes, name: str) -> dict[str, Any]:
    """What a TOML file holds, numbers with a point as Decimal. Raises Misconfigured."""
    try:
        return tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except (ValueError, RecursionError) as error:  # also of bytes that are not UTF-8
        raise wrong(name, shown(error, 160), phrase("file_toml")) from error


Table = tuple[type[MasterRecord], str, list[Any]]


def tables_of(content: bytes, name: str, other: str = "") -> tuple[Any, list[Table]]:
    """What the file has under `other` (an empty table without it), and kind, name and rows of each table. `name` is
    the file's. Raises Misconfigured."""
    tables = toml_of(content, name)
    apart = tables.pop(other, {})
    if unknown := sorted(set(tables) - set(TABLES)):
        raise wrong(name, phrase("file_table_unknown", table=shown(unknown[0])), phrase("file_tables", names=NAMES))
    return apart, [
        (TABLES[table], table, given if isinstance(given, list) else [given]) for table, given in tables.items()
    ]


def record_of(kind: type[R], row: object, place: Fact, file: str) -> R:
    """A record of its fields; `place` and `file` are for the message. Raises Misconfigured."""
    try:
        if isinstance(row, dict):
            code = row.get("code", row.get("name", row.get("start", "")))
            row = {"id": str(code), **row}
            if unknown := set(row) - set(COLUMNS[kind].__struct_fields__):
                # else a misspelled one is left out without a word
                raise ValueError(phrase("record_field_unknown", field=min(unknown)))
        record = kind(**msgspec.structs.asdict(msgspec.convert(row, COLUMNS[kind])))
        if isinstance(record, TaxCode) and not record.rate.is_finite():
            raise ValueError(phrase("record_rate"))
        if isinstance(record, Period) and record.end < record.start:
            raise ValueError(phrase("record_ends"))
    except ValueError as error:  # msgspec's own is one
        raise wrong(file, placed(place, why_of(error)), phrase("file_correct_row")) from error
    return record


def why_of(error: ValueError) -> Fact:
    """What a ValueError says: a phrase of ours, or a library's English."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, Phrase) else shown(error, 160)


def placed(place: Fact, what: Fact) -> Phrase:
    """What is wrong, with its place in the file before it."""
    return phrase("file_at", place=place, what=what)


def _columns(kind: type[Any]) -> type[msgspec.Struct]:
    """What a file may give of a kind: all but what a system alone can say, in words of the catalogue."""
    hints = get_type_hints(kind)
    given = [field for field in fields(kind) if field.name not in {"unsupported", "read_from", "masters"}]
    required = [(field.name, hints[field.name]) for field in given if field.default is MISSING]
    others = [(field.name, hints[field.name], field.default) for field in given if field.default is not MISSING]
    return msgspec.defstruct(kind.__name__, [*required, *others])


COLUMNS: Final[Mapping[type, type[msgspec.Struct]]] = {kind: _columns(kind) for kind in TABLES.values()}


def wrong(file: str, what: Fact, remedy: Fact) -> Misconfigured:
    """The one error for master data in a file."""
    return unusable(phrase("masters_in", file=shown(file, 100), what=what), remedy)


def unusable(what: Fact, remedy: Fact) -> Misconfigured:
    """An error for a file or an option of a person: `what` is a sentence without its full stop."""
    return Misconfigured(*told("file_unusable", what=what, remedy=remedy), "invalid_configuration")
