"""The kill proof as a table that a person can read: `make prove`, or `python -m tests.export.prove`.

A whole run first names its boundaries. Then, for each of them, a real process is killed there with `kill -9`, the
export is run again (once with our history kept, once with it deleted), and both sides are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from beancount import loader
from beancount.core.data import Document, Transaction
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.export import test_killed, test_killed_searchable
from tests.export.test_killed import BOOKED, STATES
from tests.support.connected_home import ConnectedHome, a_connected_home, forget_history
from tests.support.plain_erp import PlainErp
from tests.support.pleo_company import kill_company

SETTLE_AFTER = 0.4
"""Seconds that the searchable system may still commit after its caller has gone; this one commits at once."""

SYSTEMS = {
    "ledger": "a Beancount ledger, which refuses a second entry under one reference",
    "searchable": "a system that doubles whatever is written twice, and can only be searched",
}
WORDS = {"ledger": test_killed.WRITES, "searchable": test_killed_searchable.WRITES}
RECEIPTS = 3
SIDES = {"before": "before", "after": "right after"}


@dataclass(frozen=True, slots=True)
class BothSides:
    """What is on both sides: how often each entry and each receipt, and Pleo's status of each item."""

    entries: dict[str, int]
    receipts: dict[str, int]
    items: dict[str, str]
    job: str

    @property
    def doubled(self) -> int:
        return sum(times - 1 for times in (*self.entries.values(), *self.receipts.values()))

    @property
    def lost(self) -> int:
        """Entries and receipts that should be in the end, and don't."""
        return len(set(BOOKED) - set(self.entries)) + max(0, RECEIPTS - len(self.receipts))

    @property
    def whole(self) -> bool:
        """Everything once, nothing else, and Pleo says the same of it."""
        once = self.entries == dict.fromkeys(BOOKED, 1) and list(self.receipts.values()) == [1] * RECEIPTS
        return once and self.items == STATES and self.job == "completed_with_errors"

    def __str__(self) -> str:
        told = Counter(state for state in self.items.values() if state in ("successful", "failed"))
        said = f", {told.total()} of {len(self.items)} told" if self.job == "in_progress" else ""
        counts = f"{sum(self.entries.values())} entries, {sum(self.receipts.values())} receipts"
        return f"{counts}; Pleo: {self.job.replace('_', ' ')}{said}"


@dataclass(frozen=True, slots=True)
class Case:
    """One kill: in front of which system, at which boundary, and whether our history is deleted after it."""

    system: str
    boundary: str
    forgetful: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was when the process was dead, and what exists after the next run."""

    case: Case
    killed: BothSides
    healed: BothSides


def standing(connected: ConnectedHome) -> BothSides:
    """Count both sides, by reading what they keep."""
    entries, receipts = plain_books(connected) if connected.order else ledger_books(connected)
    return BothSides(
        dict(Counter(entries)), dict(Counter(receipts)), connected.states(), str(connected.sandbox.jobs[-1].status)
    )


def ledger_books(connected: ConnectedHome) -> tuple[list[str], list[str]]:
    """References and receipts in the ledger, which has to load without an error."""
    found, errors, _ = loader.load_file(str(connected.ledger))
    if errors:
        raise AssertionError(f"the ledger does not load: {errors}")
    entries = [e.meta["kontobro"] for e in found if isinstance(e, Transaction) and "kontobro" in e.meta]
    return entries, [Path(entry.filename).name for entry in found if isinstance(entry, Document)]


def plain_books(connected: ConnectedHome) -> tuple[list[str], list[str]]:
    plain = PlainErp(Path(connected.order["plain"]), [])
    return [line["reference"] for line in plain.lines()], [path.name for path in plain.receipts.glob("*/*")]


@contextmanager
def opened(system: str) -> Iterator[ConnectedHome]:
    """The company's desk in front of that system, gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        orders = {"plain": str(folder / "plain"), "settle_after": SETTLE_AFTER} if system == "searchable" else {}
        with a_connected_home(folder, kill_company(), **orders) as connected:
            yield connected


def boundaries(system: str) -> list[str]:
    """The names of all boundaries, from a run in which nothing happens."""
    with opened(system) as connected:
        connected.export()
        if not standing(connected).whole:
            raise AssertionError(f"even a run without a kill is not whole: {standing(connected)}")
        return connected.boundaries


def prove(case: Case) -> Verdict:
    """Kill one exporter, run another, count."""
    with opened(case.system) as connected:
        if connected.export(at=case.boundary) is not None:
            raise AssertionError(f"nothing was killed at {case.boundary}")
        killed = standing(connected)
        if case.forgetful:
            forget_history(connected)
        connected.sandbox.move_clock(test_killed.LATER)
        in_doubt = case.system == "searchable" and case.boundary in test_killed_searchable.IN_DOUBT
        connected.export(take_over=case.forgetful or in_doubt)
        return Verdict(case, killed, standing(connected))


def in_words(case: Case) -> str:
    """`erp.book#2:before` for a person: "before the payments were written"."""
    write, _, side = case.boundary.partition(":")
    return f"{SIDES[side]} {WORDS[case.system][write]}"


def run(cases: Sequence[Case]) -> Iterator[Verdict]:
    """Every case in a company of its own, as many at once as there are processors."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        yield from pool.map(prove, cases)


def summary(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    return {
        "boundaries": len({(verdict.case.system, verdict.case.boundary) for verdict in verdicts}),
        "processes_killed": len(verdicts),
        "doubled": sum(verdict.healed.doubled for verdict in verdicts),
        "lost": sum(verdict.healed.lost for verdict in verdicts),
        "whole": sum(verdict.healed.whole for verdict in verdicts),
        "proven": bool(verdicts) and all(verdict.healed.whole for verdict in verdicts),
    }


def shape(verdict: Verdict) -> dict[str, Any]:
    return asdict(verdict) | {"whole": verdict.healed.whole, "killed_when": in_words(verdict.case)}


def print_tables(console: Console, verdicts: Sequence[Verdict]) -> None:
    for system, words in SYSTEMS.items():
        rows = [verdict for verdict in verdicts if verdict.case.system == system]
        if rows:
            console.print(table_of(f"Booked into {words}", rows))
    counts = summary(verdicts)
    console.print(
        f"{counts['boundaries']} boundaries, {counts['processes_killed']} processes killed with kill -9: "
        f"doubled {counts['doubled']}, lost {counts['lost']}, whole after the next run {counts['whole']}.",
        style="bold green" if counts["proven"] else "bold red",
    )


def table_of(title: str, verdicts: Sequence[Verdict]) -> Table:
    """A row a boundary: its two kills, one with our history kept and one with it deleted."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for heading in ("killed", "what stood then", "run again", "history deleted, run again"):
        table.add_column(heading)
    for kept, deleted in zip(verdicts[::2], verdicts[1::2], strict=True):
        table.add_row(in_words(kept.case), str(kept.killed), outcome(kept), outcome(deleted))
    return table


def outcome(verdict: Verdict) -> str:
    """Whole, or what exists instead."""
    if verdict.healed.whole:
        return "[green]✓ whole[/]"
    return f"[red]✗ {verdict.case.boundary}: {verdict.healed}[/]"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="prove", description="Kill the exporter everywhere; count what stands.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--only", default="", metavar="TEXT", help="boundaries whose name holds this, as erp.book")
    options = parser.parse_args(arguments)
    cases = [
        Case(system, boundary, forgetful)
        for system in SYSTEMS
        for boundary in boundaries(system)
        if options.only in boundary
        for forgetful in (False, True)
    ]
    if not cases:
        parser.error(f"no boundary's name holds {options.only!r}")
    told = Console(stderr=True)
    bar = track(run(cases), "Killing exporters", len(cases), console=told, disable=options.json, transient=True)
    verdicts = list(bar)
    if options.json:
        found = {"summary": summary(verdicts), "kills": [shape(verdict) for verdict in verdicts]}
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        print_tables(Console(), verdicts)
    return 0 if summary(verdicts)["proven"] else 1


if __name__ == "__main__":
    sys.exit(main())
