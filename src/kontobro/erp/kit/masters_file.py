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


def read_masters(file: Path) -> dict[type[MasterRecord], tuple[MasterRecord, ...]]:
    """The records of a file by kind, for `Connector.read`. Raises Misconfigured naming table, row and field."""
    tables = _tables(file)
    unknown = sorted(set(tables) - set(TABLES))
    if unknown:
        raise _wrong(file, f"there is no table {shown(unknown[0])}", f"Tables are {', '.join(TABLES)}.")
    found: dict[type[MasterRecord], tuple[MasterRecord, ...]] = {}
    for name, given in tables.items():
        rows = given if isinstance(given, list) else [given]
        found[TABLES[name]] = tuple(_record(TABLES[name], row, f"{name}[{n}]", file) for n, row in enumerate(rows, 1))
    return found


def _tables(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise _wrong(file, f"it has more than {MOST_BYTES:,} bytes", "Keep accounts and vendors elsewhere.")
        return tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
    except OSError as missing:
        raise _wrong(file, said_of(missing), "Set the option to the path of the file.") from missing
    except (ValueError, RecursionError) as error:  # also of bytes that are not UTF-8
        raise _wrong(file, shown(error, 160), "Correct the file: it is TOML, in UTF-8.") from error


def _record(kind: type[R], row: object, place: str, file: Path) -> R:
    try:
        if isinstance(row, dict):
            code = row.get("code", row.get("name", row.get("start", "")))
            row = {"id": str(code), **row}
            if unknown := set(row) - set(COLUMNS[kind].__struct_fields__):
                raise ValueError(f"it has no field {min(unknown)}")  # else a misspelled one is left out without a word
        record = kind(**msgspec.structs.asdict(msgspec.convert(row, COLUMNS[kind])))
        if isinstance(record, TaxCode) and not record.rate.is_finite():
            raise ValueError("its rate is not a number")
        if isinstance(record, Period) and record.end < record.start:
            raise ValueError("it ends before it starts")
    except ValueError as error:  # msgspec's own is one
        raise _wrong(file, f"{place}: {shown(error, 160)}", "Correct that row.") from error
    return record


def _columns(kind: type[Any]) -> type[msgspec.Struct]:
    """What a file may give of a kind: all but what a system alone can say, in words of the catalogue."""
    hints = get_type_hints(kind)
    given = [field for field in fields(kind) if field.name != "unsupported"]
    required = [(field.name, hints[field.name]) for field in given if field.default is MISSING]
    others = [(field.name, hints[field.name], field.default) for field in given if field.default is not MISSING]
    return msgspec.defstruct(kind.__name__, [*required, *others])


COLUMNS: Final[Mapping[type, type[msgspec.Struct]]] = {kind: _columns(kind) for kind in TABLES.values()}


def _wrong(file: Path, what: str, remedy: str) -> Misconfigured:
    return Misconfigured(f"Master data in {file.name}: {what}.", remedy, "invalid_configuration")
