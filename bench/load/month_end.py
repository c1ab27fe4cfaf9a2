"""What so many companies need at a month's end: a small simulation over figures that were measured.

`python -m bench.load.month_end [COMPANIES ...]` prints the table of docs/scale.md, by `measured.toml` beside it.
Exports arrive as assumed there, wait for a place of a worker, keep it as long as their accounting system takes. The
least number of workers is looked for with which few wait longer than a minute and no worker's core is too busy.
"""

from __future__ import annotations

import heapq
import math
import random
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).with_name("measured.toml")
SIZES = (1_000, 10_000, 100_000)
SEED = 15
HOUR, DAY = 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Export:
    """At which second it is pressed, and how many items it has."""

    at: float
    items: int


@dataclass(frozen=True, slots=True)
class Needs:
    """`waiting`: seconds that 95 of 100 exports wait at most. Cores are those of the busiest hour, memory in MB.

    `turns`: the part of the time that polling takes, one turn after the other; `growth` in GB a year.
    """

    companies: int
    items: int
    peak: int
    places: int
    workers: int
    waiting: float
    worker_cores: float
    database_cores: float
    polls: float
    turns: float
    memory: float
    growth: float


def needs(companies: int, facts: dict[str, Any]) -> Needs:
    exports = list(arrivals(companies, facts["assumed"], random.Random(SEED)))
    busiest, pressed = Counter(int(one.at // HOUR) for one in exports).most_common(1)[0]
    of_peak = [one for one in exports if int(one.at // HOUR) == busiest]
    worker = sum(seconds_of(one, facts["worker"]) for one in of_peak) / HOUR
    database = sum(seconds_of(one, facts["database"]) for one in of_peak) / HOUR
    polls = companies / facts["assumed"]["reconcile_seconds"]
    polling = polls * facts["worker"]["poll_ms"] / 1000
    workers = _least_workers(exports, worker + polling, facts)
    cores = worker + polling + workers * facts["worker"]["idle_cores"]
    items = sum(one.items for one in exports)
    return Needs(
        companies=companies,
        items=items,
        peak=pressed,
        places=workers * facts["worker"]["places"],
        workers=workers,
        waiting=_waiting(exports, workers * facts["worker"]["places"], facts),
        worker_cores=cores,
        database_cores=database + polls * facts["database"]["poll_ms"] / 1000,
        polls=polls,
        turns=polls * facts["assumed"]["pleo_seconds"] / facts["worker"]["polls_at_once"],
        memory=workers * facts["worker"]["megabytes"] + facts["pages"]["processes"] * facts["pages"]["megabytes"],
        growth=items * 12 * facts["database"]["item_bytes"] / 1e9,
    )


def arrivals(companies: int, assumed: dict[str, Any], chance: random.Random) -> Iterator[Export]:
    """Each company presses Export once, on a day and in an hour as bookkeepers do; most have few items, some many."""
    days, hours = range(len(assumed["days"])), range(len(assumed["hours"]))
    for _ in range(companies):
        (day,) = chance.choices(days, assumed["days"])
        (hour,) = chance.choices(hours, assumed["hours"])
        at = day * DAY + (assumed["first_hour"] + hour + chance.random()) * HOUR
        items = chance.lognormvariate(math.log(assumed["median_items"]), assumed["spread_of_items"])
        yield Export(at, min(assumed["most_items"], max(1, round(items))))


def seconds_of(export: Export, part: dict[str, Any]) -> float:
    """What one export takes of it: so much in any case, so much an item."""
    return float(part["export_ms"] + part["item_ms"] * export.items) / 1000


def _least_workers(exports: Sequence[Export], cores: float, facts: dict[str, Any]) -> int:
    """Two in any case: one may be restarted, and its work is taken over."""
    workers = max(2, math.ceil(cores / facts["assumed"]["busy_at_most"]))
    while _waiting(exports, workers * facts["worker"]["places"], facts) > facts["assumed"]["wait_seconds"]:
        workers += max(1, workers // 10)
    return workers


def _waiting(exports: Sequence[Export], places: int, facts: dict[str, Any]) -> float:
    """Seconds from Export pressed to its begin, of 95 of 100: each takes the place that is free first."""
    free = [0.0] * places
    waits = []
    for one in sorted(exports, key=lambda each: each.at):
        begins = max(one.at, free[0])
        ends = begins + seconds_of(one, facts["accounting_system"]) + seconds_of(one, facts["worker"])
        heapq.heapreplace(free, ends)
        waits.append(begins - one.at)
    return sorted(waits)[int(0.95 * (len(waits) - 1))]


def all_at_once(facts: dict[str, Any]) -> dict[str, Any]:
    """The same, and each company exports in one and the same hour."""
    return facts | {"assumed": facts["assumed"] | {"days": [1.0], "hours": [1.0]}}


ROWS = (
    ("companies", lambda one: f"{one.companies:,}"),
    ("items in the month", lambda one: f"{one.items:,}"),
    ("exports in the busiest hour", lambda one: f"{one.peak:,}"),
    ("workers (four places each)", lambda one: f"{one.workers:,}"),
    ("95 of 100 exports wait at most", lambda one: f"{one.waiting:.0f} s"),
    ("cores of all workers, busiest hour", lambda one: f"{one.worker_cores:.2f}"),
    ("cores of PostgreSQL, busiest hour", lambda one: f"{one.database_cores:.2f}"),
    ("polls of Pleo a second, webhooks on", lambda one: f"{one.polls:.1f}"),
    ("of the time that turns have, taken", lambda one: f"{100 * one.turns:.0f} %"),
    ("memory of workers and pages", lambda one: f"{one.memory / 1000:.1f} GB"),
    ("growth of the database in a year", lambda one: f"{one.growth:,.0f} GB"),
)


IN_ONE_HOUR = (
    ("**all of them in one hour:** workers", lambda one: f"{one.workers:,}"),
    ("95 of 100 exports wait at most", lambda one: f"{one.waiting:.0f} s"),
    ("cores of all workers", lambda one: f"{one.worker_cores:.1f}"),
    ("cores of PostgreSQL", lambda one: f"{one.database_cores:.1f}"),
    ("memory of workers and pages", lambda one: f"{one.memory / 1000:.1f} GB"),
)


def table(found: Sequence[Needs], at_once: Sequence[Needs]) -> str:
    """As it is in docs/scale.md."""
    head, *rows = ([name, *(shown(one) for one in found)] for name, shown in ROWS)
    rows += ([name, *(shown(one) for one in at_once)] for name, shown in IN_ONE_HOUR)
    lines = [head, ["---", *("---:" for _ in found)], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def printed(sizes: Sequence[int] = SIZES) -> str:
    facts = tomllib.loads(MEASURED.read_text())
    return table([needs(size, facts) for size in sizes], [needs(size, all_at_once(facts)) for size in sizes])


if __name__ == "__main__":
    print(printed([int(size) for size in sys.argv[1:]] or SIZES))
