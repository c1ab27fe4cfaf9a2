"""Files outside the ledger's folder that go with who made them, also when that one is killed."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path

_PREFIX, _SUFFIX = "kontobro-", ".beancount"

_YOUNG = 60.0
"""Seconds."""


def new_file(owner: object) -> Path:
    """An empty file that goes when its owner goes. Those of killed processes are removed first."""
    _sweep(Path(tempfile.gettempdir()))
    descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX)
    fcntl.flock(descriptor, fcntl.LOCK_SH)  # the system drops it when this process dies
    weakref.finalize(owner, _remove, Path(name), descriptor)
    return Path(name)


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError):  # another user's, or in use
            if time.time() - left.stat().st_mtime < _YOUNG:  # it may not be locked yet
                continue
            descriptor = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()
            finally:
                os.close(descriptor)


def _remove(file: Path, descriptor: int) -> None:
    file.unlink(missing_ok=True)
    os.close(descriptor)
