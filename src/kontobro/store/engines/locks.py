"""Locks that die with their process: `flock` on a file each, never a row with a lease."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from kontobro.core.errors import Busy
from kontobro.core.words import Phrase, told

PAUSE = 0.05
"""Seconds between two tries: `flock` itself knows no patience with an end."""


@contextmanager
def locked(database: Path, name: str, wait: float) -> Iterator[None]:
    """Hold the lock `name` of a database. Tries for `wait` seconds, then raises Busy.

    It is a file in the folder `locks` beside the database. It holds between processes and between threads of
    one process, and is not re-entrant. The file stays when it is released: deleting it would let two holders in.
    """
    path = database.parent / "locks" / f"{quote(f'{database.name}.{name}', safe='')}.lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A fresh open file each time: flock belongs to the open file, so threads exclude each other too.
    holder = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(holder, name, wait)
        _write_pid(holder, str(os.getpid()))
        try:
            yield
        finally:
            _write_pid(holder, "")
    finally:
        os.close(holder)


def _acquire(holder: int, name: str, wait: float) -> None:
    until = time.monotonic() + wait
    while not _try(holder):
        if time.monotonic() >= until:
            raise _busy(holder, name)
        time.sleep(PAUSE)


def _try(holder: int) -> bool:
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_pid(holder: int, pid: str) -> None:
    os.ftruncate(holder, 0)
    os.pwrite(holder, pid.encode(), 0)


def _busy(holder: int, name: str) -> Busy:
    pid = os.pread(holder, 20, 0).decode("ascii", "replace")
    if pid.isdecimal():
        return Busy(*told("lock_held_by", by=Phrase("process_number", {"number": pid}), lock=name))
    return Busy(*told("lock_held", lock=name))
