"""The store on SQLite and on PostgreSQL, held against the contract of every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kontobro.core.ports import Store
from kontobro.store import open_store
from tests.support.store_contract.contract import StoreContract
from tests.support.store_contract.postgres import PostgresCase


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, path: Path) -> Iterator[Store]:
        with open_store(path) as store:
            yield store


class TestPostgresStore(PostgresCase, StoreContract):
    @pytest.fixture
    def store(self, postgres_url: str, service_key: str) -> Iterator[Store]:
        with open_store(postgres_url) as store:
            yield store
