"""Where an expense stands, as a bookkeeper reads it."""

from __future__ import annotations

from enum import StrEnum

from pleo_sandbox.company.jobs import ItemStatus, JobItem
from pleo_sandbox.state.exports import Exports, ExportStatus


class Standing(StrEnum):
    QUEUED = "queued"
    EXPORTING = "exporting"
    EXPORTED = "exported"
    FAILED = "failed"
    NOT_EXPORTED = "not exported"


_PLAIN = {
    ExportStatus.QUEUED: Standing.QUEUED,
    ExportStatus.EXPORTING: Standing.EXPORTING,
    ExportStatus.EXPORTED: Standing.EXPORTED,
}


def standing(exports: Exports, company_id: str, entry_id: str) -> Standing:
    """Failed is what an export failed and nobody has queued again."""
    status = exports.export_status(company_id, entry_id)
    if status in _PLAIN:
        return _PLAIN[status]
    item = exports.latest_item(company_id, entry_id)
    return Standing.FAILED if item is not None and item.status is ItemStatus.FAILED else Standing.NOT_EXPORTED


def failure(item: JobItem | None) -> str:
    """What the integration said of the newest export, if it failed."""
    if item is None or item.status is not ItemStatus.FAILED:
        return ""
    return item.result.failure_reason or item.result.failure_reason_type or "No reason given."
