"""`kontobro settle`: payments whose bills came later meet them."""

from __future__ import annotations

from typing import Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.words import _, ngettext, problem_words


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
        show.say(_("No open payments, so there is nothing to match."))
    else:
        told = _("Payments matched with their bills: {settled}; still open: {open}.")
        show.say(told.format(settled=settled.settled, open=settled.open))
        if settled.without_bill:
            told = ngettext(
                "{count} waits for a bill that is not booked yet: export its invoice in Pleo.",
                "{count} wait for a bill that is not booked yet: export its invoice in Pleo.",
                settled.without_bill,
            )
            show.say("  " + told.format(count=settled.without_bill))
        if settled.drafts:
            told = ngettext(
                "{count} waits because bill or payment is a draft: post it in the accounting system.",
                "{count} wait because bill or payment is a draft: post it in the accounting system.",
                settled.drafts,
            )
            show.say("  " + told.format(count=settled.drafts))
        if settled.paid_twice:
            told = ngettext(
                "{count} is for a bill that is already paid: check whether it was paid twice "
                "(kontobro bookings shows which). It waits until the bill is open again.",
                "{count} are for a bill that is already paid: check whether it was paid twice "
                "(kontobro bookings shows which). They wait until the bill is open again.",
                settled.paid_twice,
            )
            show.say("  " + told.format(count=settled.paid_twice))
        for problem in settled.problems:
            message, remedy = problem_words(problem)
            show.say(f"✗ {message}", "red")
            show.say(f"  {remedy}")
    if settled.problems:
        raise typer.Exit(Exit.PROBLEMS)
