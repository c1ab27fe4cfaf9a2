"""A real Tryton with the module in it: activated once, cloned for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from erp_lab.places import cloned, running, start_postgres
from tests.addons.tryton.installation import ModuleServer, Person, Place, activated, give_groups, place_of
from tests.erp_real.tryton.installation import NEWEST


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return place_of(NEWEST, tmp_path_factory)


@pytest.fixture(scope="session")
def port(place: Place) -> int:
    """The private PostgreSQL's."""
    return start_postgres()


@pytest.fixture(scope="session")
def template(place: Place, port: int) -> Iterator[str]:
    with activated(place, port) as name:
        yield name


@pytest.fixture
def database(template: str, port: int) -> Iterator[str]:
    with cloned(port, template) as name:
        yield name


@pytest.fixture
def server(place: Place, database: str) -> Iterator[ModuleServer]:
    with running(ModuleServer(place, database)) as server:
        yield server


@pytest.fixture
def admin(server: ModuleServer, database: str) -> Person:
    """The administrator, once the groups are given: the bookkeeper manages Pleo, the accountant looks at it."""
    person = Person(server.url, database, "admin")
    give_groups(person, {"bookkeeper": ["Pleo Administration"], "accountant": ["Pleo"]})
    return person


@pytest.fixture
def bookkeeper(admin: Person, server: ModuleServer, database: str) -> Person:
    return Person(server.url, database, "bookkeeper")
