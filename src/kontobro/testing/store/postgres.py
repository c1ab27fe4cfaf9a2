"""What the contract of every store needs besides, for a store of `kontobro.store` on PostgreSQL.

    class TestMyStore(PostgresCase, StoreContract):
        @pytest.fixture
        def store(self): ...

KONTOBRO_KEY is set in the environment: the contract's other processes open the same store.
"""

from __future__ import annotations

from typing import Any, cast

from kontobro.core.ports import Store
from kontobro.testing.store.case import StoreCase


class PostgresCase(StoreCase):
    """Behind the port of a store on PostgreSQL."""

    def open_elsewhere(self, store: Store) -> str:
        url = cast(Any, store).place.url
        return f"import kontobro.store; store = kontobro.store.open_store({url!r})"

    def stored_bytes(self, store: Store) -> bytes:
        """All rows of all tables. Files of the server keep what was deleted until its vacuum has passed."""
        from django.db import connections

        with connections[cast(Any, store).alias].cursor() as cursor:
            tables = connections[cast(Any, store).alias].introspection.table_names(cursor)
            return b"".join(_rows_of(cursor, table) for table in tables)


def _rows_of(cursor: Any, table: str) -> bytes:
    with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
        return b"".join(bytes(piece) for piece in rows)
