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


def put_strangers(office: SyncHarness, kind: str, found: list[tuple[int, str, str, bool, str | None]]) -> set[str]:
    """What other people made at Pleo before us, duplicates included. Answers their ids."""
    if kind == "dimensions":
        office.pleo.put("tag_groups", Existing("g1", "DIM", "Dimension"))
    master: MasterKind = NOTED[kind][-1]
    seen: set[str] = set()
    for number, code, name, archived, external in found:
        id, parent = f"s{number}", "g1" if kind == "dimensions" else None
        external = external if external not in seen and kind in ("accounts", "vendors") else None
        seen.add(external or "")
        office.pleo.put(master, Existing(id, code.strip(), name.strip(), archived, external, parent))
    return {f"s{number}" for number, *_ in found}


def an_office(kind: str) -> SyncHarness:
    return SyncHarness(settings=Settings(sync_dimensions=("dim",) if kind == "dimensions" else ()))


def set_masters(office: SyncHarness, kind: str, found: list[tuple[str, str, str]]) -> None:
    first = [Dimension("dim", "dim", "Dimension")] if kind == "dimensions" else []
    office.has(*first, *(MAKERS[kind](*one) for one in found))


def assert_in_step(office: SyncHarness, kind: str, wanted: list[tuple[str, str, str]]) -> None:
    """Every record is at Pleo under its code and name, once, unless a stranger holds its code or identifier."""
    plan = office.plan(kind)
    assert plan.changes == (), plan.changes
    blocked = {problem.value for problem in plan.problems if problem.code == "code_taken"}
    held = {problem.value for problem in plan.problems if problem.code == "exists"}
    master = NOTED[kind][-1]
    at_pleo = {record.id: record for record in office.pleo.of(master)}
    bound = {row.erp_id.removeprefix("dim/"): row for row in office.store.rows.values() if row.kind == master}
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
    office = an_office(kind)
    strange = put_strangers(office, kind, there)
    for wanted in rounds:
        set_masters(office, kind, wanted)
        result = office.apply(kind)
        assert result.failed == ()
        assert_in_step(office, kind, wanted)
        owned = {row.pleo_id for row in office.store.rows.values()}
        for record in office.pleo.of(NOTED[kind][-1]):
            if record.id in strange - owned:
                was = next(it for it in there if f"s{it[0]}" == record.id)
                assert (record.code, record.archived) == (was[1].strip(), was[3]), "not ours, and changed"
        before = list(office.pleo.writes)
        office.scheduled(kind)
        assert office.pleo.writes == before


class Killed(BaseException):
    """The process ends here."""


def kill_at(office: SyncHarness, step: int) -> None:
    """Killed at the `step`-th boundary: before or after any write to Pleo or to the store."""
    passed = [0]

    def boundary(_step: str) -> None:
        passed[0] += 1
        if passed[0] == step:
            raise Killed

    office.pleo.before = office.pleo.after = boundary
    office.store.before = office.store.after = boundary


def heal(office: SyncHarness) -> None:
    kill_at(office, -1)
    office.store.held.clear()


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
    office = an_office(kind)
    strange = put_strangers(office, kind, there)
    set_masters(office, kind, first)
    office.apply(kind)
    set_masters(office, kind, second)
    kill_at(office, step)
    with suppress(Killed):
        office.apply(kind)
    heal(office)
    last = third or second
    set_masters(office, kind, last)
    assert office.apply(kind).failed == ()
    assert_in_step(office, kind, last)
    standing = [
        record for record in office.pleo.of(NOTED[kind][-1]) if not record.archived and record.id not in strange
    ]
    assert len({fold(record.code) for record in standing}) == len(standing), "a twin"
    assert len(standing) <= len(last), "something of ours is left over"


@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=examples(60))
@given(there=strangers, first=masters(), second=masters())
def test_a_schedule_touches_nothing_that_is_not_ours(
    kind: str,
    there: list[tuple[int, str, str, bool, str | None]],
    first: list[tuple[str, str, str]],
    second: list[tuple[str, str, str]],
) -> None:
    office = an_office(kind)
    strange = put_strangers(office, kind, there)
    before = {record.id: record for record in office.pleo.of(NOTED[kind][-1])}
    for wanted in (first, second):
        set_masters(office, kind, wanted)
        try:
            assert office.scheduled(kind).adopted == 0
        except UnsafePlan:
            continue
        assert all(office.pleo.records[NOTED[kind][-1]][id] == before[id] for id in strange)


def test_a_circle_of_three_and_a_chain_need_one_temporary_code() -> None:
    office = an_office("vendors")
    set_masters(office, "vendors", [(id, id, id) for id in "12345"])
    office.apply("vendors")
    office.pleo.writes.clear()
    turned = [("1", "2", "1"), ("2", "3", "2"), ("3", "1", "3"), ("4", "5", "4"), ("5", "6", "5")]
    set_masters(office, "vendors", turned)
    plan = office.plan("vendors")
    assert plan.counts == {"set_aside": 1, "update": 5}
    office.apply("vendors")
    assert len(office.pleo.writes) == 6
    assert office.pleo.active("vendors") == {code: name for _, code, name in turned}


def test_a_code_of_ours_that_is_gone_is_freed_for_the_next() -> None:
    office = an_office("vendors")
    set_masters(office, "vendors", [("1", "A", "Old"), ("2", "B", "New")])
    office.apply("vendors")
    set_masters(office, "vendors", [("2", "A", "New")])
    office.apply("vendors")
    assert office.pleo.active("vendors") == {"A": "New"}
    set_masters(office, "vendors", [("2", "A", "New"), ("1", "C", "Old")])
    office.apply("vendors")
    assert office.pleo.active("vendors") == {"A": "New", "C": "Old"}
    assert len(office.pleo.of("vendors")) == 2


def test_the_plan_is_the_same_whatever_the_order_of_the_records() -> None:
    one, other = an_office("vendors"), an_office("vendors")
    records = [("1", "A", "x"), ("2", "B", "y"), ("3", "C", "z")]
    for office, found in ((one, records), (other, records[::-1])):
        set_masters(office, "vendors", found)
        office.pleo.put("vendors", *(Existing(f"s{code}", code, "q") for _, code, _ in found[:2] if code == "B"))
    assert one.plan("vendors").changes[-1] == other.plan("vendors").changes[-1]
    assert replace(one.plan("vendors"), stale=()).digest.startswith("vendors-")
