"""An export job and its items: which moves Pleo's contract allows (rules.md §1.4, §1.5, §1.8, §1.9)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pleo_sandbox.clock import stamp
from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import Expense, Json

EXPIRES_IN = 3600
# Types that touch the wallet's balance and so have a contra account (api.md B6).
WALLET_TYPES = frozenset(
    "card_purchase fee cashback refund chargeback direct_reimbursement invoice_payment card_invoice atm_withdrawal "
    "personal_spend wallet_topup wallet_unload".split()
)


class JobStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"


class ItemStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"
    SUCCESSFUL = "successful"
    ABANDONED = "abandoned"


class JobEvent(StrEnum):
    STARTED = "started"
    FAILED = "failed"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"


JobFailure = Literal[
    "invalid_configuration",
    "missing_configuration",
    "authentication_failure",
    "accounting_system_authentication_failure",
    "pleo_rate_limit",
    "accounting_system_rate_limit",
    "service_unreachable",
    "accounting_system_unreachable",
    "validation_failure",
    "authorization_failure",
    "integration_unusable",
    "job_expired",
    "service_timeout",
    "accounting_system_timeout",
    "canceled_by_user",
]
ItemFailure = Literal[
    "receipt_upload_failure",
    "receipt_download_failure",
    "receipt_file_size_limit_exceeded",
    "receipt_conversion_failure",
    "unexpected_failure",
    "invalid_configuration",
    "missing_configuration",
    "accounting_system_authentication_failure",
    "accounting_system_rate_limit",
    "accounting_system_unreachable",
    "validation_failure",
    "accounting_system_validation_failure",
    "authorization_failure",
    "accounting_system_timeout",
    "vendor_unknown",
    "account_unknown",
    "tax_code_unknown",
    "tag_unknown",
]
UpdateErrorType = Literal[
    "ACCOUNTING_ENTRY_DOES_NOT_EXIST", "EXPORT_ENTRY_STATUS_UPDATE_FAILED", "ACCOUNTING_ENTRY_UPDATE_FAILED"
]

OPEN = frozenset({JobStatus.PENDING, JobStatus.IN_PROGRESS})
UNFINISHED = frozenset({ItemStatus.PENDING, ItemStatus.IN_PROGRESS})

# Whether a pending job may be failed or completed without `started` is not stated (§1.4 GAP): refused here.
MOVES: dict[tuple[JobStatus, JobEvent], JobStatus] = {
    (JobStatus.PENDING, JobEvent.STARTED): JobStatus.IN_PROGRESS,
    (JobStatus.IN_PROGRESS, JobEvent.COMPLETED): JobStatus.COMPLETED,
    (JobStatus.IN_PROGRESS, JobEvent.COMPLETED_WITH_ERRORS): JobStatus.COMPLETED_WITH_ERRORS,
    (JobStatus.IN_PROGRESS, JobEvent.FAILED): JobStatus.FAILED,
}
# Pleo names finished jobs only; whether items of a job not yet started may be updated is not stated: refused here.
UPDATABLE = frozenset({JobStatus.IN_PROGRESS})
# `abandoned` is Pleo's own verdict; whether an integration may set it is not stated (§1.8 GAP): refused here.
SETTABLE = frozenset(ItemStatus) - {ItemStatus.ABANDONED}


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What an integration says of one item. A PUT replaces all of it: what is left out is gone."""

    status: ItemStatus = ItemStatus.PENDING
    exported_at: datetime | None = None
    external_id: str | None = None
    external_url: str | None = None
    failure_reason: str | None = None
    failure_reason_type: str | None = None


@dataclass(slots=True)
class JobItem:
    """The control side of one accounting entry in one job (ExportJobItem)."""

    expense: Expense
    job_id: str
    result: ItemResult = field(default_factory=ItemResult)

    @property
    def status(self) -> ItemStatus:
        return self.result.status

    def as_json(self) -> Json:
        result = self.result
        return {
            "accountingEntryId": self.expense.id,
            "exportJobId": self.job_id,
            "status": result.status,
            "exportedAt": stamp(result.exported_at),
            "externalId": result.external_id,
            "externalUrl": result.external_url,
            "failureReason": result.failure_reason,
            # Absent rather than null here too: OpenAPI lets it be absent; a sample page shows null (api.md B5).
            **({"failureReasonType": result.failure_reason_type} if result.failure_reason_type else {}),
        }


@dataclass(slots=True)
class Job:
    """An export job. `last_updated_at` is what the hour to expiry counts from."""

    company_id: str
    created_at: datetime
    last_updated_at: datetime
    created_by: str
    vendor_based: bool
    interactive: bool = True
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: JobStatus = JobStatus.PENDING
    started_at: datetime | None = None
    completed_at: datetime | None = None
    expired_at: datetime | None = None
    failure_reason: str | None = None
    failure_reason_type: str | None = None
    expires_in: int = EXPIRES_IN
    items: list[JobItem] = field(default_factory=list)
    by_entry: dict[str, JobItem] = field(default_factory=dict)
    contra_currencies: set[str] = field(default_factory=set)

    def take_in(self, expense: Expense, begins: ItemResult | None = None) -> None:
        item = JobItem(expense, self.id, begins or ItemResult())
        self.items.append(item)
        self.by_entry[expense.id] = item
        if needs_contra_account(expense):
            self.contra_currencies.add(wallet_currency(expense.item))

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def expires_at(self) -> datetime:
        return self.last_updated_at + timedelta(seconds=self.expires_in)

    def next_status(self, event: JobEvent, *, early: bool = False) -> JobStatus:
        """What the event would make of the job; `early`: it may fail before it is started. Raises PleoError 422 when
        the job's status does not allow it."""
        status = MOVES.get((self.status, event))
        if early and (self.status, event) == (JobStatus.PENDING, JobEvent.FAILED):
            status = JobStatus.FAILED
        if status is None:
            message = f"job {self.id} is {self.status}: event {event} is not allowed"
            raise PleoError(422, "INVALID_EXPORT_JOB_STATUS_CHANGE", message)
        return status

    def move(
        self, event: JobEvent, now: datetime, reason: str | None, reason_type: str | None, *, early: bool = False
    ) -> None:
        """Apply an event. Raises PleoError 422 when the job's status does not allow it."""
        status = self.next_status(event, early=early)
        self.last_updated_at = now
        if status is JobStatus.IN_PROGRESS:
            self.status, self.started_at = status, now
            return
        self.completed_at = now
        keeps_reason = event in (JobEvent.FAILED, JobEvent.COMPLETED_WITH_ERRORS)
        self.end(status, reason if keeps_reason else None, reason_type if keeps_reason else None)

    def expire(self, at: datetime) -> None:
        self.expired_at = at
        self.end(JobStatus.FAILED, "The export job expired", "job_expired")

    def end(self, status: JobStatus, reason: str | None, reason_type: str | None) -> None:
        """Close the job: items without a final status become abandoned."""
        self.status, self.failure_reason, self.failure_reason_type = status, reason, reason_type
        for item in self.items:
            if item.status in UNFINISHED:
                item.result = ItemResult(ItemStatus.ABANDONED)

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "companyId": self.company_id,
            "status": self.status,
            "createdAt": stamp(self.created_at),
            "startedAt": stamp(self.started_at),
            "completedAt": stamp(self.completed_at),
            "expiredAt": stamp(self.expired_at),
            "lastUpdatedAt": stamp(self.last_updated_at),
            "createdBy": self.created_by,
            "expiresIn": self.expires_in,
            "failureReason": self.failure_reason,
            # OpenAPI types it as a string that may be absent, not as nullable.
            **({"failureReasonType": self.failure_reason_type} if self.failure_reason_type else {}),
            "isInteractive": self.interactive,
            "numberOfItems": len(self.items),
            "vendorBasedBookkeeping": self.vendor_based,
        }


def needs_contra_account(expense: Expense) -> bool:
    """Whether Pleo fills in the company's contra account of the wallet's currency."""
    item = expense.item
    return not expense.verbatim and item["type"] in WALLET_TYPES and not item.get("contraAccount")


def wallet_currency(item: Json) -> str:
    return str(item["amount"]["inWalletCurrency"]["currency"])
