"""A connection's delivery, as the application opens it: a secret goes only where it was given for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kontobro.bootstrap import App, SystemClock
from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Store
from kontobro.net.addresses import NetworkPolicy, PrivateAddress
from kontobro.store import open_store
from tests.delivery.places import Place, a_file, sftp
from tests.support.empty_store import put_empty_store
from tests.support.scripted_pleo import a_connection


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(open_store(put_empty_store(tmp_path_factory.mktemp("home") / "kontobro.sqlite3"))) as opened:
        yield opened


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with sftp(tmp_path) as made:
        yield made


def kept(store: Store, place: Place) -> Connection:
    connection = a_connection(erp="csv", erp_options=place.options)
    store.save_connection(connection)
    store.save_secret(connection, "delivery_secret", place.secret)
    return connection


def test_a_stored_secret_opens_the_place_it_was_given_for(store: Store, place: Place) -> None:
    app = App(Path(), store, SystemClock())
    connection = kept(store, place)
    app.delivery_for(connection).deliver([a_file("a.csv")])
    assert list(place.files()) == ["a.csv"]
    elsewhere = {**place.options, "deliver_to": place.options["deliver_to"].replace("127.0.0.1", "localhost")}
    with pytest.raises(Misconfigured, match="secret"):
        app.delivery_for(replace(connection, erp_options=elsewhere))
    given = app.delivery_for(replace(connection, erp_options=elsewhere), {"delivery_secret": place.secret})
    assert list(given.names()) == ["a.csv"]


def test_the_network_and_the_permit_of_the_application_hold(store: Store, place: Place) -> None:
    def refuse(connection: Connection) -> None:
        raise Misconfigured("not here")

    connection = kept(store, place)
    nowhere = App(Path(), store, SystemClock(), network=NetworkPolicy(permits=lambda address: False))
    with pytest.raises(PrivateAddress):
        nowhere.delivery_for(connection).check()
    with pytest.raises(Misconfigured, match="not here"):
        App(Path(), store, SystemClock(), permit=refuse).delivery_for(connection)
    assert place.extra.logins == []
