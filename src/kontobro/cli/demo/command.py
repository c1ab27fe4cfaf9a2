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
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.extras import require_extra
from kontobro.cli.demo.ledger import MARK
from kontobro.cli.demo.outcome import DemoOutcome
from kontobro.cli.demo.steps import connect_demo, export_all, prepare

if TYPE_CHECKING:
    from kontobro.cli.demo.sync import Synced
    from kontobro.core.model.history import BookingRow
    from kontobro.export.engine import JobResult


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
    from kontobro.service.demo.sandbox_process import running_sandbox

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
