"""Files are put in place so that nothing is lost that a person wrote meanwhile.

A person's editor takes no lock. So a file is never simply replaced: the new content and the old file change places
in one step (`renameat2`, Linux), and what stood in the old one at that moment is looked at. Where the system can't
do that, the old file is held open over an ordinary rename: then only an editor that renames a file of its own
into place within those microseconds is overwritten.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

Stamp = tuple[int, int, int]
"""What changes when a file does: inode, modification time (ns), size."""

_HERE = -100  # AT_FDCWD: the paths are whole
_NO_REPLACE, _EXCHANGE = 1, 2


def stamp_of(stat: os.stat_result) -> Stamp:
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def write_new(new: Path, content: bytes) -> Stamp:
    """Write a file that nobody reads yet, durably."""
    with new.open("wb") as file:
        file.write(content)
        file.flush()
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


def exchange(new: Path, target: Path) -> int | None:
    """Put a finished file in the place of another; answers the replaced file, open for reading.

    None when there was nothing to replace: then nothing was done.
    """
    try:
        old = os.open(target, os.O_RDONLY)
    except FileNotFoundError:
        return None
    if not _renamed(new, target, _EXCHANGE):
        new.replace(target)
        return old
    os.close(old)  # an editor may have put another file there since: what was replaced is what stands in `new` now
    replaced = os.open(new, os.O_RDONLY)
    new.unlink()
    return replaced


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _renamed(new: Path, target: Path, flag: int) -> bool:
    """One step of the system. False where it has no such step, or refused it for what stands at the target."""
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
