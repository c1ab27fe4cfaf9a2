"""The store over the addon's tables keeps the contract of all stores."""

from __future__ import annotations

import sys

import pytest
from odoo.addons.kontobro_odoo.inside.store import OdooStore, open_store
from odoo.tools import config

from kontobro.core.errors import Misconfigured
from kontobro.core.ports import Store
from kontobro.testing.store_contract import StoreContract

TABLES = ("connection", "secret", "job", "booking", "event", "payload", "binding", "sync")
HISTORY = ("event", "booking", "payload", "job", "binding", "sync")


class TestOdooStore(StoreContract):
    @pytest.fixture
    def store(self, shared: str) -> Store:
        opened = open_store(shared)
        with opened.tables.transaction() as cursor:
            cursor.execute("DELETE FROM kontobro_connection")  # all else goes with it
        return opened

    def open_elsewhere(self, store: OdooStore) -> str:
        lines = [
            "import sys",
            f"sys.path[:] = {sys.path!r}",
            "import odoo.modules.module; from odoo.tools import config",
            f"config.parse_config(['-c', {config['config']!r}, '--log-level', 'critical'])",
            "odoo.modules.module.initialize_sys_path()",
            "from odoo.addons.kontobro_odoo.inside.store import open_store",
            f"store = open_store({store.tables.name!r})",
        ]
        return "\n".join(lines)

    def by_hand(self, store: OdooStore, sql: str, *values: str) -> None:
        with store.tables.transaction() as cursor:
            cursor.execute(sql, values)

    def stored_bytes(self, store: OdooStore) -> bytes:
        with store.tables.transaction() as cursor:
            return b"".join(_rows_of(cursor, f"kontobro_{table}") for table in TABLES)

    def wipe(self, store: OdooStore) -> None:
        with store.tables.transaction() as cursor:
            for table in HISTORY:
                cursor.execute(f"DELETE FROM kontobro_{table}")


def _rows_of(cursor, table: str) -> bytes:
    from io import BytesIO

    rows = BytesIO()
    cursor.copy_expert(f"COPY {table} TO STDOUT", rows)
    return rows.getvalue()


def test_without_a_key_in_the_configuration_nothing_is_opened(shared: str) -> None:
    kept = config["kontobro_key"]
    config["kontobro_key"] = ""
    try:
        with pytest.raises(Misconfigured, match="kontobro_key"):
            open_store(shared)
    finally:
        config["kontobro_key"] = kept
