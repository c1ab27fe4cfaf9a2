"""The pace of a connection's calls to Pleo, kept in PostgreSQL: all processes together stay below Pleo's limit."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from kontobro.core.errors import Unreachable
from kontobro.core.ports import Clock
from kontobro.core.words import told
from kontobro.pleo.http.calls import CALLS_A_MINUTE, WINDOW_SECONDS, rest

_TABLE: LiteralString = """
SELECT pg_advisory_xact_lock(hashtextextended('kontobro pace', 0));
CREATE UNLOGGED TABLE IF NOT EXISTS kontobro_pace (connection_id text NOT NULL, at double precision NOT NULL);
CREATE INDEX IF NOT EXISTS kontobro_pace_at ON kontobro_pace (connection_id, at);
"""
"""Unlogged: after a crash of the database the minute begins again, which Pleo's own 429 makes good."""

_LOCK: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('kontobro pace ' || %(id)s, 0))"
_FORGET: LiteralString = """
DELETE FROM kontobro_pace
WHERE connection_id = %(id)s AND at <= extract(epoch FROM clock_timestamp()) - %(window)s
"""
_TAKE: LiteralString = """
INSERT INTO kontobro_pace SELECT %(id)s, extract(epoch FROM clock_timestamp())
WHERE (SELECT count(*) FROM kontobro_pace WHERE connection_id = %(id)s) < %(limit)s
"""
_FREE_IN: LiteralString = """
SELECT min(at) + %(window)s - extract(epoch FROM clock_timestamp()) FROM kontobro_pace WHERE connection_id = %(id)s
"""

TRIES = 3
"""Waits for a free place; then the call leaves, and Pleo's own 429 is the authority."""


class SharedPaces:
    """One connection to the database, that all paces of this process share; opened at the first call."""

    def __init__(self, url: str, calls_a_minute: int = CALLS_A_MINUTE) -> None:
        self._url, self._limit = url, calls_a_minute
        self._lock = threading.Lock()
        self._open: psycopg.Connection | None = None

    def __call__(self, connection_id: str) -> SharedPace:
        """The pace of a Pleo connection."""
        return SharedPace(self, connection_id)

    def close(self) -> None:
        with self._lock:
            self._drop()

    def until_free(self, connection_id: str) -> float:
        """Take a place and answer 0, or the seconds until one is free. The database's clock counts, not ours."""
        with self._lock:
            try:
                return self._ask(connection_id)
            except psycopg.OperationalError:
                self._drop()  # it may have been closed while no one looked: once more on a fresh one
            try:
                return self._ask(connection_id)
            except psycopg.OperationalError as error:
                self._drop()
                raise Unreachable(*told("service_database_retried")) from error

    def _ask(self, connection_id: str) -> float:
        facts = {"id": connection_id, "window": WINDOW_SECONDS, "limit": self._limit}
        with self._opened().transaction(), self._opened().cursor() as cursor:
            cursor.execute(_LOCK, facts)
            cursor.execute(_FORGET, facts)
            if cursor.execute(_TAKE, facts).rowcount:
                return 0.0
            row = cursor.execute(_FREE_IN, facts).fetchone()
            return max(0.001, float(row[0])) if row and row[0] is not None else 0.001

    def _opened(self) -> psycopg.Connection:
        if self._open is None:
            self._open = psycopg.connect(self._url, autocommit=True, application_name="kontobro pace")
            with self._open.transaction():
                self._open.execute(_TABLE)
        return self._open

    def _drop(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


@dataclass(frozen=True, slots=True)
class SharedPace:
    """One Pleo credential's pace, over all processes."""

    paces: SharedPaces
    connection_id: str

    def wait(self, clock: Clock) -> None:
        """Sleep until the next call may leave."""
        for _ in range(TRIES):
            seconds = self.paces.until_free(self.connection_id)
            if seconds <= 0:
                return
            rest(clock, seconds)
