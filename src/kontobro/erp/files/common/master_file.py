"""Master data of an accounting system that has no API: what a file said when it was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from kontobro.core.model.masterdata import MasterRecord
from kontobro.core.ports import R


@dataclass(frozen=True, slots=True)
class MasterFile:
    """Records by kind. `extra`: what else a row says of a record, by kind and id: columns that a format asks for and
    the core does not know (`datev_key`, `automatic`), as text. `notes` are for a person: what was left out and why.

    Ids of records are their codes: a file has no other.
    """

    records: Mapping[type, tuple[MasterRecord, ...]]
    extra: Mapping[type, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def read(self, kind: type[R]) -> Iterable[R]:
        """All records of a kind, as `DocumentTarget.read`."""
        return cast("tuple[R, ...]", self.records.get(kind, ()))

    def said(self, kind: type, id: str, column: str) -> str:
        """What a record's row says in a column of its own; empty where it has none."""
        return self.extra.get(kind, {}).get(id, {}).get(column, "").strip()
