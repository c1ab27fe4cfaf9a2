"""Over random masters on both sides: apply a plan and plan again, and there is nothing to do; killed anywhere too.

The accounting system changes between the runs: codes swap, are used again by new records, names change, records go
and come back. Pleo has twins, archived ones, and records of other people.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kontobro.core.errors import UnsafePlan
from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.masterdata import Account, Dimension, DimensionValue, MasterRecord, TaxCode, Vendor
from kontobro.core.model.settings import Settings
from kontobro.core.plan.compare import fold
from kontobro.core.plan.make import Existing
from kontobro.sync.run import NOTED
from tests.support.examples import examples
from tests.support.sync_harness import SyncHarness

CODES = ["A", "b", "B ", "c", " C", "D", "e", "Æ"]
NAMES = ["Sales", " sales", "SALES", "Sales  north", "Sales north", "Køb", "Wages"]
IDS = ["1", "2", "3", "4", "5", "6"]
TAXES = [None, "DK1", "DK 1", "DK2"]

codes = st.sampled_from(CODES)
names = st.sampled_from(NAMES)
Maker = Callable[[str, str, str], MasterRecord]


def a_vendor(id: str, code: str, name: str) -> Vendor:
    return Vendor(id=id, code=code, name=name, tax_registration_number=f"DK{id}", currency="DKK")


MAKERS: dict[str, Maker] = {
    "accounts": Account,
    "tax-codes": lambda id, code, name: TaxCode(id, code, name, Decimal("0.25"), "inclusive"),
    "dimensions": lambda id, code, name: DimensionValue(id, "dim", code, name),
    "vendors": a_vendor,
}


@st.composite
def masters(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """Active records: id, code, name. Codes are unlike when folded, as an accounting system's are."""
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, min_size=1))
    chosen = draw(st.lists(codes, unique_by=fold, min_size=len(ids), max_size=len(ids)))
    return [(id, code, draw(names)) for id, code in zip(ids, chosen, strict=False)]


strangers = st.lists(
    st.builds(
        lambda number, code, name, archived, external: (number, code, name, archived, external),
        st.integers(1, 8),
        codes,
        names,
        st.booleans(),
        st.none() | st.sampled_from(["2", "5", "other"]),
    ),
    max_size=5,
    unique_by=lambda it: it[0],
)


def put_strangers(harness: SyncHarness, kind: str, found: list[tuple[int, str, str, bool, str | None]]) -> set[str]:
    """What other people made at Pleo before us, duplicates included. Answers their ids."""
    if kind == "dimensions":
        harness.pleo.put("tag_groups", Existing("g1", "DIM", "Dimension"))
    master: MasterKind = NOTED[kind][-1]
    seen: set[str] = set()
    for number, code, name, archived, external in found:
        id, parent = f"s{number}", "g1" if kind == "dimensions" else None
        external = external if external not in seen and kind in ("accounts", "vendors") else None
        seen.add(external or "")
        harness.pleo.put(master, Existing(id, code.strip(), name.strip(), archived, external, parent))
    return {f"s{number}" for number, *_ in found}


def a_harness(kind: str) -> SyncHarness:
    return SyncHarness(settings=Settings(sync_dimensions=("dim",) if kind == "dimensions" else ()))


def set_masters(harness: SyncHarness, kind: str, found: list[tuple[str, str, str]]) -> None:
    first = [Dimension("dim", "dim", "Dimension")] if kind == "dimensions" else []
    harness.has(*first, *(MAKERS[kind](*one) for one in found))


def assert_in_sync(harness: SyncHarness, kind: str, wanted: list[tuple[str, str, str]]) -> None:
    """Every record is at Pleo under its code and name, once, unless a stranger holds its code or identifier."""
    plan = harness.plan(kind)
    assert plan.changes == (), plan.changes
    blocked = {problem.value for problem in plan.problems if problem.code == "code_taken"}
    held = {problem.value for problem in plan.problems if problem.code == "exists"}
    master = NOTED[kind][-1]
    at_pleo = {record.id: record for record in harness.pleo.of(master)}
    bound = {row.erp_id.removeprefix("dim/"): row for row in harness.store.rows.values() if row.kind == master}
    for id, code, name in wanted:
        if code.strip() in blocked or id in held:
            continue
        record = at_pleo[bound[id].pleo_id or ""]
        assert not record.archived
        assert fold(record.code) == fold(code)
        assert " ".join(record.name.split()) == " ".join(name.split())


@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=examples(120))
@given(there=strangers, rounds=st.lists(masters(), min_size=1, max_size=4))
def test_applied_and_planned_again_there_is_nothing_to_do(
    kind: str, there: list[tuple[int, str, str, bool, str | None]], rounds: list[list[tuple[str, str, str]]]
) -> None:
    harness = a_harness(kind)
    strange = put_strangers(harness, kind, there)
    for wanted in rounds:
        set_masters(harness, kind, wanted)
        result = harness.apply(kind)
        assert result.failed == ()
        assert_in_sync(harness, kind, wanted)
        owned = {row.pleo_id for row in harness.store.rows.values()}
        for record in harness.pleo.of(NOTED[kind][-1]):
            if record.id in strange - owned:
                was = next(it for it in there if f"s{it[0]}" == record.id)
                assert (record.code, record.archived) == (was[1].strip(), was[3]), "not ours, and changed"
        before = list(harness.pleo.writes)
        harness.scheduled(kind)
        assert harness.pleo.writes == before


class Killed(BaseException):
    """The process ends here."""


def kill_at(harness: SyncHarness, step: int) -> None:
    """Killed at the `step`-th boundary: before or after any write to Pleo or to the store."""
    passed = [0]

    def boundary(_step: str) -> None:
        passed[0] += 1
        if passed[0] == step:
            raise Killed

    harness.pleo.before = harness.pleo.after = boundary
    harness.store.before = harness.store.after = boundary


def heal(harness: SyncHarness) -> None:
    kill_at(harness, -1)
    harness.store.held.clear()


@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=examples(100))
@given(
    there=strangers,
    first=masters(),
    second=masters(),
    third=st.none() | masters(),
    step=st.integers(1, 40),
)
def test_killed_anywhere_the_next_run_finishes_and_leaves_no_twins(
    kind: str,
    there: list[tuple[int, str, str, bool, str | None]],
    first: list[tuple[str, str, str]],
    second: list[tuple[str, str, str]],
    third: list[tuple[str, str, str]] | None,
    step: int,
) -> None:
    harness = a_harness(kind)
    strange = put_strangers(harness, kind, there)
    set_masters(harness, kind, first)
    harness.apply(kind)
    set_masters(harness, kind, second)
    kill_at(harness, step)
    with suppress(Killed):
        harness.apply(kind)
    heal(harness)
    last = third or second
    set_masters(harness, kind, last)
    assert harness.apply(kind).failed == ()
    assert_in_sync(harness, kind, last)
    active = [record for record in harness.pleo.of(NOTED[kind][-1]) if not record.archived and record.id not in strange]
    assert len({fold(record.code) for record in active}) == len(active), "a twin"
    assert len(active) <= len(last), "something of ours is left over"


@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=examples(60))
@given(there=strangers, first=masters(), second=masters())
def test_a_schedule_touches_nothing_that_is_not_ours(
    kind: str,
    there: list[tuple[int, str, str, bool, str | None]],
    first: list[tuple[str, str, str]],
    second: list[tuple[str, str, str]],
) -> None:
    harness = a_harness(kind)
    strange = put_strangers(harness, kind, there)
    before = {record.id: record for record in harness.pleo.of(NOTED[kind][-1])}
    for wanted in (first, second):
        set_masters(harness, kind, wanted)
        try:
            assert harness.scheduled(kind).adopted == 0
        except UnsafePlan:
            continue
        assert all(harness.pleo.records[NOTED[kind][-1]][id] == before[id] for id in strange)


def test_a_circle_of_three_and_a_chain_need_one_temporary_code() -> None:
    harness = a_harness("vendors")
    set_masters(harness, "vendors", [(id, id, id) for id in "12345"])
    harness.apply("vendors")
    harness.pleo.writes.clear()
    turned = [("1", "2", "1"), ("2", "3", "2"), ("3", "1", "3"), ("4", "5", "4"), ("5", "6", "5")]
    set_masters(harness, "vendors", turned)
    plan = harness.plan("vendors")
    assert plan.counts == {"set_aside": 1, "update": 5}
    harness.apply("vendors")
    assert len(harness.pleo.writes) == 6
    assert harness.pleo.active("vendors") == {code: name for _, code, name in turned}


def test_a_code_of_ours_that_is_gone_is_freed_for_the_next() -> None:
    harness = a_harness("vendors")
    set_masters(harness, "vendors", [("1", "A", "Old"), ("2", "B", "New")])
    harness.apply("vendors")
    set_masters(harness, "vendors", [("2", "A", "New")])
    harness.apply("vendors")
    assert harness.pleo.active("vendors") == {"A": "New"}
    set_masters(harness, "vendors", [("2", "A", "New"), ("1", "C", "Old")])
    harness.apply("vendors")
    assert harness.pleo.active("vendors") == {"A": "New", "C": "Old"}
    assert len(harness.pleo.of("vendors")) == 2


def test_the_plan_is_the_same_whatever_the_order_of_the_records() -> None:
    one, other = a_harness("vendors"), a_harness("vendors")
    records = [("1", "A", "x"), ("2", "B", "y"), ("3", "C", "z")]
    for harness, found in ((one, records), (other, records[::-1])):
        set_masters(harness, "vendors", found)
        harness.pleo.put("vendors", *(Existing(f"s{code}", code, "q") for _, code, _ in found[:2] if code == "B"))
    assert one.plan("vendors").changes[-1] == other.plan("vendors").changes[-1]
    assert replace(one.plan("vendors"), stale=()).digest.startswith("vendors-")
