"""A sandbox worth asking: a company with a job in every state, so that calls succeed and not only fail."""

from __future__ import annotations

from dataclasses import dataclass

from pleo_sandbox.demo_company import demo_company
from pleo_sandbox.exports import Exports
from pleo_sandbox.jobs import ItemResult, ItemStatus, Job, JobEvent
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state import Sandbox

BATCH = 6
"""Expenses in each of the jobs that are over."""


@dataclass(frozen=True)
class Box:
    """The sandbox, a key with every scope, and the ids that a caller may ask for."""

    sandbox: Sandbox
    key: str
    company: SandboxCompany
    jobs: tuple[str, ...]
    open_job: str
    entries: tuple[str, ...]


def filled_box() -> Box:
    """Jobs failed, expired, completed and completed with errors, and one in progress. No rate limit."""
    company = demo_company()
    sandbox = Sandbox(company, rate_limit=None)
    key = sandbox.add_api_key(company.id)
    sandbox.installations.install(sandbox.access.by_key(key), "AUTHORIZED")
    queued = [expense.id for expense in company.expenses if expense.queued]
    finish(sandbox.exports, press(sandbox, company, queued[:BATCH]), JobEvent.FAILED, ItemStatus.FAILED)
    finish(sandbox.exports, press(sandbox, company, queued[:BATCH]), JobEvent.COMPLETED, ItemStatus.SUCCESSFUL)
    mixed = press(sandbox, company, queued[BATCH : 2 * BATCH])
    finish(sandbox.exports, mixed, JobEvent.COMPLETED_WITH_ERRORS, ItemStatus.SUCCESSFUL, ItemStatus.FAILED)
    sandbox.expire_job(press(sandbox, company, queued[2 * BATCH : 3 * BATCH]).id)
    open_job = press(sandbox, company, queued[3 * BATCH :])
    sandbox.exports.apply(open_job, JobEvent.STARTED, None, None)
    jobs = tuple(job.id for job in sandbox.jobs)
    return Box(sandbox, key, company, jobs, open_job.id, tuple(open_job.by_entry))


def press(sandbox: Sandbox, company: SandboxCompany, entry_ids: list[str]) -> Job:
    return sandbox.exports.job(sandbox.press_export(company.id, entry_ids))


def finish(exports: Exports, job: Job, event: JobEvent, *statuses: ItemStatus) -> None:
    """Work a job to its end: its items get the statuses in turn."""
    exports.apply(job, JobEvent.STARTED, None, None)
    results = [
        (entry_id, ItemResult(statuses[number % len(statuses)], None, None, None, None, None))
        for number, entry_id in enumerate(job.by_entry)
    ]
    exports.update(job, results)
    failed = event is JobEvent.FAILED
    exports.apply(job, event, "no login" if failed else None, "authentication_failure" if failed else None)
