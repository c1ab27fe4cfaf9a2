"""A plan as a person reads it: one row a record, each field before and after, and what there is to decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kontobro.core.errors import Problem, TooManyChanges, UnsafePlan
from kontobro.core.model.settings import Settings
from kontobro.core.plan.compare import differences
from kontobro.core.plan.make import Change, Desired, Existing, Fields, Limits, Plan

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

DECISIONS: Mapping[str, str] = {
    "adopt": "Is it the same record? Then Kontobro manages it from now on: it may change and archive it.",
    "archive": "Should it be archived in Pleo? Kontobro did not create it.",
    "limits": "Are that many changes right?",
    "write": "Create it in the accounting system, let Kontobro create it there, or archive it in Pleo.",
}
"""What a person decides, by the action that needs it; `limits` is the size of the whole plan."""

Field = tuple[str, str, str]
"""Name, before, after."""

ACCOUNTS = ("ingoing_account", "outgoing_account")

_WORDS = {"external_id": "id in the accounting system"}


def word_for(field: str) -> str:
    """What a bookkeeper calls a field."""
    return _WORDS.get(field, field.replace("_", " "))


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What happens to one record: what becomes of each field. `parent` is the code (or id) of a value's dimension.

    `action` is what counts for a person, `also` what happens to the same record beside it.
    """

    action: str
    kind: str
    code: str
    name: str
    parent: str
    fields: tuple[Field, ...]
    why: str
    erp_id: str | None
    pleo_id: str | None
    also: tuple[str, ...] = ()

    @property
    def means(self) -> str:
        """What happens, in words."""
        return "; ".join(ACTIONS.get(action, action) for action in (self.action, *self.also))

    @property
    def changes(self) -> list[Field]:
        """The fields, by what a bookkeeper calls them."""
        return [(word_for(name), before, after) for name, before, after in self.fields]

    @property
    def decision(self) -> str:
        """Which decision it needs (DECISIONS); empty when it needs none of its own."""
        if self.action == "adopt" or (self.action == "archive" and self.erp_id is None):
            return self.action
        return ""

    @property
    def decides(self) -> str:
        """What a person decides of a record that waits."""
        return DECISIONS.get(self.action, "")

    @property
    def key(self) -> str:
        """How a rule of what is offered names it by its code; empty for a record without one."""
        return f"{self.parent}/{self.code}" if self.kind == "tags" and self.code.strip() else self.code.strip()

    def has(self, words: str) -> bool:
        """Whether a search finds it."""
        said = f"{self.parent} / {self.code} {self.name} {self.key}".casefold()
        return all(word in said for word in words.casefold().split())


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan of one kind as it is shown. `refused` is why a schedule may not apply it: it waits for a decision.

    `waiting` are changes that this plan leaves to a person, such as vendors that the accounting system lacks.
    `choice` are the rules of what is offered, `left_out` the records that they leave out, by code and name.
    """

    kind: str
    digest: str
    rows: tuple[ChangeRow, ...]
    waiting: tuple[ChangeRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: UnsafePlan | None = None
    choice: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

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
    def decisions(self) -> dict[str, int]:
        """What a person has to decide before it is applied, each with how many records it is about. Without any, the
        schedule applies the plan on its own."""
        found = Counter(row.decision for row in self.rows if row.decision)
        if self.allowed and self.refused is not None:
            found["limits"] = len(self.rows)
        return dict(found)

    @property
    def asked(self) -> list[str]:
        """What there is to decide, also of what waits, in words."""
        found = dict.fromkeys((*self.decisions, *(row.action for row in self.waiting)))
        return [DECISIONS[what] for what in found if what in DECISIONS]

    @property
    def asks(self) -> bool:
        """Whether a person is asked: for a plan with something to decide, and none without."""
        return self.possible and bool(self.decisions)

    @property
    def counts(self) -> dict[str, int]:
        """How many records of each action, those that occur, in the order of ACTIONS."""
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
    parents = {**parents, **plan.parents}
    named = [_with_codes(changes, plan.accounts) for changes in (plan.changes, plan.waiting)]
    changes, waiting = (_rows(found, parents) for found in named)
    left_out = tuple((_key(record, parents), record.name) for record in plan.left_out)
    return Shown(kind, plan.digest, changes, waiting, plan.problems, refused, plan.choice, left_out)


def _key(record: Desired, parents: Mapping[str, str]) -> str:
    return f"{parents.get(record.parent, record.parent)}/{record.code}" if record.parent else record.code


def _with_codes(changes: Iterable[Change], accounts: Mapping[str, str]) -> Iterator[Change]:
    """The changes with the codes of the accounts that their fields name by id."""
    for change in changes:
        before = replace(change.before, fields=_coded(change.before.fields, accounts)) if change.before else None
        after = replace(change.after, fields=_coded(change.after.fields, accounts)) if change.after else None
        yield replace(change, before=before, after=after)


def _coded(fields: Fields, accounts: Mapping[str, str]) -> Fields:
    return tuple((name, accounts.get(value, value) if name in ACCOUNTS else value) for name, value in fields)


def _rows(changes: Iterable[Change], parents: Mapping[str, str]) -> tuple[ChangeRow, ...]:
    """One row a record. What only notes for us that a record is ours is no change."""
    records: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        key = change.before.id if change.before else f"new {change.erp_id}"
        records.setdefault((change.kind, key), []).append(change)
    told = ([it for it in steps if not it.ours] for steps in records.values())
    return tuple(
        sorted((row_of(*steps, parents=parents) for steps in told if steps), key=lambda row: _place(row.action))
    )


def row_of(*steps: Change, parents: Mapping[str, str]) -> ChangeRow:
    """All steps of one record; of what is at Pleo its own code and name, of a new one those it gets.

    `parents`: dimension id -> code, of those that the plan knows; the others are told by their id.
    """
    first, last = steps[0], steps[-1]
    main = _main(steps)
    named = first.before or last.after
    dimension = (last.erp_id or "").partition("/")[0] if last.kind == "tags" else ""
    return ChangeRow(
        action=main.action,
        kind=last.kind,
        code=named.code if named else "",
        name=named.name if named else "",
        parent=parents.get(dimension, dimension),
        fields=tuple(_fields(steps)),
        why=main.why,
        erp_id=last.erp_id,
        pleo_id=first.before.id if first.before else None,
        also=tuple(step.action for step in steps if step is not main and step.action != "set_aside"),
    )


def _main(steps: Sequence[Change]) -> Change:
    """What counts for a person: a record that Kontobro takes over, else what the record ends as."""
    adopted = [step for step in steps if step.action == "adopt"]
    ending = [step for step in steps if step.action != "set_aside"]
    return (adopted or ending or list(steps))[-1]


def _fields(steps: Sequence[Change]) -> Iterator[Field]:
    """What becomes other, from before the first step until after the last."""
    before, after = steps[0].before, steps[-1].after
    actions: set[str] = {step.action for step in steps}
    yield from _state(before, actions)
    if before is None and after is not None:
        new = {"code": after.code, "name": after.name, **dict(after.fields)}
        yield from ((name, "", value) for name, value in new.items() if value)
    elif before is not None and after is not None and actions != {"adopt"}:
        yield from _differing(steps[-1], before, after)
    elif before is not None and after is None and steps[-1].before and before.code != steps[-1].before.code:
        yield "code", before.code, steps[-1].before.code


def _state(before: Existing | None, actions: set[str]) -> Iterator[Field]:
    """What becomes of the record as a whole, in words that have a name in every language (`names`)."""
    if before is None:
        yield "state", "", "active"
    elif "archive" in actions:
        if not before.archived:  # else its code alone is taken from it
            yield "state", "active", "archived"
    elif actions - {"adopt"} and (before.archived or before.draft):
        yield "state", "draft" if before.draft else "archived", "active"
    if "adopt" in actions:
        yield "managed_by", "others", "Kontobro"
    if "write" in actions:
        yield "accounting_system", "missing", "created"


def _differing(change: Change, before: Existing, after: Desired) -> Iterator[Field]:
    """What differs as the planner compares it: spaces and spellings alone are no difference."""
    old = {"code": before.code, "name": before.name, "external_id": before.external_id or "", **dict(before.fields)}
    new = {"code": after.code, "name": after.name, "external_id": after.id, **dict(after.fields)}
    for name in differences(change.kind, after, before):
        if old.get(name) != new.get(name):
            yield name, old.get(name, ""), new[name]
