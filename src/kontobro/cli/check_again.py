"""`kontobro check-again`: a failed expense under today's settings, as a preview. Books nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.exits import Exit
from kontobro.cli.common.words import _

if TYPE_CHECKING:
    from kontobro.cli.common.shapes import Json
    from kontobro.core.model.connection import Connection
    from kontobro.export.again import Checked
    from kontobro.export.tieout.collect import BookPorts


def run(
    context: typer.Context,
    reference: Annotated[str | None, typer.Argument(help="The expense's reference (kontobro bookings --json).")] = None,
    whole_job: Annotated[bool, typer.Option("--all", help="All expenses that failed in the last job.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check failed expenses again with today's settings, without booking."""
    if (reference is None) != whole_job:
        raise typer.BadParameter(_("Give one expense's reference, or use --all."))
    cli = cli_of(context)
    connection = cli.connection()
    ports = cli.app.book_ports_for(connection)
    found = _checked(connection, ports, reference)
    if as_json:
        show.emit([checked_shape(checked) for checked in found])
    else:
        _print(found, ports)
    if not all(checked.fixed for checked in found):
        raise typer.Exit(Exit.PROBLEMS)


def _checked(connection: Connection, ports: BookPorts, reference: str | None) -> list[Checked]:
    from kontobro.core.model.journal import Reference
    from kontobro.export.again import check_again, check_failed

    if reference is None:
        return list(check_failed(connection, ports))
    return [check_again(connection, Reference(reference), ports)]


def _print(found: Sequence[Checked], ports: BookPorts) -> None:
    from kontobro.cli.preview import print_item
    from kontobro.export.preview import account_names

    names = account_names(ports.connector) if found else {}
    for checked in found:
        if checked.preview:
            print_item(checked.preview, names)
        else:
            show.say(f"{checked.payee} {checked.reference}".strip(), "bold")
            show.say("  " + _("its content is no longer stored: export it again in Pleo to check it."), "red")
            show.say(f"  Pleo: {checked.pleo_url or ''}".rstrip(), "dim")
    if not found:
        show.say(_("Nothing failed in the last job."))
        return
    fixed = sum(1 for checked in found if checked.fixed)
    show.say(
        _("{fixed} of {count} would be booked now. Nothing was booked: export them again in Pleo.").format(
            fixed=fixed, count=len(found)
        ),
        "bold",
    )
    show.say(_("Receipts are not checked here: a missing or broken receipt shows at the export."), "dim")


def checked_shape(checked: Checked) -> Json:
    from kontobro.cli.common.shapes import preview_shape

    return {
        "reference": checked.reference,
        "mended": checked.fixed,
        "pleo_url": checked.pleo_url,
        "preview": preview_shape(checked.preview) if checked.preview else None,
    }
