"""Sandboxes worth asking: with jobs in every state and master data, so that calls succeed and not only fail.

No rate limit. Items of a batch of accounts don't fail alone: Pleo's answer would break Pleo's own schema, which does
not allow the overlong text that it has to repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from pleo_sandbox.company.jobs import ItemResult, ItemStatus, Job, JobEvent
from pleo_sandbox.company.shelf import Record
from pleo_sandbox.company.subscriptions import EXPORT_JOB_CREATED, Subscription
from pleo_sandbox.demo.company import demo_company
from pleo_sandbox.model import Expense, SandboxCompany
from pleo_sandbox.state.exports import Exports
from pleo_sandbox.state.sandbox import Sandbox

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


STOCK = 12
"""Master records of each kind that are there to the end."""
SPARE = 80
"""Those that a call may delete: every kind's own calls name these."""
ENDPOINT = "http://127.0.0.1:9/webhooks"
"""Where no one listens: the discard port of this machine."""

BOOKED = ItemResult(ItemStatus.SUCCESSFUL)
FAILED = ItemResult(ItemStatus.FAILED, failure_reason="no such account", failure_reason_type="account_unknown")

Ids = dict[str, list[str]]


@dataclass(frozen=True)
class KnownCompany:
    """The sandbox, a key with every scope, and the ids that a caller may ask for.

    `stock` are the ids of master data by kind, `spare` of those that a call may delete.
    """

    sandbox: Sandbox
    key: str
    company: SandboxCompany
    jobs: tuple[str, ...]
    entries: tuple[str, ...]
    stock: Ids
    spare: Ids


def known_for_reading() -> KnownCompany:
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
    jobs = (*over, *[under_way.id] * len(over))
    return KnownCompany(sandbox, key, company, jobs, tuple(under_way.by_entry), *stocked(sandbox, company.id, key))


def known_for_writing() -> KnownCompany:
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
    jobs = tuple(job.id for job in sandbox.jobs)
    return KnownCompany(sandbox, key, company, jobs, entries, *stocked(sandbox, company.id, key))


def stocked(sandbox: Sandbox, company_id: str, key: str) -> tuple[Ids, Ids]:
    """Fill the shelves: the ids of what stays, and of what may be deleted."""
    sandbox.rules.batch_items_fail_alone = False
    tags = sandbox.tags
    group = add_group(sandbox, company_id, "HOUSE")
    side = {"code": "SIDE", "name": "Side", "visible": True}
    known: dict[str, list[Record] | list[Subscription]] = {
        "groups": [group, *(add_group(sandbox, company_id, f"G{number}") for number in range(SPARE))],
        "dimensions": [tags.add_dimension(group, side) for _ in range(STOCK + SPARE)],
        "tags": [tags.create(group, {"archived": False, "code": f"T{number}"}) for number in range(STOCK + SPARE)],
        "tax_codes": [add_tax_code(sandbox, company_id, number) for number in range(STOCK + SPARE)],
        "accounts": [add_account(sandbox, company_id, number) for number in range(STOCK + SPARE)],
        "vendors": [add_vendor(sandbox, company_id, number) for number in range(STOCK)],
        "subscriptions": [subscribe(sandbox, key) for _ in range(STOCK + SPARE)],
    }
    ids = {kind: [record.id for record in records] for kind, records in known.items()}
    return (
        {kind: found[: 1 if kind == "groups" else STOCK] for kind, found in ids.items()},
        {kind: found[1 if kind == "groups" else STOCK :] for kind, found in ids.items()},
    )


def add_group(sandbox: Sandbox, company_id: str, code: str) -> Record:
    facts = {"companyId": company_id, "archived": False, "code": code, "name": code, "metadata": {}}
    return sandbox.tags.groups.add(company_id, facts)


def add_tax_code(sandbox: Sandbox, company_id: str, number: int) -> Record:
    facts = {"companyId": company_id, "archived": False, "name": "Tax", "rate": Decimal("0.25"), "type": "inclusive"}
    unset = dict.fromkeys(("ingoingTaxAccount", "outgoingTaxAccount", "accountingIntegrationSystem"))
    return sandbox.tax_codes.add(company_id, {**facts, **unset, "code": f"X{number}"})


def add_account(sandbox: Sandbox, company_id: str, number: int) -> Record:
    facts = {"companyId": company_id, "externalId": f"A{number}", "name": "Account", "archived": False}
    unset = dict.fromkeys(("code", "metadata", "taxCodeExternalId"))
    return sandbox.accounts.add(company_id, facts | unset)


def add_vendor(sandbox: Sandbox, company_id: str, number: int) -> Record:
    facts = {"companyId": company_id, "name": "Vendor", "defaultCurrency": "DKK", "state": "ACTIVE"}
    return sandbox.vendors.add(company_id, facts | {"externalId": f"V{number}", "code": f"V{number}"})


def subscribe(sandbox: Sandbox, key: str) -> Subscription:
    wanted = {
        "endpointUrl": ENDPOINT,
        "eventTypes": [EXPORT_JOB_CREATED],
        "endpointAuth": {"type": "NONE"},
        "status": "INACTIVE",  # the runs are about the API: no one listens
    }
    return sandbox.subscriptions.create(sandbox.access.by_key(key), wanted)


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
        (entry_id, FAILED if statuses[number % len(statuses)] is ItemStatus.FAILED else BOOKED)
        for number, entry_id in enumerate(job.by_entry)
    ]
    exports.update(job, results)
    failed = event is JobEvent.FAILED
    exports.apply(job, event, "no login" if failed else None, "authentication_failure" if failed else None)
