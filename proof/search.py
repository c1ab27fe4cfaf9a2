"""Many seeds, on all cores: each core has a process for every few hundred, so that none grows old."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace

from proof.simulator.plan import Plan, plan_of, without
from proof.simulator.run import Verdict, simulate

PORTION = 50

Plans = Callable[[int], Plan]
"""What a seed makes; can be pickled."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Some seeds that were run: CPU seconds, crossings, and those that are not whole."""

    seeds: range
    cpu: float
    crossings: int
    failing: tuple[Verdict, ...]


def portion(seeds: range, *, stop: bool, plans: Plans = plan_of) -> Portion:
    """Run these seeds here. `stop` at the first that is not whole."""
    began, crossings, failing = time.process_time(), 0, []
    for seed in seeds:
        verdict = simulate(plans(seed))
        crossings += verdict.crossings
        if not verdict.is_whole:
            failing.append(replace(verdict, lives=()))  # they can't leave the process
            if stop:
                seeds = range(seeds.start, seed + 1)
                break
    return Portion(seeds, time.process_time() - began, crossings, tuple(failing))


def search(seeds: range, *, plans: Plans = plan_of, workers: int | None = None) -> Iterator[Portion]:
    """Run them all, in parts as they are done."""
    parts = (range(start, min(start + PORTION, seeds.stop)) for start in range(seeds.start, seeds.stop, PORTION))
    count = workers or os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, max_tasks_per_child=8) as pool:
        running: set[Future[Portion]] = set()
        for part in parts:
            running.add(pool.submit(portion, part, stop=False, plans=plans))
            if len(running) < count * 2:
                continue
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                yield one.result()
        for one in running:
            yield one.result()


def shrunk(verdict: Verdict) -> Verdict:
    """The same failure with as few acts as possible: those that change nothing are left out, one after the other."""
    best = verdict
    again = True
    while again:
        again = False
        for act in best.plan.acts:
            tried = simulate(without(best.plan, [one for one in best.plan.acts if one is not act]))
            if not tried.is_whole:
                best, again = tried, True
                break
    return best
