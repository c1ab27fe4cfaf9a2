"""Django beside a database: set up once a process, one alias a store, one connection a thread."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.db import DatabaseError, connections, transaction

from kontobro.core.errors import ImpossibleMove, Misconfigured
from kontobro.core.words import told
from kontobro.store.engines.faults import is_second, second_set_of_books
from kontobro.store.engines.places import Place, place_of
from kontobro.store.schema.guards import IMPOSSIBLE
from kontobro.store.sql.session import POSTGRESQL, SQLITE, Dialect, Session

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

APP = "kontobro.store"
LABEL = "kontobro"
IDLE = 60
"""Seconds after which a connection that its thread does not use is closed."""

DIALECTS: Mapping[str, Dialect] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
"""By Django's name of the database."""

_numbers = itertools.count(1)
_setting_up = threading.Lock()


@dataclass(slots=True)
class Seat:
    """One thread's connection, how many uses of it are open, and when the last one ended (seconds, monotonic)."""

    wrapper: BaseDatabaseWrapper
    uses: int = 0
    left_at: float = 0


class Database:
    """One open database, the store's `Tables`. Each thread has a connection of its own; `close` closes them all."""

    def __init__(self, place: Place, alias: str) -> None:
        self.place = place
        self.alias = alias
        self._lock = threading.Lock()
        self._seats: dict[threading.Thread, Seat] = {}

    @property
    def name(self) -> str:
        """What a person may read."""
        return self.place.name

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Queries on this thread's connection; those of Django's models too."""
        with self._translated(), self._seated() as wrapper, wrapper.cursor() as cursor:
            yield Session(cursor, DIALECTS[wrapper.vendor])

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction, all or none. Raises ImpossibleMove, Busy, Misconfigured instead of Django's errors."""
        with self.reading() as session, transaction.atomic(using=self.alias):
            yield session

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        """A lock that dies with its process. Raises Busy when it can't be had in `wait` seconds."""
        return self.place.lock(name, wait)

    def settle(self) -> None:
        """What was deleted is gone from the disk too, as far as the database can."""
        with self.reading() as session:
            self.place.settle(session.cursor)

    def close(self) -> None:
        """Close every thread's connection. The store is not to be used after: Django no longer knows it, which looks
        at every database that it knows in each request."""
        with self._lock:
            self._leave(list(self._seats))
        connections.settings.pop(self.alias, None)
        with suppress(AttributeError):  # this thread may never have used it
            del connections[self.alias]

    def sweep(self, idle: float = IDLE) -> None:
        """Close the connections of threads that have ended, or whose last use is longer ago (seconds).

        Each use does it in passing.
        """
        with self._lock:
            self._sweep(idle)

    @property
    def threads(self) -> Sequence[threading.Thread]:
        """Whose connections are kept."""
        return list(self._seats)

    @contextmanager
    def _seated(self) -> Iterator[BaseDatabaseWrapper]:
        """This thread's connection: opened again when it broke, and safe from `sweep` while it is used."""
        seat = self._seat()
        try:
            if seat.uses == 1:
                seat.wrapper.close_if_unusable_or_obsolete()
            yield seat.wrapper
        finally:
            with self._lock:
                seat.uses -= 1
                seat.left_at = time.monotonic()

    def _seat(self) -> Seat:
        thread = threading.current_thread()
        with self._lock:
            if thread not in self._seats:
                wrapper = connections[self.alias]
                wrapper.inc_thread_sharing()  # so that another thread may close it
                self._seats[thread] = Seat(wrapper)
            seat = self._seats[thread]
            seat.uses += 1
            self._sweep(IDLE)
            return seat

    def _sweep(self, idle: float) -> None:
        self._leave([thread for thread in self._seats if not thread.is_alive()])
        earliest = time.monotonic() - idle
        for seat in self._seats.values():
            if not seat.uses and seat.left_at < earliest:
                seat.wrapper.close()

    def _leave(self, threads: Iterable[threading.Thread]) -> None:
        for thread in threads:
            self._seats.pop(thread).wrapper.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Django's errors as ours. Only what a caller can meet: anything else is a bug and stays as it is."""
        try:
            yield
        except DatabaseError as error:
            text = str(error)
            fault = ImpossibleMove(text) if text.startswith(IMPOSSIBLE) else self.place.fault_of(error)
            if fault is None and is_second(error):
                fault = second_set_of_books()
            if fault is None:
                raise
            raise fault from error


def database_entry(where: Path | str) -> dict[str, Any]:
    """Django's DATABASES entry for a store: a service's pages use the very same database. Raises Misconfigured."""
    return place_of(where).entry()


def open_database(place: Place) -> Database:
    """Open a database, make it when it is not there, bring it up to date. Raises Busy, Misconfigured."""
    _set_up_django()
    database = Database(place, _new_alias(place))
    try:
        with place.opening(), database.reading() as session:
            _migrate(database, session)
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


def _new_alias(place: Place) -> str:
    """Add the place to Django's databases under a name of its own."""
    alias = f"kontobro-{next(_numbers)}"
    # Django fills in an entry's defaults together with the default database only.
    connections.settings[alias] = connections.configure_settings({"default": place.entry()})["default"]
    return alias


def _migrate(database: Database, session: Session) -> None:
    """Migrate forward. Loading Django's migrations takes long: only when the applied ones are not all there are."""
    applied, shipped = _applied(database.alias, session), _shipped()
    newer = sorted(applied - shipped)
    if newer:
        raise Misconfigured(*told("store_newer", store=database.place.name, version=newer[-1]))
    if applied != shipped:
        from django.core.management import call_command  # a tenth of the time that opening takes

        call_command("migrate", LABEL, database=database.alias, verbosity=0, interactive=False)


def _applied(alias: str, session: Session) -> set[str]:
    if "django_migrations" not in connections[alias].introspection.table_names(session.cursor):
        return set()
    return {row.name for row in session.select("SELECT name FROM django_migrations WHERE app = %s", (LABEL,))}


def _shipped() -> set[str]:
    return {file.stem for file in (Path(__file__).parent / "migrations").glob("[0-9]*.py")}
