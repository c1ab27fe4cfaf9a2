"""An ERP's own database with our tables in it, as `TablesStore` needs it. No Django in here, and no driver either.

The tables have Django's names and columns (`models.py`), but for the connection: its `id` is the ERP's own number, the
core's id stands in `key`, Pleo's company in `pleo_company` and `pleo_company_name`. Instants are UTC; a column of
JSON may be text. Rows of a deleted connection go with it (ON DELETE CASCADE), those of a booking's events likewise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final, Protocol

from kontobro.core.errors import ImpossibleMove, KontobroError, StoreUnreachable
from kontobro.core.model.connection import Connection
from kontobro.store.engines.advisory import is_lost, sqlstate
from kontobro.store.engines.faults import held_too_long, no_connection
from kontobro.store.rows import connection_columns, connection_of
from kontobro.store.schema.guards import IMPOSSIBLE

CHUNK: Final = 500
"""Statements sent in one journey."""

HELD: Final = ("55P03", "40P01", "40001")
"""Lock timeout, deadlock, serialisation: another process was at it."""

NO_CONNECTION: Final = "23503"

COLUMNS: Final[Mapping[str, str]] = {"company_id": "pleo_company", "company_name": "pleo_company_name"}
"""What the connection's table calls otherwise: an ERP's own company is what it calls `company`."""

JSON: Final = ("erp_options", "scopes", "settings", "problems", "notes")
INSTANTS: Final = ("started_at", "finished_at", "claimed_at", "updated_at", "intent_at", "at")


class Tables(Protocol):
    """One database of an ERP."""

    @property
    def name(self) -> str:
        """What a person may read."""
        ...

    def transaction(self) -> AbstractContextManager[Any]:
        """A DB-API cursor in a transaction of its own (read committed): committed with the block, rolled back by a
        fault. It puts the values into a statement itself, so that several go in one `execute`."""
        ...

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        """A lock that dies with its process: `advisory.advisory_lock` over a connection of its own."""
        ...


@contextmanager
def opened(tables: Tables) -> Iterator[Any]:
    """A transaction whose errors are ours. Only what a caller can meet: anything else is a bug and stays as it is."""
    try:
        with tables.transaction() as cursor:
            yield cursor
    except KontobroError:
        raise
    except Exception as error:
        fault = fault_of(error, tables.name)
        if fault is None:
            raise
        raise fault from error


def fault_of(error: Exception, name: str) -> Exception | None:
    """A driver's error in our words, or None."""
    text, state = str(error), sqlstate(error)
    if text.startswith(IMPOSSIBLE):
        return ImpossibleMove(text.splitlines()[0])
    if state in HELD:
        return held_too_long(name)
    if state == NO_CONNECTION:
        return no_connection(name)
    if is_lost(error):
        return StoreUnreachable(f"The store {name} can't be reached.", "Check that PostgreSQL runs; then try again.")
    return None


def select(cursor: Any, statement: str, values: Sequence[Any]) -> list[SimpleNamespace]:
    """The rows of a query, by their columns' names, as the rows of Django's models look."""
    cursor.execute(statement, tuple(values))
    names = [column[0] for column in cursor.description]
    return [SimpleNamespace(**_read(dict(zip(names, row, strict=True)))) for row in cursor.fetchall()]


def for_each(cursor: Any, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement for each row, many in one journey."""
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        cursor.execute(";".join([statement] * len(chunk)), tuple(stored(value) for row in chunk for value in row))


def upsert(cursor: Any, table: str, keys: Sequence[str], columns: Mapping[str, Any]) -> None:
    """Write a row, in place of the one that has its keys."""
    told = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in keys)
    places = ", ".join(["%s"] * len(columns))
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) "  # noqa: S608 - names from our own code only
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {told}"
    )
    cursor.execute(statement, tuple(stored(value) for value in columns.values()))


def stored(value: Any) -> Any:
    """An instant as a column without a zone takes it; all else as it is."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def columns_of(connection: Connection) -> dict[str, Any]:
    """A connection as its row."""
    columns = {COLUMNS.get(name, name): value for name, value in connection_columns(connection).items()}
    return {"key": connection.id} | {
        name: json.dumps(value) if name in JSON else value for name, value in columns.items()
    }


def connection_from(row: SimpleNamespace) -> Connection:
    """A connection from its row."""
    names = {old: getattr(row, new) for old, new in COLUMNS.items()}
    as_django: Any = SimpleNamespace(**{**vars(row), **names, "id": row.key})
    return connection_of(as_django)


def _read(row: dict[str, Any]) -> dict[str, Any]:
    """JSON that came as text, and instants that came without their zone."""
    for name in JSON:
        if isinstance(row.get(name), str):
            row[name] = json.loads(row[name])
    for name in INSTANTS:
        if isinstance(row.get(name), datetime) and row[name].tzinfo is None:
            row[name] = row[name].replace(tzinfo=UTC)
    return row
