"""The JSON of `--json`: stable shapes, documented in `docs/cli.md`. Decimals and times are strings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from kontobro.core.documents import DocumentRow, SealedVoucher
from kontobro.core.errors import Problem
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import ExportItem, ExportJob, MalformedItem
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import Bill, Booking, Entry, EntryLine, Payment

if TYPE_CHECKING:
    from kontobro.core.tieout.journal import JournalTieOut
    from kontobro.export.engine import JobResult
    from kontobro.export.preview import ItemPreview
    from kontobro.export.settle import Settled
    from kontobro.sync.shown import ChangeRow, Shown

Json = dict[str, object]


def named(source: object, names: str) -> Json:
    """These of its attributes, under their own names."""
    return {name: _plain(getattr(source, name)) for name in names.split()}


def _plain(value: object) -> object:
    """As JSON has it: decimals and times as strings, what has no order in one."""
    match value:
        case Decimal():
            return str(value)
        case dt.date():
            return value.isoformat()
        case frozenset():
            return sorted(value)
        case tuple():
            return list(value)
    return value


def connection_shape(connection: Connection) -> Json:
    return named(
        connection,
        "id name status environment auth company_id company_name erp erp_company erp_company_name trial scopes",
    )


def problem_shape(problem: Problem) -> Json:
    return named(problem, "code field value message remedy reason")


def document_shape(row: DocumentRow) -> Json:
    return {
        **named(row, "number group job_id state moment first last vouchers place"),
        **named(row, "delivered_at imported_at released_at reason"),
        "files": [named(file, "name media_type sha256 size") for file in row.files],
    }


def voucher_shape(voucher: SealedVoucher) -> Json:
    return {
        **named(voucher, "series year number"),
        **named(voucher.booking, "reference date currency total"),
        "lines": {account: str(amount) for account, amount in voucher.booking.line_sums.items()},
    }


def journal_shape(result: JournalTieOut) -> Json:
    def named_voucher(voucher: SealedVoucher) -> Json:
        return {"document": voucher.document, **voucher_shape(voucher)}

    return {
        "found": len(result.found),
        "missing": [named_voucher(voucher) for voucher in result.missing],
        "different": [{**named_voucher(one.voucher), "posted": one.posted.name} for one in result.different],
        "doubled": [named_voucher(voucher) for voucher in result.doubled],
    }


def job_shape(job: ExportJob) -> Json:
    return {
        "id": job.id,
        "status": job.status,
        "items": job.number_of_items,
        **named(job, "created_at started_at last_updated_at completed_at expires_in"),
        "failure": job.failure_reason,
        "failure_type": job.failure_type,
    }


def result_shape(result: JobResult) -> Json:
    counts = "event items booked already_booked failed uncertain receipts failure failure_type remedy notes"
    return {"job": result.job_id, **named(result, counts)}


def booking_shape(row: BookingRow) -> Json:
    facts = "kind item_type state date total currency payee posting receipts settled erp_id erp_url pleo_url updated_at"
    return {
        "reference": row.reference,
        "job": row.job_id,
        **named(row, facts),
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
    facts = named(line, "account amount role text tax_code dimensions vendor employee")
    return facts | {"dimensions": dict(line.dimensions)}


def entry_shape(entry: Entry) -> Json:
    return {
        "reference": entry.reference,
        "kind": kind_of(entry),
        **named(entry, "date currency total payee text vendor notes"),
        "lines": [line_shape(line) for line in entry.lines],
    }


def booked_shape(booking: Booking) -> Json:
    return named(booking, "reference id number status url")


def preview_shape(preview: ItemPreview) -> Json:
    return {
        "item": item_shape(preview.item),
        "entries": [entry_shape(entry) for entry in preview.entries],
        "problems": problems_shape(preview.problems),
        "notes": list(preview.notes),
        "already": [booked_shape(booking) for booking in preview.already],
        "before_hook": [entry_shape(entry) for entry in preview.before_hook],
        "hook_trace": preview.hook_trace,
        "receipts": preview.receipts,
    }


def item_shape(item: ExportItem | MalformedItem) -> Json:
    if isinstance(item, MalformedItem):
        return {"entry_id": item.entry_id, "type": None, "url": None}
    return named(item, "entry_id type url")


def settled_shape(settled: Settled) -> Json:
    facts = named(settled, "settled open without_bill drafts paid_twice")
    return facts | {"problems": problems_shape(settled.problems)}


def change_shape(row: ChangeRow) -> Json:
    return {
        **named(row, "action also kind code name parent erp_id pleo_id"),
        "fields": {name: {"before": before, "after": after} for name, before, after in row.fields},
        "why": row.why,
    }


def plan_shape(plan: Shown) -> Json:
    return {
        **named(plan, "kind digest counts choice decisions"),
        "left_out": [{"code": code, "name": name} for code, name in plan.left_out],
        "refused": plan.refused and named(plan.refused, "message remedy"),
        "problems": problems_shape(plan.problems),
        "changes": [change_shape(row) for row in plan.rows],
        "waiting": [change_shape(row) for row in plan.waiting],
    }
