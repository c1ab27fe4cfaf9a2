"""`kontobro disconnect`: remove the installation at Pleo and forget our secrets."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.words import _, fault_words
from kontobro.core.errors import Misconfigured
from kontobro.core.words import told


def run(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Remove the integration from Pleo. Settings, history and everything booked are kept."""
    from kontobro.install.parting import disconnect, sharing_login

    cli = cli_of(context)
    connection = cli.connection()
    if connection.status == "disconnected":
        show.say(_('"{name}" is already disconnected.').format(name=connection.pleo_name))
        raise typer.Exit(Exit.OK)
    if not yes:
        _ask(connection.pleo_name)
    other = sharing_login(connection, cli.store)
    left = disconnect(connection, cli.app.pleo_for(connection), cli.store)
    if as_json:
        from kontobro.cli.common.shapes import connection_shape

        show.emit({**connection_shape(cli.connection()), "refused": str(left) if left else None})
        return
    show.say(_('"{name}" is disconnected. Its credential was deleted here.').format(name=connection.pleo_name))
    if other:
        show.say(_('The login at Pleo stays: the connection "{name}" uses it too.').format(name=other.name))
    if left:
        for words in fault_words(left):
            show.say(words, "yellow")
    show.say(_("Kept: everything booked, the settings and the history. kontobro connect uses them again."))


def _ask(name: str) -> None:
    """Raises Abort at a no, Misconfigured when there is no one to ask."""
    try:
        typer.confirm(
            _('Disconnect "{name}" from Pleo? Everything booked is kept').format(name=name), abort=True, err=True
        )
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        raise Misconfigured(*told("cli_not_confirmed")) from None
