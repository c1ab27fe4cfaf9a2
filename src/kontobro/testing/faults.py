"""Faults at the seams: before a remote write, after it took effect, between any two commits.

Every crossing has a name, `erp.book#2:after`: the seam, the method, which call it is, and the side of it. A
first run without a fault lists the names; then each of them gets a run of its own in which a real process is
killed there (design §10).
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PLEO_WRITES = ("start", "report", "complete")
ERP_WRITES = ("book", "attach", "post", "withdraw")
STORE_COMMITS = ("begin_job", "claim_job", "plan", "move", "end_job", "save_tokens", "mark_reconnect")
DOCUMENT_COMMITS = ("begin_documents", "keep_file", "seal_documents", "note_delivery")


def kill_this_process() -> None:
    """`kill -9`: no finally, no atexit, no flush."""
    os.kill(os.getpid(), signal.SIGKILL)


class Boundaries:
    """Counts and names the crossings; acts at one of them.

    `at` is a name as `log` writes them, None for never. Names are appended to `log` as they are crossed, each
    written through at once, so that they survive the kill.
    """

    def __init__(self, at: str | None = None, act: Callable[[], None] = kill_this_process, log: Path | None = None):
        self.at = at
        self.act = act
        self.crossed: list[str] = []
        self._log = log
        self._calls: Counter[str] = Counter()

    def around(self, seam: str, method: str, call: Callable[[], Any]) -> Any:
        """Make a call between its two boundaries."""
        self._calls[f"{seam}.{method}"] += 1
        name = f"{seam}.{method}#{self._calls[f'{seam}.{method}']}"
        self._cross(f"{name}:before")
        answer = call()
        self._cross(f"{name}:after")
        return answer

    def _cross(self, name: str) -> None:
        self.crossed.append(name)
        if self._log is not None:
            with self._log.open("a") as file:
                file.write(name + "\n")
        if name == self.at:
            self.act()


class Seam:
    """Stands in front of a port: the named methods cross boundaries, all else goes straight through."""

    def __init__(self, target: Any, name: str, methods: Sequence[str], boundaries: Boundaries) -> None:
        self._target = target
        self._name = name
        self._methods = frozenset(methods)
        self._boundaries = boundaries

    def __getattr__(self, method: str) -> Any:
        attribute = getattr(self._target, method)
        if method not in self._methods:
            return attribute
        return lambda *args, **kwargs: self._boundaries.around(self._name, method, lambda: attribute(*args, **kwargs))
