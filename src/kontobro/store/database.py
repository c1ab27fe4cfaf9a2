"""Django beside a SQLite file: set up once a process, one alias a store, one connection a thread."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.db import DatabaseError, connections, transaction

from kontobro.core.errors import Busy, KontobroError, Misconfigured
from kontobro.core.ports import ImpossibleMove
from kontobro.store.guards import IMPOSSIBLE
from kontobro.store.locks import locked

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

APP = "kontobro.store"
LABEL = "kontobro"
PATIENCE = 30
"""Seconds that a writer waits for another."""

SIGNATURE = b"SQLite format 3\0"
"""How every SQLite file begins, once something is in it."""

PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
"""`secure_delete`: what was purged is overwritten in the file. Django turns foreign keys on by itself."""

_numbers = itertools.count(1)
_setting_up = threading.Lock()


class Database:
    """One open database. Each thread has a connection of its own; `close` closes them all."""

    def __init__(self, path: Path, alias: str) -> None:
        self.path = path
        self.alias = alias
        self._lock = threading.Lock()
        self._opened: dict[threading.Thread, BaseDatabaseWrapper] = {}

    def connection(self) -> BaseDatabaseWrapper:
        """This thread's connection. Those of threads that have ended are closed on the way."""
        thread = threading.current_thread()
        if thread not in self._opened:
            wrapper = connections[self.alias]
            wrapper.inc_thread_sharing()  # so that another thread may close it
            with self._lock:
                self._close(ended for ended in list(self._opened) if not ended.is_alive())
                self._opened[thread] = wrapper
        return self._opened[thread]

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One query on this thread's connection."""
        self.connection()
        with _translated(self.path):
            yield

    @contextmanager
    def writing(self) -> Iterator[BaseDatabaseWrapper]:
        """One transaction, all or none. Raises ImpossibleMove, Busy, Misconfigured instead of Django's errors."""
        wrapper = self.connection()
        with _translated(self.path), transaction.atomic(using=self.alias):
            yield wrapper

    def settle(self) -> None:
        """Bring what was written into the file itself: until then deleted text is still in the log beside it."""
        with self.reading(), self.connection().cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every thread's connection. The store is not to be used after."""
        with self._lock:
            self._close(iter(list(self._opened)))

    def _close(self, threads: Iterator[threading.Thread]) -> None:
        for thread in threads:
            self._opened.pop(thread).close()


def open_database(path: Path) -> Database:
    """Open a database file, make it when it is not there, bring it up to date. Raises Busy, Misconfigured."""
    _set_up_django()
    database = Database(path, _new_alias(path))
    try:
        with locked(path, "open", wait=PATIENCE), _translated(path):
            _prepare_file(path)
            _migrate(database)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except BaseException:
        database.close()
        raise
    return database


def _set_up_django() -> None:
    """Set Django up with this app alone, unless a service has done it with its own settings."""
    with _setting_up:
        if not settings.configured:
            settings.configure(INSTALLED_APPS=[APP], DATABASES={}, USE_TZ=True, TIME_ZONE="UTC", LOGGING_CONFIG=None)
            django.setup()


def _new_alias(path: Path) -> str:
    """Add the file to Django's databases under a name of its own."""
    alias = f"kontobro-{next(_numbers)}"
    entry: dict[str, Any] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {"timeout": PATIENCE, "transaction_mode": "IMMEDIATE", "init_command": PRAGMAS},
    }
    # Django fills in an entry's defaults together with the default database only.
    connections.settings[alias] = connections.configure_settings({"default": entry})["default"]
    return alias


def _prepare_file(path: Path) -> None:
    """Make the file when it is missing, for its owner alone; SQLite gives its side files the same mode.

    SQLite itself takes any file of less than 512 bytes for an empty database and would write over it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "rb") as file:
        if file.read(len(SIGNATURE)) not in (b"", SIGNATURE):
            raise _unusable(path, "it is no database")


def _migrate(database: Database) -> None:
    """Migrate forward. Loading Django's migrations takes long: only when the applied ones are not all there are."""
    applied, shipped = _applied(database.connection()), _shipped()
    newer = sorted(applied - shipped)
    if newer:
        raise Misconfigured(
            f"The store {database.path.name} was written by a newer Kontobro ({newer[-1]}).",
            "Install that version again, or open another store.",
        )
    if applied != shipped:
        from django.core.management import call_command  # a tenth of the time that opening takes

        call_command("migrate", LABEL, database=database.alias, verbosity=0, interactive=False)


def _applied(wrapper: BaseDatabaseWrapper) -> set[str]:
    with wrapper.cursor() as cursor:
        if "django_migrations" not in wrapper.introspection.table_names(cursor):
            return set()
        cursor.execute("SELECT name FROM django_migrations WHERE app = %s", [LABEL])
        return {name for (name,) in cursor.fetchall()}


def _shipped() -> set[str]:
    return {file.stem for file in (Path(__file__).parent / "migrations").glob("[0-9]*.py")}


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Django's errors as ours. Only what a caller can meet: anything else is a bug and stays as it is."""
    try:
        yield
    except DatabaseError as error:
        ours = _fault_of(error, path)
        if ours is None:
            raise
        raise ours from error


def _fault_of(error: DatabaseError, path: Path) -> KontobroError | ImpossibleMove | None:
    text = str(error)
    if text.startswith(IMPOSSIBLE):
        return ImpossibleMove(text)
    if "locked" in text:
        return Busy(f"The store {path.name} is held by another process for more than {PATIENCE} s.", "Try again later.")
    if "foreign key" in text.lower():
        return Misconfigured(f"The store {path.name} has no such connection.", "Save the connection first.")
    if any(sign in text for sign in ("not a database", "malformed", "unable to open", "readonly", "disk is full")):
        return _unusable(path, text)
    return None


def _unusable(path: Path, why: str) -> Misconfigured:
    return Misconfigured(f"The store {path.name} can't be used: {why}.", "Check the path, its owner and the disk.")
