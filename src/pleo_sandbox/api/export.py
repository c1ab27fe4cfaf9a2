"""Export API v3: jobs, events, items (api.md B); the search of accounting entries v1 (J)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

from starlette.responses import Response

from pleo_sandbox import paging
from pleo_sandbox.company.jobs import ItemStatus, Job, JobItem, JobStatus, needs_contra_account, wallet_currency
from pleo_sandbox.errors import PleoError, forbidden
from pleo_sandbox.http import checks
from pleo_sandbox.http.checks import (
    CreateExportJob,
    CreateExportJobEvent,
    HowToExportJobEvent,
    SearchEntries,
    SearchExportJobItems,
    UpdateExportJobItem,
)
from pleo_sandbox.http.routing import Call, Operation
from pleo_sandbox.model import Expense, Json
from pleo_sandbox.wire import empty, reply

# Pleo names no sorting keys for these lists (B0 [?]): the moments of a job, nothing for items.
_JOB_SORT = {"createdAt": operator.attrgetter("created_at"), "lastUpdatedAt": operator.attrgetter("last_updated_at")}


def _job(call: Call, job_id: str) -> Job:
    job = call.sandbox.exports.job(job_id)
    if not call.may_see(job.company_id):
        raise forbidden(f"no access to export job {job_id}")
    return job


def list_jobs(call: Call) -> Response:
    """Newest first: Pleo promises no order, so a client has to choose the oldest itself."""
    call.only("company_id", "statuses", paged=True)
    wanted = call.window(frozenset(_JOB_SORT))
    company_id = call.company(checks.query_uuid(call.query, "company_id"))
    statuses = checks.choices(call.query, "statuses", JobStatus)
    call.sandbox.exports.expire_due()

    def keep(job: Job) -> bool:
        if not call.sandbox.rules.lists_heed_filters:
            return True
        return job.company_id == company_id and (not statuses or job.status in statuses)

    jobs = call.sandbox.exports.jobs
    return reply(paging.page(jobs, wanted, Job.as_json, keep=keep, sort_keys=_JOB_SORT, newest_first=True))


def create_job(call: Call) -> Response:
    call.only()
    body = call.body(CreateExportJob)
    company_id = call.company(body.company_id.lower())
    job = call.sandbox.exports.create(
        company_id,
        [entry_id.lower() for entry_id in body.accounting_entry_ids],
        vendor_based=bool(body.options and body.options.vendor_based_bookkeeping),
        interactive=body.is_interactive is not False,
        created_by=body.employee_id and body.employee_id.lower(),
    )
    return reply({"data": job.as_json()}, 201)


def get_job(call: Call) -> Response:
    call.only()
    return reply({"data": _job(call, call.path_uuid("jobId")).as_json()})


def list_job_items(call: Call) -> Response:
    call.only("status", paged=True)
    wanted = call.window()
    text = checks.single(call.query, "status")
    status = None if text is None else checks.choice("status", text, ItemStatus)
    job = _job(call, call.path_uuid("jobId"))
    keep = None if status is None else (lambda item: item.status is status)
    return reply(paging.page(job.items, wanted, JobItem.as_json, keep=keep))


def update_job_items(call: Call) -> Response:
    call.only()
    job_id = call.path_uuid("jobId")
    updates = call.body(list[UpdateExportJobItem])
    job = _job(call, job_id)
    return reply(call.sandbox.exports.update(job, [(u.accounting_entry_id.lower(), u.result()) for u in updates]))


def create_event(call: Call) -> Response:
    call.only()
    by_how_to = call.sandbox.rules.job_key == "exportJobId"
    event = call.body(HowToExportJobEvent) if by_how_to else call.body(CreateExportJobEvent)
    job = _job(call, event.job_id.lower())
    reason, reason_type = checks.given(event.failure_reason), checks.given(event.failure_reason_type)
    apply = partial(call.sandbox.exports.apply, job, event.event, reason, reason_type)
    if seconds := call.sandbox.rules.events_take:
        call.sandbox.exports.check(job, event.event, reason, reason_type)
        call.sandbox.late.add(seconds, partial(_if_it_can, apply))
    else:
        apply()
    return empty(202)


def _if_it_can(apply: Callable[[], None]) -> None:
    """What was accepted, and meanwhile became impossible, is dropped: whoever asked for it has been answered."""
    with suppress(PleoError):
        apply()


def list_items(call: Call) -> Response:
    call.only("job_id", paged=True)
    wanted = call.window()
    job = _job(call, checks.required_uuid(call.query, "job_id"))
    call.sandbox.exports.check_readable(job)
    base = str(call.request.base_url).rstrip("/")
    return reply(paging.page(job.items, wanted, lambda item: _export_item(call, job, item, base)))


def _export_item(call: Call, job: Job, item: JobItem, base: str) -> Json:
    """The item as the bookkeeper left it, with receipt addresses good for 24 hours from now."""
    expense = item.expense
    if expense.verbatim:
        return expense.item
    shown = {**expense.item, "files": call.sandbox.files.links(expense, base)}
    if needs_contra_account(expense):
        contra = call.sandbox.exports.companies[job.company_id].contra_accounts
        shown["contraAccount"] = contra.get(wallet_currency(expense.item))
    if not job.vendor_based:
        shown["bookkeeping"] = shown["vendor"] = None
    return shown


def get_entry_item(call: Call) -> Response:
    call.only("company_id", "accounting_entry_id")
    entry_id = checks.required_uuid(call.query, "accounting_entry_id")
    company_id = call.company(checks.query_uuid(call.query, "company_id"))
    call.sandbox.exports.expire_due()
    item = call.sandbox.exports.latest_item(company_id, entry_id)
    if item is None:
        raise PleoError(404, "EXPORT_ENTRY_NOT_FOUND", f"entry {entry_id} was in no export job")
    return reply({"data": item.as_json()})


def search_items(call: Call) -> Response:
    call.only("company_id", paged=True)
    wanted = call.window()
    company_id = call.company(checks.query_uuid(call.query, "company_id"))
    body = call.body(SearchExportJobItems)
    call.sandbox.exports.expire_due()
    entry_ids = dict.fromkeys(entry_id.lower() for entry_id in body.accounting_entry_ids)
    found = (call.sandbox.exports.latest_item(company_id, entry_id) for entry_id in entry_ids)
    status = checks.given(body.status)
    items = [item for item in found if item is not None]
    return reply(paging.page(items, wanted, JobItem.as_json, keep=lambda item: status in (None, item.status)))


def search_entries(call: Call) -> Response:
    """What "after" and "prior to" a date mean at its very moment is not stated: here such an entry is left out."""
    call.only("company_id", paged=True)
    wanted = call.window()
    company_id = call.company(checks.query_uuid(call.query, "company_id"))
    body = call.body(SearchEntries)
    start, end = checks.given(body.bookkeeping_date_start), checks.given(body.bookkeeping_date_end)
    statuses = checks.given(body.export_status)
    exports = call.sandbox.exports
    exports.expire_due()

    def keep(expense: Expense) -> bool:
        at = _bookkept(expense)
        dated = (start is None or (at is not None and at > start)) and (end is None or (at is not None and at < end))
        return dated and (statuses is None or exports.export_status(company_id, expense.id) in statuses)

    def shown(expense: Expense) -> Json:
        return _entry(expense, company_id, exports.export_status(company_id, expense.id))

    return reply(paging.page(exports.companies[company_id].expenses, wanted, shown, keep=keep))


def get_entry(call: Call) -> Response:
    call.only()
    entry_id = call.path_uuid("accountingEntryId")
    exports = call.sandbox.exports
    exports.expire_due()
    for company_id, company in exports.companies.items():
        found = next((one for one in company.expenses if one.id == entry_id), None)
        if found is not None and call.may_see(company_id):
            return reply({"data": _entry(found, company_id, exports.export_status(company_id, entry_id))})
    raise PleoError(404, "ACCOUNTING_ENTRY_NOT_FOUND", f"no accounting entry {entry_id}")


def _bookkept(expense: Expense) -> datetime | None:
    """When it is booked for; None where its date is none."""
    try:
        at = datetime.fromisoformat(str(expense.item.get("date")))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _entry(expense: Expense, company_id: str, status: str) -> Json:
    """AccountingEntryCoreV6: what it requires, and the date that its month is found by."""
    at = expense.item.get("date")
    amount = expense.item.get("amount", {}).get("inWalletCurrency", {})
    entry: Json = {
        "id": expense.id,
        "companyId": company_id,
        "createdAt": at,
        "updatedAt": at,
        "performedAt": at,
        "exportStatus": status,
        "family": str(expense.item.get("type", "")).upper(),
        "fees": {},
        "receiptIds": [],
        "reviewStatus": "NOT_SET",
        "status": "COMPLETED",
        "transactionValue": {"currency": amount.get("currency"), "minors": amount.get("value")},
    }
    return entry | ({"bookkeepingDate": at} if _bookkept(expense) else {})


OPERATIONS = (
    Operation("GET", "/v1/accounting-entries/{accountingEntryId}", get_entry, "accounting-entries:read"),
    Operation("POST", "/v1/accounting-entries:search", search_entries, "accounting-entries:read"),
    Operation("GET", "/v3/export-jobs", list_jobs, "export-jobs:read"),
    Operation("POST", "/v3/export-jobs", create_job, "export-jobs:write"),
    Operation("GET", "/v3/export-jobs/{jobId}", get_job, "export-jobs:read"),
    Operation("GET", "/v3/export-jobs/{jobId}/items", list_job_items, "export-jobs:read"),
    Operation("PUT", "/v3/export-jobs/{jobId}/items", update_job_items, "export-jobs:write"),
    Operation("POST", "/v3/export-job-events", create_event, "export-jobs:write"),
    Operation("GET", "/v3/export-items", list_items, "export-items:read"),
    Operation("GET", "/v3/export-job-items", get_entry_item, "export-jobs:read"),
    Operation("POST", "/v3/export-job-items:search", search_items, "export-jobs:read"),
)
