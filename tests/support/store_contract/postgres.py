"""What the contract of every store needs besides, for a home in PostgreSQL.

    class TestMyStore(PostgresCase, StoreContract):
        @pytest.fixture
        def store(self): ...

The defaults serve a store of `kontobro.store`. KONTOBRO_KEY is set in the environment: the contract's other processes
open the same store.
"""

from __future__ import annotations

from typing import Any, cast

from kontobro.core.ports import Store
from tests.support.store_contract.case import StoreCase, tables_of

OURS = "SELECT tablename AS name FROM pg_tables WHERE left(tablename, 9) = 'kontobro_'"


class PostgresCase(StoreCase):
    """Behind the port of a store in PostgreSQL."""

    def open_elsewhere(self, store: Store) -> str:
        url = cast(Any, store).place.url
        return f"import kontobro.store; store = kontobro.store.open_store({url!r})"

    def stored_bytes(self, store: Store) -> bytes:
        """All rows of all tables. Files of the server keep what was deleted until its vacuum has passed."""
        with tables_of(store).reading() as session:
            tables = [table.name for table in session.select(OURS)]
            rows = [row for table in tables for row in session.select(f"SELECT CAST(t AS text) AS told FROM {table} t")]
        return "".join(row.told for row in rows).encode()
