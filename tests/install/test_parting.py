"""Ending a connection: not while it exports, and not with a login that another one uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from kontobro.core.errors import Busy
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.ports import Pleo
from kontobro.install.parting import disconnect, end
from kontobro.store import open_store
from kontobro.store.django_store import DjangoStore
from tests.support.empty_store import put_empty_store


class Uninstalled:
    def __init__(self) -> None:
        self.times = 0

    def uninstall(self) -> None:
        self.times += 1


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DjangoStore]:
    with open_store(put_empty_store(tmp_path / "kontobro.sqlite3")) as opened:
        yield opened


def stored(store: DjangoStore, id: str, access: str, **other: Any) -> Connection:
    facts: dict[str, Any] = {
        "environment": "production",
        "api_url": "https://external.pleo.io",
        "auth_url": "https://auth.pleo.io",
        "auth": "oauth",
        "client_id": "client",
        "company_id": id,
        "company_name": id,
        "erp": "odoo",
    }
    made = Connection(id=id, name=id, **{**facts, **other})
    store.save_connection(made, Tokens(access=access))
    return made


def ended(store: DjangoStore, connection: Connection) -> int:
    pleo = Uninstalled()
    assert disconnect(connection, cast(Pleo, pleo), store) is None
    found = store.connection(connection.id)
    assert found is not None
    assert found.status == "disconnected"
    assert store.tokens(connection) is None
    return pleo.times


def test_a_login_of_its_own_ends(store: DjangoStore) -> None:
    one = stored(store, "one", "a")
    stored(store, "two", "b")
    assert ended(store, one) == 1


def test_a_trial_leaves_the_login_of_the_real_connection(store: DjangoStore) -> None:
    real = stored(store, "real", "a", company_id="company")
    trial = stored(store, "trial", "b", company_id="company", trial=True)
    assert ended(store, trial) == 0
    assert store.tokens(real) == Tokens(access="a")
    assert ended(store, real) == 1


def test_a_key_of_an_organisation_ends_with_its_last_connection(store: DjangoStore) -> None:
    key: dict[str, Any] = {"auth": "api_key", "client_id": None}
    one, two = stored(store, "one", "key", **key), stored(store, "two", "key", **key)
    assert ended(store, one) == 0
    assert ended(store, two) == 1


def test_nothing_ends_during_an_export(store: DjangoStore) -> None:
    one = stored(store, "one", "a")
    with exporting(store, one):
        with pytest.raises(Busy, match="one is exporting right now"):
            end(one, store, wait=0)
        with pytest.raises(Busy, match="Nothing was changed"):
            disconnect(one, cast(Pleo, Uninstalled()), store, wait=0)
    assert store.tokens(one) == Tokens(access="a")
    end(one, store)
    assert store.tokens(one) is None


@contextmanager
def exporting(store: DjangoStore, connection: Connection) -> Iterator[None]:
    with store.lock(f"export-{connection.id}"):
        yield
