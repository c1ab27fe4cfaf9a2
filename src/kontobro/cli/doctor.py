"""`kontobro doctor`: whether this installation is healthy."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.check import subject_words
from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.words import note_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kontobro.health.findings import Finding

MARKS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "bad": ("✗", "bold red")}


def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check database, keys, disk, clock, worker, webhooks and mail, and say how to fix what is wrong."""
    from kontobro.health.findings import worst

    findings = examined(cli_of(context))
    if as_json:
        show.emit([_shape(each) for each in findings])
    else:
        print_findings(findings)
    raise typer.Exit(Exit.NEEDS_FIX if worst(findings) == "bad" else Exit.OK)


def examined(cli: CliContext) -> Sequence[Finding]:
    """The service with its settings where it is installed, else the home alone."""
    from kontobro.cli.serve import configured
    from kontobro.core.errors import Misconfigured

    try:
        given = configured(cli)
    except Misconfigured as fault:
        if not isinstance(fault.__cause__, ModuleNotFoundError):
            raise
        return examined_folder(cli)
    from kontobro.health.installation import examine
    from kontobro.worker.vitals import look

    served = bool(given.database_url.get_secret_value()) or (given.home / "engine.sqlite3").exists()
    return examine(given, look=partial(look, given) if served else None)


def examined_folder(cli: CliContext) -> Sequence[Finding]:
    """What holds for the command line alone."""
    from kontobro.bootstrap import open_app
    from kontobro.health.data_folder import examine_data_folder

    app = open_app(cli.home)
    try:
        return examine_data_folder(app)
    finally:
        app.close()


def print_findings(findings: Sequence[Finding]) -> None:
    for each in findings:
        mark, style = MARKS[each.verdict]
        show.say(f"{mark} {subject_words(each)}: {note_words(each.message)}", style)
        if each.remedy and each.verdict != "ok":
            show.say(f"  {note_words(each.remedy)}")


def _shape(finding: Finding) -> dict[str, str]:
    return {
        "name": finding.subject,
        "verdict": finding.verdict,
        "what": finding.message,
        "remedy": finding.remedy,
    }
