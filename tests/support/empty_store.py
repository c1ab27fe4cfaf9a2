"""An empty store in a file, without the half second that its tables take: a copy of one that was made once."""

from __future__ import annotations

import shutil
from pathlib import Path

from kontobro.testing.export.home import empty_store


def put_empty_store(path: Path) -> Path:
    """Put an empty store, up to date, where none is yet; opening it makes a key of its own beside it.

    Where a test is about the making of a store, it opens one itself.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(empty_store(), path)  # with its mode: for its owner alone
    return path
