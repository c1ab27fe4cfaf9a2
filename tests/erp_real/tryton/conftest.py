"""A real Tryton and a fresh company for each module: every test books its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from erp_lab.places import cloned, start_postgres
from kontobro.erp.tryton.connector import TrytonConnector
from kontobro.testing.connector.entries import Chart
from tests.erp_real.tryton.installation import (
    ABSENT,
    NEWEST,
    Company,
    TrytonBookkeeper,
    TrytonServer,
    connect,
    installed,
    template_of,
)


@pytest.fixture(scope="module")
def series() -> str:
    """Which Tryton; a module may ask for another one."""
    return NEWEST


@pytest.fixture(scope="module")
def postgres(series: str) -> int:
    """The port of the private PostgreSQL."""
    if not installed(series):
        pytest.skip(ABSENT)
    return start_postgres()


@pytest.fixture(scope="module")
def database(postgres: int, series: str) -> Iterator[str]:
    with cloned(postgres, template_of(series)) as name:
        yield name


@pytest.fixture(scope="module")
def tryton_server(database: str, series: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonServer]:
    """A real Tryton."""
    server = TrytonServer(database, tmp_path_factory.mktemp("tryton") / "server.log", series)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def company(tryton_server: TrytonServer, database: str) -> Company:
    return Company(tryton_server.url, database)


@pytest.fixture(scope="module")
def bookkeeper(company: Company) -> TrytonBookkeeper:
    return TrytonBookkeeper(company)


@pytest.fixture(scope="module")
def connector(company: Company) -> TrytonConnector:
    """With the accountant's login; a login of Tryton's takes a third of a second."""
    return connect(company.url, company.database)


@pytest.fixture(scope="module")
def stranger(company: Company) -> TrytonConnector:
    return company.connector("stranger")


@pytest.fixture(scope="module")
def chart(company: Company) -> Chart:
    return company.chart()
