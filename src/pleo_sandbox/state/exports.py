"""Pleo's export queue and its jobs, for all companies of the sandbox."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from enum import StrEnum

from pleo_sandbox.clock import Clock
from pleo_sandbox.company.jobs import (
    SETTABLE,
    UPDATABLE,
    ItemResult,
    ItemStatus,
    Job,
    JobEvent,
    JobItem,
    JobStatus,
    UpdateErrorType,
)
from pleo_sandbox.company.strictness import check_event, check_results
from pleo_sandbox.errors import PleoError, bad_body
from pleo_sandbox.model import Expense, Json, SandboxCompany
from pleo_sandbox.rules import Rules


class ExportStatus(StrEnum):
    """Where an expense is (api.md J, accounting entries)."""

    CREATED = "CREATED"
    QUEUED = "QUEUED"
    EXPORTING = "EXPORTING"
    EXPORTED = "EXPORTED"


class Exports:
    """Companies, their queues and jobs.

    `when_created`: told of every new job.
    """

    def __init__(self, clock: Clock, rules: Rules) -> None:
        self._rules = rules
        self.when_created: Callable[[Job], None] = lambda job: None
        self.companies: dict[str, SandboxCompany] = {}
        self.jobs: list[Job] = []
        self._clock = clock
        self._by_id: dict[str, Job] = {}
        self._open: dict[str, Job] = {}
        self._expenses: dict[str, dict[str, Expense]] = {}
        self._status: dict[str, dict[str, ExportStatus]] = {}
        self._latest: dict[str, dict[str, JobItem]] = {}
        self._refusals: dict[str, list[UpdateErrorType]] = {}

    # companies and their expenses

    def add_company(self, company: SandboxCompany) -> None:
        self.companies[company.id] = company
        self._expenses[company.id] = {}
        self._status[company.id] = {}
        self._latest[company.id] = {}
        for expense in company.expenses:
            self._note(company.id, expense)

    def add_expense(self, company_id: str, expense: Expense) -> None:
        self.companies[company_id].expenses.append(expense)
        self._note(company_id, expense)

    def replace(self, company_id: str, expense: Expense) -> None:
        """The bookkeeper changed an expense: its newer self takes its place. Jobs that are there keep the older."""
        known = self.companies[company_id].expenses
        place = next(index for index, each in enumerate(known) if each.id == expense.id)
        known[place] = self._expenses[company_id][expense.id] = expense

    def _note(self, company_id: str, expense: Expense) -> None:
        self._expenses[company_id][expense.id] = expense
        self._status[company_id][expense.id] = ExportStatus.QUEUED if expense.queued else ExportStatus.CREATED

    def expense(self, entry_id: str) -> Expense | None:
        return next((known[entry_id] for known in self._expenses.values() if entry_id in known), None)

    def export_status(self, company_id: str, entry_id: str) -> ExportStatus:
        return self._status[company_id][entry_id]

    def latest_item(self, company_id: str, entry_id: str) -> JobItem | None:
        """The entry's item in the newest job that held it."""
        return self._latest[company_id].get(entry_id)

    # what the bookkeeper does in Pleo

    def queue(self, company_id: str, entry_ids: Iterable[str] | None = None) -> int:
        """Put expenses in the queue: those named, or all that wait for an export (failed and abandoned ones too)."""
        known = self._status[company_id]
        chosen = list(entry_ids) if entry_ids is not None else _with_status(known, ExportStatus.CREATED)
        for entry_id in chosen:
            if known[entry_id] is ExportStatus.EXPORTING:
                raise PleoError(409, "EXPORT_ALREADY_IN_PROGRESS", f"entry {entry_id} is being exported")
            known[entry_id] = ExportStatus.QUEUED
        return len(chosen)

    def press_export(
        self, company_id: str, entry_ids: Iterable[str] | None = None, vendor_based: bool | None = None
    ) -> Job:
        """The Export button: a job of the queued expenses, or of those named."""
        company = self.companies[company_id]
        chosen = entry_ids if entry_ids is not None else _with_status(self._status[company_id], ExportStatus.QUEUED)
        wanted = company.vendor_based_bookkeeping if vendor_based is None else vendor_based
        return self.create(company_id, list(chosen), vendor_based=wanted, interactive=True)

    def create(
        self,
        company_id: str,
        entry_ids: list[str],
        *,
        vendor_based: bool,
        interactive: bool,
        created_by: str | None = None,
    ) -> Job:
        """A new pending job. Raises PleoError 409, 400."""
        self.expire_due()
        expenses = [self._wanted(company_id, entry_id) for entry_id in dict.fromkeys(entry_ids)]
        if not expenses:
            raise bad_body("accountingEntryIds: [] has nothing to export: give at least one entry")
        if company_id in self._open:
            message = f"company {company_id} has the open job {self._open[company_id].id}"
            raise PleoError(409, "EXPORT_ALREADY_IN_PROGRESS", message)
        now = self._clock.now()
        job = Job(company_id, now, now, created_by or str(uuid.uuid4()), vendor_based, interactive)
        job.expires_in = self._rules.expires_in
        for expense in expenses:
            job.take_in(expense, self._external_of(company_id, expense.id))
        self._check_contra_accounts(job)
        self._open_job(job)
        self.when_created(job)
        return job

    def _external_of(self, company_id: str, entry_id: str) -> ItemResult:
        """What a new job's item begins with."""
        last = self._latest[company_id].get(entry_id)
        if last is None or not self._rules.keeps_external_id:
            return ItemResult()
        return ItemResult(external_id=last.result.external_id, external_url=last.result.external_url)

    def _open_job(self, job: Job) -> None:
        self.jobs.append(job)
        self._by_id[job.id] = self._open[job.company_id] = job
        self._latest[job.company_id].update(job.by_entry)
        self._status[job.company_id].update(dict.fromkeys(job.by_entry, ExportStatus.EXPORTING))

    def _wanted(self, company_id: str, entry_id: str) -> Expense:
        expense = self._expenses[company_id].get(entry_id)
        if expense is None:
            raise bad_body(f"accountingEntryIds: {entry_id} is not an accounting entry of company {company_id}")
        return expense

    def _check_contra_accounts(self, job: Job) -> None:
        missing = job.contra_currencies - self.companies[job.company_id].contra_accounts.keys()
        if missing and self._rules.contra_accounts_needed:
            message = f"contra accounts are missing for {', '.join(sorted(missing))}: set them up in Pleo"
            raise PleoError(400, "MISSING_CONTRA_ACCOUNTS", message)

    # the life of a job

    def expire_due(self) -> None:
        """Expire every open job that was left alone for an hour."""
        now = self._clock.now()
        for job in list(self._open.values()):
            if now >= job.expires_at:
                self.expire(job)

    def expire(self, job: Job) -> None:
        """Let an open job expire: at its hour if that has passed, else now."""
        job.expire(min(self._clock.now(), job.expires_at))
        self._settle(job)

    def cancel(self, job: Job) -> None:
        """The bookkeeper cancels the export in Pleo."""
        job.end(JobStatus.FAILED, "Cancelled in Pleo", "canceled_by_user")
        self._settle(job)

    def apply(self, job: Job, event: JobEvent, reason: str | None, reason_type: str | None) -> None:
        self.check(job, event, reason, reason_type)
        job.move(event, self._clock.now(), reason, reason_type, early=self._rules.pending_may_fail)
        if not job.is_open:
            self._settle(job)

    def check(self, job: Job, event: JobEvent, reason: str | None, reason_type: str | None) -> None:
        """Whether the event is possible now. Raises PleoError 400, 422."""
        job.next_status(event, early=self._rules.pending_may_fail)
        check_event(self._rules, job, event, reason, reason_type)

    def _settle(self, job: Job) -> None:
        """A closed job frees its expenses: exported when successful, else free to be queued again."""
        self._open.pop(job.company_id, None)
        known = self._status[job.company_id]
        for entry_id, item in job.by_entry.items():
            done = item.status is ItemStatus.SUCCESSFUL
            known[entry_id] = ExportStatus.EXPORTED if done else ExportStatus.CREATED

    def job(self, job_id: str) -> Job:
        self.expire_due()
        job = self._by_id.get(job_id)
        if job is None:
            raise PleoError(self._rules.unknown_job, "EXPORT_NOT_FOUND", f"export job {job_id} does not exist")
        return job

    def check_readable(self, job: Job) -> None:
        """Whether the job's export items may be read now. Raises PleoError 422, 400."""
        if not job.is_open:
            raise PleoError(422, "EXPORT_JOB_STATUS_UNPROCESSABLE", f"job {job.id} is {job.status}")
        self._check_contra_accounts(job)

    # item updates

    def refuse_updates(self, entry_id: str, error: UpdateErrorType, times: int = 1) -> None:
        """Answer the next updates of this entry with a per-item error."""
        self._refusals.setdefault(entry_id, []).extend([error] * times)

    def update(self, job: Job, results: list[tuple[str, ItemResult]]) -> Json:
        """Apply item results one by one: `{data, errors}`, partly successful maybe. Raises PleoError 400, 413, 422."""
        if len(results) > self._rules.update_batch:
            message = f"{len(results)} items in one request: at most {self._rules.update_batch}"
            raise PleoError(self._rules.update_limit_status, "EXPORT_JOB_ITEMS_UPDATE_LIMIT", message)
        early = job.status is JobStatus.PENDING and self._rules.pending_takes_updates
        if job.status not in UPDATABLE and not early:
            raise PleoError(422, "EXPORT_JOB_STATUS_UNPROCESSABLE", f"job {job.id} is {job.status}")
        check_results(self._rules, results)
        answer: Json = {"data": [], "errors": []}
        for entry_id, result in results:
            error = self._update_one(job, entry_id, result)
            if error is None:
                answer["data"].append(job.by_entry[entry_id].as_json())
            else:
                answer["errors"].append({"accountingEntryId": entry_id, "type": error[0], "message": error[1]})
        if answer["data"] and self._rules.keep_alive_by_item:
            job.last_updated_at = self._clock.now()
        return answer

    def _update_one(self, job: Job, entry_id: str, result: ItemResult) -> tuple[UpdateErrorType, str] | None:
        item = job.by_entry.get(entry_id)
        if item is None:
            return "ACCOUNTING_ENTRY_DOES_NOT_EXIST", f"entry {entry_id} is not in job {job.id}"
        if refusals := self._refusals.get(entry_id):
            return refusals.pop(0), f"entry {entry_id} could not be updated"
        if result.status not in SETTABLE:
            return "EXPORT_ENTRY_STATUS_UPDATE_FAILED", f"entry {entry_id}: {result.status} is set by Pleo only"
        if self._rules.successful_is_final and item.status is ItemStatus.SUCCESSFUL and result != item.result:
            return "EXPORT_ENTRY_STATUS_UPDATE_FAILED", f"entry {entry_id} is already successful"
        item.result = result
        return None


def _with_status(known: dict[str, ExportStatus], status: ExportStatus) -> list[str]:
    return [entry_id for entry_id, current in known.items() if current is status]
