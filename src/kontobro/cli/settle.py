"""`kontobro settle`: payments whose bills came later meet them."""

from __future__ import annotations

from typing import Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.exits import Exit


def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Match open payments with bills booked since."""
    from kontobro.export.settle import settle

    cli = cli_of(context)
    connection = cli.connection()
    settled = settle(connection, cli.ports(connection))
    if as_json:
        from kontobro.cli.common.shapes import settled_shape

        show.emit(settled_shape(settled))
    elif not settled.settled and not settled.open and not settled.problems:
        show.say("No open payments, so there is nothing to match.")
    else:
        show.say(f"Payments matched with their bills: {settled.settled}; still open: {settled.open}.")
        if settled.without_bill:
            show.say(f"  {settled.without_bill} wait for a bill that is not booked yet: export its invoice in Pleo.")
        if settled.drafts:
            show.say(f"  {settled.drafts} wait because bill or payment is a draft: post it in the accounting system.")
        if settled.paid_twice:
            show.say(
                f"  {settled.paid_twice} are for a bill that is already paid: check whether it was paid twice "
                "(kontobro bookings shows which). They wait until the bill is open again."
            )
        for problem in settled.problems:
            show.say(f"✗ {problem.message}", "red")
            show.say(f"  {problem.remedy}")
    if settled.problems:
        raise typer.Exit(Exit.PROBLEMS)
