"""Exports that were asked, and what became of each expense in them."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from pleo_sandbox.company.jobs import ItemStatus, Job, JobItem
from pleo_sandbox.errors import PleoError
from pleo_sandbox.pages.company import supplier
from pleo_sandbox.pages.desk import Visit, act, done, show
from pleo_sandbox.pages.markup import Html, badge, escape, fill, join, link, page, table
from pleo_sandbox.pages.standing import failure
from pleo_sandbox.pages.words import count, plain
from pleo_sandbox.state.sandbox import Sandbox


def exports(visit: Visit) -> Response:
    jobs = [job for job in reversed(visit.sandbox.exports.jobs) if job.company_id == visit.company.id]
    rows = [_job_row(visit, job) for job in jobs]
    content = table("exports", ("Asked", "Status", "Expenses", "Results"), rows) if rows else _NONE
    return page("Exports", content, trail=visit.trail(), notice=visit.notice)


_NONE = Html('<p id="no-exports">No exports yet. Press Export on the expenses page.</p>')


def _job_row(visit: Visit, job: Job) -> Html:
    return fill(
        '<tr id="export-{id}"><td>{at}</td><td>{status}</td><td class="number">{number}</td><td>{tally}</td></tr>',
        id=job.id,
        at=link(f"/companies/{job.company_id}/exports/{job.id}", visit.reader.moment(job.created_at)),
        status=badge(job.status.replace("_", " ")),
        number=len(job.items),
        tally=_tally(job),
    )


def _tally(job: Job) -> str:
    known = [item.status for item in job.items]
    return ", ".join(f"{known.count(status)} {plain(status).lower()}" for status in ItemStatus if status in known)


def export(visit: Visit) -> Response:
    job = _job(visit)
    heads = ("Date", "Supplier", "Amount", "Status", "Result")
    rows = [_item_row(visit, item) for item in job.items]
    content = join([_facts(visit, job), table("items", heads, rows)])
    return page(f"Export of {count(len(job.items), 'expense')}", content, trail=visit.trail(), notice=visit.notice)


def _job(visit: Visit) -> Job:
    job = next((each for each in visit.sandbox.exports.jobs if each.id == visit.request.path_params["job"]), None)
    if job is None or job.company_id != visit.company.id:
        raise PleoError(404, "EXPORT_NOT_FOUND", "This export does not exist in this company.")
    return job


def _facts(visit: Visit, job: Job) -> Html:
    reason = job.failure_reason or (plain(job.failure_reason_type) if job.failure_reason_type else "")
    cancel = (
        fill(
            """<form method="post" action="/companies/{company}/exports/{job}/cancel">
<button id="cancel-export">Cancel this export</button></form>""",
            company=job.company_id,
            job=job.id,
        )
        if job.is_open
        else Html("")
    )
    return fill(
        """<p id="export-status">{status}, started {at}. {tally}.</p>{reason}<div class="actions">{cancel}</div>""",
        status=badge(job.status.replace("_", " ")),
        at=visit.reader.moment(job.created_at),
        tally=_tally(job),
        reason=fill('<p class="problem" id="export-reason">{text}</p>', text=reason) if reason else Html(""),
        cancel=cancel,
    )


def _item_row(visit: Visit, item: JobItem) -> Html:
    facts = item.expense.item
    return fill(
        """<tr id="item-{id}"><td>{day}</td><td>{name}</td><td class="number">{amount}</td><td>{status}</td>
<td>{result}</td></tr>""",
        id=item.expense.id,
        day=visit.reader.day(facts["date"]),
        name=link(f"/companies/{visit.company.id}/expenses/{item.expense.id}", supplier(facts)),
        amount=visit.reader.money(facts["amount"]["inWalletCurrency"]),
        status=badge(plain(item.status).lower()),
        result=result(item),
    )


def result(item: JobItem) -> Html:
    """The failure, or the entry in the books with its link."""
    if item.status is ItemStatus.FAILED:
        return escape(failure(item))
    if item.result.external_url:
        return link(item.result.external_url, item.result.external_id or "Open", rel="noopener noreferrer")
    return escape(item.result.external_id)


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
