"""The plan that brings Pleo's master data in sync with the accounting system (design §7). Pure.

accounting system     at Pleo                             change
active                nothing                             create
active, code shared   anything                            none: Pleo can't tell such records apart
active                found by a key, strange to us       adopt, once a person said yes; then as one of ours
active                ours, equal                         none
active                ours, differs or archived           update, unarchive
active                a draft vendor                      activate
active, left out      ours, active                        archive: a company chose not to offer it
active, left out      nothing, or strange to us           none
gone or inactive      ours, active                        archive
nothing               strange to us                       none; archive where a company wants that, once a person
                                                          said yes
nothing               a draft vendor                      write it there if that is allowed, else it waits
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain

from kontobro.core.errors import Problem
from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.core.plan.check import check_plan
from kontobro.core.plan.steps import Steps
from kontobro.core.plan.types import (
    UPDATES,
    Action,
    Change,
    Comparison,
    Desired,
    Existing,
    Fields,
    Limits,
    LimitScope,
    Pair,
)

__all__ = [
    "UPDATES",
    "Action",
    "Binding",
    "Change",
    "Comparison",
    "Desired",
    "Existing",
    "Fields",
    "LimitScope",
    "Limits",
    "MasterKind",
    "Pair",
    "Plan",
    "join_plans",
    "make_plan",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be done, in order. The same two sides always give the same plan and digest.

    `waiting` needs a person first: adoptions not approved yet, vendors that the accounting system lacks. `problems`
    are records that are left as they are. `places`: desired id -> Pleo's id, of all that is at Pleo already.
    `stale`: bindings whose `written` mark is to be renewed without any write at Pleo. `spent`: intents to forget.
    """

    kind: str
    changes: tuple[Change, ...]
    digest: str
    problems: tuple[Problem, ...] = ()
    waiting: tuple[Change, ...] = ()
    scopes: tuple[LimitScope, ...] = ()
    empty_source: bool = False
    places: Mapping[str, str]
    stale: tuple[Binding, ...] = ()
    spent: tuple[Binding, ...] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)
    """Account id -> code, where fields of the records name accounts: for people."""
    parents: Mapping[str, str] = field(default_factory=dict)
    """Dimension id -> code, of tags: for people."""
    choice: tuple[str, ...] = ()
    """The rules of what is offered. The digest covers them: who approves a plan approves its choice."""
    left_out: tuple[Desired, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.changes

    @property
    def counts(self) -> Mapping[Action, int]:
        return Counter(change.action for change in self.changes)

    def check(self, limits: Limits | None) -> None:
        """Raises EmptySource; TooManyChanges only when there are `limits`."""
        check_plan(self.kind, self.empty_source, self.scopes, limits)


def make_plan(asked: Comparison) -> Plan:
    """Compare both sides."""
    wanted = sorted(asked.desired, key=lambda record: (record.parent or "", record.code, record.id))
    unique = list({record.id: record for record in reversed(wanted)}.values())[::-1]
    there = sorted(asked.existing, key=lambda record: record.id)
    steps = Steps.of(asked, unique, there)
    active = any(not (record.archived or record.draft) for record in there)
    return _plan(
        asked.kind,
        steps.changes,
        problems=tuple(steps.problems),
        waiting=tuple(steps.waiting),
        scopes=tuple(steps.scopes(asked.parents)),
        empty_source=not (len(wanted) if asked.source is None else asked.source) and active,
        places=steps.places,
        stale=tuple(steps.stale),
        spent=tuple(steps.matching.spent),
        left_out=tuple(sorted(asked.left_out, key=lambda record: (record.parent or "", record.code, record.id))),
    )


def join_plans(kind: str, plans: Sequence[Plan], problems: Sequence[Problem] = (), choice: Sequence[str] = ()) -> Plan:
    """Plans of several kinds as one, under a name of its own: carried out one after the other."""
    return _plan(
        kind,
        [change for plan in plans for change in plan.changes],
        choice=tuple(choice),
        problems=(*problems, *(problem for plan in plans for problem in plan.problems)),
        waiting=tuple(change for plan in plans for change in plan.waiting),
        scopes=tuple(scope for plan in plans for scope in plan.scopes),
        empty_source=any(plan.empty_source for plan in plans),
        places={key: place for plan in plans for key, place in plan.places.items()},
        stale=tuple(binding for plan in plans for binding in plan.stale),
        spent=tuple(binding for plan in plans for binding in plan.spent),
        left_out=tuple(record for plan in plans for record in plan.left_out),
    )


def _plan(kind: str, changes: Sequence[Change], choice: tuple[str, ...] = (), **rest: object) -> Plan:
    plan = Plan(kind=kind, changes=tuple(changes), digest="", places={}, choice=choice)
    digest = _digest(kind, plan.changes, choice)
    return replace(plan, digest=digest, **rest)  # type: ignore[arg-type]  # Plan's own fields


def _digest(kind: str, changes: Iterable[Change], choice: Sequence[str]) -> str:
    """`<kind>-<hash>`: by which choice what would be done, in which order, from which state."""
    content = sha256(kind.encode())
    for rule in choice:
        content.update(f"\x1d{rule}".encode("utf-8", "surrogatepass"))
    for change in changes:
        ours = "ours" if change.ours else ""
        told = [change.kind, change.action, change.erp_id or "", ours, *_told(change.before), *_told(change.after)]
        content.update("\x1f".join(told).encode("utf-8", "surrogatepass"))
        content.update(b"\x1e")
    return f"{kind}-{content.hexdigest()[:16]}"


def _told(record: Existing | Desired | None) -> tuple[str, ...]:
    """All of a record, as texts; the fields are counted, so that nothing can pass for something else."""
    if record is None:
        return ("",)
    fields = chain.from_iterable(record.fields)
    told = (record.id, record.code, record.name, record.parent or "", str(len(record.fields)), *fields)
    if isinstance(record, Existing):
        return (*told, str(record.archived), record.external_id or "", str(record.draft))
    return told
