"""The store: settings, tokens, history and intents in a SQLite file, by one Django app.

Importing this package does nothing; Django is loaded by `open_store`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kontobro.store.django_store import DjangoStore


def open_store(path: Path, *, key: bytes | None = None) -> DjangoStore:
    """Open the store in this file; it is made, and brought up to date, when needed.

    `key` encrypts secrets: one Fernet key, or several parted by commas of which the first encrypts. Without
    it the environment's KONTOBRO_KEY counts, else a key file beside the database. Safe to call from many
    threads and processes; close what it returns. Raises Misconfigured for a file that is no store of ours,
    Busy when another process holds the database for longer than 30 s.
    """
    from kontobro.store.database import open_database
    from kontobro.store.vault import KeyRing

    database = open_database(path)
    from kontobro.store.django_store import DjangoStore  # its models need the app that was just loaded

    return DjangoStore(database, KeyRing(path.with_name(f"{path.name}.key"), key))


__all__ = ["DjangoStore", "open_store"]
