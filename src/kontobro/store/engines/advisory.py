"""Locks that die with their process, between machines: PostgreSQL's session advisory locks.

Each lock has a connection of its own that lives as long as it is held: the server frees the lock when it ends. It
must reach the server itself or a pool by session: a pool by transaction gives the session to others. Any driver of
PostgreSQL will do: psycopg, and psycopg2 within Odoo.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from typing import Any

from kontobro.core.errors import Busy
from kontobro.core.words import told

log = logging.getLogger(__name__)

SESSION = {
    "idle_session_timeout": "0",  # a lock is held for as long as the work takes
    "tcp_keepalives_idle": "30",  # a machine that has gone is noticed within a minute, and its locks are freed
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

TURN = 1.0
"""Seconds that one statement waits for a lock."""

HOLDER = """
    SELECT activity.application_name FROM pg_locks AS lock JOIN pg_stat_activity AS activity ON activity.pid = lock.pid
    WHERE lock.locktype = 'advisory' AND lock.granted AND lock.objsubid = 1
        AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND lock.classid = (%(key)s >> 32 & 4294967295)::oid AND lock.objid = (%(key)s & 4294967295)::oid
"""


LOCK_NOT_AVAILABLE = "55P03"
NO_CONNECTION = "23503"
"""A row of a connection that is not there: nothing else of ours points elsewhere."""
LOST = ("08", "57")
"""SQLSTATEs of a connection that broke, or that the server's operator ended."""
IN_THE_WAY = ("40", LOCK_NOT_AVAILABLE)
"""Of a transaction that was rolled back for another one: a deadlock, a serialisation, a lock that is held."""


@contextmanager
def advisory_lock(connect: Callable[[], Any], name: str, wait: float) -> Iterator[None]:
    """Hold the lock `name`. Tries for `wait` seconds, then raises Busy. Holds between threads too; not re-entrant.

    `connect` opens a connection in autocommit mode, by whichever driver.
    """
    key = key_of(name)
    with closing(connect()) as session:
        _prepare(session)
        if not (_try(session, key) or (wait > 0 and _wait(session, key, wait))):
            raise _busy(session, key, name)
        try:
            yield
        finally:
            _release(session, key, name)


def key_of(name: str) -> int:
    """A signed 64-bit number for a lock's name: the same in every version and on every machine."""
    return int.from_bytes(sha256(f"kontobro:{name}".encode()).digest()[:8], "big", signed=True)


def _prepare(session: Any) -> None:
    """Who holds it is told to others by the connection's own name: 63 ASCII characters at most."""
    host = socket.gethostname().encode("ascii", "replace").decode()
    named = {**SESSION, "application_name": f"kontobro process {os.getpid()} on {host}"[:63]}
    for setting, value in named.items():
        _ask(session, "SELECT set_config(%s, %s, false)", (setting, value))


def _try(session: Any, key: int) -> bool:
    row = _ask(session, "SELECT pg_try_advisory_lock(%s)", (key,))
    return bool(row and row[0])


def _wait(session: Any, key: int, wait: float) -> bool:
    """Wait in the server's queue, a turn at a time.

    A statement that waits keeps its snapshot, and CREATE INDEX CONCURRENTLY (DBOS makes its tables so) waits for every
    snapshot to end: one long wait for whoever makes the tables would hold both up until it gave up.
    """
    end = time.monotonic() + wait
    while (left := end - time.monotonic()) > 0:
        turn = max(1, round(min(left, TURN) * 1000))
        _ask(session, "SELECT set_config('lock_timeout', %s, false)", (f"{turn}ms",))
        try:
            _ask(session, "SELECT pg_advisory_lock(%s)", (key,))
        except Exception as error:
            if sqlstate(error) != LOCK_NOT_AVAILABLE:
                raise
        else:
            return True
    return False


def _release(session: Any, key: int, name: str) -> None:
    """At once, not whenever the server sees the connection end. One that is lost has no lock any more: what was done
    since is safe by finding before booking, but someone should know."""
    try:
        _ask(session, "SELECT pg_advisory_unlock(%s)", (key,))
    except Exception as error:
        if not is_lost(error):
            raise
        log.warning("a lock's connection was lost before its work ended", extra={"lock": name})


def sqlstate(error: BaseException) -> str:
    """What PostgreSQL calls an error, by psycopg's name for it or psycopg2's; empty for another error."""
    return str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")


def is_undone(error: BaseException) -> bool:
    """Whether PostgreSQL says that nothing of the transaction exists, for another one was in its way."""
    return sqlstate(error).startswith(IN_THE_WAY)


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone: the server says so, or there is no server to say anything."""
    state = sqlstate(error)
    return state.startswith(LOST) or (not state and type(error).__name__ in ("OperationalError", "InterfaceError"))


def _busy(session: Any, key: int, name: str) -> Busy:
    row = _ask(session, HOLDER, {"key": key})
    if row and row[0]:
        return Busy(*told("lock_held_by", by=row[0].removeprefix("kontobro "), lock=name))
    return Busy(*told("lock_held", lock=name))


def _ask(session: Any, statement: str, values: Any) -> Any:
    """The first row of what a statement answers."""
    with session.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()
