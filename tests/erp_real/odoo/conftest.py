"""A real Odoo for the session, a fresh company for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from erp_lab.places import cloned, start_postgres
from tests.erp_real.odoo.installation import ABSENT, TEMPLATE, Company, OdooBookkeeper, OdooServer, installed


@pytest.fixture(scope="session")
def postgres() -> int:
    """The port of the private PostgreSQL."""
    if not installed():
        pytest.skip(ABSENT)
    return start_postgres()


@pytest.fixture(scope="session")
def odoo_server(postgres: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OdooServer]:
    """A real Odoo."""
    server = OdooServer(tmp_path_factory.mktemp("odoo") / "server.log")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def database(postgres: int) -> Iterator[str]:
    with cloned(postgres, TEMPLATE) as name:
        yield name


@pytest.fixture
def company(odoo_server: OdooServer, database: str) -> Company:
    return Company(odoo_server.url, database)


@pytest.fixture
def bookkeeper(company: Company) -> OdooBookkeeper:
    return OdooBookkeeper(company)
