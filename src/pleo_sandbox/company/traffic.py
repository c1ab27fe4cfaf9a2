"""How much was asked: calls by endpoint, and Pleo's limit of 600 requests a minute (api.md K)."""

from __future__ import annotations

import math
from collections import Counter, deque

from pleo_sandbox.clock import Clock

MINUTE = 60.0


class Traffic:
    """Counts every call and limits each credential. `limit` None takes the limit away, for benchmarks.

    Pleo does not say whether its limit is per key, token or company (K [?]): here per credential.
    """

    def __init__(self, clock: Clock, limit: int | None = 600) -> None:
        self.limit = limit
        self.calls: Counter[str] = Counter()
        self.max_per_minute = 0
        self.most_of_one = 0
        """The most that one credential had in a minute."""
        self._clock = clock
        self._recent: deque[float] = deque()
        self._admitted: dict[str, deque[float]] = {}

    def count(self, endpoint: str) -> None:
        """Note a call, refused ones included, as `GET /v3/export-jobs/{jobId}`."""
        self.calls[endpoint] += 1

    def admit(self, credential: str) -> int | None:
        """None if the call may pass, else the seconds to wait."""
        now = self._clock.seconds()
        _forget(self._recent, now)
        self._recent.append(now)
        self.max_per_minute = max(self.max_per_minute, len(self._recent))
        admitted = self._admitted.setdefault(credential, deque())
        _forget(admitted, now)
        if self.limit is not None and len(admitted) >= self.limit:
            return max(1, math.ceil(admitted[0] + MINUTE - now))
        admitted.append(now)
        self.most_of_one = max(self.most_of_one, len(admitted))
        return None


def _forget(times: deque[float], now: float) -> None:
    while times and times[0] <= now - MINUTE:
        times.popleft()
