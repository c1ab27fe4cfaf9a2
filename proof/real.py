"""A sample of seeds run again with real processes, killed with `kill -9`: the simulator has to tell what they do.

Of a seed's plan stay the kills and the deleted histories; each simulated kill is one at the last named boundary that
the process crossed, for nothing that it does until the next one can be seen from outside. The other acts are left out
of both runs and counted: they are the simulator's alone.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import zip_longest
from multiprocessing import get_context
from typing import Final

from kontobro.testing.export.exporter import Ended
from kontobro.testing.export.proof import QUIET_MINUTES, ExportProof, Step
from proof.simulator.exporters.lives import Life
from proof.simulator.exporters.worker import POLL
from proof.simulator.plan import Plan, plan_of
from proof.simulator.run import Verdict, simulate
from tests.export.prove import proof_of

MAPPED: Final = ("kill", "delete our history")
PORTION: Final = 10


@dataclass(frozen=True, slots=True)
class Compared:
    """One seed, run both ways. `left_out`: the kinds of its acts that only the simulator can do. `differences`: where
    both runs are not the same; nothing when they agree."""

    seed: int
    system: str
    killed: int
    processes: int
    left_out: tuple[str, ...]
    differences: tuple[str, ...]


def candidates(start: int) -> Iterator[int]:
    """From this one on, the seeds in which a process is killed."""
    while True:
        if any(act.kind in MAPPED for act in plan_of(start).acts):
            yield start
        start += 1


def compare_all(seeds: Sequence[int], workers: int | None = None) -> Iterator[Compared]:
    """As they are done, on all cores."""
    parts = [seeds[first : first + PORTION] for first in range(0, len(seeds), PORTION)]
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_compare_some, part) for part in parts]):
            yield from done.result()


def _compare_some(seeds: Sequence[int]) -> list[Compared]:
    compared = []
    for system in ("beancount", "searchable"):
        some = [seed for seed in seeds if _system(seed) == system]
        if some:
            with proof_of(system) as proof:
                compared += [compare(proof, seed) for seed in some]
    return compared


def compare(proof: ExportProof, seed: int) -> Compared:
    """Simulate the seed's kills, then do the same to real processes."""
    whole, plan = plan_of(seed), reduced(seed)
    verdict = simulate(plan)
    lives = told_lives(verdict)
    ended, wrong = proof.replay([_step(life) for life in lives])
    left_out = tuple(act.kind for act in whole.acts if act.kind not in MAPPED)
    killed = sum(one.killed for one in ended)
    differences = (*_differences(verdict, lives, ended), *_verdicts(verdict.wrong, wrong))
    return Compared(seed, _system(seed), killed, len(ended), left_out, differences)


def reduced(seed: int) -> Plan:
    """One exporter with an API key, over a system that real processes can share, and the acts that they can do."""
    system = _system(seed)
    plan = plan_of(seed, erp="beancount" if system == "beancount" else "plain")
    return replace(
        plan,
        reference="enforced" if system == "beancount" else "searchable",
        drafts=system == "beancount",
        posted=True,
        batch_size=100 if system == "beancount" else 2,
        homes=(0,),
        auth="api_key",
        webhooks=False,
        restart_seconds=QUIET_MINUTES * 60,
        presses=0,
        acts=tuple(act for act in plan_of(seed).acts if act.kind in MAPPED),
    )


def told_lives(verdict: Verdict) -> Sequence[Life]:
    """The processes up to the last that did something."""
    lives = list(verdict.lives)
    while lives and not lives[-1].crossed:
        lives.pop()
    return lives


def _system(seed: int) -> str:
    return "beancount" if plan_of(seed).reference == "enforced" else "searchable"


def _step(life: Life) -> Step:
    runs = not life.was_killed or life.killed_at is not None
    minutes = QUIET_MINUTES if life.was_killed else int(POLL // 60)
    return Step(runs, life.takes_over, life.killed_at, life.forgotten, minutes)


def _differences(verdict: Verdict, lives: Sequence[Life], ended: Sequence[Ended]) -> Iterator[str]:
    """Each process crosses the same boundaries, in the same order, and dies at the same one."""
    simulated = [life for life in lives if not life.was_killed or life.killed_at is not None]
    for number, (life, one) in enumerate(zip(simulated, ended, strict=True), start=1):
        if life.was_killed != one.killed:
            yield f"process {number}: killed in {'the simulator' if life.was_killed else 'real'} alone"
        pairs = zip_longest(life.crossed, one.boundaries)
        for ours, real in pairs:
            if ours != real:
                yield f"process {number} of seed {verdict.plan.seed}: simulated {ours}, real {real}"
                break


def _verdicts(simulated: Sequence[str], real: Sequence[str]) -> Iterator[str]:
    if bool(simulated) != bool(real):
        yield f"whole only in {'real' if simulated else 'the simulator'}: {'; '.join([*simulated, *real])}"


def left_out(compared: Sequence[Compared]) -> Counter[str]:
    """How many acts of each kind could not be done to real processes."""
    return Counter(kind for one in compared for kind in one.left_out)
