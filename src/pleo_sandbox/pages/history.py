"""Exports that were asked, and what became of each expense in them."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from pleo_sandbox.company.jobs import ItemStatus, Job
from pleo_sandbox.errors import PleoError
from pleo_sandbox.pages.visits import Visit, act, done, show
from pleo_sandbox.pages.words import count, plain
from pleo_sandbox.state.sandbox import Sandbox


def exports(visit: Visit) -> Response:
    jobs = [job for job in reversed(visit.sandbox.exports.jobs) if job.company_id == visit.company.id]
    return visit.page("exports.html", "Exports", jobs=[(job, _tally(job)) for job in jobs])


def _tally(job: Job) -> str:
    known = [item.status for item in job.items]
    return ", ".join(f"{known.count(status)} {plain(status).lower()}" for status in ItemStatus if status in known)


def export(visit: Visit) -> Response:
    job = _job(visit)
    reason = job.failure_reason or (plain(job.failure_reason_type) if job.failure_reason_type else "")
    title = f"Export of {count(len(job.items), 'expense')}"
    return visit.page("export.html", title, job=job, tally=_tally(job), reason=reason)


def _job(visit: Visit) -> Job:
    job = next((each for each in visit.sandbox.exports.jobs if each.id == visit.request.path_params["job"]), None)
    if job is None or job.company_id != visit.company.id:
        raise PleoError(404, "EXPORT_NOT_FOUND", "This export does not exist in this company.")
    return job


def cancel(visit: Visit) -> Response:
    job = _job(visit)
    if not job.is_open:
        raise PleoError(409, "EXPORT_OVER", "This export has ended.")
    visit.sandbox.exports.cancel(job)
    return done(f"/companies/{job.company_id}/exports/{job.id}", "The export was cancelled.")


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    base = "/companies/{company}/exports"
    return [
        show(sandbox, base, exports),
        show(sandbox, base + "/{job}", export),
        act(sandbox, base + "/{job}/cancel", cancel),
    ]
