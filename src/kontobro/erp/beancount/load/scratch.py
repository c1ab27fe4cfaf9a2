"""Files outside the ledger's folder that go with who made them, also when that one is killed."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import tempfile
import time
import weakref
from contextlib import suppress
from functools import cache
from pathlib import Path

_PREFIX, _SUFFIX = "kontobro-scratch-", ".beancount"
_NAME = re.compile(rf"{re.escape(_PREFIX)}[a-z0-9_]{{8}}{re.escape(_SUFFIX)}")
"""As `tempfile.mkstemp` names them."""

_YOUNG = 60.0
"""Seconds: such a file may not be locked yet."""


class Scratch:
    """An empty file at `path`. It goes when it is closed, or with this object; those of killed processes are removed
    first."""

    def __init__(self) -> None:
        _swept(Path(tempfile.gettempdir()))
        descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX)
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # the system drops it when this process dies
        self.path = Path(name)
        self.close = weakref.finalize(self, _remove, self.path, descriptor)


@cache
def _swept(folder: Path) -> None:
    """Once a process."""
    for left in folder.iterdir():
        if _NAME.fullmatch(left.name):
            with suppress(OSError):  # another user's, or in use
                _remove_unused(left)


def _remove_unused(file: Path) -> None:
    found = file.lstat()
    is_old = time.time() - found.st_mtime > _YOUNG
    if not (is_old and stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid()):
        return
    descriptor = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.unlink()
    finally:
        os.close(descriptor)


def _remove(file: Path, descriptor: int) -> None:
    file.unlink(missing_ok=True)
    os.close(descriptor)
