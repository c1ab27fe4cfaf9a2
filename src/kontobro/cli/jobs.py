"""`kontobro jobs`: the export jobs that Pleo has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kontobro.cli.common import show
from kontobro.cli.common.context import cli_of
from kontobro.cli.common.tables import sheet
from kontobro.cli.common.words import _, code_words
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import told

if TYPE_CHECKING:
    from kontobro.core.model.export import ExportJob
    from kontobro.core.ports import Pleo

OPEN = ("pending", "in_progress")
FINISHED = ("completed", "completed_with_errors", "failed")
"""Pleo's own statuses (`pleo/api.md` B3); an expired job is a failed one."""


def run(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Include finished and expired jobs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the export jobs that are waiting or running in Pleo."""
    cli = cli_of(context)
    connection = cli.connection()
    jobs = cli.ports(connection).pleo.jobs(OPEN + FINISHED if everything else OPEN)
    if as_json:
        from kontobro.cli.common.shapes import job_shape

        show.emit([job_shape(job) for job in jobs])
    elif not jobs:
        show.say(_("No export job is waiting for {name}.").format(name=connection.pleo_name))
        show.say(_("Press Export in Pleo, then: kontobro export. Finished ones: kontobro jobs --all."), "dim")
    else:
        _print(jobs)


def _print(jobs: Sequence[ExportJob]) -> None:
    rows = sheet("job", "status", "items", "exported", right=["items"], whole=["job"], spare=["items"])
    for job in jobs:
        rows.add_row(job.id, code_words(job.status), str(job.number_of_items), show.moment(job.created_at))
    show.console().print(rows)
    for job in jobs:
        if job.failure_reason:
            show.say(f"{job.id[:8]}: {shown(job.failure_reason, 300)}", "yellow")
    if any(job.status == "pending" for job in jobs):
        show.say(_("Preview a job: kontobro preview JOB. Export the oldest: kontobro export."), "dim")


def live_job(pleo: Pleo, text: str) -> ExportJob:
    """The named job, if anything can still be booked of it. Raises Misconfigured."""
    job = named_job(pleo, text)
    if job.status in FINISHED:
        raise Misconfigured(*told("cli_job_ended", job=job.id, status=job.status.replace("_", " ")))
    return job


def named_job(pleo: Pleo, text: str) -> ExportJob:
    """The job with this id, or with the only id that begins so."""
    if len(text) >= 36:
        return pleo.job(text)
    found = [job for job in pleo.jobs(OPEN + FINISHED) if job.id.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Misconfigured(*told("cli_jobs_several", text=shown(text)))
    raise Misconfigured(*told("cli_job_unknown", text=shown(text)))
