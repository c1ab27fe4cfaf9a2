"""Where the installations of a world keep their stores: SQLite files, or databases of one PostgreSQL server."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from kontobro.store import open_store
from kontobro.store.django_store import DjangoStore
from kontobro.testing.export.home import DATABASE, KEPT, empty_store, forget_history
from proof.simulator.plan import Plan

SERVER: Final = "KONTOBRO_PROOF_POSTGRES"
"""The variable with the address of the server's own database, for its administrator."""

OURS: Final = ("kontobro_connection", "kontobro_secret")
"""Tables that are no history."""

_numbers = itertools.count(1)


@contextmanager
def serve_postgres() -> Iterator[None]:
    """A server for this process and those that it starts. Raises what keeps it from running."""
    from tests.support.postgres import make_template, running_server

    with running_server() as url:
        make_template(url)
        os.environ[SERVER] = url
        try:
            yield
        finally:
            del os.environ[SERVER]


class Homes(Protocol):
    """The stores of a world by the numbers of its installations."""

    def make(self, home: int) -> None:
        """An empty store, up to date."""
        ...

    def open(self, home: int) -> DjangoStore: ...

    def forget(self, home: int) -> None:
        """Delete its history; its connection and its secrets stay."""
        ...

    def copy(self, home: int) -> None:
        """Make a copy of its history, in place of an older one."""
        ...

    def put_back(self, home: int) -> bool:
        """The copy in place of its history; its connection and its secrets stay. False where there is none."""
        ...

    def drop_copy(self, home: int) -> None:
        """It is not put back any more."""
        ...

    def close(self) -> None: ...


def homes_of(plan: Plan, folder: Path) -> Homes:
    return PostgresHomes(os.environ[SERVER]) if plan.store == "postgresql" else SqliteHomes(folder)


class SqliteHomes:
    """A folder each, copied from a store that was migrated once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, home: int) -> None:
        self._place(home).parent.mkdir(mode=0o700)
        shutil.copy(empty_store(), self._place(home))

    def open(self, home: int) -> DjangoStore:
        return open_store(self._place(home))

    def forget(self, home: int) -> None:
        forget_history(self._place(home))

    def copy(self, home: int) -> None:
        with closing(sqlite3.connect(self._place(home))) as store, closing(sqlite3.connect(self._copy(home))) as copy:
            store.backup(copy)

    def put_back(self, home: int) -> bool:
        if not self._copy(home).is_file():
            return False
        with closing(sqlite3.connect(self._place(home))) as store, closing(sqlite3.connect(self._copy(home))) as copy:
            now = {table: store.execute(f"select * from {table}").fetchall() for table in OURS}
            copy.backup(store)
            for table, rows in now.items():
                store.execute(f"delete from {table}")
                store.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)
            store.commit()
        return True

    def drop_copy(self, home: int) -> None:
        self._copy(home).unlink(missing_ok=True)

    def close(self) -> None:
        """The world's folder goes as a whole."""

    def _place(self, home: int) -> Path:
        return self._folder / f"home-{home}" / DATABASE

    def _copy(self, home: int) -> Path:
        return self._folder / f"copy-{home}.sqlite3"


class PostgresHomes:
    """A database each, copied from a template by the server; gone with the world."""

    def __init__(self, server: str) -> None:
        from tests.support.postgres import KEY

        self._server, self._key = server, KEY
        self._names: dict[int, str] = {}

    def make(self, home: int) -> None:
        from tests.support.postgres import TEMPLATE

        name = f"simulated_{os.getpid()}_{next(_numbers)}"
        self._ask(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        self._names[home] = name

    def open(self, home: int) -> DjangoStore:
        return open_store(self._url(home), key=self._key)

    def forget(self, home: int) -> None:
        import psycopg

        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        with psycopg.connect(self._url(home)) as session:
            history = [row[0] for row in session.execute(tables) if row[0] not in KEPT]
            session.execute("SET session_replication_role = replica")  # as whoever deletes rows by hand would
            session.execute(f"TRUNCATE {', '.join(history)}".encode())

    def copy(self, home: int) -> None:
        """None is made: the server copies no database that is in use."""

    def put_back(self, home: int) -> bool:
        return False

    def drop_copy(self, home: int) -> None:
        """There is none."""

    def close(self) -> None:
        for name in self._names.values():
            with suppress(Exception):  # the server goes with the proof, and its databases with it
                self._ask(f"DROP DATABASE {name} WITH (FORCE)")

    def _url(self, home: int) -> str:
        from tests.support.postgres import url_of

        return url_of(self._server, self._names[home])

    def _ask(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._server, autocommit=True) as session:
            session.execute(statement.encode())
