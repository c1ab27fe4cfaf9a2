"""The simulator: seeds that nobody chose, seeds that once failed, and whether it can fail."""

from __future__ import annotations

import secrets
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from kontobro.core.model.journal import Booking, Reference
from kontobro.testing.connector.entries import a_journal
from pleo_sandbox.company.subscriptions import EXPORT_JOB_CREATED
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from proof import tally
from proof.baselines import BASELINES, harm_of, kinds_of
from proof.planted import ROOT, Planted, found_in, planted
from proof.search import portion, shrunk
from proof.simulator.books.memory import MemoryBooks
from proof.simulator.clock import VirtualClock
from proof.simulator.company import CHART
from proof.simulator.exporters.homes import serve_postgres
from proof.simulator.plan import KINDS, OF_TOKENS, OF_WEBHOOKS, Act, ErpKind, Plan, StoreKind, plan_of, without
from proof.simulator.pleo.logins import Logins
from proof.simulator.pleo.webhooks import Mail
from proof.simulator.run import Verdict, simulate
from proof.simulator.schedule import Worker

QUIET = replace(plan_of(0), acts=(), drafts=True)
FULL = replace(QUIET, auth="oauth", webhooks=True)
"""A world in which each kind of act can happen."""


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


@pytest.mark.parametrize("kind", [*KINDS, *OF_TOKENS, *OF_WEBHOOKS])
def test_each_kind_of_act_happens_and_is_survived(kind: str) -> None:
    first = (Act(10, "revoke the login", 0.4),) if kind == "connect again" else ()
    for at in (20, 60, 90, 110, 130):
        verdict = simulate(replace(FULL, acts=(*first, Act(at, kind, 0.4))))
        assert verdict.is_whole, verdict
        if any(kind in line for line in verdict.story):
            return
    pytest.fail(f"{kind} never happened")


@pytest.mark.parametrize(
    ("kind", "looks"), [("lose the webhook", 0), ("repeat the webhook", 2), ("forge a webhook", 0)]
)
def test_a_webhook_calls_its_installation_and_no_forged_one_does(kind: str, looks: int) -> None:
    sandbox = Sandbox(clock=VirtualClock())
    called: list[int] = []
    company = sandbox.add_company(SandboxCompany("Fjord & Bro ApS", "DKK", "DK"))
    mail = Mail(sandbox, lambda home, moment: called.append(home))
    mail.subscribe(3, company)
    mail.trouble(Act(0, kind, 0.5))
    sandbox.publish(EXPORT_JOB_CREATED, company, {"id": "job", "companyId": company})
    assert called == [3] * looks
    assert mail.refused == (kind == "forge a webhook")


def test_a_used_refresh_token_is_excused_only_where_an_answer_was_lost() -> None:
    sandbox = Sandbox(clock=VirtualClock())
    logins = Logins("oauth", sandbox, sandbox.add_company(SandboxCompany("Fjord & Bro ApS", "DKK", "DK")))
    worker = Worker(0, 0, VirtualClock().now())
    given = b'{"access_token": "a", "refresh_token": "r"}'
    logins.answered(worker, 200, given)
    logins.died(worker)  # before it could store them
    logins.answered(worker, 400, b"")
    assert not logins.wrong
    logins.give(0, VirtualClock().now())
    logins.answered(worker, 200, given)
    logins.answered(worker, 400, b"")
    assert logins.wrong


def test_what_a_person_edited_and_is_changed_back_is_seen() -> None:
    books = MemoryBooks(replace(QUIET, drafts=False))
    reference = an_entry(books)
    books.edit_by_hand(reference, 0.9)
    assert not books.undone()
    books._kept[reference].booking = replace(books.booking(reference), line_sums={})
    assert books.undone() == [reference]


def an_entry(books: MemoryBooks) -> Reference:
    (booking,) = books.book([a_journal(CHART)])
    assert isinstance(booking, Booking)
    return booking.reference


@pytest.mark.slow
@pytest.mark.parametrize(("store", "erp"), [("postgresql", "memory"), ("sqlite", "beancount")])
def test_seeds_over_another_store_and_another_accounting_system(store: StoreKind, erp: ErpKind) -> None:
    start = secrets.randbelow(2**40)
    with serve_postgres() if store == "postgresql" else nullcontext():
        tried = portion(range(start, start + 10), stop=False, plans=partial(plan_of, store=store, erp=erp))
    assert [verdict.wrong for verdict in tried.failing] == [], [verdict.plan.seed for verdict in tried.failing]
    assert tried.crossings > 1000


def test_a_range_is_kept_once_for_each_version(tmp_path: Path) -> None:
    facts = {"store": "sqlite", "erp": "memory", "start": 7, "crossings": 1, "core_seconds": 2.0, "minutes": 0.1}
    for seeds in (10, 10, 20):
        runs = tally.add(tally.searched(seeds=seeds, failing=(), **facts), tmp_path / "tally.json")
    assert [run.seeds for run in runs] == [10, 20]
    assert tally.read(tmp_path / "tally.json") == runs
    assert tally.sums(runs) == {"sqlite, memory": 30}


def test_an_exporter_that_repeats_blindly_is_seen_to_double() -> None:
    assert sum(harm_of("retry at once", seed).doubled for seed in range(12)) > 0


def test_a_write_that_takes_effect_after_everything_else_is_seen() -> None:
    """An exporter that believes at once what it does not see has long gone when its late write doubles the entry."""
    quiet = replace(QUIET, reference="searchable", settle_seconds=300, homes=(0,), auth="api_key")
    plans = [replace(quiet, acts=(Act(at, "take effect late", 0.9),)) for at in range(30, 60, 4)]
    verdicts = [simulate(plan, BASELINES["look first, believe what is not seen"]) for plan in plans]
    late = [
        verdict for verdict in verdicts if any("erp.book, before: take effect late" in line for line in verdict.story)
    ]
    assert late
    assert all(any("booked 2 times" in wrong for wrong in verdict.wrong) for verdict in late), late


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
def test_each_planted_fault_has_its_place(fault: Planted, tmp_path: Path) -> None:
    for edit in fault.edits:
        path = tmp_path / "kontobro" / edit.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((ROOT / "src" / "kontobro" / edit.file).read_text())
    fault.plant(tmp_path)
    for edit in fault.edits:
        assert edit.new.strip("\n") in (tmp_path / "kontobro" / edit.file).read_text()


def test_an_act_that_is_aimed_waits_for_its_write() -> None:
    acts = (Act(0, "lose the answer", 0.4, aim="erp.book"),)
    verdict = simulate(replace(QUIET, homes=(0,), auth="api_key", acts=acts))
    assert verdict.is_whole, verdict
    assert "exporter 1, erp.book, after: lose the answer" in verdict.story[0]


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
