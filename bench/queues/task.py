"""What both queues run, and what a queue has to do here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

AT_ONCE = 4


class Asker(Protocol):
    """Puts tasks into a queue."""

    def ask(self, lane: str, seconds: float, path: str) -> object:
        """A task of that lane; a lane runs one at a time. Asked again while it waits: once."""
        ...

    def left(self) -> int:
        """How many wait or run."""
        ...


class Queue(Protocol):
    """A module of this folder."""

    def prepare(self, url: str) -> None: ...

    def asker(self, url: str) -> Asker: ...

    def work(self, url: str, ready: Callable[[], None]) -> None:
        """Run tasks until SIGTERM."""
        ...


def run(seconds: float, path: str) -> None:
    """Note the start in the file, and take so long."""
    with Path(path).open("a") as file:
        file.write(f"{time.time()} {os.getpid()}\n")
    time.sleep(seconds)
