"""One job of so many items, after so many bookings, into so large a ledger: each measured in a process of its own.

`python -m bench.scale.cases CASE SIZE` measures one and prints its figures as JSON.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import books
from bench.memory import high_water
from bench.pleo import MockPleo
from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Entry
from kontobro.erp.registry import load_connector
from kontobro.store import open_store
from kontobro.testing.connector.memory import MemoryConnector

ITEMS = 1_000
"""Of the job, where something else than the job grows."""

KEPT = 2_000
"""Entries; several times what is on its way at once."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`cpu` in seconds of the whole job, `memory` is the peak of the largest process in MB."""

    case: str
    size: int
    items: int
    cpu: float
    memory: float

    @property
    def each(self) -> float:
        """CPU of one item in microseconds."""
        return self.cpu / self.items * 1e6


def of_items(size: int) -> Figures:
    """A job of `size` items."""
    with TemporaryDirectory() as folder:
        cpu = books.exported(Path(folder), MockPleo(size), Forgetful(books.CHART))
    return Figures("items", size, size, cpu, high_water())


def of_history(size: int) -> Figures:
    """A job after `size` bookings of earlier ones."""
    with TemporaryDirectory() as folder:
        _fill(Path(folder), size)
        cpu = books.exported(Path(folder), MockPleo(ITEMS), books.in_memory())
    return Figures("history", size, ITEMS, cpu, high_water())


def of_ledger(size: int) -> Figures:
    """A job into a Beancount ledger that has `size` entries. Beancount's own reading of the ledger is counted in, also
    where a process of its own does it."""
    with TemporaryDirectory() as folder:
        ledger = books.beancount_ledger(Path(folder))
        with ledger.open("a") as file:
            file.writelines(_entry(number) for number in range(size))
        connector = load_connector("beancount", {"ledger": str(ledger)})
        cpu = books.exported(Path(folder), MockPleo(ITEMS), connector)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    largest = max(high_water(), children.ru_maxrss / 1024)
    return Figures("ledger", size, ITEMS, cpu + children.ru_utime + children.ru_stime, largest)


CASES: dict[str, Callable[[int], Figures]] = {"items": of_items, "history": of_history, "ledger": of_ledger}


class Forgetful(MemoryConnector):
    """An accounting system that keeps its last thousands only: one that grows would be measured instead of us."""

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        answers = super().book(entries)
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return answers


def _entry(number: int) -> str:
    """One of earlier years, of another source: no reference of ours."""
    day = f"202{number % 6}-{1 + number % 12:02d}-{1 + number % 28:02d}"
    amount = f"{number % 900 + 1}.00 DKK"
    lines = f"  Expenses:Office-Supplies  {amount}\n  Assets:Pleo:Transit\n"
    return f'{day} * "Payee {number % 997}" "Entry {number}"\n{lines}'


def _fill(folder: Path, size: int) -> None:
    """A store with a year of bookings that were reported, as exports leave them: in the store's own tables, by its own
    moves; what was due was purged as each job ended."""
    path = folder / "bench.sqlite3"
    with open_store(path) as store:
        store.save_connection(books.connection())
    with sqlite3.connect(path) as database:
        _insert(database, size)
    with open_store(path) as store:
        store.purge("bench", datetime.now(UTC) - timedelta(days=books.connection().settings.retention_days))


def _insert(database: sqlite3.Connection, size: int) -> None:
    (number,) = database.execute("SELECT id FROM kontobro_connection").fetchone()
    for statement in (JOBS, BOOKINGS):
        database.execute(statement, {"size": size, "connection": number})
    for state in ("booking", "posted", "verified", "reported"):
        database.execute("UPDATE kontobro_booking SET state = ?, outcome = 'booked'", (state,))


_AGED = "datetime('now', '-1 hour', printf('-%d seconds', (:size - {number}) * (360 * 86400.0 / :size)))"

JOBS = f"""
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :size / 500)
    INSERT INTO kontobro_job (connection_id, job_id, run, status, items, started_at, finished_at)
    SELECT :connection, 'job-' || i, 'run-' || i, 'completed', 500, at, at
    FROM (SELECT i, {_AGED.format(number="min(:size, i * 500)")} AS at FROM n)
"""

BOOKINGS = f"""
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :size)
    INSERT INTO kontobro_booking (connection_id, reference, job_id, run, state, kind, item_type, currency, total, date,
        fingerprint, payee, pleo_url, receipts, problems, notes, updated_at)
    SELECT :connection, printf('%08x-0000-4000-8000-%012x', (i * 2654435761) & 4294967295, i), 'job-' || (i / 500),
        'run-' || (i / 500), 'planned', 'journal', 'card_purchase', 'DKK', '250.00', date(at), printf('%032x', i),
        'Supplier ' || (i % 97), '', 0, '[]', '[]', at
    FROM (SELECT i, {_AGED.format(number="i")} AS at FROM n)
"""


if __name__ == "__main__":
    print(json.dumps(astuple(CASES[sys.argv[1]](int(sys.argv[2])))))
