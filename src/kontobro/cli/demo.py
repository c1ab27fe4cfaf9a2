"""`kontobro demo`: a demo company at Level 4, from a ledger into Pleo-in-a-box and back into it, in one folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli import show
from kontobro.cli.desk import Desk
from kontobro.cli.exits import Exit
from kontobro.cli.extras import require_extra
from kontobro.core.errors import KontobroError, Misconfigured

if TYPE_CHECKING:
    from kontobro.cli.box import Box
    from kontobro.cli.demo_sync import Synced
    from kontobro.cli.tally import Tally
    from kontobro.core.connection import Connection
    from kontobro.core.history import BookingRow
    from kontobro.export.engine import JobResult
    from kontobro.export.run import Ports, Progress

MARK = "summary.json"
"""What tells a demo folder from anybody's folder: only such a one is cleaned."""

MOST_JOBS = 10
"""The sandbox has one or two jobs waiting; more would mean that one of them never ends."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo did: the sync, each job's result, what was remembered, what stands in the ledger."""

    synced: Synced
    results: Sequence[JobResult]
    rows: Sequence[BookingRow]
    tally: Tally
    bean_check: str
    seconds: float
    http_calls: Mapping[str, int]

    @property
    def good(self) -> bool:
        """The ledger is in order, nothing is booked twice, and Pleo stayed in step."""
        return self.bean_check == "ok" and not self.tally.duplicates and not self.synced.second_run_writes

    def summary(self) -> dict[str, object]:
        """`demo/summary.json`: the ledger's own counts where the ledger can tell."""
        return {
            "items": sum(result.items for result in self.results),
            "booked": sum(result.booked + result.already_booked for result in self.results),
            "failed": sum(result.failed for result in self.results),
            "uncertain": sum(result.uncertain for result in self.results),
            "receipts": self.tally.receipts,
            "duplicates": self.tally.duplicates,
            "entries": self.tally.entries,
            "bean_check": self.bean_check,
            "totals": self.tally.totals_shape(),
            "sync": self.synced.summary(),
            "seconds": round(self.seconds, 2),
            "http_calls": dict(self.http_calls),
        }


def run(
    folder: Annotated[Path, typer.Option("--folder", help="Output folder (recreated on each run).")] = Path("demo"),
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of the tables.")] = False,
) -> None:
    """Bring a demo company's Pleo in step with a ledger, and export its expenses into it."""
    from kontobro.cli.box import pleo_in_a_box
    from kontobro.cli.demo_show import print_demo
    from kontobro.cli.demo_sync import sync_twice

    begun = time.monotonic()
    require_extra("sandbox")
    require_extra("beancount")
    ledger = prepare(folder)
    with pleo_in_a_box(0, "--press-export") as box:
        desk, connection = connect_demo(folder, ledger, box)
        with closing(desk), show.progress(quietly=as_json) as advance:
            synced = sync_twice(desk, connection, box, advance)
            ports = desk.ports(connection)
            results = export_all(connection, ports, advance)
            box.press_export(box.second_batch)  # bills and payments of invoices whose other half stands by now
            results += export_all(connection, ports, advance)
            rows = ports.store.bookings(connection.id)
        calls = box.calls()
    outcome = look_at(ledger, synced, results, rows, calls, begun)
    (folder / MARK).write_text(json.dumps(outcome.summary(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if as_json:
        show.emit(outcome.summary())
    else:
        print_demo(outcome, folder, ledger)
    raise typer.Exit(Exit.OK if outcome.good else Exit.PROBLEMS)


def prepare(folder: Path) -> Path:
    """An empty folder with the demo's ledger in it; the ledger's main file."""
    clean(folder)
    return copy_ledger(folder / "ledger")


def copy_ledger(folder: Path) -> Path:
    """The demo company's ledger in a new folder, nothing booked; its main file."""
    from importlib.resources import as_file, files

    with as_file(files("kontobro.erp.beancount") / "demo") as source:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    return main_file(folder)


def clean(folder: Path) -> None:
    """Empty the demo's folder; somebody's own folder is left alone."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise Misconfigured(
            f"{folder} is not empty, and no demo made it (it has no {MARK}).",
            "Move it away, or choose another folder with --folder.",
        )
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("{}\n", encoding="utf-8")  # a demo that breaks off leaves a folder that can be cleaned


def main_file(ledger: Path) -> Path:
    """The demo ledger's main file."""
    found = ledger / "ledger.beancount"
    if not found.exists():
        raise Misconfigured(f"The demo ledger has no {found.name}.", "Install Kontobro again.")
    return found


def connect_demo(folder: Path, ledger: Path, box: Box) -> tuple[Desk, Connection]:
    """Connect as a person would: API key, test calls, Level 4, the demo's own settings, the dimensions for tags."""
    from kontobro.cli.connect import connect_with, draft_connection
    from kontobro.cli.demo_sync import LEVEL, choose_dimensions
    from kontobro.cli.erp_options import erp_options
    from kontobro.cli.settings import apply_settings, masters_of, read_toml, with_level_kept
    from kontobro.core.connection import Tokens

    desk = Desk(home=folder / "home")
    draft = draft_connection("sandbox", box.url, "beancount", erp_options("beancount", [], ledger))
    connection = connect_with(desk, draft, Tokens(access=box.api_key), LEVEL).connection
    wanted = with_level_kept(connection, read_toml(ledger.parent / "settings.toml"))
    problems = apply_settings(desk, connection, wanted, (), masters_of(desk, connection))
    if problems:
        raise Misconfigured(" ".join(str(problem) for problem in problems), "The demo's settings.toml is wrong.")
    return desk, choose_dimensions(desk, desk.connection())


def export_all(connection: Connection, ports: Ports, advance: Progress) -> list[JobResult]:
    """Every job that waits, oldest first."""
    from kontobro.export.engine import next_job, run_job

    results: list[JobResult] = []
    while (job := next_job(ports)) is not None:
        if len(results) == MOST_JOBS:
            raise KontobroError("The demo's jobs don't end.", "Run it again; if it happens again, please report it.")
        results.append(run_job(connection, job, ports, progress=advance))
    return results


def look_at(
    ledger: Path,
    synced: Synced,
    results: Sequence[JobResult],
    rows: Sequence[BookingRow],
    calls: Mapping[str, int],
    begun: float,
) -> Outcome:
    """Ask the ledger itself what came of it."""
    from kontobro.cli.tally import tally_of

    checked = bean_check(ledger)
    return Outcome(synced, results, rows, tally_of(ledger), checked, time.monotonic() - begun, calls)


def bean_check(ledger: Path) -> str:
    """ "ok", or the first lines of what Beancount's own checker says."""
    command = [sys.executable, "-m", "beancount.scripts.check", "--no-cache", str(ledger)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - ours
    return "ok" if checked.returncode == 0 else (checked.stderr or checked.stdout)[:2000].strip() or "failed"


def main() -> None:
    """`python -m kontobro.cli.demo`."""
    from kontobro.cli.app import app

    app(["demo", *sys.argv[1:]], prog_name="kontobro")


if __name__ == "__main__":
    main()
