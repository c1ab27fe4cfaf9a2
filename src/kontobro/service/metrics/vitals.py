"""Signs of life of whatever does the work: given by the worker, read by the metrics and the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How the work goes. `workers` that live now; `oldest_wait` of the work that waits, zero for none.

    `since_look`: since Pleo was last asked for export jobs, None when it never was.
    """

    workers: int
    waiting: int = 0
    running: int = 0
    oldest_wait: timedelta = timedelta(0)
    since_look: timedelta | None = None
