"""`kontobro elsewhere`: expenses that are booked in other books, and a person's decision for each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, cast

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.words import _
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import told

if TYPE_CHECKING:
    from kontobro.core.model.history import Elsewhere
    from kontobro.core.ports import Guards


def run(
    context: typer.Context,
    book_here: Annotated[
        list[str] | None,
        typer.Option("--book-here", metavar="ID", help="Book this expense here as well; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List expenses that were not booked because they are booked elsewhere, or decide that they are booked here."""
    cli = cli_of(context)
    connection = cli.connection()
    guards = cast("Guards", cli.store)
    for entry_id in book_here or []:
        if not guards.book_here(connection.id, entry_id, datetime.now(UTC)):
            raise Misconfigured(*told("cli_not_stopped", expense=shown(entry_id)))
    found = guards.elsewhere(connection.id)
    if as_json:
        show.emit([_shape(one) for one in found])
    elif not found:
        show.say(_("No export stopped at an expense that is booked elsewhere."))
    else:
        for one in found:
            state = _("booked here") if one.decided_at else _("needs a decision")
            show.say(f"{one.entry_id} · {_where(one)} · {state}")
        if book_here:
            show.say(_("Export them again in Pleo, and they are booked here."))


def _where(one: Elsewhere) -> str:
    if not one.system:
        return _("exported already as {number}, according to Pleo").format(number=one.number)
    said = _("in {system}, as {number}") if one.number else _("perhaps in {system}")
    return said.format(system=one.system, number=one.number)


def _shape(one: Elsewhere) -> dict[str, object]:
    return {
        "entry_id": one.entry_id,
        "system": one.system,
        "number": one.number,
        "found_at": one.found_at.isoformat() if one.found_at else None,
        "decided_at": one.decided_at.isoformat() if one.decided_at else None,
    }
