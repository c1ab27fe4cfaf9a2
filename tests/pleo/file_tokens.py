"""A token store in one file with a real lock, for several processes; and what each of them does."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from kontobro.core.model.connection import Connection, Tokens
from kontobro.pleo import open_pleo
from tests.support.scripted_pleo import a_connection


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class FileTokens:
    """Tokens in a file, replaced whole; the lock dies with its process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def tokens(self, connection: Connection) -> Tokens | None:
        facts = json.loads(self.path.read_text())
        expires = datetime.fromisoformat(facts.pop("expires_at"))
        return Tokens(expires_at=expires, **facts)

    def save_tokens(self, connection: Connection, tokens: Tokens) -> None:
        assert tokens.expires_at is not None
        facts = {
            "access": tokens.access,
            "refresh": tokens.refresh,
            "client_secret": tokens.client_secret,
            "expires_at": tokens.expires_at.isoformat(),
        }
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(facts))
        fresh.replace(self.path)

    def mark_reconnect(self, connection_id: str, at: datetime) -> None:
        self.path.with_suffix(".dead").touch()

    @contextmanager
    def lock(self, name: str, *, wait: float = 0) -> Iterator[None]:
        with self.path.with_suffix(".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def introspect(path: Path, url: str, client_id: str) -> str:
    """One process's work: a call with the stored tokens."""
    connection = a_connection(auth="oauth", client_id=client_id, api_url=url, auth_url=url)
    return open_pleo(connection, FileTokens(path), RealClock()).introspect().auth_method
