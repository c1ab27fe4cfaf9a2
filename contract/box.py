"""Sandboxes worth asking: with jobs in every state, so that calls succeed and not only fail. No rate limit."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from pleo_sandbox.demo_company import demo_company
from pleo_sandbox.exports import Exports
from pleo_sandbox.jobs import ItemResult, ItemStatus, Job, JobEvent
from pleo_sandbox.model import Expense, SandboxCompany
from pleo_sandbox.state import Sandbox

BATCH = 6
"""Expenses in each of the jobs that are over."""
SISTERS = 24
"""Companies with an open job each, for writing: an event may end a job, and a company has one open job at a time."""

EMPLOYEE = {
    "id": "7d3b2a51-6f0e-4c7f-9c1a-3e5d8b9a4f20",
    "email": "sofie@example.com",
    "firstName": "Sofie",
    "lastName": "Lund",
    "code": "E-1",
}


@dataclass(frozen=True)
class Box:
    """The sandbox, a key with every scope, and the ids that a caller may ask for."""

    sandbox: Sandbox
    key: str
    company: SandboxCompany
    jobs: tuple[str, ...]
    entries: tuple[str, ...]


def box_for_reading() -> Box:
    """One company; jobs failed, completed, completed with errors, expired, and half of the choices in progress."""
    company = demo_company()
    company.employees.append(EMPLOYEE | {"companyId": company.id})
    sandbox = Sandbox(company, rate_limit=None)
    queued = [expense.id for expense in company.expenses if expense.queued]
    finish(sandbox.exports, press(sandbox, company, queued[:BATCH]), JobEvent.FAILED, ItemStatus.FAILED)
    finish(sandbox.exports, press(sandbox, company, queued[:BATCH]), JobEvent.COMPLETED, ItemStatus.SUCCESSFUL)
    mixed = press(sandbox, company, queued[BATCH : 2 * BATCH])
    finish(sandbox.exports, mixed, JobEvent.COMPLETED_WITH_ERRORS, ItemStatus.SUCCESSFUL, ItemStatus.FAILED)
    sandbox.expire_job(press(sandbox, company, queued[2 * BATCH : 3 * BATCH]).id)
    over = [job.id for job in sandbox.jobs]
    under_way = press(sandbox, company, queued[3 * BATCH :])
    sandbox.exports.apply(under_way, JobEvent.STARTED, None, None)
    key = sandbox.add_api_key(company.id)
    sandbox.installations.install(sandbox.access.by_key(key), "ACTIVATED")
    return Box(sandbox, key, company, (*over, *[under_way.id] * len(over)), tuple(under_way.by_entry))


def box_for_writing() -> Box:
    """An organisation: one company that can start a job, and many whose job is in progress or pending."""
    company = demo_company()
    sandbox = Sandbox(company, rate_limit=None)
    for number in range(SISTERS):
        sister = sister_of(company, number)
        sandbox.add_company(sister)
        job = sandbox.exports.job(sandbox.press_export(sister.id))
        if number % 3 == 0:
            sandbox.exports.apply(job, JobEvent.STARTED, None, None)
    key = sandbox.add_api_key(None, organization_id=company.organization_id)
    sandbox.installations.install(sandbox.access.by_key(key), "AUTHORIZED")
    entries = tuple(expense.id for expense in company.expenses if expense.queued)
    return Box(sandbox, key, company, tuple(job.id for job in sandbox.jobs), entries)


def sister_of(company: SandboxCompany, number: int) -> SandboxCompany:
    """A company of the same organisation with a few of the same expenses, under ids of its own."""
    sister_id = str(uuid5(NAMESPACE_URL, f"sister {number}"))
    items = [expense.item for expense in company.expenses if expense.queued and not expense.verbatim][:BATCH]
    expenses = [
        Expense(item | {"companyId": sister_id, "accountingEntryId": str(uuid5(NAMESPACE_URL, f"{number} {index}"))})
        for index, item in enumerate(items)
    ]
    return SandboxCompany(
        name=f"{company.name} {number}",
        currency=company.currency,
        country=company.country,
        id=sister_id,
        organization_id=company.organization_id,
        expenses=expenses,
        contra_accounts=company.contra_accounts,
    )


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
