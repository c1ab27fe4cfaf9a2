"""A ledger's files as they are before Beancount loads them: only of what has not changed meanwhile is known afterwards
that Beancount had nothing against it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kontobro.erp.beancount.files.folder import GONE
from kontobro.erp.beancount.files.swap import Stamp, stamp_of
from kontobro.erp.beancount.load.ledger import files_of, is_encrypted
from kontobro.erp.beancount.load.outline import consulted_in

State = tuple[Stamp, bytes]
"""What the disk says of a file, and the digest of its content."""


@dataclass(frozen=True, slots=True)
class Beforehand:
    """What each file of a ledger held, by its resolved path. `consulted`: see `outline.consulted_in`."""

    found: Mapping[Path, State]
    consulted: frozenset[str]

    @classmethod
    def of(cls, ledger: Path) -> Beforehand:
        found: dict[Path, State] = {}
        consulted = set[str]()
        for file in files_of(ledger):
            if is_encrypted(file):  # what is in clear nowhere is remembered nowhere
                return cls({}, frozenset())
            content, stamp = _content_of(file)
            found[file] = stamp, digest_of(content)
            consulted.update(consulted_in(content))
        return cls(found, frozenset(consulted))

    def states(self, files: Iterable[str]) -> dict[str, State]:
        """Of these files, which Beancount has loaded since; of none when any of them is not as it was."""
        resolved = {file: Path(file).resolve() for file in files}
        if self.found.keys() != set(resolved.values()):
            return {}
        states = {file: self.found[path] for file, path in resolved.items()}
        return states if all(stamp_at(Path(file)) == stamp for file, (stamp, _) in states.items()) else {}


def digest_of(content: bytes) -> bytes:
    """16 bytes that tell one content from another."""
    return hashlib.blake2b(content, digest_size=16).digest()


def stamp_at(file: Path) -> Stamp:
    """What the disk says of a file; GONE when there is none."""
    try:
        return stamp_of(file.stat())
    except FileNotFoundError:
        return GONE


def _content_of(file: Path) -> tuple[bytes, Stamp]:
    with file.open("rb") as opened:
        stamp = stamp_of(os.fstat(opened.fileno()))  # first: who writes now is found out by it later
        return opened.read(), stamp
