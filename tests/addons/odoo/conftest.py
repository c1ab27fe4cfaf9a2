"""A template with the addon installed for the session, a fresh company for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from erp_lab.places import cloned, start_postgres
from tests.addons.odoo.installation import configuration, with_addon
from tests.erp_real.odoo.installation import ABSENT, installed


@pytest.fixture(scope="session")
def postgres() -> int:
    """The port of the private PostgreSQL."""
    if not installed():
        pytest.skip(ABSENT)
    return start_postgres()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of configuration and logs."""
    return tmp_path_factory.mktemp("addon")


@pytest.fixture(scope="session")
def template(postgres: int, home: Path) -> Iterator[str]:
    with with_addon(postgres, configuration(home)) as name:
        yield name


@pytest.fixture
def database(postgres: int, template: str) -> Iterator[str]:
    with cloned(postgres, template) as name:
        yield name
