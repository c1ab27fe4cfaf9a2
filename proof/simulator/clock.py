"""Time of a simulated world: it stands still until someone sleeps or an act moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pleo_sandbox.clock import Clock

START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


class VirtualClock(Clock):
    """In place of Pleo-in-a-box's own. `now` is aware UTC."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        self._now += by
