"""Master data in TOML: tables as in `erp/kit/masters_file.py`, and `[extra]` with the columns that a format asks for:

[extra]
tax_codes = ["datev_key"]
"""

from __future__ import annotations

from typing import Any

from kontobro.core.errors import shown
from kontobro.core.words import phrase
from kontobro.erp.files.common.masters.found import NAMES, Content, Found
from kontobro.erp.kit.masters_file import TABLES, placed, record_of, tables_of, wrong

EXTRA = "extra"


def read_toml(content: bytes, name: str) -> Content:
    """Raises Misconfigured, naming table, row and field."""
    declared, tables = tables_of(content, name, EXTRA)
    columns = _declared(declared, name)
    found: list[Found] = []
    for kind, table, rows in tables:
        for number, row in enumerate(rows, 1):
            place = f"{table}[{number}]"
            own, others = _parted(row, columns.get(NAMES[kind], []))
            texts = {column: _text(value, f"{place}.{column}", name) for column, value in others.items()}
            found.append(Found(record_of(kind, own, place, name), name, place, texts))
    return Content(tuple(found))


def _declared(given: Any, name: str) -> dict[str, list[str]]:
    tables = given if isinstance(given, dict) else {EXTRA: given}
    for table, columns in tables.items():
        if table not in TABLES:
            what = placed(EXTRA, phrase("file_table_unknown", table=shown(table)))
            raise wrong(name, what, phrase("file_tables", names=tuple(TABLES)))
        if not (isinstance(columns, list) and all(isinstance(column, str) for column in columns)):
            what = phrase("file_not_names", place=f"{EXTRA}.{table}")
            raise wrong(name, what, phrase("file_write", text=f'{table} = ["datev_key"]'))
    return tables


def _parted(row: Any, columns: list[str]) -> tuple[Any, dict[str, Any]]:
    """The core's fields of a row, and the others that are declared."""
    if not isinstance(row, dict):
        return row, {}
    return (
        {field: value for field, value in row.items() if field not in columns},
        {field: value for field, value in row.items() if field in columns},
    )


def _text(value: Any, place: str, name: str) -> str:
    if isinstance(value, (dict, list)):
        raise wrong(name, phrase("file_not_text", place=place), phrase("file_one_value"))
    return str(value).lower() if isinstance(value, bool) else str(value)
