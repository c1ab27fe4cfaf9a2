"""The values of a sync: what the accounting system has, what Pleo has, and the changes between them (design §7).

The accounting system is the source. `Desired` is one active record of it, `Existing` one record at Pleo. Identity is
the accounting system's stable id, kept in a `Binding`; code counts on first contact only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kontobro.core.model.bindings import Binding, MasterKind

Fields = tuple[tuple[str, str], ...]
"""Further fields by name, sorted, already normalised (trimmed, one spelling), so that nothing flaps."""


@dataclass(frozen=True, slots=True)
class Desired:
    """One active record of the accounting system, as Pleo should have it.

    `id` is its stable id there (a dimension value: `<dimension id>/<value id>`); `parent` the id of its dimension.
    `fields`: tax codes rate, type, ingoing_account, outgoing_account; vendors currency, country, registration_number,
    tax_registration_number; accounts tax_code. Absent ones are left out.
    """

    id: str
    code: str
    name: str
    parent: str | None = None
    fields: Fields = ()


@dataclass(frozen=True, slots=True)
class Existing:
    """One record at Pleo, archived or not. `id` is Pleo's; `external_id` the one it keeps for us, where it can.

    `parent` is Pleo's id of a tag's group. `draft`: a vendor born in Pleo that the accounting system lacks yet.
    """

    id: str
    code: str
    name: str
    archived: bool = False
    external_id: str | None = None
    parent: str | None = None
    fields: Fields = ()
    draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both sides of one kind, and what may be done about them. `desired` are the active records, `existing` all of
    Pleo's, archived ones too.

    `parents`: dimension id -> Pleo's id of its group (tags). `born`: desired id -> the draft it was written for.
    `source`: how many records the accounting system gave, when some were left out on purpose. `adopt` False: what
    would be adopted waits. `write`: vendors born in Pleo may be created in the accounting system, but not those that
    it has as `inactive`. `archive`: what neither side knows as ours is archived too; without `adopt` that waits.
    `left_out`: active records that the company chose not to offer.
    """

    kind: MasterKind
    desired: Iterable[Desired]
    existing: Iterable[Existing]
    bindings: Iterable[Binding] = ()
    parents: Mapping[str, str] = field(default_factory=dict)
    born: Mapping[str, str] = field(default_factory=dict)
    source: int | None = None
    adopt: bool = True
    write: bool = False
    inactive: Iterable[Desired] = ()
    archive: bool = False
    left_out: Iterable[Desired] = ()


Action = Literal["adopt", "set_aside", "archive", "update", "unarchive", "activate", "create", "write"]
"""In the order in which they are applied. `adopt` binds and writes nothing; `set_aside` gives a temporary code to a
record whose code another one needs; `activate` hands a draft vendor its external id; `write` creates a vendor born in
Pleo in the accounting system and activates it."""

UPDATES: frozenset[Action] = frozenset({"update", "unarchive", "activate"})


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a plan. `before` is the record as it will be when the step's turn comes.

    `erp_id` is None for a vendor that the accounting system lacks yet. `ours`: an adoption of what we created
    ourselves, which no one needs to approve.
    """

    kind: MasterKind
    action: Action
    erp_id: str | None
    before: Existing | None
    after: Desired | None
    why: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan may do without approval, each of updates and archives: `floor` changes, or `percent` of what is ours.

    The floor counts changes, not records: of 9 accounts two may go, five may not (design §7).
    """

    percent: int = 30
    floor: int = 2

    def allow(self, changes: int, active: int) -> bool:
        return changes <= self.floor or changes * 100 <= self.percent * active


@dataclass(frozen=True, slots=True)
class LimitScope:
    """What the limits are counted in: a kind; of tags one group, `name` its dimension's id.

    `standing` are the active records at Pleo that are ours or become ours by this plan.
    """

    kind: MasterKind
    name: str
    active: int
    updates: int
    archives: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A record of the accounting system and the one at Pleo that is the same. How we know:

    `bound` by its binding; `ours` we created or adopted it, for this record or for one that is gone; `draft` born in
    Pleo and waiting for it; `found` by a key, and strange to us.
    """

    desired: Desired
    existing: Existing
    how: Literal["bound", "ours", "draft", "found"]
