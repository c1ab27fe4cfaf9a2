"""`kontobro check`: everything that is wrong, at once, each with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.exits import Exit, exit_of, worst_of
from kontobro.cli.common.words import _, language, note_words
from kontobro.core.words import phrase, worded

if TYPE_CHECKING:
    from kontobro.health.findings import Finding


def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check that Pleo and the accounting system answer and that the settings are complete."""
    from kontobro.health.connection import Words, look

    words = Words(
        reconnect=worded("cli_reconnect"),
        first_sync=worded("cli_first_sync"),
        dimensions=worded("cli_choose_dimensions"),
        raise_level=lambda level: phrase("cli_raise_level", level=str(level)),
    )
    cli = cli_of(context)
    findings = list(look(cli.connection(), cli.app, words))
    code = worst_of(code_of(finding) for finding in findings)
    if as_json:
        show.emit({"ok": code == Exit.OK, "findings": [_shape(finding) for finding in findings]})
    else:
        _print(findings)
    raise typer.Exit(code)


def code_of(finding: Finding) -> Exit:
    """The exit code that one finding asks for."""
    if finding.fault is not None:
        return exit_of(finding.fault)
    return Exit.OK if finding.good else Exit.NEEDS_FIX


def _shape(finding: Finding) -> dict[str, object]:
    return {
        "subject": finding.subject,
        "ok": finding.good,
        "warning": finding.warning,
        "message": finding.message,
        "remedy": finding.remedy,
        "exit_code": int(code_of(finding)),
    }


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        mark, style = ("!", "yellow") if finding.warning else ("✓", None) if finding.good else ("✗", "red")
        show.say(f"{mark} {subject_words(finding)}: {note_words(finding.message)}", style)
        if finding.remedy:
            show.say(f"  {note_words(finding.remedy)}")
    wrong = sum(1 for finding in findings if not finding.good)
    passed = _("All checks passed: kontobro export can run.")
    show.say(_("{count} to fix.").format(count=wrong) if wrong else passed, "bold")


def subject_words(finding: Finding) -> str:
    """What was looked at, in the reader's language; in English as programs get it."""
    return finding.subject_in(language()) if language() else finding.subject
