"""What a careful Pleo would refuse, beyond what its schemas do; each rule is a switch of `rules.py`, with its source.

Pleo names no status for these: a body that can't be is a 400, an event that does not fit a 422, as other events are.

Lengths. Documented: 255 characters for name, code and external id of an account (api.md F, checked there). Assumed to
be alike: names and codes of tag groups, tags, tax codes and vendors, and an item's externalId. Assumed, as no page says
anything: 2,048 characters for an address, `Rules.longest_reason` for a failure reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from pleo_sandbox.company.jobs import UNFINISHED, ItemResult, ItemStatus, Job, JobEvent
from pleo_sandbox.errors import PleoError, bad_body
from pleo_sandbox.model import Json
from pleo_sandbox.rules import Rules

LONGEST_NAME = 255
LONGEST_ADDRESS = 2048
UNKNOWN = frozenset({"account_unknown", "tax_code_unknown", "tag_unknown", "vendor_unknown"})
LOGIN = "accounting_system_authentication_failure"


def check_results(rules: Rules, results: Iterable[tuple[str, ItemResult]]) -> None:
    """Item results as they were sent. Raises PleoError 400, for the whole request: its schema does no better."""
    for entry_id, result in results:
        if result.failure_reason_type in UNKNOWN and not rules.unknown_reasons:
            raise bad_body(f"failureReasonType of {entry_id}: {result.failure_reason_type} is not known")
        if rules.failed_needs_reason and result.status is ItemStatus.FAILED:
            _check_reason(entry_id, result.failure_reason, result.failure_reason_type)
        _check_length(rules, "failureReason", result.failure_reason, rules.longest_reason)
        _check_length(rules, "externalId", result.external_id, LONGEST_NAME)
        _check_length(rules, "externalUrl", result.external_url, LONGEST_ADDRESS)
        if rules.external_url_is_checked and result.external_url is not None and not _is_address(result.external_url):
            raise bad_body(f"externalUrl of {entry_id}: {result.external_url[:200]!r} is not a web address")


def check_event(rules: Rules, job: Job, event: JobEvent, reason: str | None, reason_type: str | None) -> None:
    """An event that the job's status allows. Raises PleoError 400, 422."""
    if event is JobEvent.STARTED:
        return
    if reason_type == LOGIN and rules.login_reason != LOGIN:
        raise bad_body(f"failureReasonType: {reason_type} is not known")
    if event is JobEvent.FAILED and rules.failed_needs_reason:
        _check_reason(job.id, reason, reason_type)
    if event is JobEvent.COMPLETED_WITH_ERRORS and rules.reason_on_errors:
        _check_reason(job.id, reason, reason_type)
    _check_length(rules, "failureReason", reason, rules.longest_reason)
    if rules.final_event_fits_items and (misfit := _misfit(rules, job, event)):
        raise PleoError(422, "INVALID_EXPORT_JOB_STATUS_CHANGE", f"job {job.id}: {event} does not fit: {misfit}")


def check_names(rules: Rules, facts: Json) -> None:
    """The texts of a master record. Raises PleoError 400."""
    for name in ("name", "code", "externalId"):
        text = facts.get(name)
        _check_length(rules, name, text if isinstance(text, str) else None, LONGEST_NAME)


def _misfit(rules: Rules, job: Job, event: JobEvent) -> str:
    """Why the event is not that of a job whose items are so; empty when it is."""
    statuses = [item.status for item in job.items]
    unfinished = sum(status in UNFINISHED for status in statuses)
    if event is JobEvent.FAILED:
        all_over = not unfinished and rules.all_failed == "completed_with_errors"
        return "all items have a final status" if all_over else ""
    if unfinished:
        return f"{unfinished} items have no final status"
    if event is JobEvent.COMPLETED:
        return "" if ItemStatus.FAILED not in statuses else "some items failed"
    if ItemStatus.FAILED not in statuses:
        return "no item failed"
    none_succeeded = ItemStatus.SUCCESSFUL not in statuses and rules.all_failed == "failed"
    return "no item succeeded" if none_succeeded else ""


def _check_reason(whose: str, reason: str | None, reason_type: str | None) -> None:
    if not (reason or "").strip() or not reason_type:
        raise bad_body(f"{whose} failed: failureReason and failureReasonType say why")


def _check_length(rules: Rules, name: str, text: str | None, most: int) -> None:
    if rules.texts_are_bounded and text is not None and len(text) > most:
        raise bad_body(f"{name}: {len(text)} characters, at most {most} are taken")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
    except ValueError:
        return False
