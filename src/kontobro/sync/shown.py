"""A plan as a person reads it: one row a change, each field before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kontobro.core.errors import Problem, TooManyChanges, UnsafePlan
from kontobro.core.model.settings import Settings
from kontobro.core.plan.compare import differences
from kontobro.core.plan.make import Change, Fields, Limits, Plan

ACTIONS: Mapping[str, str] = {
    "create": "is new in Pleo",
    "adopt": "already in Pleo; Kontobro manages it from now on",
    "update": "is changed in Pleo",
    "unarchive": "comes back from Pleo's archive",
    "activate": "was made in Pleo, is known to the accounting system and is activated",
    "write": "was made in Pleo, is created in the accounting system and is activated",
    "set_aside": "gives its code to another one and gets a temporary one",
    "archive": "is archived in Pleo",
}
"""The actions in the order in which they are shown, in a bookkeeper's words."""

Field = tuple[str, str, str]
"""Name, before, after."""

ACCOUNTS = ("ingoing_account", "outgoing_account")

_WORDS = {"external_id": "id in the accounting system"}


def word_for(field: str) -> str:
    """What a bookkeeper calls a field."""
    return _WORDS.get(field, field.replace("_", " "))


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change: of what, and what becomes of each field. `parent` is the code (or id) of a value's dimension."""

    action: str
    kind: str
    code: str
    name: str
    parent: str
    fields: tuple[Field, ...]
    why: str
    erp_id: str | None
    pleo_id: str | None

    @property
    def means(self) -> str:
        """What happens, in words."""
        return ACTIONS.get(self.action, self.action)

    @property
    def changes(self) -> list[Field]:
        """The fields, by what a bookkeeper calls them."""
        return [(word_for(name), before, after) for name, before, after in self.fields]


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan of one kind as it is shown. `refused` is why a schedule may not apply it: it waits for a decision.

    `waiting` are changes that this plan leaves to a person, such as vendors that the accounting system lacks.
    """

    kind: str
    digest: str
    rows: tuple[ChangeRow, ...]
    waiting: tuple[ChangeRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: UnsafePlan | None = None

    @property
    def title(self) -> str:
        """What the kind is called."""
        return self.kind.replace("-", " ").capitalize()

    @property
    def allowed(self) -> bool:
        """Whether a person's yes is enough: too many changes may be right, no records at all or twins never are."""
        return self.refused is None or isinstance(self.refused, TooManyChanges)

    @property
    def possible(self) -> bool:
        """Whether there is something that a person can approve."""
        return bool(self.rows) and self.allowed

    @property
    def counts(self) -> dict[str, int]:
        """How many of each action, those that occur, in the order of ACTIONS."""
        found = Counter(row.action for row in self.rows)
        return {action: found[action] for action in sorted(found, key=_place)}

    @property
    def counted(self) -> list[tuple[int, str]]:
        """The same with the actions in words."""
        return [(count, ACTIONS.get(action, action)) for action, count in self.counts.items()]


def _place(action: str) -> int:
    known = list(ACTIONS)
    return known.index(action) if action in known else len(known)


def shown_of(kind: str, plan: Plan, settings: Settings) -> Shown:
    """A plan as it is shown, with what the limits say of it."""
    refused = None
    try:
        plan.check(Limits(settings.sync_max_percent, settings.sync_floor))
    except UnsafePlan as fault:
        refused = fault
    parents = {it.after.id: it.after.code for it in plan.changes if it.kind == "tag_groups" and it.after}
    named = [_with_codes(changes, plan.accounts) for changes in (plan.changes, plan.waiting)]
    changes, waiting = (_rows(found, parents) for found in named)
    return Shown(kind, plan.digest, changes, waiting, plan.problems, refused)


def _with_codes(changes: Iterable[Change], accounts: Mapping[str, str]) -> Iterator[Change]:
    """The changes with the codes of the accounts that their fields name by id."""
    for change in changes:
        before = replace(change.before, fields=_coded(change.before.fields, accounts)) if change.before else None
        after = replace(change.after, fields=_coded(change.after.fields, accounts)) if change.after else None
        yield replace(change, before=before, after=after)


def _coded(fields: Fields, accounts: Mapping[str, str]) -> Fields:
    return tuple((name, accounts.get(value, value) if name in ACCOUNTS else value) for name, value in fields)


def _rows(changes: Iterable[Change], parents: Mapping[str, str]) -> tuple[ChangeRow, ...]:
    return tuple(sorted((row_of(change, parents) for change in changes), key=lambda row: _place(row.action)))


def row_of(change: Change, parents: Mapping[str, str]) -> ChangeRow:
    """One change; of what is at Pleo its own code and name, of a new one those it gets.

    `parents`: dimension id -> code, of those that the plan knows; the others are told by their id.
    """
    named = change.before or change.after
    dimension = (change.erp_id or "").partition("/")[0] if change.kind == "tags" else ""
    return ChangeRow(
        action=change.action,
        kind=change.kind,
        code=named.code if named else "",
        name=named.name if named else "",
        parent=parents.get(dimension, dimension),
        fields=_fields(change),
        why=change.why,
        erp_id=change.erp_id,
        pleo_id=change.before.id if change.before else None,
    )


def _fields(change: Change) -> tuple[Field, ...]:
    """What becomes other: for a new record everything but code and name, which are shown anyway."""
    before, after = change.before, change.after
    if after is None or change.action == "adopt":
        return ()
    if before is None:
        return tuple((name, "", value) for name, value in after.fields if value)
    old = {"code": before.code, "name": before.name, "external_id": before.external_id or "", **dict(before.fields)}
    new = {"code": after.code, "name": after.name, "external_id": after.id, **dict(after.fields)}
    return tuple((name, old.get(name, ""), new[name]) for name in _differing(change, old, new))


def _differing(change: Change, old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """The names of what differs as the planner compares it: spaces and spellings alone are no difference."""
    if change.before is None or change.after is None:
        return []
    return [name for name in differences(change.kind, change.after, change.before) if old.get(name) != new.get(name)]
