"""The JSON of `--json`: stable shapes, documented in `docs/cli.md`. Decimals and times are strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kontobro.core.errors import Problem
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import ExportItem, ExportJob, MalformedItem
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import Bill, Booking, Entry, EntryLine, Payment

if TYPE_CHECKING:
    from kontobro.export.engine import JobResult
    from kontobro.export.preview import ItemPreview
    from kontobro.export.settle import Settled
    from kontobro.sync.shown import Row, Shown

Json = dict[str, object]


def connection_shape(connection: Connection) -> Json:
    return {
        "id": connection.id,
        "name": connection.name,
        "status": connection.status,
        "environment": connection.environment,
        "auth": connection.auth,
        "company_id": connection.company_id,
        "company_name": connection.company_name,
        "erp": connection.erp,
        "erp_company": connection.erp_company,
        "scopes": sorted(connection.scopes),
    }


def problem_shape(problem: Problem) -> Json:
    return {
        "code": problem.code,
        "field": problem.field,
        "value": problem.value,
        "message": problem.message,
        "remedy": problem.remedy,
        "reason": problem.reason,
    }


def job_shape(job: ExportJob) -> Json:
    return {
        "id": job.id,
        "status": job.status,
        "items": job.number_of_items,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "last_updated_at": job.last_updated_at.isoformat() if job.last_updated_at else None,
        "completed_at": job.completed_at.isoformat() if job.completed_at else None,
        "expires_in": job.expires_in,
        "failure": job.failure_reason,
        "failure_type": job.failure_type,
    }


def result_shape(result: JobResult) -> Json:
    return {
        "job": result.job_id,
        "event": result.event,
        "items": result.items,
        "booked": result.booked,
        "already_booked": result.already_booked,
        "failed": result.failed,
        "uncertain": result.uncertain,
        "receipts": result.receipts,
        "failure": result.failure,
        "failure_type": result.failure_type,
        "remedy": result.remedy,
        "notes": list(result.notes),
    }


def booking_shape(row: BookingRow) -> Json:
    return {
        "reference": row.reference,
        "job": row.job_id,
        "kind": row.kind,
        "item_type": row.item_type,
        "state": row.state,
        "date": row.date,
        "total": row.total,
        "currency": row.currency,
        "payee": row.payee,
        "posting": row.posting,
        "receipts": row.receipts,
        "settled": row.settled,
        "erp_id": row.erp_id,
        "erp_url": row.erp_url,
        "pleo_url": row.pleo_url,
        "updated_at": row.updated_at.isoformat(),
        "problems": problems_shape(row.problems),
        "notes": list(row.notes),
    }


def problems_shape(problems: Sequence[Problem]) -> list[Json]:
    return [problem_shape(problem) for problem in problems]


def kind_of(entry: Entry) -> str:
    """What a bookkeeper calls it."""
    if isinstance(entry, Bill):
        return "credit_note" if entry.credit_note else "bill"
    return "payment" if isinstance(entry, Payment) else "journal"


def line_shape(line: EntryLine) -> Json:
    return {
        "account": line.account,
        "amount": str(line.amount),
        "role": line.role,
        "text": line.text,
        "tax_code": line.tax_code,
        "dimensions": dict(line.dimensions),
        "vendor": line.vendor,
        "employee": line.employee,
    }


def entry_shape(entry: Entry) -> Json:
    return {
        "reference": entry.reference,
        "kind": kind_of(entry),
        "date": entry.date.isoformat(),
        "currency": entry.currency,
        "total": str(entry.total),
        "payee": entry.payee,
        "text": entry.text,
        "vendor": entry.vendor,
        "notes": list(entry.notes),
        "lines": [line_shape(line) for line in entry.lines],
    }


def standing_shape(booking: Booking) -> Json:
    return {
        "reference": booking.reference,
        "id": booking.id,
        "number": booking.number,
        "status": booking.status,
        "url": booking.url,
    }


def preview_shape(preview: ItemPreview) -> Json:
    return {
        "item": item_shape(preview.item),
        "entries": [entry_shape(entry) for entry in preview.entries],
        "problems": problems_shape(preview.problems),
        "notes": list(preview.notes),
        "already": [standing_shape(booking) for booking in preview.already],
        "before_hook": [entry_shape(entry) for entry in preview.before_hook],
        "hook_trace": preview.hook_trace,
        "receipts": preview.receipts,
    }


def item_shape(item: ExportItem | MalformedItem) -> Json:
    if isinstance(item, MalformedItem):
        return {"entry_id": item.entry_id, "type": None, "url": None}
    return {"entry_id": item.entry_id, "type": item.type, "url": item.url}


def settled_shape(settled: Settled) -> Json:
    return {
        "settled": settled.settled,
        "open": settled.open,
        "without_bill": settled.without_bill,
        "drafts": settled.drafts,
        "paid_twice": settled.paid_twice,
        "problems": problems_shape(settled.problems),
    }


def change_shape(row: Row) -> Json:
    return {
        "action": row.action,
        "kind": row.kind,
        "code": row.code,
        "name": row.name,
        "parent": row.parent,
        "erp_id": row.erp_id,
        "pleo_id": row.pleo_id,
        "fields": {name: {"before": before, "after": after} for name, before, after in row.fields},
        "why": row.why,
    }


def plan_shape(plan: Shown) -> Json:
    refused = plan.refused and {"message": plan.refused.message, "remedy": plan.refused.remedy}
    return {
        "kind": plan.kind,
        "digest": plan.digest,
        "counts": plan.counts,
        "refused": refused,
        "problems": problems_shape(plan.problems),
        "changes": [change_shape(row) for row in plan.rows],
        "waiting": [change_shape(row) for row in plan.waiting],
    }
