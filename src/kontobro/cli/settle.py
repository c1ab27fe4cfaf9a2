"""`kontobro settle`: payments whose bills came later meet them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.words import _, ngettext, problem_words

if TYPE_CHECKING:
    from kontobro.export.settle import Settled


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
        _print(settled)
    if settled.problems:
        raise typer.Exit(Exit.PROBLEMS)


def _print(settled: Settled) -> None:
    told = _("Payments matched with their bills: {settled}; still open: {open}.")
    show.say(told.format(settled=settled.settled, open=settled.open))
    for said in _waits(settled):
        show.say(f"  {said}")
    for problem in settled.problems:
        message, remedy = problem_words(problem)
        show.say(f"✗ {message}", "red")
        show.say(f"  {remedy}")


def _waits(settled: Settled) -> Iterator[str]:
    """Why payments are still open."""
    if count := settled.without_bill:
        told = ngettext(
            "{count} waits for a bill that is not booked yet: export its invoice in Pleo.",
            "{count} wait for a bill that is not booked yet: export its invoice in Pleo.",
            count,
        )
        yield told.format(count=count)
    if count := settled.drafts:
        told = ngettext(
            "{count} waits because bill or payment is a draft: post it in the accounting system.",
            "{count} wait because bill or payment is a draft: post it in the accounting system.",
            count,
        )
        yield told.format(count=count)
    if count := settled.paid_twice:
        told = ngettext(
            "{count} is for a bill that is already paid: check whether it was paid twice "
            "(kontobro bookings shows which). It waits until the bill is open again.",
            "{count} are for a bill that is already paid: check whether it was paid twice "
            "(kontobro bookings shows which). They wait until the bill is open again.",
            count,
        )
        yield told.format(count=count)
