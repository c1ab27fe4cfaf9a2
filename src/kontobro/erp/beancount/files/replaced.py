"""Files that we replaced a moment ago: an editor that had one open may still write into it. What it writes is kept."""

from __future__ import annotations

import os
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kontobro.erp.beancount.files.swap import digest_of

MOST = 64
"""Files held at once."""

LATE = 2.0
"""Seconds that a replaced file is looked at: who opened it before we replaced it has written by then."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a file. `make` gives the new text of any text of it."""

    make: Callable[[bytes], bytes]


class Rewrite:
    """What a change makes of a file that is being edited meanwhile. Text that is added is only added."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self._text: bytes | None = None
        self._made = b""

    def of(self, text: bytes) -> bytes:
        if self._text is not None and text.startswith(self._text):
            self._made += text[len(self._text) :]
        else:
            self._made = self.change.make(text)
        self._text = text
        return self._made

    def edited(self, found: bytes) -> None:
        """Our outcome was there for a moment, and was edited: what was added to it is added to the next one; a
        file that was saved whole is what is changed then."""
        if found != self._made and found.startswith(self._made):
            before, more = self.change, found[len(self._made) :]
            self.change = Change(lambda text: before.make(text) + more)
            self._made += more
        elif found != self._made:
            before = self.change
            self.change = Change(lambda _: before.make(found))
            self._text = None


@dataclass(slots=True)
class _Held:
    name: str
    descriptor: int
    change: Change
    since: float
    seen: tuple[int, int]
    """Modification time and size when it was read."""
    digest: bytes


class Replaced:
    """The files replaced last, open. `change` changes a file."""

    def __init__(self, change: Callable[[str, Change], object]) -> None:
        self._change = change
        self._held: deque[_Held] = deque()
        weakref.finalize(self, _close_all, self._held)

    def hold(self, name: str, file: Path, change: Change) -> bytes:
        """Take a file that was replaced by this change: keep it open, and answer what is in it."""
        descriptor = os.open(file, os.O_RDONLY)
        file.unlink()
        if len(self._held) >= MOST:
            os.close(self._held.popleft().descriptor)
        seen, content = _seen(descriptor), _content(descriptor)
        self._held.append(_Held(name, descriptor, change, time.monotonic(), seen, digest_of(content)))
        return content

    def any_late(self) -> bool:
        """True when someone wrote into a file after it was replaced."""
        return any(_seen(held.descriptor) != held.seen for held in self._held)

    def take_in_late_edits(self) -> None:
        """Bring into today's files what was written into replaced ones. Only under the folder's lock."""
        for held in list(self._held):
            if _seen(held.descriptor) != held.seen:
                self._take_in(held)
        while self._held and time.monotonic() - self._held[0].since > LATE:
            os.close(self._held.popleft().descriptor)

    def _take_in(self, held: _Held) -> None:
        size = held.seen[1]
        held.seen, content = _seen(held.descriptor), _content(held.descriptor)
        added = digest_of(content[:size]) == held.digest
        held.digest = digest_of(content)
        if added:
            more = content[size:]
            self._change(held.name, Change(lambda text: text + more))
        else:  # an editor saved the whole file: its text, with our changes since
            changes = [one.change for one in self._held if one.name == held.name and one.since >= held.since]
            self._change(held.name, Change(lambda _: _all(changes, content)))


def _all(changes: list[Change], text: bytes) -> bytes:
    for change in changes:
        text = change.make(text)
    return text


def _seen(descriptor: int) -> tuple[int, int]:
    stat = os.fstat(descriptor)
    return stat.st_mtime_ns, stat.st_size


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


def _close_all(held: deque[_Held]) -> None:
    for one in held:
        os.close(one.descriptor)
