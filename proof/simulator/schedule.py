"""Who runs next: workers are threads of which one at a time has its turn, as the seed says. Time moves when all sleep.

A killed worker is fenced: whatever its code does on its way out, no call of it reaches a seam any more.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from proof.simulator.clock import VirtualClock

PATIENCE: float = 60.0
"""Real seconds that a turn may take: code that waits for another worker in real time would wait for ever."""


class Killed(BaseException):
    """`kill -9`. Nothing but the worker's own end catches it."""


class Stuck(AssertionError):
    """A turn did not end: something waits in real time for what another worker holds."""


@dataclass(eq=False, slots=True)
class Worker:
    """One exporter's processes, one after the other. `fenced`: the present one is dead. `wakes`: when it goes on.
    `resting`: it has nothing to do until then. `called`: when it was asked to look while it was busy. `died_at`: the
    point at which its last process was killed."""

    number: int
    home: int
    wakes: datetime
    began: int = 0
    """How many seams had been crossed in the world when its present process began."""
    died_at: str = ""
    away: float = 0
    """Seconds until a process takes its place, beyond those of any."""
    crossed: Sequence[str] = ()
    """The named boundaries of its present process, as they are crossed."""
    wrote: int = -1
    """How many of them it had crossed when Pleo took its last write."""
    resting: bool = True
    called: datetime | None = None
    fenced: bool = False
    ended: bool = False
    fault: BaseException | None = None
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    thread: threading.Thread | None = None


class Schedule:
    """The turns of all workers."""

    def __init__(self, clock: VirtualClock, seed: int) -> None:
        self.clock = clock
        self.workers: list[Worker] = []
        self._until = clock.now()
        self._back = threading.Semaphore(0)
        self._draw = random.Random(f"turns {seed}")

    def start(self, worker: Worker, life: Callable[[Worker], None]) -> None:
        """Begin a worker; it runs when it has its turn."""
        worker.thread = threading.Thread(target=self._live, args=(worker, life), daemon=True)
        self.workers.append(worker)
        worker.thread.start()

    def run(self, until: datetime, enough: Callable[[], bool] = lambda: False) -> None:
        """Give turns until every worker has ended, or sleeps beyond this moment, or rests and it is `enough`. Raises
        what a worker raised."""
        self._until = until
        while True:
            alive = [one for one in self.workers if not one.ended]
            due = [one for one in alive if one.wakes <= self.clock.now()]
            if due:
                self._give(self._draw.choice(due) if len(due) > 1 else due[0])
                continue
            if all(one.resting for one in alive) and enough():
                return
            wakes = min((one.wakes for one in alive), default=until)
            if wakes >= until:
                return
            self.clock.move(wakes - self.clock.now())

    def wake(self) -> None:
        """All workers that rest look for work now."""
        for worker in self.workers:
            self.call(worker, self.clock.now())

    def call(self, worker: Worker, moment: datetime) -> None:
        """Have this worker look for work at that moment, or as soon as it has ended what it does."""
        if worker.resting:
            worker.wakes = min(worker.wakes, moment)
        else:
            worker.called = moment if worker.called is None else min(worker.called, moment)

    def rest(self, worker: Worker, seconds: float) -> None:
        """Let this worker have nothing to do for so long, unless it is called. Called by the worker itself."""
        called, worker.called = worker.called, None
        if called is not None:
            seconds = min(seconds, max((called - self.clock.now()).total_seconds(), 0))
        worker.resting = True
        worker.wakes = self.clock.now() + timedelta(seconds=seconds)
        self._back.release()
        worker.turn.acquire()
        worker.resting = False

    def pause(self, worker: Worker, seconds: float) -> None:
        """Let this worker sleep, and others have their turns. Called by the worker itself."""
        worker.wakes = self.clock.now() + timedelta(seconds=seconds)
        if worker.wakes >= self._until or self._others(worker):
            self._back.release()
            worker.turn.acquire()
        else:
            self.clock.move(max(worker.wakes - self.clock.now(), timedelta(0)))

    def may_switch(self, worker: Worker) -> None:
        """A point at which another worker may go on instead."""
        if self._due(worker) and self._draw.random() < 0.3:
            self.pause(worker, 0)

    def _others(self, worker: Worker) -> bool:
        return any(not one.ended and one is not worker and one.wakes <= worker.wakes for one in self.workers)

    def _due(self, worker: Worker) -> bool:
        now = self.clock.now()
        return any(not one.ended and one is not worker and one.wakes <= now for one in self.workers)

    def _give(self, worker: Worker) -> None:
        worker.turn.release()
        if not self._back.acquire(timeout=PATIENCE):
            raise Stuck(f"worker {worker.number} did not come back in {PATIENCE:.0f} s")
        if worker.fault is not None:
            fault, worker.fault = worker.fault, None
            raise fault

    def _live(self, worker: Worker, life: Callable[[Worker], None]) -> None:
        worker.turn.acquire()
        worker.resting = False
        try:
            life(worker)
        except BaseException as fault:  # noqa: BLE001 - handed to whoever gave the turn
            worker.fault = fault
        finally:
            worker.ended = worker.resting = True
            self._back.release()
