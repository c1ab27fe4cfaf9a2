"""Where an expense is, as a bookkeeper reads it."""

from __future__ import annotations

from enum import StrEnum

from pleo_sandbox.company.jobs import ItemStatus, JobItem
from pleo_sandbox.state.exports import Exports, ExportStatus


class ExpenseState(StrEnum):
    QUEUED = "queued"
    EXPORTING = "exporting"
    EXPORTED = "exported"
    FAILED = "failed"
    NOT_EXPORTED = "not exported"


_PLAIN = {
    ExportStatus.QUEUED: ExpenseState.QUEUED,
    ExportStatus.EXPORTING: ExpenseState.EXPORTING,
    ExportStatus.EXPORTED: ExpenseState.EXPORTED,
}


def state_of(exports: Exports, company_id: str, entry_id: str) -> ExpenseState:
    """Failed is what an export failed and no one has queued again."""
    status = exports.export_status(company_id, entry_id)
    if status in _PLAIN:
        return _PLAIN[status]
    item = exports.latest_item(company_id, entry_id)
    return ExpenseState.FAILED if item is not None and item.status is ItemStatus.FAILED else ExpenseState.NOT_EXPORTED


def failure(item: JobItem | None) -> str:
    """What the integration said of the newest export, if it failed."""
    if item is None or item.status is not ItemStatus.FAILED:
        return ""
    return item.result.failure_reason or item.result.failure_reason_type or "No reason given."
