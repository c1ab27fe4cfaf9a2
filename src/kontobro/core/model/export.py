"""What Pleo sends: export job, export item, item line, receipt. Facts only, no opinion about booking.

Field names are the field's words; the wire names and their certainty are in `pleo/api.md` B4-B6. Unknown
enum values survive as plain strings. All of it is immutable: dataclasses, and named tuples for the small parts of an
item, which are made in a third of the time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from kontobro.core.errors import ItemFailure, JobFailure, Problem
from kontobro.core.model.money import Money

ItemStatus = Literal["in_progress", "successful", "failed"]
"""The item statuses that we set (`pleo/rules.md` §1.8)."""

OPEN: Final = ("pending", "in_progress")
"""The statuses of a job, and of an item in it, that is not over (`pleo/rules.md` §1)."""

FINAL: Final = ("successful", "failed", "abandoned")
"""The statuses of an item that is over (`pleo/rules.md` §1.8)."""

JOB_LIFE: Final = dt.timedelta(hours=2)
"""So long after the last action that Pleo shows a job may be worked on: an hour, and what an item update may add."""

JobEvent = Literal["started", "completed", "completed_with_errors", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """A batch of expenses that a bookkeeper exported. Times are aware; `expires_in`: seconds after the last action.

    `read_at`: Pleo's own clock when it told this, where it says so; ours may be hours apart from it.
    """

    id: str
    company_id: str
    status: str
    created_at: dt.datetime
    number_of_items: int
    expires_in: int
    vendor_based: bool = False
    interactive: bool = True
    started_at: dt.datetime | None = None
    last_updated_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    expired_at: dt.datetime | None = None
    failure_reason: str | None = None
    failure_type: str | None = None
    read_at: dt.datetime | None = field(default=None, compare=False)


def last_action(job: ExportJob) -> dt.datetime:
    """When something happened to a job last, by Pleo's clock."""
    return max(moment for moment in (job.created_at, job.started_at, job.last_updated_at) if moment)


class JobItem(NamedTuple):
    """The control record of one item in a job: its status, and what we told Pleo about it."""

    entry_id: str
    status: str
    external_id: str | None = None
    external_url: str | None = None


@dataclass(frozen=True, slots=True)
class NotExported:
    """How many expenses of some days were not exported when Pleo was asked; `more`: at least so many."""

    count: int
    more: bool = False


class Amount(NamedTuple):
    """One amount in two currencies. Only `wallet` is booked; `supplier` is information."""

    supplier: Money
    wallet: Money


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account as Pleo names it. `identifier` is the accounting system's own id, `code` its number."""

    id: str
    name: str
    code: str | None = None
    identifier: str | None = None

    @property
    def key(self) -> str | None:
        """What the accounting system is asked for: identifier, else code."""
        return self.identifier or self.code


class TagRef(NamedTuple):
    """A tag on a line: value `code` in the group `group_code`."""

    id: str
    code: str
    group_code: str


class ItemTax(NamedTuple):
    """Tax of a line. `rate` is a fraction (0.25 is 25 %); `type` inclusive, reverse or exclusive, kept open."""

    id: str
    type: str
    rate: Decimal
    amount: Amount
    code: str | None = None
    ingoing_account: str | None = None
    outgoing_account: str | None = None


class ItemLine(NamedTuple):
    id: str
    amount: Amount
    net: Amount
    account: AccountRef | None = None
    tags: tuple[TagRef, ...] = ()
    tax: ItemTax | None = None


@dataclass(frozen=True, slots=True)
class ReceiptLink:
    """Where a receipt can be fetched: valid 24 h from the fetch of its item. `size` in bytes."""

    url: str
    media_type: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A fetched and checked receipt. `sha256` (hex) is its identity; `media_type` is what the bytes are."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    sha256: str


class Supplier(NamedTuple):
    """The merchant as the card network or the employee named it; for accounts payable without vendor tagging."""

    name: str | None = None
    code: str | None = None
    account: str | None = None
    tax_identifier: str | None = None
    country: str | None = None
    category_code: str | None = None


@dataclass(frozen=True, slots=True)
class VendorRef:
    """The vendor a bookkeeper chose in Pleo."""

    id: str
    name: str
    default_currency: str
    code: str | None = None
    external_id: str | None = None
    country: str | None = None
    registration_number: str | None = None
    tax_registration_number: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """The employee (or, alike in shape, the team) of an item."""

    id: str
    name: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceInformation:
    number: str
    date: dt.date | None
    status: str
    due_date: dt.date | None = None
    payment_date: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportItem:
    """One expense, invoice, payment or wallet movement, whole.

    `date` is the instant that Pleo sends (aware); which day it is in the books is decided by the
    posting rules. `raw` is the item's JSON as received: unknown fields survive there.
    """

    entry_id: str
    company_id: str
    type: str
    subtype: str | None
    date: dt.datetime
    amount: Amount
    lines: tuple[ItemLine, ...]
    reconciliation_id: str
    method: str | None = None
    contra_account: AccountRef | None = None
    receipts: tuple[ReceiptLink, ...] = ()
    note: str | None = None
    supplier: Supplier | None = None
    vendor: VendorRef | None = None
    user: Person | None = None
    team: Person | None = None
    attendees: tuple[str, ...] = ()
    reconciled_entries: tuple[str, ...] = ()
    invoice: InvoiceInformation | None = None
    service_period: tuple[dt.datetime, dt.datetime] | None = None
    url: str | None = None
    raw: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class MalformedItem:
    """An item that is not the contract's, alone among good ones. `entry_id` when it could be read."""

    entry_id: str | None
    problems: tuple[Problem, ...]
    raw: bytes = field(default=b"", repr=False, compare=False)


class ItemReport(NamedTuple):
    """What Pleo is told of one item (`pleo/api.md` B2 UpdateExportJobItem). Absent fields are left out."""

    entry_id: str
    status: ItemStatus
    exported_at: dt.datetime | None = None
    external_id: str | None = None
    external_url: str | None = None
    failure: str | None = None
    failure_type: ItemFailure | None = None


@dataclass(frozen=True, slots=True)
class ReportError:
    """One item's update that Pleo did not take, out of an answer that was 200 (`pleo/api.md` B1 row 5)."""

    entry_id: str
    type: str
    message: str


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """The final event of a job. `failure` and `failure_type` go with `failed` only."""

    event: JobEvent
    failure: str | None = None
    failure_type: JobFailure | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a credential is at Pleo (`GET /v1/introspect`). `subject` is the company's URN."""

    auth_method: str
    scopes: frozenset[str]
    subject: str | None = None
    application: str | None = None

    @property
    def company_id(self) -> str | None:
        """The company of a company credential; None for an organisation's."""
        prefix = "urn:pleo:company:"
        return self.subject[len(prefix) :] if self.subject and self.subject.startswith(prefix) else None


@dataclass(frozen=True, slots=True)
class Installation:
    """The integration as Pleo sees it: its status there (`pleo/api.md` I)."""

    id: str
    status: str
    resource: str
    error_code: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
