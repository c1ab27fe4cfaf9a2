"""The store: settings, tokens, history and intents in SQLite or PostgreSQL, by one Django app.

Importing this package does nothing; Django is loaded by `open_store`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kontobro.store.django_store import DjangoStore


def open_store(where: Path | str, *, key: bytes | None = None) -> DjangoStore:
    """Open the store in a SQLite file (a path) or a PostgreSQL database (`postgresql://…`); its tables are made, and
    brought up to date, when needed.

    `key` encrypts secrets: one Fernet key, or several separated by commas of which the first encrypts. Without
    it the environment's KONTOBRO_KEY counts, else a key file beside the SQLite file. Safe to call from many
    threads and processes, after a fork; close what it returns. Raises Misconfigured for what is no store of ours and
    for PostgreSQL without a key, StoreUnreachable, Busy when another process holds it for longer than 30 s.
    """
    from kontobro.store.database import open_database
    from kontobro.store.django_store import DjangoStore
    from kontobro.store.engines.places import place_of
    from kontobro.store.secrets.vault import KeyRing

    place = place_of(where)
    keys = KeyRing(place.key_file, key)
    return DjangoStore(open_database(place), keys)


__all__ = ["DjangoStore", "open_store"]
