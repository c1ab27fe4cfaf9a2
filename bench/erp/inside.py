"""A job done by our module within an accounting system, beside the same job over its API: in turns, on one machine.

The same sandbox, items and settings, each time a fresh clone of the database. Counted is the work itself: from the
job's begin to its end, as either store noted them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bench.erp.job import lasted
from bench.result import Result
from erp_lab.places import sql

LIMIT = 1.0
"""Inside is at least as fast."""

ROUNDS = 2
PATIENCE = 600.0
LOOK = 1.0
"""Seconds between two looks at the job."""

JOB = "select started_at, finished_at, status from kontobro_job"


def compare(system: str, over_api: Callable[[], float], inside: Callable[[], float], items: int) -> list[Result]:
    """The fastest of each counts: what disturbs a turn makes it slower, never faster."""
    turns = [(over_api(), inside()) for _ in range(ROUNDS)]
    api, own = ([round(turn[side], 1) for turn in turns] for side in (0, 1))
    note = f"{items:,} items, {ROUNDS} turns: inside {own} s, over the API {api} s"
    ratio = min(turn[1] for turn in turns) / min(turn[0] for turn in turns)
    return [Result(f"addon_{system}_time_ratio", ratio, LIMIT, "of the API's time", note)]


def watched(port: int, database: str, log: Path) -> float:
    """Seconds of the job that the module has begun or is about to begin. Counted from its first begin: one that is
    stopped when its time is up and taken up again begins again."""
    until, began = time.monotonic() + PATIENCE, ""
    while True:
        first, ended, status = (sql(port, JOB, database) or "||").split("|")
        began = began or first
        if ended:
            assert status == "completed", status
            return lasted(datetime.fromisoformat(began), datetime.fromisoformat(ended))
        assert time.monotonic() < until, log.read_text()[-2000:]
        time.sleep(LOOK)
