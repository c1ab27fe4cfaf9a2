"""The part of the store that a sync uses, in memory; the real one is held to the same by its contract suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from kontobro.core.errors import Busy
from kontobro.core.model.bindings import Binding, MasterKind
from tests.support.strict_pleo import nothing


@dataclass
class MemoryStore:
    """Bindings, notes and the lock. `before` and `after` are called around each write."""

    rows: dict[tuple[MasterKind, str], Binding] = field(default_factory=dict)
    notes: dict[MasterKind, tuple[datetime, str, str]] = field(default_factory=dict)
    before: Callable[[str], None] = nothing
    after: Callable[[str], None] = nothing
    held: set[str] = field(default_factory=set)

    def bindings(self, connection_id: str, kind: MasterKind) -> Sequence[Binding]:
        return [row for row in self.rows.values() if row.kind == kind]

    def bind(self, connection_id: str, bindings: Sequence[Binding]) -> None:
        self.before("bind")
        for binding in bindings:
            if binding.pleo_id:
                owners = [key for key, row in self.rows.items() if row.pleo_id == binding.pleo_id]
                for key in owners:
                    if key[0] == binding.kind:
                        del self.rows[key]
            self.rows[binding.kind, binding.erp_id] = binding
        self.after("bind")

    def unbind(self, connection_id: str, kind: MasterKind, erp_ids: Sequence[str]) -> None:
        self.before("unbind")
        for erp_id in erp_ids:
            self.rows.pop((kind, erp_id), None)
        self.after("unbind")

    def note_sync(self, connection_id: str, kind: MasterKind, outcome: str, digest: str, now: datetime) -> None:
        self.notes[kind] = (now, outcome, digest)

    def syncs(self, connection_id: str) -> dict[MasterKind, tuple[datetime, str, str]]:
        return self.notes

    @contextmanager
    def lock(self, name: str, *, wait: float = 0) -> Iterator[None]:
        if name in self.held:
            raise Busy(f"The lock {name} is held.")
        self.held.add(name)
        try:
            yield
        finally:
            self.held.discard(name)
