"""PostgreSQL away for a moment, as when it is restarted: what means that, and waiting until it is back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from kontobro.core.errors import KontobroError, StoreUnreachable

T = TypeVar("T")
log = logging.getLogger(__name__)

PATIENCE: Final = 60.0
"""Seconds that a start, and work under way, wait for the database."""
PAUSE: Final = 1.0


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what it came from."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def is_outage(error: BaseException) -> bool:
    """Whether it means that the database's server can't be reached just now."""
    if isinstance(error, KontobroError):  # a refused login comes from psycopg too, and no waiting helps
        return isinstance(error, StoreUnreachable)
    return any(isinstance(each, StoreUnreachable) or _is_lost_session(each) for each in causes(error))


def _is_lost_session(error: BaseException) -> bool:
    """No answer (no SQLSTATE), a broken connection (08), a server that stops or starts (57P0x)."""
    import psycopg

    if not isinstance(error, psycopg.OperationalError):
        return False
    state = error.sqlstate
    return state is None or state.startswith(("08", "57P0"))


def wait_out(act: Callable[[], T], stopping: threading.Event | None = None, patience: float = PATIENCE) -> T:
    """Do it, again and again while the database is away: a minute at most, one line of log. Raises what `act` raises.

    `act` begins from its start each time. An end that was asked for is not held up.
    """
    end = stopping or threading.Event()
    until: float | None = None
    while True:
        try:
            result = act()
        except Exception as fault:
            if not is_outage(fault) or end.is_set() or (until is not None and time.monotonic() > until):
                raise
            if until is None:
                until = time.monotonic() + patience
                log.warning("the database can't be reached: waiting for it", extra={"seconds": int(patience)})
            end.wait(PAUSE)
        else:
            if until is not None:
                log.warning("the database is back")
            return result
