"""A simulated world: time, workers, what goes wrong, and the story of it."""

from __future__ import annotations

import heapq
import itertools
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn, Protocol

from kontobro.core.errors import Unreachable
from proof.simulator.clock import VirtualClock
from proof.simulator.plan import Act, Plan
from proof.simulator.schedule import Killed, Schedule, Worker

AT_DESK = (
    "take the files",
    "mark as imported",
    "take the mark back",
    "release a document",
    "look after the documents",
)
"""What people do with documents: mostly between two exports, so that another export is worth while for them."""

BY_HAND = (
    "expire the job",
    "cancel the job",
    "press Export again",
    "revoke the login",
    "expire the token",
    "connect again",
    "void by hand",
    "delete by hand",
    "post by hand",
    "edit by hand",
    "expire receipt addresses",
    "delete our history",
    "copy our history",
    "lose the webhook",
    "repeat the webhook",
    "delay the webhook",
    "forge a webhook",
    *AT_DESK,
)
"""What people and Pleo do, whenever a seam is crossed."""

ANYWHERE = (*BY_HAND, "delay", "move the clock", "wake everyone", "stay away")

LATER = 9
"""Crossings until a person looks again whether there is something to do."""

AWAY = 3600.0
"""Seconds that no process takes the place of one that stays away, at most."""

MOST_CROSSINGS = 40_000


class Hand(Protocol):
    """Who does what people and time do, wherever it happens."""

    def do(self, act: Act) -> str:
        """What was done, in words; nothing when it could not be."""
        ...

    def look_after(self) -> None:
        """Answer what waits for a person."""
        ...


class Endless(AssertionError):
    """More crossings than any export needs."""


class World:
    """The seams' side of a simulation. `story`: what went wrong, as a person reads it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clock = VirtualClock()
        self.schedule = Schedule(self.clock, plan.seed)
        self.story: list[str] = []
        self.crossings = 0
        self._told: set[str] = set()
        self.hand: Hand | None = None
        self._waiting = list(plan.acts)
        self._later: list[tuple[datetime, int, str, Callable[[], object]]] = []
        self._order = itertools.count()
        self._away: dict[str, datetime] = {}
        """Until when a side does not answer."""
        self._astray: dict[str, datetime] = {}
        """Until when what is written to a side takes effect late, or never."""
        self.draw = random.Random(f"world {plan.seed}")

    # ------------------------------------------------------------------------------------------ the seams

    def cross(self, worker: Worker, point: str, kinds: Sequence[str]) -> Act | None:
        """A seam is crossed. Raises Killed for a dead worker, and Unreachable while that side is away. Answers an act
        of these kinds that the caller has to carry out."""
        self._require_alive(worker, point)
        self.crossings += 1
        if self.crossings > MOST_CROSSINGS:
            raise Endless(f"{MOST_CROSSINGS} crossings, and still no end")
        self.schedule.may_switch(worker)
        self._require_alive(worker, point)  # another may have ended it meanwhile
        self.do_due()
        act = self._next(point, kinds)
        if act is not None:
            act = self._carried_out(worker, point, act)
            self._require_alive(worker, point)  # its own process may have been ended with the others
        if point.endswith(":before") and self.clock.now() < self._away.get(point.partition(".")[0], self.clock.now()):
            raise Unreachable("It can't be reached.", "It is tried again.")
        return act

    def later(self, seconds: float, work: Callable[[], object], *, side: str) -> None:
        """Have that side do it so much later, whoever is there then; lost when it is restarted."""
        heapq.heappush(self._later, (self.clock.now() + timedelta(seconds=seconds), next(self._order), side, work))

    def _require_alive(self, worker: Worker, point: str) -> None:
        if worker.fenced:
            worker.died_at = worker.died_at or point
            raise Killed

    def kill(self, worker: Worker) -> NoReturn:
        """This worker's process is dead, here and now."""
        worker.fenced = True
        raise Killed

    def is_astray(self, side: str) -> bool:
        """Whether what is written there now takes effect late, or never."""
        return self.clock.now() < self._astray.get(side, self.clock.now())

    def do_due(self) -> None:
        """Do what was put off until now."""
        while self._later and self._later[0][0] <= self.clock.now():
            heapq.heappop(self._later)[-1]()

    # -------------------------------------------------------------------------------------- what goes wrong

    @property
    def is_stormy(self) -> bool:
        """Whether something is still to go wrong."""
        return self.is_under_way or any(act.kind not in BY_HAND or act.kind in AT_DESK for act in self._waiting)

    @property
    def is_under_way(self) -> bool:
        """Whether a write is still to take effect."""
        return bool(self._later)

    def calm(self) -> None:
        """Nothing goes wrong from here on."""
        self._waiting.clear()
        self._away.clear()
        self._astray.clear()

    def _next(self, point: str, kinds: Sequence[str]) -> Act | None:
        """The first act whose crossing has come and that can happen at this point."""
        for number, act in enumerate(self._waiting):
            if act.at > self.crossings:
                return None
            if (act.kind in kinds or act.kind in ANYWHERE) and point.startswith(act.aim):
                return self._waiting.pop(number)
        return None

    def _carried_out(self, worker: Worker, point: str, act: Act) -> Act | None:
        """Do what the seam itself has no part in; else the act, for the seam."""
        if act.kind in BY_HAND:
            self._by_hand(worker, act)
            return None
        self._waiting.extend(replace(one, at=self.crossings + one.at) for one in act.then)
        self._waiting.sort(key=lambda one: one.at)
        side = point.partition(".")[0]
        self.tell(worker, f"{point.replace(':', ', ')}: {act.kind}")
        match act.kind:
            case "kill" | "stay away":
                worker.died_at = point
                worker.away = act.size * AWAY if act.kind == "stay away" else 0
                self.kill(worker)
            case "delay":
                self.clock.move(timedelta(seconds=act.size * 400))
            case "move the clock":
                self.clock.move(timedelta(seconds=act.size * 7200))
            case "wake everyone":
                self.schedule.wake()
            case "refuse for a while":
                self._away[side] = self.clock.now() + timedelta(seconds=10 + act.size * 900)
            case "writes go astray for a while":
                self._astray[side] = self.clock.now() + timedelta(seconds=60 + act.size * 3600)
            case "restart the accounting system":
                self._away[side] = self.clock.now() + timedelta(seconds=5 + act.size * 120)
                self._later = [one for one in self._later if one[2] != side]
                heapq.heapify(self._later)
            case "lose the request":
                raise Unreachable("The connection broke.", "It is tried again.")
            case _:
                return act
        return None

    def _by_hand(self, worker: Worker, act: Act) -> None:
        """What people do, now, or as soon as there is something to do it to."""
        done = self.hand.do(act) if self.hand else ""
        if done:
            self.story.append(
                f"{self.clock.now():%H:%M:%S} while exporter {worker.number + 1} works, {act.kind}: {done}"
            )
        elif act.at < MOST_CROSSINGS:
            self._waiting.append(replace(act, at=self.crossings + LATER))
            self._waiting.sort(key=lambda one: one.at)

    def tell(self, worker: Worker, what: str) -> None:
        """Add to the story; what repeats itself is told once."""
        line = f"exporter {worker.number + 1}, {what}"
        line = re.sub(r"process \d+, ", "", line)
        if line not in self._told:
            self.story.append(f"{self.clock.now():%H:%M:%S} {line}")
        if what.startswith("ended"):
            self._told.add(line)
