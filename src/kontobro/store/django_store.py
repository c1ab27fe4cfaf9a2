"""The store of the command line and the service: the SQL store on Django's connections to SQLite or PostgreSQL."""

from __future__ import annotations

from types import TracebackType

from kontobro.store.database import Database
from kontobro.store.engines.places import Place
from kontobro.store.secrets.vault import KeyRing
from kontobro.store.sql.documents import DELETE, Documents
from kontobro.store.sql.erasure import EVENTS
from kontobro.store.sql.guards import FORGET, KEEP, GuardRows
from kontobro.store.sql.store import SqlStore


class DjangoStore(SqlStore, Documents, GuardRows):
    """The Store on one database. Use from any thread; `close` when done, or use it in a `with`."""

    before_connection = (KEEP, FORGET, EVENTS, *DELETE)

    def __init__(self, database: Database, keys: KeyRing) -> None:
        super().__init__(database, keys)
        self.database = database
        """What `overview.Overview` reads from."""

    def __enter__(self) -> DjangoStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.database.close()

    @property
    def alias(self) -> str:
        """The database's name within Django, for tests that look behind the port."""
        return self.database.alias

    @property
    def place(self) -> Place:
        """Where the store is kept."""
        return self.database.place

    def census(self) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
        """How many connections by status, and bookings by accounting system and state: counted by the database."""
        statuses = "SELECT status, count(*) AS number FROM kontobro_connection GROUP BY status"
        states = (
            "SELECT erp, state, count(*) AS number FROM kontobro_booking booking"
            " JOIN kontobro_connection connection ON connection.id = booking.connection_id GROUP BY erp, state"
        )
        with self.tables.reading() as session:
            by_status = {row.status: row.number for row in session.select(statuses)}
            return by_status, {(row.erp, row.state): row.number for row in session.select(states)}
