"""One transaction of the store: a DB-API cursor, and how its database takes statements and values.

Statements are written once, as PostgreSQL takes them. No Django in here, and no driver either.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final

CHUNK: Final = 500
"""Statements sent in one journey."""

Row = Any
"""A row by its columns' names, as the rows of Django's models look."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the databases that the store is kept in.

    `stored`: a list or an instant as the driver takes it. `spelled`: a statement as the database takes it. `joined`:
    several statements go in one `execute`. `names`: what the table of connections calls otherwise than the core.
    """

    stored: Callable[[Any], Any]
    spelled: Callable[[str], str] = str
    joined: bool = True
    names: Mapping[str, str] = field(default_factory=dict)


class Session:
    """A cursor in a transaction. It puts the values into a statement itself."""

    def __init__(self, cursor: Any, dialect: Dialect) -> None:
        self.cursor = cursor
        self.dialect = dialect

    @property
    def key(self) -> str:
        """The column of the core's id in the table of connections."""
        return self.dialect.names.get("id", "id")

    def stored(self, value: Any) -> Any:
        """A value as the driver takes it."""
        return self.dialect.stored(value)

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; answers how many rows it touched."""
        self.cursor.execute(self.dialect.spelled(statement), tuple(map(self.stored, values)))
        return int(self.cursor.rowcount)

    def select(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query: JSON is read, instants are in UTC."""
        self.run(statement, values)
        names = [column[0] for column in self.cursor.description]
        return [SimpleNamespace(**_read(dict(zip(names, row, strict=True)))) for row in self.cursor.fetchall()]

    def for_each(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement for each row of values that are `stored` already: many in one journey, where there is one."""
        if not self.dialect.joined and rows:
            self.cursor.executemany(self.dialect.spelled(statement), rows)
            return
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            self.cursor.execute(";".join([statement] * len(chunk)), tuple(value for row in chunk for value in row))

    def upsert(self, table: str, keys: Sequence[str], columns: Mapping[str, Any]) -> None:
        """Write a row, in place of the one that has its keys."""
        told = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in keys)
        places = ", ".join(["%s"] * len(columns))
        statement = (
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) "  # noqa: S608 - names from our own code only
            f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {told}"
        )
        self.run(statement, tuple(columns.values()))


# ------------------------------------------------------------------------------------------------ reading


def _json(value: Any) -> Any:
    """A column of JSON may come as text."""
    return json.loads(value) if isinstance(value, str) else value


def _instant(value: datetime | None) -> datetime | None:
    """One that came without its zone is UTC."""
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("erp_options", "scopes", "settings", "problems", "notes"), _json),
    **dict.fromkeys(
        (
            *("started_at", "finished_at", "claimed_at", "updated_at", "intent_at", "at"),
            *("delivered_at", "imported_at", "released_at"),
            *("login_ended_at", "found_at", "decided_at", "read_at", "changed_at"),
        ),
        _instant,
    ),
    "trial": bool,
}


def _read(row: dict[str, Any]) -> dict[str, Any]:
    for name in row.keys() & _READ.keys():
        row[name] = _READ[name](row[name])
    return row


# ----------------------------------------------------------------------------------------------- dialects


def _without_zone(value: Any) -> Any:
    """An instant as a column without a zone takes it."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def _in_sqlite(value: Any) -> Any:
    """An instant as Django writes it, a list as JSON."""
    if isinstance(value, list):
        return json.dumps(value)
    return str(_without_zone(value)) if isinstance(value, datetime) else value


@lru_cache
def _spelled_in_sqlite(statement: str) -> str:
    """A writer of SQLite holds the whole database: no row is to be locked."""
    listed = statement.replace(" = ANY(%s)", " IN (SELECT value FROM json_each(%s))")
    return listed.removesuffix(" FOR UPDATE")


SQLITE: Final = Dialect(_in_sqlite, _spelled_in_sqlite, joined=False)
POSTGRESQL: Final = Dialect(lambda value: value)
HOST: Final = Dialect(
    _without_zone, names={"id": "key", "company_id": "pleo_company", "company_name": "pleo_company_name"}
)
"""An accounting system's own tables in PostgreSQL: it has a number of its own for a connection, and what it calls a
company is its own."""
