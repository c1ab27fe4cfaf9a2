"""The simulator: seeds that nobody chose, seeds that once failed, and whether it can fail."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from proof.baselines import BASELINES, harm_of, kinds_of
from proof.planted import ROOT, found_in, planted
from proof.search import portion, shrunk
from proof.simulator.plan import KINDS, Act, Plan, plan_of, without
from proof.simulator.run import Verdict, simulate

QUIET = replace(plan_of(0), acts=())


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_fresh_seeds_are_whole(part: int) -> None:
    start = secrets.randbelow(2**40)
    tried = portion(range(start, start + 125), stop=False)
    told = [f"seed {verdict.plan.seed}: {verdict.wrong}" for verdict in tried.failing]
    assert not told, f'repeat with make prove PROVE_ARGS="--seed {tried.failing[0].plan.seed}": {told}'


@pytest.mark.parametrize("seed", [3, 17, 45])
def test_a_seed_tells_the_same_story_twice(seed: int) -> None:
    assert simulate(plan_of(seed)) == simulate(plan_of(seed))


@pytest.mark.parametrize("homes", [(0,), (0, 0), (0, 1)])
def test_without_an_act_all_is_whole(homes: tuple[int, ...]) -> None:
    verdict = simulate(replace(QUIET, reference="enforced", homes=homes))
    assert verdict.is_whole, verdict
    assert verdict.crossings > 100


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_act_happens_and_is_survived(kind: str) -> None:
    for at in (20, 60, 90, 110, 130):
        plan = replace(QUIET, acts=(Act(at, kind, 0.4),))
        verdict = simulate(plan)
        assert verdict.is_whole, verdict
        if any(kind in line for line in verdict.story):
            return
    pytest.fail(f"{kind} never happened")


def test_an_exporter_that_repeats_blindly_is_seen_to_double() -> None:
    assert sum(harm_of("retry at once", seed).doubled for seed in range(12)) > 0


def test_a_failing_seed_is_shrunk_to_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    def blindly(plan: Plan) -> Verdict:
        return simulate(plan, BASELINES["retry at once"])

    monkeypatch.setattr("proof.search.simulate", blindly)
    verdict = next(found for found in map(blindly, map(plan_of, range(60))) if found.wrong)
    least = shrunk(verdict)
    assert not least.is_whole
    assert set(least.plan.acts) <= set(verdict.plan.acts)
    for act in least.plan.acts:
        assert blindly(without(least.plan, [one for one in least.plan.acts if one is not act])).is_whole


@pytest.mark.parametrize("fault", planted(), ids=lambda fault: fault.name)
def test_each_planted_fault_has_its_place(fault, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "kontobro" / fault.file
    path.parent.mkdir(parents=True)
    path.write_text((ROOT / "src" / "kontobro" / fault.file).read_text())
    fault.plant(tmp_path)
    assert fault.new.strip("\n") in path.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("words", ["reports before it books", "retries blindly", "trusts absence at once"])
def test_a_planted_fault_is_found(words: str) -> None:
    (fault,) = planted([words])
    number, wrong = found_in(fault, 300)
    assert wrong, f"not found in {number} seeds"


def test_each_thing_that_the_judge_says_is_of_a_kind() -> None:
    said = [
        "x was booked 2 times",
        "Pleo is told that expense 1 is booked; in the books it is not there",
        "expense 2 is booked otherwise than Pleo says, its amounts: 1, not 2",
        "expense 3 is left pending: ",
    ]
    assert [kinds_of(one) for one in said] == [{"doubled"}, {"lost"}, {"otherwise"}, {"left"}]


def test_plans_are_drawn_from_the_seed_alone() -> None:
    assert plan_of(7) == plan_of(7)
    assert len({plan_of(seed) for seed in range(200)}) == 200
    assert isinstance(plan_of(7), Plan)
