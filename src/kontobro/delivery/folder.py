"""A folder of this machine. Its own path may be a link; nothing below it is followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kontobro.core.errors import Conflict, KontobroError, NotAllowed, Unreachable, said_of
from kontobro.core.ports.delivery import FileToDeliver
from kontobro.core.words import told
from kontobro.delivery.filed import PIECE, is_ours_to_hide, put_beside, whole, within

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DENIED: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_LINKS: Final = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What file systems without hard links answer (FAT, some network shares)."""
_LED_AWAY: Final = (errno.ELOOP, errno.ENOTDIR, errno.EISDIR)


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Raises Unreachable when it is missing: a network drive may come back."""
    try:
        root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unreachable(*told("delivery_folder_missing", path=str(path))) from None
    except OSError as error:
        raise _fault(error, str(path)) from error
    try:
        yield Folder(root, str(path))
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        raise _fault(error, str(path)) from error
    finally:
        os.close(root)


@dataclass(frozen=True, slots=True)
class Folder:
    """`root` is an open directory: whoever exchanges the path while we write changes nothing."""

    root: int
    place: str

    def read(self, name: str) -> Iterator[bytes]:
        with self._parent(name) as (folder, leaf):
            # O_NONBLOCK: a pipe would be waited for
            file = os.open(leaf, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            with os.fdopen(file, "rb", buffering=0) as opened:
                if not stat.S_ISREG(os.fstat(file).st_mode):
                    raise _led_away(name, self.place)
                yield from within(iter(lambda: opened.read(PIECE) or b"", b""))

    def put(self, file: FileToDeliver) -> None:
        put_beside(self, file)

    def write(self, name: str, file: FileToDeliver) -> None:
        with self._parent(name, make=True) as (folder, leaf):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(leaf, flags, 0o666, dir_fd=folder), "wb") as opened:
                for piece in whole(file):
                    opened.write(piece)
                opened.flush()
                os.fsync(opened.fileno())

    def rename(self, old: str, new: str) -> None:
        """By a hard link, which no file system lets overwrite."""
        with self._parent(old) as (folder, beside):
            leaf = new.rpartition("/")[2]
            try:
                os.link(beside, leaf, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
                os.unlink(beside, dir_fd=folder)
            except FileExistsError:
                raise
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                _rename_if_free(folder, beside, leaf)
            _sync(folder)

    def remove(self, name: str) -> None:
        with self._parent(name) as (folder, leaf):
            os.unlink(leaf, dir_fd=folder)
            _sync(folder)

    def names(self) -> Iterator[str]:
        yield from _files(self.root, "")
        for folder in _entries(self.root, folders=True):
            with suppress(FileNotFoundError), self._parent(f"{folder}/") as (opened, _):
                yield from _files(opened, f"{folder}/")

    @contextmanager
    def _parent(self, name: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The open directory of a file, and its name there."""
        folder, _, leaf = name.rpartition("/")
        if not folder:
            yield self.root, leaf
            return
        if make:
            with suppress(FileExistsError):
                os.mkdir(folder, dir_fd=self.root)
                _sync(self.root)
        try:
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.root)
        except OSError as error:
            if error.errno in _LED_AWAY:
                raise _led_away(folder, self.place) from error
            raise
        try:
            yield opened, leaf
        except OSError as error:
            if error.errno in _LED_AWAY:
                raise _led_away(name, self.place) from error
            raise
        finally:
            os.close(opened)


def _sync(folder: int) -> None:
    """The new name is on the disk. Some network drives know no such call for folders."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def _rename_if_free(folder: int, old: str, new: str) -> None:
    try:
        os.stat(new, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)


def _files(folder: int, before: str) -> Iterator[str]:
    for name in _entries(folder, folders=False):
        yield f"{before}{name}"


def _entries(folder: int, *, folders: bool) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            plain = entry.is_dir(follow_symlinks=False) if folders else entry.is_file(follow_symlinks=False)
            if plain and not is_ours_to_hide(entry.name):
                yield entry.name


def _fault(error: OSError, place: str) -> KontobroError:
    if error.errno in _FULL:
        return Unreachable(*told("place_full", place=place))
    if error.errno in _DENIED:
        return NotAllowed(*told("place_not_writable", place=place, why=said_of(error)))
    if error.errno in _LED_AWAY:
        return _led_away(str(error.filename or "An entry"), place)
    return Unreachable(*told("place_unusable", place=place, why=said_of(error)))


def _led_away(name: str, place: str) -> Conflict:
    return Conflict(*told("place_has_link", name=name, place=place))
