"""The same journal entries by Odoo's bare API, by its file import, one call an entry, and by Kontobro; dlt as a floor.

`python -m bench.peers [--items N] [--rounds N]`. Needs a real Odoo (`make erp-odoo`); exits with 75 without. Counted is
the CPU of Odoo, of its sessions in PostgreSQL and of the client: seconds depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.erp.turns import entries
from bench.load.processes import load, used, used_by_tree
from bench.peers import floor
from bench.peers.ways import ways_of
from erp_lab.places import cloned, running, sql, start_postgres
from kontobro.core.model.journal import JournalEntry
from tests.erp_real.odoo import installation as odoo

ITEMS, ROUNDS = 1_000, 2


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock; seconds of CPU of Odoo, of its database, of the client."""

    seconds: float
    odoo: float
    database: float
    client: float

    @property
    def cpu(self) -> float:
        return self.odoo + self.database + self.client


class Meter:
    """What has been used so far, by the processes of one Odoo and one database."""

    def __init__(self, odoo_pid: int, port: int, database: str) -> None:
        self._odoo, self._port, self._database = odoo_pid, port, database

    def of(self, act: Callable[[], object]) -> Cost:
        before, began = self._now(), time.perf_counter()
        act()
        seconds, after = time.perf_counter() - began, self._now()
        return Cost(seconds, *(late - early for early, late in zip(before, after, strict=True)))

    def _now(self) -> tuple[float, float, float]:
        return used_by_tree(self._odoo), self._sessions(), time.process_time()

    def _sessions(self) -> float:
        """A session lives as long as Odoo keeps it: it keeps some, and none ended in these seconds."""
        found = sql(self._port, f"select pid from pg_stat_activity where datname = '{self._database}'")
        return sum(used(int(pid)) for pid in found.split())


def measured(items: int, rounds: int) -> dict[str, Cost]:
    """Each way in turns, in one database; the round with the least CPU counts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = start_postgres()
        database = stack.enter_context(cloned(port, odoo.TEMPLATE))
        server = stack.enter_context(running(odoo.OdooServer(folder / "server.log")))
        company = odoo.Company(server.url, database)
        ways, meter = ways_of(company), Meter(server.pid, port, database)
        found: dict[str, list[Cost]] = {name: [] for name in ways}
        for way in ways.values():
            way(distinct(company, 5))  # the first call loads what the next ones have
        for _ in range(rounds):
            for name, way in ways.items():
                made = distinct(company, items)
                found[name].append(meter.of(lambda way=way, made=made: way(made)))  # type: ignore[misc]
                print(f"{name}: {found[name][-1].seconds:.1f} s; {load()}", file=sys.stderr, flush=True)
        return {name: min(costs, key=lambda cost: cost.cpu) for name, costs in found.items()}


def distinct(company: odoo.Company, count: int) -> list[JournalEntry]:
    """Entries that no earlier round booked, each with a text of its own."""
    made, name = entries(company.chart(), count), uuid.uuid4().hex[:8]
    return [replace(one, text=f"Round {name}, entry {number}") for number, one in enumerate(made)]


def of_dlt(items: int) -> Cost | None:
    """The floor, or None where dlt is not installed."""
    if not floor.installed():
        return None
    lines = [{"account": str(number), "amount": "1.00"} for number in range(3)]
    rows = [{"text": f"Entry {number}", "lines": lines} for number in range(items)]
    port = start_postgres()
    with tempfile.TemporaryDirectory() as folder, cloned(port, "template1") as database:
        url = f"postgresql://erp:none@127.0.0.1:{port}/{database}"  # the private server asks for no password
        file = Path(folder) / "rows.json"
        file.write_text(json.dumps(rows))
        command = [sys.executable, "-m", "bench.peers.floor", url, str(file)]
        done = subprocess.run(command, env=os.environ, stdout=subprocess.PIPE, check=True)
        seconds, cpu = json.loads(done.stdout.splitlines()[-1])
    return Cost(seconds, 0, 0, cpu)


def show(found: dict[str, Cost], items: int) -> None:
    bare = next(iter(found.values()))
    table = Table(f"{items:,} entries of three lines", "CPU s", "Odoo", "PostgreSQL", "client", "clock s", "times bare")
    for name, cost in found.items():
        parts = (cost.cpu, cost.odoo, cost.database, cost.client, cost.seconds)
        table.add_row(name, *(f"{part:.1f}" for part in parts), f"{cost.cpu / bare.cpu:.2f}")
    Console(width=max(Console().width, 120)).print(table)
    print(load())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    if not odoo.installed():
        print(f"Nothing was measured. {odoo.ABSENT}", file=sys.stderr)
        return 75
    found = measured(given.items, given.rounds)
    if pipeline := of_dlt(given.items):
        found["dlt into PostgreSQL: books nothing"] = pipeline
    else:
        print("dlt was not measured: it is not installed (bench/README.md).", file=sys.stderr)
    show(found, given.items)
    return 0


if __name__ == "__main__":
    sys.exit(main())
