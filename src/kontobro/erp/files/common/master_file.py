"""Master data of an accounting system that has no API: what a file said when it was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from kontobro.core.master_files import counted
from kontobro.core.model.masterdata import MasterRecord
from kontobro.core.ports import R
from kontobro.core.words import phrase, worded


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its name, its date (aware, UTC), the SHA-256 of its bytes in hex, and how many records it
    gave of each kind, by the kind's table name (`accounts`)."""

    name: str
    modified: datetime
    sha256: str
    counts: Mapping[str, int]

    @property
    def said(self) -> str:
        """`accounts.csv of 2026-11-28 09:30 UTC, SHA-256 0d6f1a2b…: 132 accounts`, for a person."""
        counts = tuple(counted(name, count) for name, count in self.counts.items() if count)
        when = self.modified.strftime("%Y-%m-%d %H:%M")
        what = counts or phrase("no_records")
        return worded("masters_source", name=self.name, when=when, digest=self.sha256[:8], counts=what)

    def __str__(self) -> str:
        return str(self.said)


@dataclass(frozen=True, slots=True)
class MasterFile:
    """Records by kind. `extra`: what else a row says of a record, by kind and id: columns that a format asks for and
    the core does not know (`datev_key`, `automatic`), as text. `notes` are for a person: what was left out and why.
    `sources` are the files that it was read from.

    Ids of records are their codes: a file has no other. Two dimensions may have a value of one code: in `extra` a
    value's id is `<dimension id>/<value id>`, as a tag's at Pleo.
    """

    records: Mapping[type, tuple[MasterRecord, ...]]
    extra: Mapping[type, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    def read(self, kind: type[R]) -> Iterable[R]:
        """All records of a kind, as `DocumentTarget.read`."""
        return cast("tuple[R, ...]", self.records.get(kind, ()))

    def said(self, kind: type, id: str, column: str) -> str:
        """What a record's row says in a column of its own; empty where it has none."""
        return self.extra.get(kind, {}).get(id, {}).get(column, "").strip()
