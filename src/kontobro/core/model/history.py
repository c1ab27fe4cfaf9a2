"""What our store remembers of jobs and bookings: history and intents, never the truth.

Truth lives in two places: Pleo knows the jobs and item statuses, the accounting system knows the bookings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from kontobro.core.errors import Problem
from kontobro.core.model.journal import InvoiceKey, Reference

BookingState = Literal[
    "planned", "booking", "drafted", "attached", "posted", "verified", "reported", "rejected", "uncertain"
]

ClaimState = Literal["seen", "claiming", "in_progress"]
"""How far a run of ours came with a job that has not ended: it looked at it, it was about to send `started`, or Pleo
accepted that. Only the last makes the job ours; the first never does, whatever the job's status is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An entry about to be booked, or an item that has none because of its problems.

    `kind` is journal, bill, credit_note, payment, or `item` for an item without entries; `raw` is the item's JSON.
    `account` carries the entry's whole amount (the wallet, payables, an employee) in this `role`; `amount` is what the
    entry puts there, debit positive: what the tie-out compares, also when the item's JSON is purged.
    """

    reference: Reference
    kind: str
    item_type: str
    currency: str = ""
    total: str = "0"
    date: str = ""
    fingerprint: str = ""
    payee: str = ""
    pleo_url: str = ""
    settles: InvoiceKey | None = None
    account: str | None = None
    role: str | None = None
    amount: str | None = None
    raw: bytes = field(default=b"", repr=False)


class Move(NamedTuple):
    """One step of one booking. Fields that are None stay as they are; `notes` are for a bookkeeper.

    A job makes six of them an item: a named tuple is as immutable as the others here, and made in a third of the time.
    """

    reference: Reference
    to: BookingState
    erp_id: str | None = None
    erp_url: str | None = None
    posting: str | None = None
    receipts: int | None = None
    settled: bool | None = None
    problems: tuple[Problem, ...] | None = None
    notes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRow:
    """What our store remembers of one reference: history, never the truth (the accounting system has that)."""

    reference: Reference
    job_id: str
    kind: str
    item_type: str
    state: BookingState
    currency: str
    total: str
    date: str
    payee: str
    updated_at: datetime
    erp_id: str | None = None
    erp_url: str | None = None
    pleo_url: str | None = None
    posting: str | None = None
    receipts: int = 0
    settles: InvoiceKey | None = None
    settled: bool | None = None
    problems: tuple[Problem, ...] = ()
    fingerprint: str = ""
    account: str | None = None
    role: str | None = None
    amount: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """What our store remembers of one run of a job.

    `status` is a ClaimState until the job has ended, then how it ended. `claimed_at`: a moment of Pleo's clock before
    which we had not asked for the job; once it is ours, of our last action on it that was noted; None while it was
    only seen.
    """

    job_id: str
    status: str
    items: int
    started_at: datetime
    finished_at: datetime | None = None
    failure: str | None = None
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """An expense that is booked in other books than those of this connection.

    `system`: the connector that had the Pleo company before, empty where only Pleo says that the expense was exported;
    `number`: the entry's id there. `decided_at`: since when a person wants it booked here all the same.
    """

    entry_id: str
    system: str = ""
    number: str = ""
    found_at: datetime | None = None
    decided_at: datetime | None = None
