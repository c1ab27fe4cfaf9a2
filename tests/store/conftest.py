"""An empty store for each test: a copy of one that was migrated once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kontobro.store import open_store

if TYPE_CHECKING:
    from kontobro.store import DjangoStore
    from kontobro.store.read.overview import Overview


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "empty.sqlite"
    open_store(path).close()
    return path


@pytest.fixture
def path(tmp_path: Path, migrated: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "kontobro.sqlite"))


@pytest.fixture
def store(path: Path) -> Iterator[DjangoStore]:
    with open_store(path) as store:
        yield store


@pytest.fixture(params=["sqlite", "postgresql"])
def any_store(request: pytest.FixtureRequest) -> Iterator[DjangoStore]:
    """A store on each kind of database in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("store")
        return
    request.getfixturevalue("service_key")
    with open_store(request.getfixturevalue("postgres_url")) as store:
        yield store


@pytest.fixture
def overview(opened: DjangoStore) -> Overview:
    """What pages read of the store that a module calls `opened`."""
    from kontobro.store.read.overview import overview_of

    return overview_of(opened)
