"""The ledger's folder on disk: batch files, receipts, one lock, and writes that are whole or not at all.

```
main.beancount            the bookkeeper's; it has the line  include "bookings/*.beancount"
bookings/000000.beancount our header, so that the include never matches nothing (Beancount refuses that)
bookings/000001.beancount one batch of entries
bookings/vendors.beancount vendors that were born in Pleo
documents/ab/<sha256>.pdf a receipt, under the hash of its bytes
.kontobro.lock            held while writing; the system frees it when its process dies
```
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kontobro.core.errors import NotAllowed, Timeout, Unreachable, said_of
from kontobro.core.words import told
from kontobro.erp.beancount.files.replaced import Change, Replaced, Rewrite
from kontobro.erp.beancount.files.swap import GONE, Stamp, create, exchange, stamp_at, stamp_of, sync, write_new

HEADER = """\
; Kontobro books Pleo's expenses in this folder, one file a batch (docs/connectors/beancount.md).
; Correct amounts, texts, accounts and dates as you like. Keep each entry's line `kontobro: "..."`
; and leave the entry in this folder: by it the entry is known, so that it is never booked twice.
; `void: TRUE` under an entry says that it no longer counts and may be booked again.
"""
VENDORS = "vendors.beancount"
LOCK_PATIENCE = 60.0
"""Seconds that a writer waits for another one; a batch takes far less."""

TRIES = 50
"""How often a change is made again because a person wrote into the same file at the same moment."""


class Folder:
    """Where one ledger's files are. Reading needs no lock; every write is made under `writing`."""

    def __init__(self, ledger: Path, patience: float = LOCK_PATIENCE) -> None:
        self._patience = patience
        self.root = ledger.parent
        self.bookings = self.root / "bookings"
        self.documents = self.root / "documents"
        self.ours: dict[str, Stamp] = {}
        """Each batch file as we left it last: any other state is someone else's doing."""
        self._replaced = Replaced(self.change)

    @property
    def header(self) -> Path:
        return self.bookings / "000000.beancount"

    def prepare(self) -> None:
        """Make the folders and the header, where they are missing."""
        if self.header.exists() and self.documents.is_dir():
            return
        with self.writing():  # it makes the folders
            if not self.header.exists():
                self.create(self.header.name, HEADER.encode())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer. What a killed writer left half-made is removed first.

        Raises NotAllowed and Unreachable for what the disk refuses: repeating is safe, each file is whole or not there.
        """
        try:
            with self._locked():
                yield
        except PermissionError as refused:
            raise NotAllowed(*told("ledger_not_writable", why=said_of(refused))) from refused
        except OSError as broken:
            raise Unreachable(*told("ledger_write_failed", why=said_of(broken))) from broken

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self.root / ".kontobro.lock", "ab") as lock:  # noqa: PTH123  (a Path's open is the same, and slower to read)
            _acquire(lock.fileno(), self._patience)
            for folder in (self.bookings, self.documents):
                folder.mkdir(exist_ok=True)
                for leftover in folder.glob(".*.new"):
                    leftover.unlink()
            self._replaced.take_in_late_edits()
            yield

    def batches(self) -> dict[str, Stamp]:
        """The batch files by name, each with what changes when it does."""
        try:
            folder = os.open(self.bookings, os.O_RDONLY)
        except FileNotFoundError:
            return {}
        try:
            stamps = {name: stamp_at(name, folder) for name in _batch_names(folder)}
            return {name: stamp for name, stamp in stamps.items() if stamp != GONE}
        finally:
            os.close(folder)

    def next_batch(self) -> str:
        """The name of a new batch file. Only under `writing`: then no one else takes the same."""
        numbers = (Path(name).stem for name in _batch_names(self.bookings))
        return f"{max((int(number) for number in numbers if number.isdigit()), default=0) + 1:06}.beancount"

    def text(self, name: str) -> bytes:
        """A batch file's bytes; none when it is gone."""
        return self._read(name)[0]

    def create(self, name: str, text: bytes, when: Callable[[], bool] = lambda: True) -> bool:
        """Put a new batch file in place, whole. False when the name is taken, or `when` is not so at the last."""
        new = self._new(name)
        stamp = write_new(new, text)
        if not (when() and create(new, self.bookings / name)):
            new.unlink()
            return False
        self.ours[name] = stamp
        sync(self.bookings)
        return True

    def change(self, name: str, change: Change) -> tuple[bytes, bytes] | None:
        """Change a batch file; one without text is removed. What a person writes into it at the same time is kept.

        Gives what was in it and what is now; None when nothing was to be changed.
        """
        new, put = self._new(name), None
        outcome = Rewrite(change)
        for tries in range(TRIES):
            text, stamp = self._read(name)
            desired = outcome.of(text)
            if desired == text:
                break
            # the first time at leisure; while someone writes all the time, what counts is to be quick
            ours = write_new(new, desired, durably=not tries)
            if self._put(name, new, text, stamp, outcome):
                self.ours[name], put = ours, (text, desired)
                self._settle(name, desired)
                break
        else:
            raise Unreachable(*told("batch_restless", name=name))
        new.unlink(missing_ok=True)
        return put

    def _put(self, name: str, new: Path, text: bytes, stamp: Stamp, outcome: Rewrite) -> bool:
        """Put a finished file in place of what was read. False, and nothing done, when it was edited since."""
        target = self.bookings / name
        if stamp == GONE:
            return create(new, target)
        if self._read(name)[1] != stamp or not exchange(new, target):
            return False
        if new.read_bytes() == text:
            self._replaced.hold(name, new, outcome.change)
            return True
        if exchange(new, target):  # edited in the last microseconds: it gets its place again
            outcome.edited(self._replaced.hold(name, new, outcome.change))
        return False

    def _settle(self, name: str, text: bytes) -> None:
        """Make what was put durable; remove an empty file."""
        if not text.strip():
            self._remove(name)
        else:
            sync(self.bookings / name)
        sync(self.bookings)

    def _read(self, name: str) -> tuple[bytes, Stamp]:
        """What is in a batch file, and what the disk says of it; GONE when there is none."""
        try:
            with (self.bookings / name).open("rb") as file:
                return file.read(), stamp_of(os.fstat(file.fileno()))
        except FileNotFoundError:
            return b"", GONE

    def _remove(self, name: str) -> None:
        """Remove an empty file; one that got text at this moment is put back."""
        gone = self._new(name)
        (self.bookings / name).rename(gone)
        self.ours[name] = GONE
        if gone.read_bytes().strip():
            create(gone, self.bookings / name)
        else:
            gone.unlink()

    def take_in_late_edits(self) -> None:
        """Look once more at the files that we replaced a moment ago."""
        if self._replaced.any_late():
            with self.writing():  # which takes them in
                pass

    def _new(self, name: str) -> Path:
        return self.bookings / f".{name}.new"

    def add_document(self, content: bytes, extension: str) -> str:
        """Keep a receipt under its hash. Gives its path as the batch files name it."""
        digest = hashlib.sha256(content).hexdigest()
        target = self.documents / digest[:2] / f"{digest}{extension}"
        if not target.exists():  # it was put there whole, or not at all
            target.parent.mkdir(exist_ok=True)
            new = self.documents / f".{target.name}.new"
            write_new(new, content)
            new.replace(target)
            sync(target.parent)
        return f"../documents/{digest[:2]}/{target.name}"

    def has_document(self, path: str) -> bool:
        return (self.bookings / path).exists()


def is_batch(name: str) -> bool:
    return name.endswith(".beancount") and not name.startswith(".")


def _batch_names(folder: Path | int) -> list[str]:
    """In their order."""
    return sorted(filter(is_batch, os.listdir(folder)))  # noqa: PTH208  (a folder that is open, too)


def _acquire(lock: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Timeout(*told("ledger_busy", seconds=f"{patience:.0f}")) from None
            time.sleep(0.02)
