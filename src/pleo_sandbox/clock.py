"""The sandbox's own time: real time plus whatever a test has moved it by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Time that runs as it really does and can be moved, so that an hour passes without waiting for it."""

    def __init__(self) -> None:
        self._moved = timedelta()

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC) + self._moved

    def seconds(self) -> float:
        """Seconds since the epoch, for windows and expiry stamps."""
        return self.now().timestamp()

    def move(self, by: timedelta) -> None:
        self._moved += by


def stamp(moment: datetime | None) -> str | None:
    """A moment as Pleo writes it: `2026-01-31T12:00:00.123Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
