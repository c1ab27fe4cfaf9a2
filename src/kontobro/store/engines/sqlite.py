"""A store in a SQLite file, for its owner alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.words import Fact, Phrase, told
from kontobro.store.engines.faults import PATIENCE, held_too_long, no_connection
from kontobro.store.engines.locks import locked

if TYPE_CHECKING:
    from django.db import DatabaseError

SIGNATURE = b"SQLite format 3\0"
"""How every SQLite file begins, once something is in it."""

PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;"
"""`secure_delete`: what was purged is overwritten in the file. `temp_store`: what a statement may have to undo, names
among it, goes into no other file. Django turns foreign keys on on its own."""

UNUSABLE = ("not a database", "malformed", "unable to open", "readonly", "disk is full")


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """`Place` of a file; its locks are files in a folder beside it."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def key_file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.key")

    def entry(self) -> dict[str, Any]:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(self.path),
            "CONN_MAX_AGE": None,  # opening costs more than keeping it open, and there is no server to leave it
            "OPTIONS": {"timeout": PATIENCE, "transaction_mode": "IMMEDIATE", "init_command": PRAGMAS},
        }

    @contextmanager
    def opening(self) -> Iterator[None]:
        try:
            with self.lock("open", PATIENCE):
                self._prepare()
                yield
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        return locked(self.path, name, wait)

    def settle(self, cursor: Any) -> None:
        """Until then deleted text is still in the log beside the file."""
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def fault_of(self, error: DatabaseError) -> KontobroError | None:
        text = str(error)
        if "locked" in text:
            return held_too_long(self.name)
        if "foreign key" in text.lower():
            return no_connection(self.name)
        return self._unusable(text) if any(sign in text for sign in UNUSABLE) else None

    def _prepare(self) -> None:
        """Make the file when it is missing, for its owner alone; SQLite gives its side files the same mode.

        SQLite itself takes any file of less than 512 bytes for an empty database and would write over it.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "rb") as file:
            if file.read(len(SIGNATURE)) not in (b"", SIGNATURE):
                raise self._unusable(Phrase("not_a_database"))

    def _unusable(self, why: Fact) -> Misconfigured:
        return Misconfigured(*told("store_unusable", store=self.name, why=why))
