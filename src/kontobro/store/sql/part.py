"""What all parts of the store have: the tables, the keys, and a connection's number in the tables."""

from __future__ import annotations

from typing import Any

from kontobro.store.engines.faults import no_connection
from kontobro.store.secrets.vault import KeyRing
from kontobro.store.sql.session import Session
from kontobro.store.sql.tables import Tables


class Part:
    """One part of the store; each public method is one transaction."""

    def __init__(self, tables: Tables, keys: KeyRing) -> None:
        self.tables = tables
        self._keys = keys

    def _number(self, session: Session, connection_id: str) -> Any:
        """What the other tables call a connection. None when a host has no such connection."""
        if session.key == "id":
            return connection_id
        statement = f"SELECT id FROM kontobro_connection WHERE {session.key} = %s"  # noqa: S608 - our own name
        rows = session.select(statement, (connection_id,))
        return rows[0].id if rows else None

    def _known(self, session: Session, connection_id: str) -> Any:
        """The same of a connection that is to be written about. Raises Misconfigured when there is none, here or when
        the transaction ends (its foreign key)."""
        number = self._number(session, connection_id)
        if number is None:
            raise no_connection(self.tables.name)
        return number
