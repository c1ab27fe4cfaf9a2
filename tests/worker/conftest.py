"""Every behaviour of a worker is held on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.support.postgres import KEY
from tests.support.running_service import RunningService, a_running_service

Build = Callable[..., AbstractContextManager[RunningService]]


@pytest.fixture(params=["sqlite", "postgres"])
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Build:
    """Builds a town over either database."""
    if request.param == "sqlite":
        return partial(a_running_service, tmp_path)
    url = request.getfixturevalue("postgres_url")
    return partial(a_running_service, tmp_path, database_url=url, key=KEY.decode())


@pytest.fixture
def shared_build(tmp_path: Path, postgres_url: str) -> Build:
    """Builds a town whose workers share PostgreSQL."""
    return partial(a_running_service, tmp_path, database_url=postgres_url, key=KEY.decode())


@pytest.fixture
def service(build: Build) -> Iterator[RunningService]:
    """One company with two expenses in Pleo's queue."""
    with ExitStack() as stack:
        yield stack.enter_context(build())
