"""The demo's steps, into a ledger or into documents: an empty folder, a connection, every job exported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kontobro.cli.common.context import CliContext
from kontobro.cli.demo.ledger import clean
from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.model.findings import phrase_of, sentences
from kontobro.core.words import told
from kontobro.service.demo.ledger import copy_ledger

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.export.engine import JobResult
    from kontobro.export.job.run import Ports, Progress
    from kontobro.service.demo.sandbox_process import SandboxProcess

MOST_JOBS = 10
"""The sandbox has one or two jobs waiting; more would mean that one of them never ends."""


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
        raise Misconfigured(*told("cli_demo_settings", problems=sentences(*map(phrase_of, problems))))
    return cli, choose_dimensions(cli, cli.connection())


def export_all(connection: Connection, ports: Ports, advance: Progress) -> list[JobResult]:
    """Every job that waits, oldest first."""
    from kontobro.export.engine import next_job, run_job

    results: list[JobResult] = []
    while (job := next_job(ports)) is not None:
        if len(results) == MOST_JOBS:
            raise KontobroError(*told("cli_demo_unfinished"))
        results.append(run_job(connection, job, ports, progress=advance))
    return results
