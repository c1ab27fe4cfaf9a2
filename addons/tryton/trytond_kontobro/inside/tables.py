"""Kontobro's store over Tryton's own tables: each method one transaction on a connection of Tryton's pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from trytond import backend

from kontobro.core.errors import KontobroError, Misconfigured, fault_code
from kontobro.core.model.connection import Connection
from kontobro.store.secrets.vault import KeyRing
from kontobro.store.sql.store import SqlStore
from kontobro.store.sql.tables import HostTables

from ..series import config, connect, waiting_cursor

NOTE = """UPDATE kontobro_connection SET last_run = now() at time zone 'utc', last_fault = %s, last_fault_code = %s
WHERE key = %s"""


class OwnTables(HostTables):
    """One database of Tryton on PostgreSQL."""

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A cursor, where two writers wait for each other."""
        database = backend.Database(self.name).connect()
        connection = database.get_connection()
        try:
            try:
                with waiting_cursor(connection) as cursor:
                    yield cursor
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
        finally:
            database.put_connection(connection)

    def connect(self) -> Any:
        return connect(self.name)


class TrytonStore(SqlStore):
    """The store, with what Tryton's screens need of a connection besides."""

    @property
    def database(self) -> str:
        """Tryton's name of it."""
        return self.tables.name

    def more_columns(self, connection: Connection) -> Mapping[str, Any]:
        user = connection.erp_options.get("user", "")
        company = connection.erp_company
        return {
            "company": int(company) if company.isdigit() else None,
            "book_as": int(user) if user.isdigit() else None,
        }

    def note_run(self, connection_id: str, faults: Sequence[KontobroError]) -> None:
        """Remember when work was last done for a connection, and what stopped it."""
        shown_errors = "\n".join(dict.fromkeys(map(str, faults)))
        code = fault_code(faults[0]) if faults else ""
        with self.tables.writing() as session:
            session.run(NOTE, (shown_errors, code, connection_id))


def open_store(database: str) -> TrytonStore:
    """The store of a database. Raises Misconfigured without PostgreSQL, or without a key."""
    if backend.name != "postgresql":
        raise Misconfigured(
            f"Kontobro's module needs PostgreSQL; this Tryton runs on {backend.name}.",
            "Run Tryton on PostgreSQL: on SQLite it posts entries that do not balance.",
        )
    return TrytonStore(OwnTables(database), KeyRing(None, _key()))


def _key() -> bytes:
    """The key of the secrets, from Tryton's configuration: never in the database."""
    key = config.get("kontobro", "key", default="")
    if not key:
        raise Misconfigured(
            "The key for Pleo's secrets is missing in Tryton's configuration.",
            "Add `key = ...` under [kontobro] in trytond.conf; README.md says how to make one.",
        )
    return key.encode()


def is_for_developers() -> bool:
    """Whether `trytond.conf` lets a person connect another Pleo than Pleo's own."""
    return bool(config.getboolean("kontobro", "developer", default=False))
