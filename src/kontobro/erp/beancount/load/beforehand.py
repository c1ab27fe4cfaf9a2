"""A ledger's files as they are before Beancount loads them: only of what has not changed meanwhile is known afterwards
that Beancount had nothing against it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kontobro.erp.beancount.files.swap import Stamp, digest_of, stamp_at, stamp_of
from kontobro.erp.beancount.load.ledger import files_of, is_encrypted
from kontobro.erp.beancount.load.outline import consulted_in

State = tuple[Stamp, bytes]
"""What the disk says of a file, and the digest of its content."""


@dataclass(frozen=True, slots=True)
class Beforehand:
    """What each file of a ledger held, by its resolved path. `consulted`: see `outline.consulted_in`; None where a file
    is encrypted: what is in clear nowhere is remembered nowhere."""

    found: Mapping[Path, State]
    consulted: frozenset[str] | None

    @classmethod
    def of(cls, ledger: Path) -> Beforehand:
        found: dict[Path, State] = {}
        consulted = set[str]()
        is_clear = True
        for file in files_of(ledger):
            with suppress(FileNotFoundError):  # removed at this moment: then what was loaded differs
                content, stamp = _content_of(file)
                found[file] = stamp, digest_of(content)
                is_clear = is_clear and not is_encrypted(file)
                consulted.update(consulted_in(content) if is_clear else ())
        return cls(found, frozenset(consulted) if is_clear else None)

    def states(self, files: Iterable[str]) -> dict[str, State] | None:
        """Of these files, which Beancount has loaded since. None when one of them has changed meanwhile; empty when it
        can't be said, as others were looked at."""
        resolved = {file: Path(file).resolve() for file in files}
        if not self.found.keys() >= set(resolved.values()):
            return {}
        states = {file: self.found[path] for file, path in resolved.items()}
        return states if all(stamp_at(Path(file)) == stamp for file, (stamp, _) in states.items()) else None


def _content_of(file: Path) -> tuple[bytes, Stamp]:
    with file.open("rb") as opened:
        stamp = stamp_of(os.fstat(opened.fileno()))  # first: who writes now is found out by it later
        return opened.read(), stamp
