"""PostgreSQL away for a moment: what means that, how long a start waits, and how little is logged."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError as DjangoOperationalError
from psycopg import errors

from kontobro.core.errors import Misconfigured, StoreUnreachable, Unreachable
from kontobro.service.config import read_config
from kontobro.service.logging.logs import set_up_logs
from kontobro.service.outage import is_outage, wait_out

AWAY = StoreUnreachable("The store is away.", "Try later.")


def from_psycopg(error: psycopg.Error) -> Exception:
    """As Django and SQLAlchemy raise it."""
    try:
        raise DjangoOperationalError(str(error)) from error
    except DjangoOperationalError as raised:
        return raised


@pytest.mark.parametrize(
    "fault",
    [
        AWAY,
        psycopg.OperationalError("connection refused"),
        from_psycopg(psycopg.OperationalError("connection refused")),
        errors.AdminShutdown("terminating connection"),
        errors.CannotConnectNow("the database system is starting up"),
        errors.ConnectionFailure("gone"),
    ],
)
def test_what_is_an_outage(fault: Exception) -> None:
    assert is_outage(fault)


def refused() -> Exception:
    try:
        raise Misconfigured("The login is refused.") from psycopg.OperationalError("FATAL: authentication failed")
    except Misconfigured as raised:
        return raised


@pytest.mark.parametrize(
    "fault",
    [
        refused(),
        errors.LockNotAvailable("lock"),
        errors.DeadlockDetected("deadlock"),
        ValueError("x"),
        Unreachable("x"),
    ],
)
def test_what_is_none(fault: Exception) -> None:
    assert not is_outage(fault)


def test_a_start_waits_and_begins_from_its_start() -> None:
    tries = iter([AWAY, psycopg.OperationalError("refused"), None])

    def act() -> str:
        if fault := next(tries):
            raise fault
        return "begun"

    assert wait_out(act, stopping=_Hurried()) == "begun"


class _Hurried(threading.Event):
    """Waits without waiting."""

    def wait(self, timeout: float | None = None) -> bool:
        return False


@pytest.mark.parametrize("patience", [-1.0, 3600.0])
def test_a_wait_has_an_end(patience: float) -> None:
    """After its time, or when an end was asked for."""
    tries, end = [0], threading.Event()

    def act() -> None:
        tries[0] += 1
        if patience > 0:
            end.set()
        raise AWAY

    with pytest.raises(StoreUnreachable):
        wait_out(act, end if patience > 0 else _Hurried(), patience)
    assert tries[0] <= 2


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """The service's log in a string; the loggers are as before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    set_up_logs(read_config({}), written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def test_an_outage_is_one_line(stream: io.StringIO) -> None:
    log = logging.getLogger("kontobro.anything")
    for _ in range(100):
        try:
            raise from_psycopg(psycopg.OperationalError("connection refused"))
        except DjangoOperationalError:
            log.exception("a chore failed")
        log.error("Service Unavailable: /readyz", extra={"status_code": 503})
    log.error("something else")
    lines = stream.getvalue().splitlines()
    assert ["the database can't be reached" in lines[0], "something else" in lines[1], len(lines)] == [True, True, 2]
