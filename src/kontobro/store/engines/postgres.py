"""A store in a PostgreSQL database, shared by any number of processes and machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from kontobro.core.errors import KontobroError, Misconfigured, StoreUnreachable, shown
from kontobro.core.words import told
from kontobro.store.engines.advisory import NO_CONNECTION, advisory_lock, is_undone
from kontobro.store.engines.faults import PATIENCE, held_too_long, no_connection

if TYPE_CHECKING:
    from django.db import DatabaseError

IDLE = 60
"""Seconds after which a connection that no one uses is closed."""

KEPT: Mapping[str, Any] = {"connect_timeout": 10, "options": f"-c lock_timeout={PATIENCE}s -c jit=off"}
"""How long to wait for the server, and for another's row lock; and no statement is compiled, which took longer than the
longest of them runs. The URL may say otherwise."""

PARTS = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
"""libpq's words for what Django has a name of its own for."""

REFUSED = ("28", "3D", "42501")
"""SQLSTATEs of what the administrator of the database fixes: login, database, permission."""


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """`Place` of a PostgreSQL URL; its locks are session advisory locks."""

    url: str = field(repr=False)

    @property
    def name(self) -> str:
        parts = self._parts()
        port = f":{parts['port']}" if "port" in parts else ""
        return f"{parts.get('dbname', 'default')} on {parts.get('host') or 'localhost'}{port}"

    @property
    def key_file(self) -> None:
        return None

    def entry(self) -> dict[str, Any]:
        parts = self._parts()
        named = {word: str(parts.pop(name)) for name, word in PARTS.items() if name in parts}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "",
            **named,
            "CONN_MAX_AGE": IDLE,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {**KEPT, **parts},
        }

    @contextmanager
    def opening(self) -> Iterator[None]:
        with self.lock("open", PATIENCE):
            yield

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        return advisory_lock(self._connect, name, wait)

    def settle(self, cursor: Any) -> None:
        """The server's own vacuum does it, in its time."""

    def fault_of(self, error: DatabaseError) -> KontobroError | None:
        cause = error.__cause__
        return self._fault(cause) if isinstance(cause, psycopg.Error) else None

    def _connect(self) -> psycopg.Connection[Any]:
        """A connection of its own, outside of Django's. Raises as `fault_of` says."""
        try:
            return psycopg.connect(**{**KEPT, **self._parts()}, autocommit=True)
        except psycopg.Error as error:
            raise self._fault(error) or error from error

    def _fault(self, error: psycopg.Error) -> KontobroError | None:
        state = error.sqlstate or ""
        if is_undone(error):
            return held_too_long(self.name)
        if state == NO_CONNECTION:
            return no_connection(self.name)
        if state.startswith(REFUSED) or _is_refusal(error):
            return Misconfigured(*told("store_refused", store=self.name))
        return self._unreachable(error) if isinstance(error, psycopg.OperationalError) else None

    def _unreachable(self, error: psycopg.Error) -> StoreUnreachable:
        why = shown(error, 200)
        return StoreUnreachable(*told("store_unreachable", store=self.name, why=why))

    def _parts(self) -> dict[str, Any]:
        try:
            return dict(conninfo_to_dict(self.url))
        except psycopg.Error:
            # No chaining: the cause quotes the URL, password and all.
            raise Misconfigured(*told("database_url_unreadable")) from None


def _is_refusal(error: psycopg.Error) -> bool:
    """A refusal while connecting has no SQLSTATE, only the server's words."""
    text = str(error)
    signs = ("authentication failed", "no password supplied", "no pg_hba.conf entry", "does not exist")
    return isinstance(error, psycopg.OperationalError) and "FATAL" in text and any(sign in text for sign in signs)
