"""How long calls may take, whatever the other side does. Needs no HTTP client: whoever sets a limit loads none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Monotonic = Callable[[], float]

_until: ContextVar[float | None] = ContextVar("kontobro_net_until", default=None)


@contextmanager
def time_limit(seconds: float, clock: Monotonic = time.monotonic) -> Iterator[None]:
    """All calls of this thread inside end within `seconds` together: a call under way then is a timeout.

    For pages, where a person waits. Limits nest: the nearest end counts.
    """
    ends, outer = clock() + seconds, _until.get()
    token = _until.set(ends if outer is None else min(ends, outer))
    try:
        yield
    finally:
        _until.reset(token)


def seconds_left(clock: Monotonic = time.monotonic) -> float | None:
    """Until the nearest `time_limit` around us ends; 0 or less when it has, None without one."""
    ends = _until.get()
    return None if ends is None else ends - clock()
