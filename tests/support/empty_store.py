"""An empty store in a file, without the half second that its tables take: a copy of one that was made once."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from kontobro.store import open_store


def put_empty_store(path: Path) -> Path:
    """Put an empty store, up to date, where none is yet; opening it makes a key of its own beside it.

    Where a test is about the making of a store, it opens one itself.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(_template(), path)  # with its mode: for its owner alone
    return path


@cache
def _template() -> Path:
    """One a process, made by the product itself."""
    folder = tempfile.TemporaryDirectory(prefix="kontobro-store-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "empty.sqlite3"
    open_store(path).close()
    return path
