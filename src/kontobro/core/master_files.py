"""Which file of master data was read: what is remembered of it, and how it changed since the last sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from kontobro.core.words import Phrase, phrase

Counts = tuple[tuple[str, int], ...]
"""How many records of each kind, by the kind's table name (`accounts`), in the order of the tables."""

TABLES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts": ("accounts",),
    "tax-codes": ("tax_codes",),
    "dimensions": ("dimensions", "dimension_values"),
    "vendors": ("vendors",),
}
"""The tables that each sync covers."""


def counted(table: str, number: int) -> Phrase:
    """ "412 accounts", "1 tax code"."""
    return phrase(f"one_of_{table}" if number == 1 else f"many_{table}", count=number)


@dataclass(frozen=True, slots=True)
class MastersRead:
    """A file, or a folder of files, that was read: its name without the path, the SHA-256 of its bytes in hex (of a
    folder that of its files' names and digests), and how many records it has."""

    name: str
    sha256: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class CountChange:
    """Another number of records of a kind than before."""

    table: str
    had: int
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMasters:
    """What was read last, and when. `changed_at`: when it first differed from what was synced; `had` is what that
    was."""

    read: MastersRead
    read_at: datetime
    changed_at: datetime | None = None
    had: Counts = field(default=())

    def changes(self, kind: str, synced: tuple[datetime, str, str] | None) -> tuple[CountChange, ...]:
        """What a sync of this kind finds changed; `synced` is how its latest one ended (`Store.syncs`)."""
        if self.changed_at is None or synced is None:
            return ()
        at, outcome, _ = synced
        if outcome == "in_step" and at >= self.changed_at:
            return ()
        had, now = dict(self.had), dict(self.read.counts)
        pairs = [(table, had.get(table, 0), now.get(table, 0)) for table in TABLES_OF.get(kind, ())]
        return tuple(CountChange(*pair) for pair in pairs if pair[1] != pair[2])


def after_reading(
    before: KeptMasters | None, read: MastersRead, now: datetime, synced_at: datetime | None
) -> KeptMasters:
    """What is kept from now on. `synced_at`: the last sync that ended in step. A file that changes twice between two
    syncs is compared with the one that was synced."""
    if before is None:
        return KeptMasters(read=read, read_at=now)
    changed_at, had = before.changed_at, before.had
    if before.read.sha256 != read.sha256:
        waits = changed_at is not None and (synced_at is None or synced_at < changed_at)
        changed_at, had = now, had if waits else before.read.counts
    return KeptMasters(read=read, read_at=now, changed_at=changed_at, had=had)
