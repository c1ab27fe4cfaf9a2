"""Which record at Pleo is which one of the accounting system.

Identity is the binding. Without one, on first contact, the keys below are tried, the strongest first for all records
before the next: an external id is never lost to a record that only has the same code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.core.model.masters import tax_number_key
from kontobro.core.plan.compare import EXTERNAL_IDS, fold, same_name
from kontobro.core.plan.types import Desired, Existing, Pair

NUMBERS = ("tax_registration_number", "registration_number")
"""A vendor's numbers, the stronger first."""

Place = tuple[str, str]
"""Where a code is alone: the group's id at Pleo (tags), and the folded code."""


@dataclass(frozen=True, slots=True)
class CodeGroups:
    """Tags' codes are their group's own. `parents`: dimension id -> Pleo's id of its group."""

    parents: Mapping[str, str]

    def of_desired(self, record: Desired) -> Place:
        parent = record.parent
        return ("" if parent is None else self.parents.get(parent) or f"new {parent}"), fold(record.code)

    def of_binding(self, binding: Binding) -> Place | None:
        """Where an intent to create would exist. A tag's id begins with its dimension's."""
        if not binding.code.strip():
            return None
        within = (group for dimension, group in self.parents.items() if binding.erp_id.startswith(f"{dimension}/"))
        return next(within, ""), fold(binding.code)

    def covers(self, kind: MasterKind, binding: Binding) -> bool:
        """Whether what Pleo has of this was looked at: of tags only those of the groups in sync are."""
        return kind != "tags" or any(binding.erp_id.startswith(f"{dimension}/") for dimension in self.parents)

    def of_existing(self, record: Existing) -> Place:
        return record.parent or "", fold(record.code)


@dataclass(slots=True)
class Matching:
    """`pairs` by desired id, in the order of the desired; `new` have none. `gone`: ours, and the accounting system
    lacks it. `strangers` are no one's, `drafts` wait for the accounting system, `taken` are paired by Pleo's id.
    `spent` are intents that came to nothing, of records that are gone: they may not own what others make later."""

    pairs: dict[str, Pair] = field(default_factory=dict)
    new: list[Desired] = field(default_factory=list)
    gone: list[tuple[Binding, Existing]] = field(default_factory=list)
    strangers: list[Existing] = field(default_factory=list)
    drafts: list[Existing] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)
    spent: list[Binding] = field(default_factory=list)

    def pair(self, desired: Desired, existing: Existing, how: Literal["bound", "ours", "draft", "found"]) -> None:
        self.pairs[desired.id] = Pair(desired, existing, how)
        self.taken[existing.id] = desired.id


@dataclass(frozen=True, slots=True)
class _Key:
    """One way to know a record on both sides. `alone`: believed only where one record on each side has it."""

    of_desired: Callable[[Desired], object]
    of_existing: Callable[[Existing], object]
    alone: bool = False


def match(
    kind: MasterKind,
    desired: Sequence[Desired],
    existing: Sequence[Existing],
    bindings: Iterable[Binding],
    places: CodeGroups,
    born: Mapping[str, str],
) -> Matching:
    """Pair what is the same. `born`: desired id -> the draft at Pleo that it was written for."""
    by_erp = {binding.erp_id: binding for binding in bindings}
    owners: dict[str | None, Binding] = {it.pleo_id: it for it in by_erp.values() if it.pleo_id}
    matching = Matching()
    _pair_bound(matching, desired, existing, by_erp)
    for key in _keys_of(kind, places, born):
        for wanted, there in _alike(key, matching, desired, existing, owners):
            matching.pair(wanted, there, _how(kind, there, by_erp.get(wanted.id), owners))
    matching.pairs = {record.id: matching.pairs[record.id] for record in desired if record.id in matching.pairs}
    matching.new = [record for record in desired if record.id not in matching.pairs]
    free = [record for record in existing if record.id not in matching.taken]
    intents = [binding for binding in by_erp.values() if not binding.pleo_id and binding.erp_id not in matching.pairs]
    intended = _intended(kind, intents, [record for record in free if record.id not in owners], places)
    owners |= intended
    alive = {record.id for record in desired} | {binding.erp_id for binding in intended.values()}
    matching.spent = [it for it in intents if it.erp_id not in alive and places.covers(kind, it)]
    for record in free:
        _set_apart(matching, record, owners.get(record.id))
    return matching


def marks_of(record: Desired | Existing) -> tuple[tuple[str, str], ...]:
    """What tells one vendor from another: its code and its numbers, those that it has."""
    numbers = ((name, tax_number_key(value)) for name, value in record.fields if name in NUMBERS)
    return tuple((name, value) for name, value in (("code", fold(record.code)), *numbers) if value)


def is_by_chance(pair: Pair) -> bool:
    """Someone else's record whose external id is the same number as our id, and nothing else is the same.

    In Pleo 1100 may be the account of that code, by another integration, and not the one of that id.
    """
    there, here = pair.existing, pair.desired
    if pair.how != "found" or there.external_id != here.id:
        return False
    alike = same_name(here.name.casefold(), there.name.casefold())
    return not alike and not set(marks_of(here)) & set(marks_of(there))


def _pair_bound(
    matching: Matching, desired: Sequence[Desired], existing: Sequence[Existing], by_erp: Mapping[str, Binding]
) -> None:
    at_pleo = {record.id: record for record in existing}
    for record in desired:
        binding = by_erp.get(record.id)
        bound = at_pleo.get(binding.pleo_id) if binding and binding.pleo_id else None
        if bound:
            matching.pair(record, bound, "bound")


def _keys_of(kind: MasterKind, places: CodeGroups, born: Mapping[str, str]) -> list[_Key]:
    keys = [_Key(lambda d: born.get(d.id), lambda e: e.id if e.draft else None)] if born else []
    if kind in EXTERNAL_IDS:
        keys.append(_Key(lambda d: d.id, lambda e: e.external_id))
    if kind != "accounts":  # an account's code is no identity (`pleo/rules.md` §4.1)
        keys.append(_Key(_coded(places.of_desired), _coded(places.of_existing)))
    if kind == "vendors":
        keys += [_Key(_number(name), _number(name), alone=True) for name in NUMBERS]
    return keys


def _coded(place: Callable[[Desired], Place] | Callable[[Existing], Place]) -> Callable[..., object]:
    def key(record: Desired | Existing) -> object:
        return place(record) if record.code.strip() else None  # type: ignore[arg-type]  # the record of that side

    return key


def _number(name: str) -> Callable[..., object]:
    def key(record: Desired | Existing) -> object:
        return tax_number_key(next((value for field, value in record.fields if field == name), None))

    return key


def _alike(
    key: _Key,
    matching: Matching,
    desired: Sequence[Desired],
    existing: Sequence[Existing],
    owners: Mapping[str | None, Binding],
) -> Iterator[tuple[Desired, Existing]]:
    """Each record that has no pair yet with the best of those that this key names; each pair is made before the next
    is looked for."""
    free: dict[object, list[Existing]] = {}
    for candidate in existing:
        if candidate.id not in matching.taken and (named := key.of_existing(candidate)):
            free.setdefault(named, []).append(candidate)
    if not free:
        return
    left = [record for record in desired if record.id not in matching.pairs]
    wanted = Counter(key.of_desired(record) for record in left) if key.alone else {}
    for record in left:
        named = key.of_desired(record)
        candidates = [candidate for candidate in free.get(named, ()) if candidate.id not in matching.taken]
        if not candidates or (key.alone and (len(candidates) > 1 or wanted[named] > 1)):
            continue
        best = candidates[0]
        if len(candidates) > 1:
            best = min(candidates, key=lambda candidate: _rank(record, candidate, owners))
        yield record, best


def _rank(desired: Desired, candidate: Existing, owners: Mapping[str | None, Binding]) -> tuple[object, ...]:
    """Of duplicates the active one whose name matches is kept (`pleo/rules.md` §3)."""
    return (
        candidate.archived,
        candidate.draft,
        not same_name(desired.name.casefold(), candidate.name.casefold()),
        candidate.id not in owners,
        candidate.code.strip() != desired.code.strip(),
        candidate.id,
    )


def _how(
    kind: MasterKind, existing: Existing, binding: Binding | None, owners: Mapping[str | None, Binding]
) -> Literal["ours", "draft", "found"]:
    """What we create carries our id and code where Pleo keeps both: of one of them alone it is someone else's."""
    if existing.draft:
        return "draft"
    intent = binding is not None and binding.pleo_id is None
    if binding and kind in EXTERNAL_IDS:
        intent = intent and existing.external_id == binding.erp_id and fold(existing.code) == fold(binding.code)
    return "ours" if intent or existing.id in owners else "found"


def _intended(
    kind: MasterKind, intents: Sequence[Binding], free: Sequence[Existing], places: CodeGroups
) -> dict[str | None, Binding]:
    """What an interrupted run created for a record that is gone by now: ours too, by the intent."""
    if kind in EXTERNAL_IDS:
        by_id = {(binding.erp_id, fold(binding.code)): binding for binding in intents}
        marked = {(record.external_id or "", fold(record.code)): record.id for record in free}
        return {marked[key]: by_id[key] for key in by_id.keys() & marked.keys()}
    by_place = {place: binding for binding in intents if (place := places.of_binding(binding))}
    found: dict[str | None, Binding] = {}
    for record in free:
        if binding := by_place.pop(places.of_existing(record), None):
            found[record.id] = binding
    return found


def _set_apart(matching: Matching, record: Existing, owner: Binding | None) -> None:
    """A record that nothing of the accounting system is."""
    if owner:
        matching.gone.append((owner, record))
    elif record.draft and not record.archived:
        matching.drafts.append(record)
    else:
        matching.strangers.append(record)
