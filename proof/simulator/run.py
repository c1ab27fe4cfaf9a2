"""One seed: a world is made, exported in while things go wrong, calmed, finished, and judged."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from kontobro.export import run_job
from proof.simulator.company import Company, open_company
from proof.simulator.hand import People
from proof.simulator.judge import too_early, wrong_with
from proof.simulator.plan import Plan
from proof.simulator.pleo import Box
from proof.simulator.schedule import Worker
from proof.simulator.seeded import seeded
from proof.simulator.worker import Export, Exporters
from proof.simulator.world import World

ROUNDS = 6
"""How often a person presses Export again, when all is calm, before an expense counts as waiting for ever."""

STORM = timedelta(hours=8)
"""Virtual time in which things go wrong, at most."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong after a run, the story of it, and how many seams were crossed."""

    plan: Plan
    wrong: tuple[str, ...]
    story: tuple[str, ...]
    crossings: int

    @property
    def is_whole(self) -> bool:
        return not self.wrong


def simulate(plan: Plan, export: Export = run_job) -> Verdict:
    """Run a plan in a folder of its own, in memory where there is such a file system. `export` is what an exporter does
    with a job."""
    with _folder() as folder, seeded(plan.seed), _listened() as heard:
        world = World(plan)
        company = open_company(plan, world)
        wrong: list[str] = []
        box = Box(company.sandbox)
        exporters = Exporters(world, company, box, folder, lambda told: wrong.extend(too_early(company, told)), export)
        world.hand = People(company, exporters)
        for home in sorted(set(plan.homes)):
            exporters.install(home)
        try:
            _lived(world, company, exporters)
            wrong.extend(wrong_with(company))
            wrong.extend(_told(heard, exporters))
        except Exception as fault:  # noqa: BLE001 - whatever an exporter raises that it should not is the finding
            wrong.append(f"an exporter broke: {type(fault).__name__}: {fault}")
        finally:
            _end(world, exporters)
            box.close()
        return Verdict(plan, tuple(dict.fromkeys(wrong)), tuple(world.story), world.crossings)


def _lived(world: World, company: Company, exporters: Exporters) -> None:
    now = world.clock.now()
    for number, home in enumerate(world.plan.homes):
        world.schedule.start(Worker(number, home, now + timedelta(seconds=7 * number)), exporters.live)
    world.schedule.run(now + timedelta(hours=1))
    while world.is_stormy and world.clock.now() < now + STORM:
        world.schedule.run(world.clock.now() + timedelta(hours=1))
    world.calm()
    for _ in range(ROUNDS):
        exporters.connect_again()
        world.schedule.wake()
        world.schedule.run(world.clock.now() + timedelta(hours=2))
        left = [number for number in company.items if company.status(number) not in ("successful", "failed")]
        failed = [number for number in company.items if company.status(number) == "failed"]
        if not left and len(failed) <= 1 and not any(job.is_open for job in company.sandbox.jobs):
            return
        company.press_again()


def _end(world: World, exporters: Exporters) -> None:
    """Let every thread come to its end."""
    exporters.over = True
    for worker in world.schedule.workers:
        worker.fenced = True
        while not worker.ended:
            worker.turn.release()
            if worker.thread is not None:
                worker.thread.join(5)


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.__dict__}")


@contextmanager
def _listened() -> Iterator[list[str]]:
    """All that is logged meanwhile."""
    ear, root = _Ear(), logging.getLogger("kontobro")
    level, root.level = root.level, logging.INFO
    root.addHandler(ear)
    root.propagate, spoke = False, root.propagate
    try:
        yield ear.lines
    finally:
        root.removeHandler(ear)
        root.level, root.propagate = level, spoke


def _told(lines: list[str], exporters: Exporters) -> Iterator[str]:
    for key in exporters.keys:
        if any(key in line for line in lines):
            yield "a key of Pleo's is in a log"


@contextmanager
def _folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="kontobro-proof-", dir=memory if memory.is_dir() else None)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
