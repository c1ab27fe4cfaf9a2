"""From what matches what to the steps of a plan, of one kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from kontobro.core.errors import Problem, shown
from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.core.model.findings import LIST, problem
from kontobro.core.model.masters import name_key
from kontobro.core.plan.codes import Moves, holders_of, untangle
from kontobro.core.plan.compare import differences, fold, mark_at_pleo, mark_of, only_type_unknown
from kontobro.core.plan.match import CodeGroups, Matching, Place, is_by_chance, marks_of, match
from kontobro.core.plan.types import UPDATES, Action, Change, Comparison, Desired, Existing, LimitScope, Pair
from kontobro.core.words import Phrase

MOST_NAMED = 120
LEFT_OUT = "left out by your choice of what is offered"


@dataclass(slots=True)
class Steps:
    """The steps of one kind. Pairs left out (waiting, in conflict, blocked) still are at Pleo with their codes."""

    kind: MasterKind
    matching: Matching
    bindings: Mapping[str, Binding]
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    waiting: list[Change] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    stale: list[Binding] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    groups: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: Comparison, desired: Sequence[Desired], existing: Sequence[Existing]) -> Steps:
        """The steps that bring `existing` in sync with `desired`, both in order and each record once."""
        kind, places = asked.kind, CodeGroups(asked.parents)
        by_erp = {binding.erp_id: binding for binding in asked.bindings}
        matching = match(kind, desired, existing, by_erp.values(), places, asked.born)
        steps = cls(kind, matching, by_erp, groups=asked.parents)
        steps._hold_shared(desired)
        taken = steps._take(asked.adopt)
        pairs, moves = steps._with_codes(taken, existing, places)
        steps._adoptions(pairs)
        left_out = list(asked.left_out)
        steps._archives(moves, {record.id for record in left_out})
        steps._updates(pairs, moves)
        new = [record for record in matching.new if record.id not in moves.blocked]
        steps.changes += [Change(kind, "create", record.id, None, record, "new") for record in new]
        steps._drafts(asked.write, (*desired, *asked.inactive))
        if asked.archive:
            steps._archive_strangers(asked.adopt, {(record.parent or "", fold(record.code)) for record in left_out})
        return steps

    def scopes(self, parents: Mapping[str, str]) -> Iterator[LimitScope]:
        """What the limits are counted in. `parents`: dimension id -> Pleo's id of its group."""
        dimensions = {group: dimension for dimension, group in parents.items()}
        ours = [pair.existing for pair in self.matching.pairs.values() if pair.desired.id in self.places]
        ours += [record for _, record in self.matching.gone]
        active = Counter(record.parent or "" for record in ours if not record.archived)
        updates = Counter(_parent(change) for change in self.changes if change.action in UPDATES)
        gone = {record.id for _, record in self.matching.gone if not record.archived}
        archived = (change for change in self.changes if change.action == "archive")
        archives = Counter(_parent(change) for change in archived if change.before and change.before.id in gone)
        for parent in sorted({*updates, *archives}):
            yield LimitScope(
                self.kind, dimensions.get(parent, parent), active[parent], updates[parent], archives[parent]
            )

    # ------------------------------------------------------------------------------ what is left out

    def _hold_shared(self, desired: Iterable[Desired]) -> None:
        """Records of one code, which Pleo can't tell apart: those that are there stay as they are."""
        for shared in sharing_a_code(desired):
            self.held.update(record.id for record in shared)
            self.problems.append(_code_shared(self.kind, shared))
        self.matching.new = [record for record in self.matching.new if record.id not in self.held]

    def _take(self, adopt: bool) -> list[Pair]:
        """The pairs that may be worked on; the others wait or are problems."""
        taken = []
        for pair in self.matching.pairs.values():
            if pair.desired.id in self.held:
                if pair.how == "bound":
                    self.places[pair.desired.id] = pair.existing.id
            elif is_by_chance(pair):
                self.problems.append(_id_taken(self.kind, pair))
            elif pair.how == "found" and not adopt:
                self.waiting.append(_adoption(self.kind, pair))
            elif self.kind == "vendors" and self._in_conflict(pair):
                self.problems.append(_conflict(pair))
                self.places[pair.desired.id] = pair.existing.id
            else:
                taken.append(pair)
                self.places[pair.desired.id] = pair.existing.id
        return taken

    def _in_conflict(self, pair: Pair) -> bool:
        """Did both sides change since they agreed? Renews the mark of those that agree again."""
        binding = self.bindings.get(pair.desired.id) if pair.how == "bound" else None
        if binding is None:
            return False
        mark = mark_of(pair.desired)
        if mark == binding.written:
            return False
        if not _differs(self.kind, pair):
            self.stale.append(replace(binding, code=pair.desired.code, written=mark))
            return False
        return bool(binding.written) and mark_at_pleo(pair.existing, binding.written) != binding.written

    def _with_codes(
        self, taken: Sequence[Pair], existing: Sequence[Existing], places: CodeGroups
    ) -> tuple[list[Pair], Moves]:
        """The pairs with the codes that they can have at Pleo, those that move code in the order they have to."""
        spelled = [pair for pair in taken if pair.desired.code.strip() not in ("", pair.existing.code.strip())]
        if self.kind == "accounts" or not (spelled or self.matching.new):
            return list(taken), Moves()
        holders = holders_of(existing, places)
        movers = [pair for pair in spelled if fold(pair.desired.code) != fold(pair.existing.code)]
        moves = untangle(movers, self.matching.new, self.matching, holders, places)
        self.problems += [self._taken(key, holder) for key, holder in sorted(moves.blocked.items())]
        moving = {pair.desired.id for pair in movers}
        staying = [pair for pair in taken if pair.desired.id not in moving]
        leaving = {pair.existing.id for pair in moves.order} | moves.retired.keys()
        kept = [_kept_spelling(pair, holders, leaving, places) for pair in staying]
        return [*moves.order, *kept], moves  # a spelling may wait for a code to be left

    def _taken(self, key: str, holder: Existing) -> Problem:
        pair = self.matching.pairs.get(key)
        desired = pair.desired if pair else next(record for record in self.matching.new if record.id == key)
        return _code_taken(self.kind, desired, holder)

    # ------------------------------------------------------------------------------------- the steps

    def _adoptions(self, pairs: Iterable[Pair]) -> None:
        adopted = (pair for pair in pairs if pair.how in ("found", "ours"))
        self.changes += sorted((_adoption(self.kind, pair) for pair in adopted), key=lambda change: change.erp_id or "")

    def _archives(self, moves: Moves, left_out: Set[str]) -> None:
        """What is gone; of those whose code is needed, the code goes first, and then they are archived again."""
        gone = sorted(self.matching.gone, key=lambda it: (it[1].parent or "", it[1].code, it[1].id))
        for binding, record in gone:
            code = moves.retired.get(record.id)
            if code is not None:
                self._set_aside(record, binding.erp_id, code)
                record = replace(record, code=code, archived=False)
            if not record.archived:
                gone_from = "the accounting system no longer has it, or not as active"
                why = f"no longer chosen, or {gone_from}" if self.kind == "tag_groups" else gone_from
                why = LEFT_OUT if binding.erp_id in left_out else why
                self.changes.append(Change(self.kind, "archive", binding.erp_id, record, None, why))

    def _archive_strangers(self, adopt: bool, left_out: Set[Place]) -> None:
        """Active records that no one's are: archived by a person's yes alone (`pleo/rules.md` §3, §4.1)."""
        lacks = "Kontobro did not create it, and the accounting system does not have it"
        dimensions = {group: dimension for dimension, group in self.groups.items()}
        for record in sorted(self.matching.strangers, key=lambda it: (it.parent or "", it.code, it.id)):
            if not record.archived:
                spot = (dimensions.get(record.parent or "", ""), fold(record.code))
                why = f"{LEFT_OUT}; Kontobro did not create it" if record.code.strip() and spot in left_out else lacks
                change = Change(self.kind, "archive", None, record, None, why)
                (self.changes if adopt else self.waiting).append(change)

    def _set_aside(self, record: Existing, erp_id: str, code: str) -> None:
        after = Desired(erp_id, code, record.name, None, record.fields)
        why = f"its code {shown(record.code)} is needed by another record"
        self.changes.append(Change(self.kind, "set_aside", erp_id, record, after, why))

    def _updates(self, pairs: Sequence[Pair], moves: Moves) -> None:
        for pair in pairs:
            if code := moves.aside.get(pair.existing.id):
                self._set_aside(pair.existing, pair.desired.id, code)
        unknown: list[Existing] = []
        for pair in pairs:
            code = moves.aside.get(pair.existing.id)
            before = replace(pair.existing, code=code, archived=False) if code else pair.existing
            different = differences(self.kind, pair.desired, before)
            if only_type_unknown(self.kind, different, before) and self._was_written(pair, before):
                unknown.append(before)
            elif different or before.archived or before.draft:
                action = _action(pair.existing)
                why = ", ".join(different) or {"unarchive": "archived", "activate": "a draft"}.get(action, "")
                self.changes.append(Change(self.kind, action, pair.desired.id, before, pair.desired, why))
        self.problems += [*_types_unknown(unknown), *self._twins(pairs)]

    def _was_written(self, pair: Pair, before: Existing) -> bool:
        """Whether Pleo was given just this: what it shows otherwise it would show again."""
        binding = self.bindings.get(pair.desired.id)
        active = not (before.archived or before.draft)
        return active and binding is not None and binding.written == mark_of(pair.desired)

    def _twins(self, pairs: Iterable[Pair]) -> Iterator[Problem]:
        """Active records at Pleo that share a code with one of ours and are no one's."""
        if self.kind == "accounts":
            return
        spots: dict[Place, Existing] = {}
        for record in (*self.matching.strangers, *self.matching.drafts):
            if record.code.strip() and not record.archived:
                spots.setdefault((record.parent or "", fold(record.code)), record)
        for pair in pairs if spots else ():
            twin = spots.get((pair.existing.parent or "", fold(pair.existing.code)))
            if twin:
                yield _twin(self.kind, pair, twin)

    def _drafts(self, write: bool, vendors: Sequence[Desired]) -> None:
        """Vendors born in Pleo that nothing of the accounting system is; a second one of a vendor is not written."""
        there = {mark: it for it in vendors for mark in marks_of(it)} if self.matching.drafts else {}
        named = grouped_by_name(vendors) if self.matching.drafts else {}
        known = {fold(pair.existing.code) for pair in self.matching.pairs.values()} if self.matching.drafts else set()
        for record in self.matching.drafts:
            if record.code.strip() and fold(record.code) in known:
                continue  # the twin of a vendor in sync: told as a problem
            if same := next((there[mark] for mark in marks_of(record) if mark in there), None):
                self.problems.append(_known_vendor(record, same))
                continue
            if same := _of_same_name(record, named.get(name_key(record.name), ())):
                self.problems.append(_same_name(record, same))
                continue
            why = "created in Pleo; not in the accounting system"
            change = Change(self.kind, "write", None, record, None, why)
            (self.changes if write else self.waiting).append(change)


def _parent(change: Change) -> str:
    return (change.before and change.before.parent) or ""


def _differs(kind: MasterKind, pair: Pair) -> bool:
    return pair.existing.archived or bool(differences(kind, pair.desired, pair.existing))


def _action(existing: Existing) -> Action:
    if existing.draft:
        return "activate"
    return "unarchive" if existing.archived else "update"


def _kept_spelling(
    pair: Pair, holders: Mapping[Place, Sequence[Existing]], leaving: Set[str], places: CodeGroups
) -> Pair:
    """A code is spelled as the accounting system spells it, unless another record keeps that code as well."""
    if pair.desired.code.strip() in ("", pair.existing.code.strip()):
        return pair
    there = holders.get(places.of_existing(pair.existing), ())
    if all(holder.id == pair.existing.id or holder.id in leaving for holder in there):
        return pair
    return replace(pair, desired=replace(pair.desired, code=pair.existing.code))


def _adoption(kind: MasterKind, pair: Pair) -> Change:
    ours = pair.how == "ours"
    why = "ours already" if ours else "already in Pleo, created by someone else"
    return Change(kind, "adopt", pair.desired.id, pair.existing, pair.desired, why, ours)


def _conflict(pair: Pair) -> Problem:
    return problem("vendor_conflict", "vendor", pair.desired.code)


def sharing_a_code(desired: Iterable[Desired]) -> list[list[Desired]]:
    """The active records that share a code within their kind (and dimension), each code's together."""
    by_code: dict[tuple[str, str], list[Desired]] = {}
    for record in desired:
        if record.code.strip():
            by_code.setdefault((record.parent or "", fold(record.code)), []).append(record)
    return [records for records in by_code.values() if len(records) > 1]


def _code_shared(kind: MasterKind, shared: Sequence[Desired]) -> Problem:
    names = tuple(shown(record.name) for record in shared)
    return problem("code_shared", "code", shared[0].code, kind=kind_of(kind), names=names)


def _code_taken(kind: MasterKind, desired: Desired, holder: Existing) -> Problem:
    return problem(
        "code_taken.archived" if holder.archived else "code_taken",
        "code",
        desired.code,
        kind=kind_of(kind),
        name=desired.name,
        holder=holder.name,
    )


def _id_taken(kind: MasterKind, pair: Pair) -> Problem:
    desired, holder = pair.desired, pair.existing
    return problem(
        "exists.identifier",
        "externalId",
        desired.id,
        kind=kind_of(kind),
        code=desired.code,
        name=desired.name,
        holder=f"{shown(holder.code)} ({shown(holder.name)})",
    )


def _types_unknown(records: Sequence[Existing]) -> Iterator[Problem]:
    """All of them in one problem."""
    if records:
        words = sorted({dict(record.fields).get("type", "") for record in records})
        codes = shown(LIST.join(record.code for record in records), MOST_NAMED)
        yield problem("tax_type_undocumented", "type", codes, count=len(records), types=LIST.join(map(shown, words)))


def _twin(kind: MasterKind, pair: Pair, twin: Existing) -> Problem:
    kept, other = pair.existing.name, twin.name
    return problem("duplicate_at_pleo", "code", twin.code, kind=kind_of(kind), kept=kept, other=other)


def _known_vendor(draft: Existing, same: Desired) -> Problem:
    return problem("vendor_known", "vendor", draft.name, known=f"{shown(same.code)} ({shown(same.name)})")


def grouped_by_name(vendors: Iterable[Desired]) -> dict[str, list[Desired]]:
    """The accounting system's vendors by name, as names are compared."""
    named: dict[str, list[Desired]] = {}
    for vendor in vendors:
        named.setdefault(name_key(vendor.name), []).append(vendor)
    return named


def _of_same_name(draft: Existing, named: Sequence[Desired]) -> Desired | None:
    """A vendor of the draft's name that may be the same: no code and no number of both tells them apart."""
    marks = dict(marks_of(draft))
    for vendor in named:
        if all(marks.get(what, value) == value for what, value in marks_of(vendor)):
            return vendor
    return None


def _same_name(draft: Existing, same: Desired) -> Problem:
    known = f"{shown(same.name)} ({shown(same.code)})" if same.code else shown(same.name)
    return problem("vendor_same_name", "vendor", draft.name, known=known)


def kind_of(kind: MasterKind) -> Phrase:
    """What one record of a kind is called."""
    return Phrase(f"kind_{kind.removesuffix('s')}")
