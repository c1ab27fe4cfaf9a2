"""One seed: a world is made, exported in while things go wrong, calmed, finished, and judged."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from kontobro.export import run_job
from proof.simulator.books.held import Held
from proof.simulator.books.memory import MemoryBooks
from proof.simulator.books.plain import PlainBooks
from proof.simulator.company import Company, open_company
from proof.simulator.exporters.homes import homes_of
from proof.simulator.exporters.lives import Life
from proof.simulator.exporters.worker import Export, Exporters
from proof.simulator.hand import People
from proof.simulator.judge import told_secrets, told_wrong, wrong_in_history, wrong_with
from proof.simulator.plan import Plan
from proof.simulator.pleo.box import Box
from proof.simulator.pleo.logins import Logins
from proof.simulator.schedule import Worker
from proof.simulator.seeded import seeded
from proof.simulator.world import World

ROUNDS = 6
"""How often a person presses Export again, when all is calm, before an expense counts as waiting for ever."""

STORM = timedelta(hours=8)
"""Virtual time in which things go wrong, at most."""

LATEST = timedelta(minutes=2)
"""By when what Pleo took late has taken effect there."""

HEARD = ("kontobro", "httpx2")
"""Loggers of ours, and of the client that has our keys."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong after a run, the story of it, and how many seams were crossed."""

    plan: Plan
    wrong: tuple[str, ...]
    story: tuple[str, ...]
    crossings: int
    lives: tuple[Life, ...] = field(default=(), compare=False, repr=False)

    @property
    def is_whole(self) -> bool:
        return not self.wrong


def simulate(plan: Plan, export: Export = run_job) -> Verdict:
    """Run a plan in a folder of its own, in memory where there is such a file system. `export` is what an exporter does
    with a job."""
    with _folder() as folder, seeded(plan.seed), _listened() as heard:
        world = World(plan)
        exporters = _opened(plan, world, folder, export)
        wrong = exporters.wrong
        try:
            _lived(world, exporters.company, exporters)
            wrong.extend(wrong_with(exporters.company))
            for home in sorted(set(plan.homes)):
                with exporters.homes.open(home) as store:
                    wrong.extend(wrong_in_history(exporters.company, store))
        except Exception as fault:  # noqa: BLE001 - whatever an exporter raises that it should not is the finding
            wrong.append(f"an exporter broke: {type(fault).__name__}: {fault}")
        finally:
            _end(world, exporters)
        wrong.extend([*exporters.logins.wrong, *exporters.mail.wrong])
        wrong.extend(told_secrets([*heard, *world.story], exporters.logins.secrets))
        return Verdict(plan, tuple(dict.fromkeys(wrong)), tuple(world.story), world.crossings, tuple(exporters.lives))


def _opened(plan: Plan, world: World, folder: Path, export: Export) -> Exporters:
    """A world at its beginning, Export pressed."""
    company = open_company(plan, world, _books(plan, folder))
    wrong: list[str] = []
    exporters = Exporters(
        world=world,
        company=company,
        box=Box(company.sandbox),
        homes=homes_of(plan, folder),
        logins=Logins(plan.auth, company.sandbox, company.id),
        seen=lambda worker, told: wrong.extend(told_wrong(company, worker, told)),
        wrong=wrong,
        export=export,
    )
    world.hand = People(company, exporters)
    for home in sorted(set(plan.homes)):
        exporters.install(home)
    company.sandbox.press_export(company.id, vendor_based=True)
    return exporters


def _books(plan: Plan, folder: Path) -> Held:
    if plan.erp == "beancount":
        from proof.simulator.books.beancount import BeancountBooks  # Beancount takes a second to load

        return BeancountBooks(folder / "ledger")
    if plan.erp == "files":
        from proof.simulator.books.files.held import FileBooks

        return FileBooks(plan, folder / "documents")
    if plan.erp == "plain":
        return PlainBooks(folder / "books")
    return MemoryBooks(plan)


def _lived(world: World, company: Company, exporters: Exporters) -> None:
    """The storm, then the calm in which all has to come right."""
    began = world.clock.now()
    apart = timedelta(seconds=0 if world.plan.by_the_clock else 7)
    for number, home in enumerate(world.plan.homes):
        world.schedule.start(Worker(number, home, began + apart * number), exporters.live)

    def is_quiet() -> bool:
        return company.is_done and not world.is_under_way

    look_after = world.hand.look_after if world.hand else _nothing
    pressed = 0
    while world.clock.now() < began + STORM:
        world.schedule.run(began + STORM, is_quiet)
        if not (world.is_stormy and pressed < world.plan.presses and company.press_again()):
            break
        pressed += 1
        world.schedule.wake()
    world.calm()
    for number in range(ROUNDS):
        exporters.connect_again(world.plan.homes)
        world.schedule.wake()
        world.schedule.run(world.clock.now() + timedelta(hours=2), is_quiet)
        look_after()
        if (company.is_done and company.is_settled) or number == ROUNDS - 1:
            break
        if not company.press_again():
            world.clock.move(timedelta(minutes=15))
    world.clock.move(LATEST)
    exporters.connect_again(world.plan.homes)
    look_after()
    world.schedule.wake()  # once more: what is still to be noted is noted, and nothing else is done
    world.schedule.run(world.clock.now() + timedelta(minutes=10), is_quiet)


def _nothing() -> None:
    """No person is there."""


def _end(world: World, exporters: Exporters) -> None:
    """Let every thread come to its end, then all that they used."""
    exporters.over = True
    for worker in world.schedule.workers:
        worker.fenced = True
        while not worker.ended:
            worker.turn.release()
            if worker.thread is not None:
                worker.thread.join(5)
    exporters.box.close()
    exporters.homes.close()


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.__dict__}")


@contextmanager
def _listened() -> Iterator[list[str]]:
    """All that is logged meanwhile."""
    ear = _Ear()
    loggers = [logging.getLogger(name) for name in HEARD]
    before = [(one.level, one.propagate) for one in loggers]
    for one in loggers:
        one.addHandler(ear)
        one.setLevel(logging.INFO)
        one.propagate = False
    try:
        yield ear.lines
    finally:
        for one, (level, propagate) in zip(loggers, before, strict=True):
            one.removeHandler(ear)
            one.setLevel(level)
            one.propagate = propagate


@contextmanager
def _folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="kontobro-proof-", dir=memory if memory.is_dir() else None)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
