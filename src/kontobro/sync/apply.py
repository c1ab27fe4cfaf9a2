"""Carrying out a plan: intents before creates, bindings after each batch, one record's failure is its own.

Between any two lines here the process may be killed. What is at Pleo and in the bindings then is what the next
plan begins with: an intent makes what was created ours, an update is simply found done or not done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby, islice
from typing import Protocol, cast

from kontobro.core.errors import KontobroError, Problem, Timeout, Uncertain, fault_code
from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.core.model.findings import problem
from kontobro.core.model.masterdata import Vendor
from kontobro.core.plan.compare import mark_at_pleo, mark_of
from kontobro.core.plan.make import Action, Change, Desired, Existing, Plan
from kontobro.core.plan.match import CodeGroups, match
from kontobro.core.plan.steps import kind_of
from kontobro.core.ports import Clock, Connector, Store, Target, WritesVendors
from kontobro.core.words import Phrase
from kontobro.sync.bound import Bound
from kontobro.sync.source import desired_vendor, vendor_from

MOST_DOUBTS = 3
"""Calls of unconfirmed outcome after which a run ends: Pleo is not well, and each took its time to fail."""


class SyncProgress(Protocol):
    """Told how far a sync is: `phase` is a word for a person."""

    def __call__(self, phase: str, done: int, total: int) -> None: ...


def quiet(phase: str, done: int, total: int) -> None:
    """No progress shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPorts:
    """The four things a sync talks to."""

    target: Target
    connector: Connector
    store: Store
    clock: Clock


@dataclass(slots=True)
class PlanRun:
    """One plan being carried out. `done` counts changes by action, `writes` the calls that wrote to Pleo."""

    ports: SyncPorts
    bound: Bound
    currency: str
    plan: Plan
    progress: SyncProgress = quiet
    done: Counter[Action] = field(default_factory=Counter)
    failed: list[Problem] = field(default_factory=list)
    writes: int = 0
    _doubtful: list[tuple[Change, Problem]] = field(default_factory=list)
    _doubts: int = 0
    _aside: dict[str, str] = field(default_factory=dict)
    _stuck: list[Change] = field(default_factory=list)

    def carry_out(self) -> None:
        """Every change in the plan's order. Raises what concerns more than one record."""
        for _, stale in groupby(self.plan.stale, key=lambda binding: binding.kind):
            self.bound.bind(list(stale))
        for kind, spent in groupby(self.plan.spent, key=lambda binding: binding.kind):
            self.bound.unbind(kind, [binding.erp_id for binding in spent])
        steps, total, told = self._steps(), len(self.plan.changes), 0
        for (kind, action), changes in groupby(self.plan.changes, key=lambda change: (change.kind, change.action)):
            for batch in _batches(changes, _size(kind, action)):
                steps[action](kind, batch)
                told += len(batch)
                self.progress(kind.replace("_", " "), told, total)
            if self._doubtful:
                self._resolve(kind)
        for change in self._stuck:
            self._give_code_back(change)

    def _steps(self) -> Mapping[Action, Callable[[MasterKind, list[Change]], None]]:
        return {
            "adopt": self._adopt,
            "set_aside": self._update,
            "archive": self._archive,
            "update": self._update,
            "unarchive": self._update,
            "activate": self._update,
            "create": self._create,
            "write": self._write,
        }

    # ---------------------------------------------------------------------------------- the steps

    def _adopt(self, kind: MasterKind, changes: list[Change]) -> None:
        self.bound.bind([self._adoption(change) for change in changes])
        self.done["adopt"] += sum(not change.ours for change in changes)

    def _adoption(self, change: Change) -> Binding:
        before, after = _sides(change)
        old = self.bound.at_pleo(change.kind, before.id)
        origin = old.origin if old else "created" if change.ours else "adopted"
        return Binding(change.kind, after.id, before.id, origin, before.code, mark_at_pleo(before, mark_of(after)))

    def _update(self, kind: MasterKind, changes: list[Change]) -> None:
        for change in changes:
            self._update_one(change)

    def _update_one(self, change: Change) -> None:
        before, after = _sides(change)
        binding = self.bound.of(change.kind).get(after.id)
        if binding is None or binding.pleo_id != before.id:
            binding = Binding(change.kind, after.id, before.id, "adopted", before.code)
        if change.kind == "vendors" or change.action == "set_aside":
            # Until it is known what Pleo has, nothing of it may look like a person's change.
            self.bound.bind([replace(binding, written="")])
        (answer,) = self._answers([change], lambda: self.ports.target.update(change.kind, [(before, after)]))
        if isinstance(answer, Problem):
            self.failed.append(answer)
            self._stuck += [change] if before.id in self._aside else []
            return
        self.bound.bind([replace(binding, code=after.code, written=mark_of(after))])
        self.done[change.action] += 1
        if change.action == "set_aside":
            self._aside[before.id] = before.code

    def _give_code_back(self, change: Change) -> None:
        """A record that Pleo refused to change after it was set aside: its new code alone, else the one it had.

        A temporary code must not stay on a record that employees can pick.
        """
        before, after = _sides(change)
        for code in (after.code, self._aside[before.id]):
            wanted = Desired(after.id, code, before.name, after.parent, before.fields)
            pair = [(before, wanted)]
            (answer,) = self._answers([change], partial(self.ports.target.update, change.kind, pair))
            if not isinstance(answer, Problem):
                binding = self.bound.of(change.kind)[after.id]
                self.bound.bind([replace(binding, code=code, written=mark_of(wanted))])
                return

    def _archive(self, kind: MasterKind, changes: list[Change]) -> None:
        records = [change.before for change in changes if change.before]
        answers = self._answers(changes, lambda: self.ports.target.archive(kind, records))
        for change, record, answer in zip(changes, records, answers, strict=True):
            if isinstance(answer, Problem):
                self.failed.append(answer)
                continue
            binding = self.bound.of(kind).get(change.erp_id or "")
            if binding and binding.pleo_id is None:
                self.bound.bind([replace(binding, pleo_id=record.id)])
            self.done["archive"] += 1

    def _create(self, kind: MasterKind, changes: list[Change]) -> None:
        """Intents first. What Pleo refuses leaves no intent; what it may have taken keeps its own."""
        parents = self._parents(kind)
        asked = [(change, self._complete(change.after)) for change in changes if _has_parent(change, parents)]
        self.failed += [_orphan(change) for change in changes if not _has_parent(change, parents)]
        if not asked:
            return
        records = [record for _, record in asked]
        self.bound.bind([Binding(kind, record.id, None, "created", record.code) for record in records])
        answers = self._answers(
            [change for change, _ in asked], lambda: self.ports.target.create(kind, records, parents)
        )
        created, refused = [], []
        for (change, record), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Existing):
                created.append(_created(change, record, answer))
            elif answer.code in ("exists", "uncertain"):
                self._doubtful.append((change, answer))
            else:
                self.failed.append(answer)
                refused.append(record.id)
        self.bound.bind(created)
        self.bound.unbind(kind, refused)
        self.done["create"] += len(created)

    def _write(self, kind: MasterKind, changes: list[Change]) -> None:
        """Vendors born in Pleo: created in the accounting system under Pleo's id as their key, then activated."""
        drafts = [change.before for change in changes if change.before]
        writing = cast(WritesVendors, self.ports.connector)
        answers = writing.write([vendor_from(draft) for draft in drafts])
        for change, answer in zip(changes, answers, strict=True):
            if isinstance(answer, Vendor):
                desired = desired_vendor(answer)
                self._update_one(replace(change, erp_id=desired.id, after=desired))
            else:
                self.failed.append(answer)

    # ------------------------------------------------------------------------------ what is unknown

    def _answers(
        self, changes: Sequence[Change], call: Callable[[], Sequence[Existing | Problem]]
    ) -> Sequence[Existing | Problem]:
        """The call's answers; of an unconfirmed outcome a problem for each record, and after a few of those its
        fault."""
        self.writes += 1
        try:
            return call()
        except (Uncertain, Timeout) as fault:
            self._doubts += 1
            if self._doubts >= MOST_DOUBTS:
                raise
            return [_uncertain(change, fault) for change in changes]

    def _resolve(self, kind: MasterKind) -> None:
        """Creates whose outcome is not known, or that Pleo says exist: what is there is ours by the intent."""
        doubtful, self._doubtful = self._doubtful, []
        desired = [change.after for change, _ in doubtful if change.after]
        existing = [record for record in self.ports.target.read(kind) if not self.bound.has(kind, record.id)]
        intents = [self.bound.of(kind)[record.id] for record in desired]
        found = match(kind, desired, existing, intents, CodeGroups(self._parents(kind)), {}).pairs
        for change, doubt in doubtful:
            pair = found.get(change.erp_id or "")
            if pair and pair.how == "ours":
                self.bound.bind([self._adoption(replace(change, before=pair.existing, ours=True))])
                self.done["create"] += 1
            else:
                self.failed.append(doubt)

    def _parents(self, kind: MasterKind) -> Mapping[str, str]:
        """Dimension id -> Pleo's id of its group, those created a moment ago too."""
        if kind != "tags":
            return {}
        return {key: binding.pleo_id for key, binding in self.bound.of("tag_groups").items() if binding.pleo_id}

    def _complete(self, record: Desired | None) -> Desired:
        """A vendor needs a currency at Pleo: the company's, when the accounting system names none."""
        if record is None:
            raise TypeError("a change to create has a desired record")
        if self.plan.kind != "vendors" or "currency" in dict(record.fields):
            return record
        return replace(record, fields=tuple(sorted((*record.fields, ("currency", self.currency)))))


def _has_parent(change: Change, parents: Mapping[str, str]) -> bool:
    parent = change.after.parent if change.after else None
    return parent is None or parent in parents


def _created(change: Change, record: Desired, answer: Existing) -> Binding:
    return Binding(change.kind, record.id, answer.id, "created", record.code, mark_of(change.after or record))


def _sides(change: Change) -> tuple[Existing, Desired]:
    if change.before is None or change.after is None:
        raise TypeError(f"a change to {change.action} has two sides")
    return change.before, change.after


def _size(kind: MasterKind, action: Action) -> int:
    """Records a call, as Pleo's endpoints take them (`pleo/api.md` C-F)."""
    if action == "create" and kind == "accounts":
        return 1000
    return {"adopt": 500, "archive": 100, "write": 100}.get(action, 1)


def _batches(changes: Iterator[Change], size: int) -> Iterator[list[Change]]:
    while batch := list(islice(changes, size)):
        yield batch


def _uncertain(change: Change, fault: Exception | None = None) -> Problem:
    record = change.after or change.before
    code, kind = record.code if record else "", kind_of(change.kind)
    if isinstance(fault, KontobroError):
        return problem("uncertain.after", "code", code, kind=kind, fault=Phrase(fault_code(fault)))
    return problem("uncertain", "code", code, kind=kind)


def _orphan(change: Change) -> Problem:
    return problem("parent_missing", "code", change.after.code if change.after else "")
