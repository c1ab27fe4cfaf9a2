"""`kontobro export`: book the oldest job, one job, or keep polling."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.exits import Exit, exit_of_result
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, code_words, fault_words, ngettext, note_words, problem_words
from kontobro.cli.jobs import live_job
from kontobro.core.errors import Busy, JobGone, Unreachable
from kontobro.erp.registry import Registry

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.core.model.export import ExportJob
    from kontobro.core.model.history import BookingRow
    from kontobro.export.engine import JobResult
    from kontobro.export.job.run import Ports

MOST_NOTED = 20
"""Booked entries whose notes are listed after a job."""

PASSING = (Unreachable, Busy, JobGone)
"""What a polling export lives through: it says so and tries again next time."""


def run(
    context: typer.Context,
    job: Annotated[str | None, typer.Option(help="Export this job instead of the oldest waiting one.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Keep polling for jobs until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two polls of --watch.", min=1)] = 120,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Continue a job that another installation seems to be exporting.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line per job.")] = False,
) -> None:
    """Book the expenses that were exported in Pleo."""
    cli = cli_of(context)
    connection = cli.connection()
    ports = cli.ports(connection)
    if watch and (job or take_over):
        raise typer.BadParameter(_("--watch exports every job; --job and --take-over are for a single job."))
    if watch:
        _watch(connection, ports, every, as_json=as_json)
    code = _once(connection, ports, job, take_over=take_over, as_json=as_json)
    raise typer.Exit(code)


def _once(connection: Connection, ports: Ports, name: str | None, *, take_over: bool, as_json: bool) -> Exit:
    from kontobro.export.engine import next_job
    from kontobro.export.job.ended import note_ends

    note_ends(connection, ports)
    job = live_job(ports.pleo, name) if name else next_job(ports)
    if job is not None:
        return _book(connection, job, ports, take_over=take_over, as_json=as_json)
    if as_json:
        show.emit_line({"job": None, "event": "nothing_to_do"})
    else:
        show.say(_("No export job is waiting. Press Export in Pleo, or keep polling with kontobro export --watch."))
    return Exit.OK


def _watch(connection: Connection, ports: Ports, every: float, *, as_json: bool) -> None:
    """Poll until it is stopped. What a person has to fix ends it too, with its exit code."""
    from kontobro.export.engine import next_job
    from kontobro.export.job.ended import note_ends

    show.tell(
        _("Polling every {span}; Ctrl-C stops safely after the current expense.").format(span=show.span(every)), "dim"
    )
    while True:
        try:
            note_ends(connection, ports)
            job = next_job(ports)
            if job is not None:
                code = _book(connection, job, ports, take_over=False, as_json=as_json)
                if code == Exit.NEEDS_FIX:
                    raise typer.Exit(code)
                if code != Exit.UNREACHABLE and code != Exit.UNFINISHED:
                    continue
        except PASSING as error:
            show.tell(_("{error} Trying again.").format(error=" ".join(fault_words(error))), "yellow")
        ports.clock.sleep(every)


def _book(connection: Connection, job: ExportJob, ports: Ports, *, take_over: bool, as_json: bool) -> Exit:
    from kontobro.export.engine import run_job

    begun = time.monotonic()
    with show.progress(quietly=as_json) as advance:
        result = run_job(connection, job, ports, progress=advance, take_over=take_over)
    every = ports.store.bookings(connection.id, job_id=job.id)
    rows, noted = [row for row in every if row.problems], [row for row in every if row.notes]
    if as_json:
        from kontobro.cli.common.shapes import booking_shape, result_shape

        shapes = {"problems": [booking_shape(row) for row in rows], "noted": [booking_shape(row) for row in noted]}
        show.emit_line({**result_shape(result), **shapes})
    else:
        print_result(result, rows, time.monotonic() - begun)
        print_noted(noted, job.id)
        _say_drafts(connection, job, ports)
        _say_documents(connection, job, ports)
    return exit_of_result(result)


def print_result(result: JobResult, failed: Sequence[BookingRow], seconds: float) -> None:
    """What came of a job: counts, and for each failed item why and what to do."""
    style = "green" if result.event == "completed" else "yellow"
    head = _("Job {job}: {event}, {span}")
    event = code_words(result.event)
    show.say(head.format(job=result.job_id, event=event, span=show.span(seconds)), f"bold {style}")
    booked = _("booked")
    counts = {
        booked: result.booked,
        _("already booked"): result.already_booked,
        _("failed"): result.failed,
        _("unconfirmed"): result.uncertain,
        _("receipts"): result.receipts,
    }
    show.say("  " + " · ".join(f"{name} {count}" for name, count in counts.items() if count or name == booked))
    if result.failure:
        show.say(f"  ✗ {note_words(result.failure)}", "red")
        show.say(f"    {note_words(result.remedy or '')}")
    for note in result.notes:
        show.say(f"  ! {note_words(note)}", "yellow")
    if failed:
        print_failed(failed)
        show.say(
            "  " + _("Fix them and export those expenses again in Pleo. What is already booked is not booked twice."),
            "dim",
        )
    if result.uncertain:
        show.say(
            "  "
            + _("Some bookings are unconfirmed. Export them again: entries that exist are found, not booked twice.")
        )


def _say_drafts(connection: Connection, job: ExportJob, ports: Ports) -> None:
    """Drafts are not posted on their own: who is told only "booked" waits for ever."""
    drafts = sum(row.posting == "draft" for row in ports.store.bookings(connection.id, job_id=job.id))
    if drafts:
        said = ngettext(
            "{count} entry is a draft: post it in {system}.",
            "{count} entries are drafts: post them in {system}.",
            drafts,
        )
        show.say("  " + said.format(count=drafts, system=Registry().label(connection.erp)))


def _say_documents(connection: Connection, job: ExportJob, ports: Ports) -> None:
    """Which documents a person has to fetch, or to import: no accounting system shows them by itself."""
    from kontobro.cli.documents import stops
    from kontobro.export.documents.actions import DocumentsOf

    if ports.documents is None:
        return
    stops(DocumentsOf(connection=connection, store=ports.store, documents=ports.documents, clock=ports.clock))
    rows = [row for row in ports.documents.store.documents(connection.id, limit=MOST_NOTED) if row.job_id == job.id]
    if not rows:
        return
    numbers = [row.number for row in rows]
    is_delivered = all(row.state == "delivered" for row in rows)
    said = _where_booked(len(rows), is_delivered=is_delivered, has_place=ports.documents.delivery is not None)
    show.say("  " + said.format(first=min(numbers), last=max(numbers)), None if is_delivered else "yellow")


def _where_booked(count: int, *, is_delivered: bool, has_place: bool) -> str:
    if not is_delivered:
        return ngettext(
            "In document {first}; not everything is delivered: kontobro documents.",
            "In documents {first} to {last}; not everything is delivered: kontobro documents.",
            count,
        )
    if not has_place:
        return ngettext(
            "In document {first}. To download: kontobro documents save {first} --to FOLDER.",
            "In documents {first} to {last}. To download: kontobro documents save {first} --to FOLDER.",
            count,
        )
    return ngettext(
        "In document {first}, delivered. Once it is imported: kontobro documents imported {first}.",
        "In documents {first} to {last}, delivered. Once it is imported: kontobro documents imported {first}.",
        count,
    )


def print_noted(rows: Sequence[BookingRow], job_id: str) -> None:
    """A table of what was booked and should be looked at: who, how much and the notes."""
    if not rows:
        return
    table = sheet("who", "amount", "note", title=_("Booked with notes: please check"), right=["amount"])
    for row in rows[:MOST_NOTED]:
        amount = show.amount_of(row.total, row.currency)
        who, notes = row.payee or code_words(row.item_type), "\n".join(map(note_words, row.notes))
        table.add_row(show.plain(who), show.plain(amount), show.plain(notes))
    show.console().print(table)
    if (hidden := len(rows) - MOST_NOTED) > 0:
        show.say(
            "  " + _("… and {hidden} more: kontobro bookings --job {job_id}").format(hidden=hidden, job_id=job_id),
            "dim",
        )


def print_failed(rows: Sequence[BookingRow], title: str | None = None) -> None:
    """A table of failed items: who, how much, why and what to do."""
    table = sheet("who", "amount", "problem and what to do", title=title, right=["amount"])
    for row in rows:
        said = "\n".join("\n→ ".join(problem_words(problem)) for problem in row.problems)
        amount = show.amount_of(row.total, row.currency)
        table.add_row(show.plain(row.payee or code_words(row.item_type)), show.plain(amount), show.plain(said))
    show.console().print(table)
