"""Thousands of queued exports: does the last thousand cost what the first did?"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psycopg

from bench import books
from bench.load.companies import QUICK, a_service, a_worker, store_all
from bench.load.idle import postmaster
from bench.load.pleo import done, many_pleos
from bench.load.processes import load, used, used_by_tree
from bench.result import Result
from bench.service.__main__ import postgres
from kontobro.core.model.connection import Connection
from kontobro.service.app import open_service_app
from kontobro.service.config import ServiceConfig
from kontobro.worker.asking import open_client_runner
from kontobro.worker.queues import LOOK, SCHEMA

EXPORTS, ITEMS = 10_000, 5
PART = 10
"""The first tenth is compared with the last."""
CONSTANT = 1.3
"""Times the first, at most."""


class Spent(NamedTuple):
    """Seconds, CPU of the worker and of PostgreSQL, and the database's bytes."""

    seconds: float
    worker: float
    database: float
    size: float


NOTHING = Spent(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Reached:
    """What was spent when so many exports and looks were done.

    Each export is followed by a look for a job that came meanwhile. It lets the exports of its lane go first, so that
    most looks are done among the last thousands of exports, and the rest after them.
    """

    exports: int
    looks: int
    spent: Spent


def of_a_look(done: Reached, before: Reached) -> Spent:
    """One look, where nothing else was done between the two."""
    return _each(done, before, done.looks - before.looks)


def of_an_export(done: Reached, before: Reached, look: Spent) -> Spent:
    """One export between the two, less what the looks among them took."""
    looks = done.looks - before.looks
    return _each(done, before, done.exports - before.exports, Spent(*(looks * one for one in look)))


def _each(done: Reached, before: Reached, count: int, less: Spent = NOTHING) -> Spent:
    grown = (now - then for now, then in zip(done.spent, before.spent, strict=True))
    return Spent(*((more - other) / count for more, other in zip(grown, less, strict=True)))


def measure(exports: int = EXPORTS, items: int = ITEMS) -> list[Result]:
    command = [sys.executable, "-m", "bench.load.drain", str(exports), str(items)]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    reached = [Reached(*counts, Spent(*spent)) for counts, spent in json.loads(output)]
    begun, early, *_, late, end, looked = reached
    look = of_a_look(looked, end)
    first, last = of_an_export(early, begun, look), of_an_export(end, late, look)
    whole = _each(looked, begun, looked.exports - begun.exports)
    sizes = f"{exports:,} exports of {items} items, the last {exports // PART:,} beside the first, without their looks"
    rates = f"{1 / first.seconds:.1f} and {1 / last.seconds:.1f} a second; {load()}"
    cpu = f"{1000 * first.worker:.0f} and {1000 * last.worker:.0f} ms of the worker each"
    database = f"{1000 * first.database:.0f} and {1000 * last.database:.0f} ms of PostgreSQL each"
    one = f"an export of {items} items and its look ({1000 * look.worker:.0f} and {1000 * look.database:.0f} ms of it)"
    return [
        Result("load_drain_cpu", last.worker / first.worker, CONSTANT, "times", f"{sizes}: {cpu}"),
        Result("load_drain_database", last.database / first.database, CONSTANT, "times", f"{sizes}: {database}"),
        Result("load_drain_seconds", last.seconds / first.seconds, CONSTANT, "times", f"{sizes}: {rates}"),
        Result("load_export_cpu", 1000 * whole.worker, 100, "ms", f"of the worker, {one}"),
        Result("load_export_database", 1000 * whole.database, 100, "ms", "of PostgreSQL, the same"),
        Result("load_item_bytes", whole.size / items, 10_000, "bytes", "of an item in PostgreSQL, its JSON included"),
    ]


def drained(exports: int, items: int) -> list[Reached]:
    """At the beginning, after each tenth of the exports, and after all looks."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory()))
        url = stack.enter_context(postgres())
        pleo = stack.enter_context(many_pleos(items))
        service = a_service(home, url, poll_seconds="86400", workers="4")
        connections = [_connection(pleo, number) for number in range(exports)]
        store_all(service, [(one, one.company_id) for one in connections])
        _queue(service.config, [one.id for one in connections])
        server = postmaster(url)
        worker = stack.enter_context(a_worker(service))
        begun = time.monotonic()

        def reached(number: int) -> Reached:
            now = _wait_for(lambda: done(pleo), number)
            seconds = time.monotonic() - begun
            return Reached(now, looks_in(url), Spent(seconds, used(worker.pid), used_by_tree(server), size_of(url)))

        part = exports // PART
        told = [_told(reached(number)) for number in (1, *range(part, exports + 1, part))]
        _wait_for(lambda: looks_in(url), exports, pause=5)
        return [*told, _told(reached(exports))]


def looks_in(url: str) -> int:
    """How many looks are done."""
    with psycopg.connect(url) as session:
        statement = f"SELECT count(*) FROM {SCHEMA}.workflow_status WHERE name = %s AND status = 'SUCCESS'"
        row = session.execute(statement, (LOOK,)).fetchone()
    return int(row[0]) if row else 0


def size_of(url: str) -> float:
    """Bytes of the database."""
    with psycopg.connect(url) as session:
        row = session.execute("SELECT pg_database_size(current_database())").fetchone()
    return float(row[0]) if row else 0.0


def _told(found: Reached) -> Reached:
    """Each as soon as it is there: it takes a while."""
    done, spent = f"{found.exports:,} exports and {found.looks:,} looks", found.spent
    cpu = f"{spent.worker:.0f} s of CPU of the worker, {spent.database:.0f} s of PostgreSQL"
    print(f"{done} after {spent.seconds:.0f} s: {cpu}; {load()}", file=sys.stderr, flush=True)
    return found


def _connection(pleo: str, number: int) -> Connection:
    one = books.connection(pleo, str(uuid.UUID(int=number + 1, version=4)))
    return replace(one, id=f"c{number:06}", name=f"c{number:06}", erp=QUICK)


def _queue(config: ServiceConfig, ids: list[str]) -> None:
    from kontobro.web.tenancy import organisation_of

    app = open_service_app(config)
    runner = open_client_runner(config, app.store, organisation_of)
    for id in ids:
        runner.export(id)
    runner.close()
    app.close()


def _wait_for(count: Callable[[], int], number: int, *, pause: float = 0.5) -> int:
    """Asks seldom: what is asked is not free."""
    end, last = time.monotonic() + 1200, -1
    while (now := count()) < number:
        if now != last:
            end, last = time.monotonic() + 1200, now
        if time.monotonic() > end:
            raise TimeoutError(f"{now} of {number}")
        time.sleep(pause)
    return now


if __name__ == "__main__":
    found = drained(int(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps([((one.exports, one.looks), one.spent) for one in found]))
