"""`kontobro settle`: payments whose bills came later meet them."""

from __future__ import annotations

from typing import Annotated

import typer

from kontobro.cli import show
from kontobro.cli.desk import desk_of
from kontobro.cli.exits import Exit


def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Settle open payments with the bills that stand by now."""
    from kontobro.export.settle import settle

    desk = desk_of(context)
    connection = desk.connection()
    settled = settle(connection, desk.ports(connection))
    if as_json:
        from kontobro.cli.shapes import settled_shape

        show.emit(settled_shape(settled))
    elif not settled.settled and not settled.open and not settled.problems:
        show.say("No payment is open: nothing to settle.")
    else:
        show.say(f"Payments settled with their bills: {settled.settled}; still waiting for theirs: {settled.open}.")
        for problem in settled.problems:
            show.say(f"✗ {problem.message}", "red")
            show.say(f"  {problem.remedy}")
    if settled.problems:
        raise typer.Exit(Exit.PROBLEMS)
