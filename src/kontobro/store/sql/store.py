"""The Store port by SQL over a DB-API cursor, in every home: SQLite, PostgreSQL, an accounting system's own tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from kontobro.core.model.connection import Connection, Tokens
from kontobro.store.rows import AS_NAMED, connection_columns, connection_of
from kontobro.store.secrets.given import destination_of_row, secrets_given
from kontobro.store.sql.erasure import Erasure
from kontobro.store.sql.history import History
from kontobro.store.sql.masters import MasterRows
from kontobro.store.sql.secrets import Secrets
from kontobro.store.sql.session import HOST, Session


class SqlStore(MasterRows, Secrets, History, Erasure):
    """The Store in one database. Use from any thread. Its keys encrypt the secrets."""

    def lock(self, name: str, *, wait: float = 0) -> AbstractContextManager[None]:
        """A lock that dies with its process; not re-entrant. Raises Busy when it can't be had in `wait` seconds."""
        return self.tables.lock(name, wait)

    def more_columns(self, connection: Connection) -> Mapping[str, Any]:
        """What a host keeps of a connection besides, such as its own number of the company."""
        return {}

    def connections(self) -> Sequence[Connection]:
        with self.tables.reading() as session:
            rows = session.select("SELECT * FROM kontobro_connection ORDER BY id")
            return [connection_of(row, session.dialect.names) for row in rows]

    def connection(self, connection_id: str) -> Connection | None:
        with self.tables.reading() as session:
            number = self._number(session, connection_id)
            rows = session.select("SELECT * FROM kontobro_connection WHERE id = %s", (number,))
            return connection_of(rows[0], session.dialect.names) if rows else None

    def save_connection(
        self, connection: Connection, tokens: Tokens | None = None, secrets: Mapping[str, str] | None = None
    ) -> None:
        with self.tables.writing() as session:
            names = session.dialect.names
            columns = {**connection_columns(connection, names), **self.more_columns(connection)}
            session.upsert("kontobro_connection", (session.key,), columns)
            self._write(session, connection.id, secrets_given(connection, tokens, secrets or {}))

    def mark_reconnect(self, connection_id: str, at: datetime) -> None:
        """The credential is dead. A connection that someone disconnected meanwhile stays disconnected."""
        with self.tables.writing() as session:
            since, values = (", login_ended_at = %s", (at,)) if session.dialect.names == AS_NAMED else ("", ())
            statement = f"UPDATE kontobro_connection SET status = 'reconnect'{since}"  # noqa: S608 - see above
            number = self._number(session, connection_id)
            session.run(f"{statement} WHERE id = %s AND status = 'connected'", (*values, number))


def bind_secrets(cursor: Any) -> None:
    """Bind the secrets of an older module's tables to where their connections point now; done once, it does nothing.

    `cursor` is a DB-API one of the host.
    """
    session = Session(cursor, HOST)
    unbound = "SELECT id, connection_id, name FROM kontobro_secret WHERE COALESCE(destination, '') = ''"
    for secret in session.select(unbound):
        (row,) = session.select("SELECT * FROM kontobro_connection WHERE id = %s", (secret.connection_id,))
        to = destination_of_row(connection_of(row, HOST.names), secret.name)
        session.run("UPDATE kontobro_secret SET destination = %s WHERE id = %s", (to, secret.id))
