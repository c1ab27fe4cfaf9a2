"""`kontobro demo`: a demo company at Level 4, from a ledger into Pleo-in-a-box and back into it, in one folder."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.extras import require_extra
from kontobro.cli.demo.ledger import MARK, clean, copy_ledger
from kontobro.cli.demo.outcome import DemoOutcome
from kontobro.core.errors import KontobroError, Misconfigured

if TYPE_CHECKING:
    from kontobro.cli.demo.sync import Synced
    from kontobro.core.model.connection import Connection
    from kontobro.core.model.history import BookingRow
    from kontobro.export.engine import JobResult
    from kontobro.export.job.run import Ports, Progress
    from kontobro.testing.sandbox_process import SandboxProcess


MOST_JOBS = 10
"""The sandbox has one or two jobs waiting; more would mean that one of them never ends."""


def run(
    folder: Annotated[Path, typer.Option("--folder", help="Output folder (recreated on each run).")] = Path("demo"),
    target: Annotated[
        str | None,
        typer.Option(help="Into documents instead of a ledger: csv, xlsx, datev, sie or fec.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of the tables.")] = False,
) -> None:
    """Sync a demo company's Pleo with a ledger, and export its expenses into that ledger."""
    from kontobro.cli.demo.show import print_demo
    from kontobro.cli.demo.sync import sync_twice
    from kontobro.testing.sandbox_process import running_sandbox

    begun = time.monotonic()
    require_extra("sandbox")
    require_extra("beancount")
    if target is not None:
        from kontobro.cli.demo.documents import run_documents

        raise typer.Exit(run_documents(folder, target, as_json=as_json))
    ledger = prepare(folder)
    with running_sandbox(0, "--press-export") as sandbox:
        cli, connection = connect_demo(folder, ledger, sandbox)
        with closing(cli), show.progress(quietly=as_json) as advance:
            synced = sync_twice(cli, connection, sandbox, advance)
            ports = cli.ports(connection)
            results = export_all(connection, ports, advance)
            sandbox.press_export(sandbox.second_batch)  # bills and payments of invoices whose other half exists by now
            results += export_all(connection, ports, advance)
            rows = ports.store.bookings(connection.id)
        calls = sandbox.calls()
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


def connect_demo(
    folder: Path, ledger: Path, sandbox: SandboxProcess, target: tuple[str, Mapping[str, str]] | None = None
) -> tuple[CliContext, Connection]:
    """Connect as a person would: API key, test calls, Level 4, the demo's own settings, the dimensions for tags.

    `target`: into documents of that format, with these options, instead of the ledger.
    """
    from kontobro.cli.common.erp_options import erp_options
    from kontobro.cli.connect import connect_with, draft_connection
    from kontobro.cli.demo.sync import LEVEL, choose_dimensions
    from kontobro.cli.settings.apply import apply_settings, masters_of, read_toml, with_level_kept
    from kontobro.core.model.connection import Tokens

    cli = CliContext(home=folder / "home")
    erp, options = target or ("beancount", erp_options("beancount", [], {"ledger": ledger}))
    draft = draft_connection("sandbox", sandbox.url, erp, options)
    connection = connect_with(cli, draft, Tokens(access=sandbox.api_key), LEVEL).connection
    wanted = with_level_kept(connection, read_toml(ledger.parent / "settings.toml"))
    if target is not None:
        wanted = {name: value for name, value in wanted.items() if name not in ("create_vendors", "journal")}
    problems = apply_settings(cli, connection, wanted, (), masters_of(cli, connection))
    if problems:
        raise Misconfigured(" ".join(str(problem) for problem in problems), "The demo's settings.toml is wrong.")
    return cli, choose_dimensions(cli, cli.connection())


def export_all(connection: Connection, ports: Ports, advance: Progress) -> list[JobResult]:
    """Every job that waits, oldest first."""
    from kontobro.export.engine import next_job, run_job

    results: list[JobResult] = []
    while (job := next_job(ports)) is not None:
        if len(results) == MOST_JOBS:
            raise KontobroError(
                "The demo's export jobs did not finish.", "Run it again; if it happens again, please report it."
            )
        results.append(run_job(connection, job, ports, progress=advance))
    return results


def look_at(
    ledger: Path,
    synced: Synced,
    results: Sequence[JobResult],
    rows: Sequence[BookingRow],
    calls: Mapping[str, int],
    begun: float,
) -> DemoOutcome:
    """Ask the ledger itself what came of it."""
    from kontobro.cli.demo.tally import tally_of

    checked = bean_check(ledger)
    return DemoOutcome(synced, results, rows, tally_of(ledger), checked, time.monotonic() - begun, calls)


def bean_check(ledger: Path) -> str:
    """ "ok", or the first lines of what Beancount's own checker says."""
    command = [sys.executable, "-m", "beancount.scripts.check", "--no-cache", str(ledger)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - ours
    return "ok" if checked.returncode == 0 else (checked.stderr or checked.stdout)[:2000].strip() or "failed"
