"""What reached Pleo, or takes effect there, later than its caller was answered: by the sandbox's own clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pleo_sandbox.clock import Clock


class Late:
    """Work that waits for its moment. Whoever looks at the sandbox afterwards finds it done."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[float, Callable[[], object]]] = []

    def add(self, seconds: float, work: Callable[[], object]) -> None:
        """Do this so many seconds from now."""
        self._waiting.append(((self._clock.now() + timedelta(seconds=seconds)).timestamp(), work))

    def do_due(self) -> None:
        """Do all whose moment has come, the oldest first."""
        now = self._clock.seconds()
        due = sorted((entry for entry in self._waiting if entry[0] <= now), key=lambda entry: entry[0])
        self._waiting = [entry for entry in self._waiting if entry[0] > now]
        for _, work in due:
            work()
