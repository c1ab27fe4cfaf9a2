"""One job of so many items, after so many bookings, into so large a ledger: each measured in a process of its own.

`python -m bench.scale.cases prepare CASE SIZE FOLDER` makes what is there before; with `measure` for `prepare` the job
is done, and its figures are printed as JSON.
"""

from __future__ import annotations

import json
import re
import resource
import sqlite3
import sys
import uuid
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from bench import books
from bench.memory import high_water
from bench.pleo import MockPleo
from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Entry
from kontobro.core.ports import Connector
from kontobro.erp.registry import load_connector
from kontobro.store import open_store
from kontobro.testing.connector.memory import MemoryConnector

ITEMS = 1_000
"""Of the job, where something else than the job grows."""

BATCH = 100
"""Entries of one file of ours."""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

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


class Items:
    """A job of `size` items."""

    def prepare(self, size: int, folder: Path) -> None:
        """Nothing is there before."""

    def measure(self, size: int, folder: Path) -> Figures:
        cpu = books.exported(folder, MockPleo(size), Forgetful(books.CHART))
        return Figures("items", size, size, cpu, high_water())


class History:
    """A job after `size` bookings of earlier ones."""

    def prepare(self, size: int, folder: Path) -> None:
        _fill(folder, size)

    def measure(self, size: int, folder: Path) -> Figures:
        return Figures("history", size, ITEMS, books.exported(folder, MockPleo(ITEMS), books.in_memory()), high_water())


class Ledger:
    """A job into a Beancount ledger that has `size` entries, and was read when it was connected."""

    name = "ledger"

    def prepare(self, size: int, folder: Path) -> None:
        ledger = books.beancount_ledger(folder)
        with ledger.open("a") as file:
            file.writelines(_entry(number) for number in range(size))
        _connector(folder).check()

    def measure(self, size: int, folder: Path) -> Figures:
        """Beancount's own reading is counted in, also where a process of its own does it."""
        cpu = books.exported(folder, MockPleo(ITEMS), _connector(folder))
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        largest = max(high_water(), children.ru_maxrss / 1024)
        return Figures(self.name, size, ITEMS, cpu + children.ru_utime + children.ru_stime, largest)


class Edited(Ledger):
    """The same, but its bookkeeper wrote something since: it is read whole."""

    name = "edited"

    def prepare(self, size: int, folder: Path) -> None:
        super().prepare(size, folder)
        with _ledger(folder).open("a") as file:
            file.write(_entry(size))


class Booked(Ledger):
    """A job into a ledger with `size` entries that we booked."""

    name = "booked"

    def prepare(self, size: int, folder: Path) -> None:
        super().prepare(0, folder)
        first = folder / "first"
        first.mkdir()
        books.exported(first, MockPleo(BATCH), _connector(folder))
        (written,) = sorted((folder / "bookings").glob("*1.beancount"))
        text = written.read_text()
        for number in range(1, size // BATCH + 1):  # under other ids
            ids: dict[str, str] = {}
            copy = _ID.sub(partial(_another, ids), text)
            written.with_name(f"{number:06}.beancount").write_text(copy)
        _connector(folder).check()


class Case(Protocol):
    def prepare(self, size: int, folder: Path) -> None:
        """Make what is there before the job, in an empty folder."""

    def measure(self, size: int, folder: Path) -> Figures:
        """Do the job."""


CASES: dict[str, Case] = {
    "items": Items(),
    "history": History(),
    "ledger": Ledger(),
    "edited": Edited(),
    "booked": Booked(),
}


class Forgetful(MemoryConnector):
    """An accounting system that keeps its last thousands only: one that grows would be measured instead of us."""

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        answers = super().book(entries)
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return answers


def _ledger(folder: Path) -> Path:
    return folder / "ledger.beancount"


def _connector(folder: Path) -> Connector:
    return load_connector("beancount", {"ledger": str(_ledger(folder))})


def _another(ids: dict[str, str], found: re.Match[str]) -> str:
    return ids.setdefault(found[0], str(uuid.uuid4()))


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
    step, case, size, folder = sys.argv[1:]
    figures = getattr(CASES[case], step)(int(size), Path(folder))
    print(json.dumps(astuple(figures) if figures else None))
