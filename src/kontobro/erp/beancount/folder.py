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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kontobro.core.errors import NotAllowed, Timeout, Unreachable, said_of

HEADER = """\
; Kontobro books Pleo's expenses in this folder, one file a batch (docs/connectors/beancount.md).
; Correct amounts, texts, accounts and dates as you like. Keep each entry's line `kontobro: "..."`
; and leave the entry in this folder: by it the entry is known, so that it is never booked twice.
; `void: TRUE` under an entry says that it does not count any more and may be booked anew.
"""
VENDORS = "vendors.beancount"
LOCK_PATIENCE = 60.0
"""Seconds that a writer waits for another one; a batch takes far less."""


class Folder:
    """Where one ledger's files are. Reading needs no lock; every write is made under `writing`."""

    def __init__(self, ledger: Path, patience: float = LOCK_PATIENCE) -> None:
        self._patience = patience
        self.root = ledger.parent
        self.bookings = self.root / "bookings"
        self.documents = self.root / "documents"

    @property
    def header(self) -> Path:
        return self.bookings / "000000.beancount"

    def prepare(self) -> None:
        """Make the folders and the header, where they are missing."""
        if self.header.exists() and self.documents.is_dir():
            return
        with self.writing():  # it makes the folders
            if not self.header.exists():
                replace(self.header, HEADER.encode())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer. What a killed writer left half-made is removed first.

        Raises NotAllowed and Unreachable for what the disk refuses: repeating is safe, each file is whole or not there.
        """
        try:
            with self._locked():
                yield
        except PermissionError as refused:
            raise NotAllowed(
                f"The ledger's folder can't be written to: {said_of(refused)}.",
                "Allow Kontobro's user to write there and try again.",
            ) from refused
        except OSError as broken:
            raise Unreachable(
                f"The ledger can't be written: {said_of(broken)}.",
                "See to the disk and run again: what stands is complete.",
            ) from broken

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self.root / ".kontobro.lock", "ab") as lock:  # noqa: PTH123  (a Path's open is the same, and slower to read)
            _acquire(lock.fileno(), self._patience)
            for folder in (self.bookings, self.documents):
                folder.mkdir(exist_ok=True)
                for leftover in folder.glob(".*.new"):
                    leftover.unlink()
            yield

    def batches(self) -> dict[str, tuple[int, int, int]]:
        """The batch files by name, each with what changes when it does: inode, modification time, size."""
        if not self.bookings.exists():
            return {}
        with os.scandir(self.bookings) as files:
            stats = sorted((file.name, file.stat()) for file in files if _is_batch(file.name))
        return {name: (stat.st_ino, stat.st_mtime_ns, stat.st_size) for name, stat in stats}

    def next_batch(self) -> str:
        """The name of a new batch file. Only under `writing`: then nobody else takes the same."""
        numbers = (Path(name).stem for name in self.batches())
        return f"{max((int(number) for number in numbers if number.isdigit()), default=0) + 1:06}.beancount"

    def text(self, name: str) -> bytes:
        """A batch file's bytes; none when it is gone."""
        try:
            return (self.bookings / name).read_bytes()
        except FileNotFoundError:
            return b""

    def write_batch(self, name: str, text: bytes) -> None:
        """Put a batch file in place, whole; one without entries is removed."""
        if text.strip():
            replace(self.bookings / name, text)
        else:
            (self.bookings / name).unlink(missing_ok=True)

    def add_document(self, content: bytes, extension: str) -> str:
        """Keep a receipt under its hash. Gives its path as the batch files name it."""
        digest = hashlib.sha256(content).hexdigest()
        target = self.documents / digest[:2] / f"{digest}{extension}"
        if not target.exists():  # it was put there whole, or not at all
            target.parent.mkdir(exist_ok=True)
            replace(target, content, beside=self.documents)
        return f"../documents/{digest[:2]}/{target.name}"

    def has_document(self, path: str) -> bool:
        return (self.bookings / path).exists()


def replace(target: Path, content: bytes, beside: Path | None = None) -> None:
    """Write a file whole or not at all, and durably: Beancount never reads a hidden `.new` file."""
    new = (beside or target.parent) / f".{target.name}.new"
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_batch(name: str) -> bool:
    return name.endswith(".beancount") and not name.startswith(".")


def _acquire(lock: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Timeout(
                    f"Another program has been writing to the ledger for {patience:.0f} s.",
                    "Wait until it is done, then run again.",
                ) from None
            time.sleep(0.02)
