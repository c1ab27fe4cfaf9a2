"""`kontobro sync`: show what would change in Pleo, do exactly that, and say what waits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import CliContext, cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.words import _
from kontobro.cli.sync.kinds import switched_on
from kontobro.core.model.settings import SyncKind

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.sync.shown import Shown

app = typer.Typer(help="Keep Pleo's master data in sync with the accounting system.", no_args_is_help=True)

AnyKind = Annotated[
    SyncKind | None,
    typer.Argument(help="Only this kind; everything that is switched on unless given.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command(name="plan")
def plan(
    context: typer.Context,
    kind: AnyKind = None,
    everything: Annotated[bool, typer.Option("--all", help="Show all changes.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write an HTML page, for a colleague.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what would change in Pleo. Changes nothing."""
    from kontobro.cli.sync.work import say_changed, shown_plans

    cli = cli_of(context)
    connection = cli.connection()
    kinds = switched_on(connection, kind)
    plans = shown_plans(cli, connection, kinds)
    if html is not None:
        _write_page(html, plans, cli, connection)
    if as_json:
        from kontobro.cli.common.shapes import plan_shape

        show.emit([plan_shape(found) for found in plans])
    elif html is not None:
        show.say(_("The plan is saved as {html}. It contains names of your accounts and vendors.").format(html=html))
    else:
        say_changed(cli, connection, kinds, cli.sync_ports(connection))
        _print(plans, everything=everything)
    raise typer.Exit(Exit.DECISION if any(found.refused for found in plans) else Exit.OK)


@app.command(name="apply")
def apply(
    context: typer.Context,
    kind: AnyKind = None,
    digest: Annotated[
        str | None, typer.Option(metavar="D", help="Apply exactly the plan with this digest.", show_default=False)
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Don't ask. Plans that exceed the limits are not applied.")
    ] = False,
    due: Annotated[bool, typer.Option("--due", help="With --yes: only the kinds that are due.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sync Pleo: apply the plan with this digest, or the plans you confirm."""
    from kontobro.cli.sync.work import Choice, applied

    if digest is not None and (kind is None or yes):
        raise typer.BadParameter(_("--digest is for one kind: kontobro sync apply KIND --digest D, without --yes."))
    if due and not yes:
        raise typer.BadParameter(_("--due needs --yes."))
    cli = cli_of(context)
    connection = cli.connection()
    choice = Choice(digest=digest, yes=yes, due=due)
    raise typer.Exit(applied(cli, connection, switched_on(connection, kind), choice, as_json=as_json))


@app.command(name="status")
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show when each kind was last synced, what needs a decision, and what is due."""
    from kontobro.cli.sync.status import print_status, status_of

    cli = cli_of(context)
    connection = cli.connection()
    rows = status_of(cli, connection)
    if as_json:
        show.emit([row.shape() for row in rows])
    else:
        print_status(rows)
    raise typer.Exit(Exit.DECISION if any(row.waits for row in rows) else Exit.OK)


def _print(plans: Sequence[Shown], *, everything: bool) -> None:
    from kontobro.cli.sync.show import print_plan

    for found in plans:
        print_plan(found, everything=everything)
    if any(found.possible for found in plans):
        show.say(
            _("Nothing was changed. To apply: kontobro sync apply (it asks), or kontobro sync apply KIND --digest D."),
            "dim",
        )


def _write_page(file: Path, plans: Sequence[Shown], cli: CliContext, connection: Connection) -> None:
    from kontobro.cli.sync.html import page
    from kontobro.export.personal.private import private_file

    company = connection.pleo_name
    with private_file(file) as written:  # vendors may be people
        written.write(page(plans, company, connection.erp, cli.app.clock.now()).encode())
