"""Tryton 8.2: psycopg, routers in the pool, one hook for every change of a record."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.util import Finalize
from typing import Any

import psycopg
from psycopg import ClientCursor, IsolationLevel
from trytond import backend, config
from trytond.pool import Pool
from trytond.routing import Route, Router, Rule

__all__ = [
    "Route",
    "Router",
    "Rule",
    "Watched",
    "at_end",
    "config",
    "connect",
    "is_administrator",
    "pages",
    "waiting_cursor",
]


def waiting_cursor(connection: Any) -> Any:
    """A cursor that puts the values in itself. Read committed: Tryton's own level would make two writers fail in place
    of waiting."""
    connection.isolation_level = IsolationLevel.READ_COMMITTED
    return ClientCursor(connection)


def connect(database: str) -> Any:
    """In autocommit mode."""
    return psycopg.connect(backend.Database._connection_params(database)["conninfo"], autocommit=True)


_end: Finalize | None = None


def at_end(finish: Callable[[], None]) -> None:
    """Before this process of cron ends; one that is forked from it asks for itself."""
    global _end
    if _end is None or not _end.still_active():
        _end = Finalize(None, finish, exitpriority=0)


def pages() -> Any:
    """The module's router."""
    return Pool().get("kontobro", type="router")


def is_administrator(user: Any) -> bool:
    return bool(Pool().get("res.user").is_administrator(user.id))


class Watched:
    """`check_write` is asked with the values before a record is changed."""

    __slots__ = ()

    @classmethod
    def check_modification(cls, mode, records, values=None, external=False):
        super().check_modification(mode, records, values=values, external=external)
        if mode == "write":
            cls.check_write(values)
