"""A home's store without its set-up time, and without its history: what proofs of exports begin and go on with."""

from __future__ import annotations

import atexit
import sqlite3
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

DATABASE: Final = "kontobro.sqlite3"

KEPT: Final = (
    *("kontobro_connection", "kontobro_secret", "kontobro_allowedmove"),
    *("django_migrations", "sqlite_sequence"),
)
"""Tables that are no history."""


@cache
def empty_store() -> Path:
    """A store without rows, made by the product itself once a process, to be copied: its tables take half a second."""
    from kontobro.store import open_store

    folder = tempfile.TemporaryDirectory(prefix="kontobro-proof-")
    atexit.register(folder.cleanup)
    open_store(Path(folder.name) / DATABASE).close()
    return Path(folder.name) / DATABASE


def forget_history(database: Path) -> Sequence[str]:
    """Delete all rows but those of KEPT; the names of the tables that are empty now."""
    with sqlite3.connect(database) as connected:
        tables = [row[0] for row in connected.execute("select name from sqlite_master where type = 'table'")]
        history = [table for table in tables if table not in KEPT]
        for table in history:
            connected.execute(f"delete from {table}")  # noqa: S608 - names from the database itself
    connected.close()
    return history
