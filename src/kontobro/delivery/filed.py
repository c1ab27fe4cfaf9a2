"""What every place that can be read back has in common.

A file is compared if it exists; else it is written beside under a name that no program picks up, read back, and only
then given its name, which never overwrites. So a name has its whole file or none, whenever we are killed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from kontobro.core.errors import Conflict, KontobroError, Misconfigured, Unreachable, shown
from kontobro.core.ports.connector import LONGEST_CALL
from kontobro.core.ports.delivery import LONGEST_NAME, FileToDeliver, is_file_name
from kontobro.core.words import told
from kontobro.net.deadline import time_limit

PIECE: Final = 256 * 1024
"""Bytes of a piece that is read."""
MOST_BYTES: Final = 512 * 1024 * 1024
"""Of one file that is read."""
MOST_NAMES: Final = 100_000
_SECONDS: Final = LONGEST_CALL.total_seconds()
_PROBE: Final = b"Kontobro can write here.\n"


class FileStore(Protocol):
    """An open place. Raises the faults of `Delivery`; FileNotFoundError and FileExistsError as it says."""

    def read(self, name: str) -> Iterator[bytes]:
        """Raises FileNotFoundError; Conflict for what is no plain file."""
        ...

    def put(self, file: FileToDeliver) -> None:
        """Whole, read back and under its name, or not at all. Raises FileExistsError."""
        ...

    def remove(self, name: str) -> None:
        """Raises FileNotFoundError where the place can tell."""
        ...

    def names(self) -> Iterator[str]: ...


class Renames(Protocol):
    """A place that writes beside and renames (`put_beside`)."""

    def read(self, name: str) -> Iterator[bytes]: ...

    def write(self, name: str, file: FileToDeliver) -> None:
        """Its content (`whole`) under that name, new."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Raises FileExistsError."""
        ...

    def remove(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class FiledDelivery:
    """`Delivery` over a place that can be read back. `place` is its address for people; each method opens it anew."""

    place: str
    open: Callable[[], AbstractContextManager[FileStore]] = field(repr=False)  # it holds the secret

    @property
    def readable(self) -> bool:
        return True

    def check(self) -> str:
        digest = hashlib.sha256(_PROBE).hexdigest()
        probe = FileToDeliver(name="kontobro-check.tmp", sha256=digest, size=len(_PROBE), content=lambda: [_PROBE])
        with self._opened() as store:
            deliver_one(store, probe, self.place)
            store.remove(probe.name)
        return self.place

    def deliver(self, files: Sequence[FileToDeliver]) -> None:
        for file in files:
            require_name(file.name)
        with self._opened() as store:
            for file in files:
                deliver_one(store, file, self.place)

    def read(self, name: str) -> Iterator[bytes]:
        require_name(name)
        with self.open() as store:
            yield from store.read(name)

    def names(self) -> Iterator[str]:
        with self._existing(), self.open() as store:
            for count, name in enumerate(store.names()):
                if count >= MOST_NAMES:
                    raise Misconfigured(*told("place_many_files", place=self.place, most=MOST_NAMES))
                if is_file_name(name):
                    yield name

    def withdraw(self, name: str, sha256: str) -> bool:
        require_name(name)
        with self._opened() as store:
            with suppress(FileNotFoundError):
                store.remove(_beside(name, sha256))  # a kill may have left it
            existing = digest_of(store, name, MOST_BYTES)
            if existing is None:
                return False
            if existing != sha256:
                raise _conflict(name, self.place)
            try:
                store.remove(name)
            except FileNotFoundError:
                return False
        return True

    @contextmanager
    def _opened(self) -> Iterator[FileStore]:
        with time_limit(_SECONDS), self._existing(), self.open() as store:
            yield store

    @contextmanager
    def _existing(self) -> Iterator[None]:
        """Beyond the files that were asked for, what is missing is the place itself."""
        try:
            yield
        except FileNotFoundError:
            raise Misconfigured(*told("place_missing", place=self.place)) from None


def require_name(name: str) -> None:
    """Raises Misconfigured for a name that leads elsewhere, is hidden, or that not every place can hold."""
    if not is_file_name(name):
        raise Misconfigured(*told("delivered_name_wrong", name=shown(name), most=LONGEST_NAME))


def deliver_one(store: FileStore, file: FileToDeliver, place: str) -> None:
    """Raises Conflict when another file has its name."""
    existing = digest_of(store, file.name, file.size)
    if existing is None:
        try:
            store.put(file)
        except FileExistsError:  # made at the same time, or by a rename of ours whose answer was lost
            existing = digest_of(store, file.name, file.size)
        else:
            return
    if existing != file.sha256:
        raise _conflict(file.name, place)


def put_beside(store: Renames, file: FileToDeliver) -> None:
    """Write, compare and rename. What an earlier attempt left is written again."""
    beside = _beside(file.name, file.sha256)
    with suppress(FileNotFoundError):
        store.remove(beside)
    try:
        store.write(beside, file)
        require_same(digest_of(store, beside, file.size), file)
        file.arriving()
        store.rename(beside, file.name)
    except Exception:
        with suppress(KontobroError, OSError):
            store.remove(beside)  # a full disk needs the room; if it can't be, the next attempt does
        raise


def require_same(digest: str | None, file: FileToDeliver) -> None:
    """Raises Unreachable for a file that reads otherwise than it was written."""
    if digest != file.sha256:
        raise Unreachable(*told("delivered_differs", name=file.name))


def whole(file: FileToDeliver) -> Iterator[bytes]:
    """The content as it is sent. Raises Conflict when it is not what was sealed: before its end is sent, where the
    length differs."""
    digest, size = hashlib.sha256(), 0
    for piece in file.content():
        digest.update(piece)
        size += len(piece)
        if size > file.size:
            break
        yield piece
    if size != file.size or digest.hexdigest() != file.sha256:
        raise Conflict(*told("sealed_content_differs", name=file.name))


def digest_of(store: FileStore | Renames, name: str, most: int) -> str | None:
    """SHA-256 of a file in hex; None without one, an empty text for one of more than `most` bytes."""
    digest, size = hashlib.sha256(), 0
    try:
        for piece in store.read(name):
            size += len(piece)
            if size > most:
                return ""
            digest.update(piece)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


def is_ours_to_hide(name: str) -> bool:
    """Hidden files, those being written too, are no one's documents."""
    return name.startswith(".")


def _beside(name: str, sha256: str) -> str:
    """A hidden name of its own for each content: no two writers of different documents meet."""
    folder, slash, leaf = name.rpartition("/")
    return f"{folder}{slash}.{leaf}.{sha256[:12]}.tmp"


def _conflict(name: str, place: str) -> Conflict:
    return Conflict(*told("place_other_file", place=place, name=shown(name)))


def within(pieces: Iterable[bytes], most: int = MOST_BYTES) -> Iterator[bytes]:
    """The pieces of a foreign file, up to `most` bytes. Raises Conflict beyond."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise Conflict(*told("place_file_large", most=most))
        yield piece
