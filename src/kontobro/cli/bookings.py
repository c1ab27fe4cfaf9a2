"""`kontobro bookings`: what was booked, with links both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.words import _, code_words, ngettext, note_words, problem_words

if TYPE_CHECKING:
    from kontobro.core.model.history import BookingRow

FAILED = ("rejected", "uncertain")


def run(
    context: typer.Context,
    job: Annotated[str | None, typer.Option(help="Only this job (its ID, or the start of it).")] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only bookings that were refused, failed or are unconfirmed.")
    ] = False,
    limit: Annotated[int, typer.Option(help="The most bookings to list, newest first.", min=1)] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what was booked, with links to the accounting system and to Pleo."""
    cli = cli_of(context)
    connection = cli.connection()
    whole = bool(job or failed)  # a filter of ours must see every row before the limit cuts
    rows = cli.store.bookings(connection.id, limit=None if whole else limit)
    found = [row for row in rows if _wanted(row, job, failed=failed)][:limit]
    if as_json:
        from kontobro.cli.common.shapes import booking_shape

        show.emit([booking_shape(row) for row in found])
    elif not found:
        show.say(_nothing(job, failed=failed))
    else:
        _print(found)


def _nothing(job: str | None, *, failed: bool) -> str:
    if job:
        said = (
            _('Nothing has failed of a job that begins with "{job}".')
            if failed
            else _('Nothing is booked of a job that begins with "{job}".')
        )
        return said.format(job=job)
    return _("Nothing has failed.") if failed else _("Nothing is booked yet. kontobro jobs shows the waiting jobs.")


def _wanted(row: BookingRow, job: str | None, *, failed: bool) -> bool:
    return (job is None or row.job_id.startswith(job)) and (not failed or row.state in FAILED or bool(row.problems))


def _print(rows: Sequence[BookingRow]) -> None:
    """A block per booking, no table: links stay whole on a narrow terminal."""
    for row in rows:
        amount = show.amount_of(row.total, row.currency)
        words = (row.date, code_words(row.kind), amount, row.payee, _state(row), _receipts(row))
        show.say(" · ".join(word for word in words if word), "bold")
        if row.erp_id:
            show.say("  " + _("booked as {id} {url}").format(id=row.erp_id, url=row.erp_url or ""))
        if row.pleo_url:
            show.say(f"  Pleo: {row.pleo_url}", "dim")
        for problem in row.problems:
            message, remedy = problem_words(problem)
            show.say(f"  ✗ {message}", "red")
            show.say(f"    {remedy}")
        for note in row.notes:
            show.say("  " + _("note: {note}").format(note=note_words(note)), "yellow")


def _state(row: BookingRow) -> str:
    """Where it has got to; an item that failed was reported too, but that is not what a person asks."""
    if row.problems and not row.erp_id:
        return _("not booked")
    if row.posting and row.state == "reported":
        return _("{posting}, reported").format(posting=code_words(row.posting))
    return code_words(row.state)


def _receipts(row: BookingRow) -> str:
    said = ngettext("{count} receipt", "{count} receipts", row.receipts)
    return said.format(count=row.receipts) if row.receipts else ""
