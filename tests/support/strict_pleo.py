"""Pleo's master data in memory, as strict as its documents: a taken code or external id is refused (409).

An archived record holds its code. Codes are compared without case and surrounding spaces; tags' within their group.
Duplicates that were there before may stay, nothing new may join them. Texts are kept as Pleo keeps them: trimmed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from kontobro.core.errors import Problem
from kontobro.core.model.bindings import MasterKind
from kontobro.core.plan.compare import fold
from kontobro.core.plan.make import Desired, Existing


def refused(code: str, what: object) -> Problem:
    return Problem(code, "code", str(what), f"Pleo refuses {what}: {code}.", "See to it.", "validation_failure")


def nothing(_step: str) -> None:
    """No fault."""


@dataclass
class StrictPleo:
    """A `Target`. `writes` are what was written, in order; `before` and `after` are called around each write."""

    records: dict[MasterKind, dict[str, Existing]] = field(default_factory=dict)
    before: Callable[[str], None] = nothing
    after: Callable[[str], None] = nothing
    writes: list[tuple[str, str]] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def put(self, kind: MasterKind, *records: Existing) -> None:
        """What someone made at Pleo."""
        self.records.setdefault(kind, {}).update({record.id: record for record in records})

    def of(self, kind: MasterKind) -> list[Existing]:
        return list(self.records.get(kind, {}).values())

    def active(self, kind: MasterKind) -> dict[str, str]:
        """Name by code of the active records."""
        return {record.code: record.name for record in self.of(kind) if not record.archived}

    # ------------------------------------------------------------------------------------ the port

    def read(self, kind: MasterKind) -> Iterable[Existing]:
        return self.of(kind)

    def create(
        self, kind: MasterKind, records: Sequence[Desired], parents: Mapping[str, str]
    ) -> Sequence[Existing | Problem]:
        assert len(records) <= (1000 if kind == "accounts" else 1)
        return self._call("create", records, lambda record: self._create(kind, record, parents))

    def update(self, kind: MasterKind, changes: Sequence[tuple[Existing, Desired]]) -> Sequence[Existing | Problem]:
        return self._call("update", changes, lambda change: self._update(kind, *change))

    def archive(self, kind: MasterKind, records: Sequence[Existing]) -> Sequence[Existing | Problem]:
        assert len(records) <= 100
        return self._call("archive", records, lambda record: self._archive(kind, record))

    # -------------------------------------------------------------------------------------- inside

    def _call(
        self, verb: str, asked: Sequence[object], write: Callable[..., Existing | Problem]
    ) -> list[Existing | Problem]:
        self.calls.append((verb, len(asked)))
        answers = []
        for one in asked:
            self.before(verb)
            answers.append(write(one))
            self.after(verb)
        return answers

    def _create(self, kind: MasterKind, record: Desired, parents: Mapping[str, str]) -> Existing | Problem:
        parent = parents[record.parent] if record.parent else None
        if parent is not None:
            assert parent in self.records["tag_groups"]
        external = record.id if kind in ("accounts", "vendors") else None
        new = Existing(
            f"p{next(self._numbers)}", record.code.strip(), record.name.strip(), False, external, parent, record.fields
        )
        return self._keep(kind, new, "create")

    def _update(self, kind: MasterKind, existing: Existing, desired: Desired) -> Existing | Problem:
        old = self.records[kind][existing.id]
        assert old == existing, "the plan does not know what stands here"
        fields = tuple(sorted((dict(old.fields) | dict(desired.fields)).items()))
        external = desired.id if kind == "vendors" else old.external_id
        code = desired.code.strip() or old.code
        new = replace(
            old, code=code, name=desired.name.strip(), archived=False, fields=fields, external_id=external, draft=False
        )
        return self._keep(kind, new, "update")

    def _archive(self, kind: MasterKind, record: Existing) -> Existing | Problem:
        return self._keep(kind, replace(self.records[kind][record.id], archived=True), "archive")

    def _keep(self, kind: MasterKind, new: Existing, verb: str) -> Existing | Problem:
        old = self.records.get(kind, {}).get(new.id)
        others = [other for other in self.of(kind) if other.id != new.id and other.parent == new.parent]
        recoded = old is None or old.code != new.code
        if kind != "accounts" and recoded and new.code and fold(new.code) in {fold(other.code) for other in others}:
            return refused("exists", new.code)
        moved = new.external_id and (old is None or old.external_id != new.external_id)
        if moved and any(other.external_id == new.external_id for other in others):
            return refused("exists", new.external_id)
        self.records.setdefault(kind, {})[new.id] = new
        self.writes.append((verb, new.id))
        return new
