"""Whose company is it? What `kontobro connect` asks about names and books, and how a script answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common.words import _
from kontobro.core.errors import Misconfigured
from kontobro.core.words import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from kontobro.cli.common.context import CliContext
    from kontobro.core.model.connection import Connection
    from kontobro.install.connect import Connected

Move = Annotated[
    bool, typer.Option("--move", help="Move a connected company to these books; its first connection ends.")
]
Trial = Annotated[bool, typer.Option("--trial", help="Against a test system: preview only, nothing is ever booked.")]
CompanyName = Annotated[
    str, typer.Option(metavar="NAME", help="What the company is called in Pleo, where Pleo does not tell.")
]
SameCompany = Annotated[
    bool, typer.Option("--same-company", help="The accounting system's company is the same one, under another name.")
]


def books_confirmed(cli: CliContext, *, sure: bool) -> Callable[[Connection], None]:
    """The look at a connection before it is stored: are these the books of this company? Raises Misconfigured at a no,
    and where there is no one to ask; Busy while the connection that ends for it has a job."""

    def confirmed(final: Connection) -> None:
        from kontobro.core.company_names import plainly_differ
        from kontobro.install.identity import is_same_company
        from kontobro.install.parting import require_no_job

        for other in cli.store.connections():
            if other.id != final.id and other.is_in_use and not final.trial and is_same_company(other, final):
                require_no_job(other, cli.store, cli.app.clock.now())
        known = cli.store.connection(final.id)
        if sure or known is not None or not plainly_differ(final.company_name, final.erp_company_name):
            return
        if not cli.can_ask():
            raise Misconfigured(
                *told("cli_called_differently", pleo=final.company_name, books=str(final.erp_company_name))
            )
        question = _("{pleo} → books of {books}: is that right?")
        if not typer.confirm(question.format(pleo=final.company_name, books=final.erp_company_name), err=True):
            raise Misconfigured(*told("cli_nothing_connected"))

    return confirmed


def with_name(cli: CliContext, connected: Connected) -> Connected:
    """Ask once what the company is called, where neither Pleo nor the command says it."""
    if connected.connection.company_name or not cli.can_ask():
        return connected
    name = typer.prompt(_("What is this company called in Pleo?"), err=True).strip()
    named = replace(connected.connection, company_name=name)
    cli.store.save_connection(named)
    return replace(connected, connection=named)
