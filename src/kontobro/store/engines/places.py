"""Where a store is kept: a SQLite file or a PostgreSQL database, and what differs between the two."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.words import told

if TYPE_CHECKING:
    from django.db import DatabaseError


SCHEMES = ("postgresql://", "postgres://")


class Place(Protocol):
    """One kind of database at one address."""

    @property
    def name(self) -> str:
        """What a person may read: never a password."""
        ...

    @property
    def key_file(self) -> Path | None:
        """Where a key may be kept that no one gave; None where it would lie open to other machines."""
        ...

    def entry(self) -> dict[str, Any]:
        """Its entry in Django's DATABASES."""
        ...

    def opening(self) -> AbstractContextManager[None]:
        """Held while it is made and brought up to date: one process at a time. Raises Busy, Misconfigured."""
        ...

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        """A lock that dies with its process. Tries for `wait` seconds, then raises Busy."""
        ...

    def settle(self, cursor: Any) -> None:
        """Bring what was written to where it stays, so that what was deleted is gone."""
        ...

    def fault_of(self, error: DatabaseError) -> KontobroError | None:
        """What a caller can meet, for a person; None for a bug."""
        ...


def place_of(where: Path | str) -> Place:
    """A path is a SQLite file, a URL `postgresql://…` a PostgreSQL database. Raises Misconfigured."""
    if isinstance(where, Path):
        from kontobro.store.engines.sqlite import SqliteFile

        return SqliteFile(where)
    if not where.startswith(SCHEMES):
        raise Misconfigured(*told("database_scheme_unknown", scheme=where.partition(":")[0][:20]))
    try:
        from kontobro.store.engines.postgres import PostgresDatabase
    except ImportError as error:
        raise Misconfigured(*told("postgres_not_installed")) from error
    return PostgresDatabase(where)
