"""Two processes in lockstep: each waits for the other after every step of a connector, so that both look before either
writes.

A search before the write is no proof: two that are apart by a millisecond get through it, and once a year they are not.
Here every function in the connector's own file that returns is a step, and both processes wait there for each other. A
process that waits for the accounting system (a lock, a unique key) does not come: the other continues after `PATIENCE`.
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TypeVar

from kontobro.core.errors import Problem, Uncertain
from kontobro.core.model.journal import Booking, Entry
from kontobro.core.ports import Connector

R = TypeVar("R")

PATIENCE = 0.4
"""Seconds that one waits for the other at a step."""
MOST_STEPS = 400
SLOW = 0.002
"""Seconds that each step takes, so that what comes between two steps overlaps too."""
TOGETHER = 60.0
"""Seconds for both processes to start."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where two processes wait for each other: a folder with a file for each of them and each step."""

    folder: Path
    mine: str
    other: str

    def wait(self, step: str, seconds: float) -> bool:
        """Whether the other came to this step in time."""
        (self.folder / f"{step}.{self.mine}").touch()
        until = time.monotonic() + seconds
        while not (self.folder / f"{step}.{self.other}").exists():
            if time.monotonic() > until:
                return False
            time.sleep(0.0005)
        return True


def book_in_lockstep(
    connect: Callable[[], Connector], folder: Path, rounds: Sequence[Sequence[Entry]], mine: str
) -> list[list[Booking | Problem | None]]:
    """Book the entries of each round through a connector of this process's own, in sync with the other process."""
    connector = connect()
    meeting = Meeting(folder, mine, "b" if mine == "a" else "a")
    answers = []
    for number, entries in enumerate(rounds):
        connector.find([entry.reference for entry in entries])
        if not meeting.wait(f"{number}", TOGETHER):
            raise TimeoutError(f"the other process did not come to round {number}")
        with _stepping(connector, meeting, number):
            answers.append(_booked(connector, entries))
    return answers


def _booked(connector: Connector, entries: Sequence[Entry]) -> list[Booking | Problem | None]:
    """None for what the connector can't know: the engine would look again."""
    try:
        return list(connector.book(entries))
    except Uncertain:
        return [None] * len(entries)


@contextmanager
def _stepping(connector: Connector, meeting: Meeting, number: int) -> Iterator[None]:
    """Every function of the connector's own file is a step when it returns."""
    file = inspect.getfile(type(getattr(connector, "_connector", connector)))
    steps = 0
    together = True

    def step(frame: FrameType, event: str, _: object) -> None:
        nonlocal steps, together
        if event != "return" or frame.f_code.co_filename != file or not frame.f_code.co_name.isidentifier():
            return
        time.sleep(SLOW)
        steps += 1
        if together and steps < MOST_STEPS:
            together = meeting.wait(f"{number}-{steps}", PATIENCE)

    sys.setprofile(step)
    try:
        yield
    finally:
        sys.setprofile(None)


def tasks(
    connect: Callable[[], Connector], folder: Path, rounds: Sequence[Sequence[Entry]]
) -> list[Callable[[], list[list[Booking | Problem | None]]]]:
    """What each of the two processes does."""
    return [partial(book_in_lockstep, connect, folder, rounds, mine) for mine in ("a", "b")]
