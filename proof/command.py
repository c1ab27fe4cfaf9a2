"""What `make prove PROVE_ARGS="--seeds N"` and its kin do, and print."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from itertools import islice
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from proof import report, tally
from proof.baselines import BASELINES, Harm, harm_of
from proof.planted import found_in, planted
from proof.real import Compared, candidates, compare_all, left_out
from proof.search import search, shrunk
from proof.simulator.exporters.homes import serve_postgres
from proof.simulator.plan import Plan, plan_of
from proof.simulator.run import Verdict, simulate

FRESH = 2**40
"""Seeds are drawn below it: two runs hardly ever try the same."""

MOST_TOLD = 5
"""Stories of failing seeds that are shrunk and told."""


def carry_out(asked: argparse.Namespace) -> int:
    """Each thing that was asked for, in turn. The exit code: 1 when something is lost, doubled, or not found."""
    console = Console(stderr=asked.json)
    figures: dict[str, Any] = {}
    works: list[tuple[bool, Callable[[], bool]]] = [
        (asked.seed is not None, lambda: _one(console, _plans(asked)(asked.seed))),
        (asked.seeds is not None, lambda: _many(console, asked, figures)),
        (asked.real is not None, lambda: _real(console, asked, figures)),
        (asked.planted is not None, lambda: _planted(console, asked, figures)),
        (asked.baselines is not None, lambda: _baselines(console, asked, figures)),
    ]
    with _store(asked.store):
        outcomes = [work() for wanted, work in works if wanted]
    if asked.keep:
        report.keep(figures)
    if asked.report:
        console.print(f"Written: {report.write()}")
    if asked.json:
        print(json.dumps(figures, indent=1))
    return 0 if all(outcomes) else 1


@contextmanager
def _store(kind: str) -> Iterator[None]:
    """A PostgreSQL while it is needed."""
    if kind == "postgresql":
        with serve_postgres():
            yield
    else:
        yield


def _plans(asked: argparse.Namespace) -> Callable[[int], Plan]:
    return partial(plan_of, store=asked.store, erp=asked.erp)


def _one(console: Console, plan: Plan) -> bool:
    verdict = simulate(plan)
    _tell(console, verdict)
    return verdict.is_whole


def _many(console: Console, asked: argparse.Namespace, figures: dict[str, Any]) -> bool:
    start = secrets.randbelow(FRESH) if asked.start is None else asked.start
    console.print(f"Seeds {start} to {start + asked.seeds - 1}: to repeat them, add --start {start}.")
    began, cpu, crossings, done = time.monotonic(), 0.0, 0, 0
    failing: list[Verdict] = []
    with _progress(console) as shown:
        task = shown.add_task("tried", total=asked.seeds)
        for part in search(range(start, start + asked.seeds), plans=_plans(asked), workers=asked.workers):
            cpu, crossings, done = cpu + part.cpu, crossings + part.crossings, done + len(part.seeds)
            failing += part.failing
            shown.update(task, completed=done)
    for verdict in failing[:MOST_TOLD]:
        _tell(console, shrunk(verdict))
    run = tally.searched(
        store=asked.store,
        erp=asked.erp,
        start=start,
        seeds=done,
        crossings=crossings,
        core_seconds=round(cpu, 1),
        minutes=round((time.monotonic() - began) / 60, 1),
        failing=tuple(sorted(verdict.plan.seed for verdict in failing)),
    )
    figures["search"] = asdict(run) | {"seeds_a_core_second": run.seeds_a_core_second}
    console.print(
        f"{done:,} seeds, {crossings:,} crossings of a seam, {run.minutes} minutes, "
        f"{run.seeds_a_core_second} seeds a core-second. Not whole: {len(failing)}."
    )
    if asked.keep:
        sums = tally.sums(tally.add(run))
        console.print(f"Kept. Seeds run so far: {'; '.join(f'{count:,} ({over})' for over, count in sums.items())}.")
    return not failing


def _planted(console: Console, asked: argparse.Namespace, figures: dict[str, Any]) -> bool:
    outcomes = []
    faults = planted(asked.planted)
    with ThreadPoolExecutor(asked.workers or os.cpu_count()) as pool:
        for fault, (number, words) in zip(
            faults, pool.map(lambda one: found_in(one, asked.within), faults), strict=True
        ):
            outcomes.append({"name": fault.name, "seeds": number, "found": words})
            told = f"found after {number} seeds: {words[:90]}" if words else f"[red]NOT FOUND in {number} seeds[/red]"
            console.print(f"{fault.name:60} {told}", soft_wrap=True)
    lost = [one for one in outcomes if not one["found"]]
    console.print(f"{len(outcomes) - len(lost)} of {len(outcomes)} planted faults found within {asked.within:,} seeds.")
    figures["planted"] = {"within": asked.within, "faults": outcomes, "left": len(planted()) - len(outcomes)}
    return not lost


def _real(console: Console, asked: argparse.Namespace, figures: dict[str, Any]) -> bool:
    """Seeds in which processes are killed, once simulated and once with processes that are killed."""
    start = secrets.randbelow(FRESH) if asked.start is None else asked.start
    console.print(f"{asked.real} seeds from {start} on: to repeat them, add --start {start}.")
    compared: list[Compared] = []
    with _progress(console) as shown:
        task = shown.add_task("compared", total=asked.real)
        for one in compare_all(list(islice(candidates(start), asked.real)), asked.workers):
            compared.append(one)
            shown.update(task, completed=len(compared))
    apart = [one for one in compared if one.differences]
    for one in apart[:MOST_TOLD]:
        console.print(f"[red]Seed {one.seed}[/red], {one.system}: {'; '.join(one.differences)}", soft_wrap=True)
    figures["real"] = {
        "start": start,
        "seeds": len(compared),
        "agree": len(compared) - len(apart),
        "apart": [one.seed for one in apart],
        "killed": sum(one.killed for one in compared),
        "processes": sum(one.processes for one in compared),
        "systems": dict(Counter(one.system for one in compared)),
        "left_out": dict(left_out(compared).most_common()),
    }
    console.print(
        f"{len(compared)} seeds with {figures['real']['processes']} real processes, "
        f"{figures['real']['killed']} of them killed with kill -9: {figures['real']['agree']} agree."
    )
    console.print(f"Acts that only the simulator can do, left out: {sum(figures['real']['left_out'].values())}.")
    return not apart


def _baselines(console: Console, asked: argparse.Namespace, figures: dict[str, Any]) -> bool:
    """The field's usual ways, and ours, under the same seeds."""
    shown = {}
    for name in BASELINES:
        harm = Harm()
        for seed in range(asked.baselines):
            harm += harm_of(name, seed)
        shown[name] = harm.as_json()
        console.print(f"{name:44} {harm}")
    figures["baselines"] = {"seeds": asked.baselines, "ways": shown}
    return True


def _tell(console: Console, verdict: Verdict) -> None:
    plan = verdict.plan
    console.print(f"\n[bold]Seed {plan.seed}[/bold]: {'; '.join(filter(None, plan.in_words()))}.")
    for line in verdict.story:
        console.print(f"  {line}", highlight=False)
    for wrong in verdict.wrong or ("All is whole.",):
        console.print(f"  [{'red' if verdict.wrong else 'green'}]{wrong}[/]", highlight=False)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
