"""`kontobro bookings`: what was booked, with links both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli import show
from kontobro.cli.desk import desk_of

if TYPE_CHECKING:
    from kontobro.core.history import BookingRow

FAILED = ("rejected", "uncertain")


def run(
    context: typer.Context,
    job: Annotated[str | None, typer.Option(help="Only of this job (its id, or how it begins).")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what was refused, failed or is uncertain.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", min=1)] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what was booked: where it stands in the accounting system, and where it came from in Pleo."""
    desk = desk_of(context)
    connection = desk.connection()
    whole = bool(job or failed)  # a filter of ours must see every row before the limit cuts
    rows = desk.store.bookings(connection.id, limit=None if whole else limit)
    found = [row for row in rows if _wanted(row, job, failed=failed)][:limit]
    if as_json:
        from kontobro.cli.shapes import booking_shape

        show.emit([booking_shape(row) for row in found])
    elif not found:
        show.say("Nothing has failed." if failed else "Nothing booked yet. kontobro jobs shows what waits.")
    else:
        _print(found)


def _wanted(row: BookingRow, job: str | None, *, failed: bool) -> bool:
    return (job is None or row.job_id.startswith(job)) and (not failed or row.state in FAILED or bool(row.problems))


def _print(rows: Sequence[BookingRow]) -> None:
    shown = show.table(
        "date", "kind", "payee", "amount", "state", "receipts", "booked as", right=["amount", "receipts"]
    )
    for row in rows:
        where = " ".join(part for part in (row.erp_id, row.erp_url) if part)
        amount = show.amount_of(row.total, row.currency)
        shown.add_row(row.date, row.kind, row.payee, amount, row.state, str(row.receipts), where)
        if row.pleo_url:
            shown.add_row("", "", "", "", "", "", f"Pleo: {row.pleo_url}", style="dim")
        for problem in row.problems:
            shown.add_row("", "", "", "", "", "", f"✗ {problem}", style="red")
    show.console().print(shown)
