"""Files are put in place so that nothing is lost that a person wrote meanwhile.

A person's editor takes no lock. So a file is never simply replaced: the new file and the old one change places in
one step (`renameat2`, Linux), and what is in the old one then is looked at. Where the system has no such step it
is done in two: only an editor that puts a file of its own in place between them is overwritten.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

Stamp = tuple[int, int, int]
"""What changes when a file does: inode, modification time (ns), size."""

GONE: Stamp = (0, 0, 0)
"""Of a file that is not there."""

_HERE = -100  # AT_FDCWD: the paths are whole
_NO_REPLACE, _EXCHANGE = 1, 2


def stamp_of(stat: os.stat_result) -> Stamp:
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def stamp_at(file: Path | str, folder: int | None = None) -> Stamp:
    """What the disk says of a file; GONE when there is none. `folder` is open and holds it: thousands of its names are
    looked up sooner than whole paths."""
    try:
        return stamp_of(os.stat(file, dir_fd=folder))
    except FileNotFoundError:
        return GONE


def digest_of(content: bytes) -> bytes:
    """16 bytes that tell one content from another."""
    return _new_digest(content).digest()


def digest_at(file: Path) -> bytes:
    """The same of a file's content, which is read in parts; empty for one that can't be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, _new_digest).digest()
    except OSError:
        return b""


def _new_digest(content: bytes = b"") -> hashlib.blake2b:
    return hashlib.blake2b(content, digest_size=16)


def write_new(new: Path, content: bytes, *, durably: bool = True) -> Stamp:
    """Write a file that no one reads yet."""
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        if durably:
            os.fsync(file.fileno())
        return stamp_of(os.fstat(file.fileno()))


def create(new: Path, target: Path) -> bool:
    """Give a finished file its name. False when the name is taken by now."""
    if _renamed(new, target, _NO_REPLACE):
        return True
    if target.exists():
        return False
    new.replace(target)
    return True


def exchange(new: Path, target: Path) -> bool:
    """Let a finished file and the one at the target change places. False, and nothing done, when there is none."""
    if _renamed(new, target, _EXCHANGE):
        return True
    kept = new.with_name(new.name.removesuffix(".new") + ".old.new")
    try:
        kept.hardlink_to(target)
    except FileNotFoundError:
        return False
    new.replace(target)
    kept.replace(new)
    return True


def sync(place: Path) -> None:
    """Make a file durable, or the names in a folder. One that is gone needs it no more."""
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _renamed(new: Path, target: Path, flag: int) -> bool:
    """One step of the system. False where it has no such step, or refused it for what is at the target."""
    rename = _renameat2()
    if rename is None:
        return False
    sys.audit("os.rename", str(new), str(target), -1, -1)  # as Python's own: whoever watches renames sees this one
    if rename(_HERE, os.fsencode(new), _HERE, os.fsencode(target), flag) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EEXIST, errno.ENOENT):
        return False
    raise OSError(code, os.strerror(code), str(target))


@cache
def _renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    library = ctypes.CDLL(None, use_errno=True)
    found: Callable[[int, bytes, int, bytes, int], int] | None = getattr(library, "renameat2", None)
    return found
