"""The store over Tryton's own tables keeps the contract of all stores."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Any

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.ports import Store
from kontobro.store.sql.store import bind_secrets
from kontobro.testing.store.case import connection, tokens
from kontobro.testing.store_contract import StoreContract

from ..tables import OwnTables, open_store
from .house import DATABASE, awake

TABLES = ("event", "booking", "payload", "job", "binding", "sync")
ELSEWHERE = "from trytond_kontobro.tests.house import DATABASE; from trytond_kontobro.tables import open_store\n"


class TestTrytonStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        awake()
        with OwnTables(DATABASE).transaction() as cursor:
            cursor.execute("DELETE FROM kontobro_connection")
        return open_store(DATABASE)

    def open_elsewhere(self, store: Store) -> str:
        return f"{ELSEWHERE}store = open_store(DATABASE)"

    def by_hand(self, store: Store, sql: str, *values: str) -> None:
        with OwnTables(DATABASE).transaction() as cursor:
            cursor.execute(sql, values)

    def stored_bytes(self, store: Store) -> bytes:
        with OwnTables(DATABASE).transaction() as cursor:
            names = [f"kontobro_{name}" for name in (*TABLES, "connection", "secret")]
            return b"".join(rows_of(cursor, name) for name in names)

    def wipe(self, store: Store) -> None:
        with OwnTables(DATABASE).transaction() as cursor:
            for name in TABLES:
                cursor.execute(f"DELETE FROM kontobro_{name}")  # noqa: S608 - names from above


def test_secrets_of_an_older_module_belong_to_where_their_connections_point() -> None:
    awake()
    store, here = open_store(DATABASE), connection("older", erp="tryton")
    with OwnTables(DATABASE).transaction() as cursor:
        cursor.execute("DELETE FROM kontobro_connection")
    store.save_connection(here, tokens(), {"password": "p"})
    with OwnTables(DATABASE).transaction() as cursor:
        cursor.execute("UPDATE kontobro_secret SET destination = NULL")
    assert (store.tokens(here), store.secret(here, "password")) == (None, None)
    with OwnTables(DATABASE).transaction() as cursor:
        bind_secrets(cursor)
    assert (store.tokens(here), store.secret(here, "password")) == (tokens(), "p")
    assert store.tokens(replace(here, api_url="https://evil.example")) is None


def rows_of(cursor: Any, table: str) -> bytes:
    with cursor.copy(f"COPY {table} TO STDOUT") as rows:
        return b"".join(bytes(piece) for piece in rows)


def test_the_key_stands_in_trytons_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    from trytond import config

    monkeypatch.delenv("KONTOBRO_KEY", raising=False)
    key = config.get("kontobro", "key")
    config.set("kontobro", "key", "")
    try:
        with pytest.raises(Misconfigured, match="missing in Tryton's configuration"):
            open_store(DATABASE)
    finally:
        config.set("kontobro", "key", key)


def test_the_core_needs_only_its_few_libraries() -> None:
    """What is loaded when everything of the module is: no Django, no web framework, no worker."""
    import trytond_kontobro.runner
    import trytond_kontobro.sync  # noqa: F401

    assert not {"django", "dbos", "typer", "rich", "structlog", "starlette", "beancount"} & set(sys.modules)
    assert os.environ["KONTOBRO_TRYTON_DATABASE"] == DATABASE
