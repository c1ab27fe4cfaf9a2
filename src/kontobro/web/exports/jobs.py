"""Export jobs: what waits at Pleo, what runs, what was done; one job with its items; the preview."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import OPEN
from kontobro.core.model.history import JobRow
from kontobro.core.words import told, worded
from kontobro.export.preview import preview_job
from kontobro.web.exports.bookings import JobItemsForm, listed
from kontobro.web.exports.entries import Names, item_words, shown_entry
from kontobro.web.exports.job_list import listed_jobs, shown_jobs
from kontobro.web.lists.fields import filled
from kontobro.web.lists.leaf import leaf_of
from kontobro.web.process import process
from kontobro.web.site.aside import aside
from kontobro.web.tenancy import Member, connection_ids, of_connection, of_organisation

JOB_ID = re.compile(r"[\w.-]{1,100}", re.ASCII)
"""An id that can be a job's: it becomes a part of an address."""


@require_safe
@of_organisation()
def jobs(request: HttpRequest, member: Member) -> HttpResponse:
    """The jobs of all connections, newest first."""
    found = listed_jobs(request, connection_ids(member), of_all=True)
    return render(request, "exports/all.html", shown_jobs(request, found), status=found.status)


@require_safe
@of_connection()
def of_one(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """One connection's jobs, and what was asked of the worker. What waits at Pleo is fetched by the page itself."""
    found = listed_jobs(request, [connection.id])
    shown = shown_jobs(request, found) | {
        "work": process.runner.work(connection.id, 5),
        "may_export": member.may("bookkeeper") and connection.status == "connected" and not connection.trial,
        "here": request.get_full_path(),
    }
    return render(request, "exports/connection.html", shown, status=found.status)


@require_safe
@of_connection()
@aside
def waiting(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """A part of the page: the jobs that wait or run at Pleo now."""
    _require_alive(connection)
    with process.app.visit() as app:
        found = app.pleo_for(connection).jobs(OPEN)
    may_export = member.may("bookkeeper") and not connection.trial
    shown = {"waiting": found, "busy": _is_busy(connection), "may_export": may_export}
    return render(request, "exports/waiting.html", shown)


def _is_busy(connection: Connection) -> bool:
    """Whether a worker was asked for something that has not ended."""
    return any(work.state in ("waiting", "running") for work in process.runner.work(connection.id))


@require_POST
@of_connection("bookkeeper")
def export(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Ask the worker to export what waits, or to continue with the job that is named."""
    _require_alive(connection)
    job_id = request.POST.get("job") or None
    if job_id and not JOB_ID.fullmatch(job_id):
        raise Misconfigured(*told("job_not_there"))
    take_over = job_id is not None and "take_over" in request.POST  # of one job that was looked at, never of all
    member.note("take-over requested" if take_over else "export requested", _named(job_id), connection.id)
    process.runner.export(connection.id, job_id=job_id, take_over=take_over)
    if job_id:
        return redirect("job", connection.id, job_id)
    messages.success(request, "The export is queued.")
    return redirect("connection_jobs", connection.id)


def _named(job_id: str | None) -> str:
    """Which job was asked for, as the trail has it."""
    return worded("audit_job", id=job_id) if job_id else worded("audit_any_job")


def _require_alive(connection: Connection) -> None:
    if connection.status != "connected":
        raise Misconfigured(*told("company_not_connected", company=connection.pleo_name))


@require_safe
@of_connection()
def job(request: HttpRequest, member: Member, connection: Connection, job: str) -> HttpResponse:
    """One job: how it went, and every item. What needs fixing comes first when it is asked for."""
    row = _job_row(connection, job)
    form = filled(JobItemsForm, request)
    found = listed(request, connection, form, job)
    shown = {
        "job": row,
        "job_id": job,
        "listed": found,
        "form": form,
        "query": found.query,
        "usual": "-news",
        "progress": _progress(connection, job, row),
        "may_continue": _may_continue(member, connection, row),
    }
    return render(request, "exports/job.html", shown, status=200 if form.is_valid() else 400)


def _may_continue(member: Member, connection: Connection, row: JobRow | None) -> bool:
    """Whether a person may ask for the rest of a job: it stopped in the middle, and no worker is at it."""
    stopped = row is not None and row.finished_at is None and not _is_busy(connection)
    return stopped and member.may("bookkeeper") and connection.status == "connected"


@require_safe
@of_connection()
def progress(request: HttpRequest, member: Member, connection: Connection, job: str) -> HttpResponse:
    """A part of the job's page, asked for each second while the job runs; when it has ended the page is loaded
    again."""
    row = _job_row(connection, job)
    shown = {"job_id": job, "job": row, "progress": _progress(connection, job, row)}
    answer = render(request, "exports/progress.html", shown)
    if row is not None and row.finished_at is not None:
        answer["HX-Refresh"] = "true"
    return answer


def _job_row(connection: Connection, job: str) -> JobRow | None:
    """The store's memory of a job; None for one that was asked for and not begun. 404 for what no one knows."""
    row = process.overview.job(connection.id, job)
    if row is None and not _is_busy(connection):
        raise Http404
    return row


def _progress(connection: Connection, job: str, row: JobRow | None) -> dict[str, Any]:
    """How far the job is, counted from its bookings. An item of two entries counts twice: no figure for the books."""
    counts = process.overview.job_counts(connection.id, job)
    done = sum(counts.outcomes.values())
    return {
        "running": row is None or row.finished_at is None,
        "booked": counts.outcomes.get("booked", 0),
        "failed": counts.outcomes.get("failed", 0),
        "uncertain": counts.outcomes.get("uncertain", 0),
        "total": row.items if row else 0,
        "percent": min(100, done * 100 // max(row.items if row else 0, sum(counts.states.values()), 1)),
    }


@require_safe
@of_connection()
@aside
def preview(request: HttpRequest, member: Member, connection: Connection, job: str) -> HttpResponse:
    """The entries that the job would book. Claims nothing, writes nothing."""
    _require_alive(connection)
    with process.app.visit() as app:
        ports = app.ports_for(connection)
        found = ports.pleo.job(job)
        if found.status not in OPEN:
            raise Misconfigured(_("This job has ended."), _("Its bookings are shown on the job's page."))
        names = Names.of(ports.connector)
        previews = list(preview_job(connection, found, ports))
    page = leaf_of(request, previews)
    shown = {
        "page": page,
        "items": [(one, item_words(one.item), [shown_entry(e, names) for e in one.entries]) for one in page],
        "bad": sum(1 for one in previews if one.problems),
        "entries": sum(len(one.entries) for one in previews if not one.problems),
        "count": len(previews),
        "found": found,
        "may_export": member.may("bookkeeper"),
    }
    return render(request, "exports/preview.html", shown)
