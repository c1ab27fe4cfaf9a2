"""Time, so that a test can move it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time as the core sees it. `now` is aware UTC."""

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...
