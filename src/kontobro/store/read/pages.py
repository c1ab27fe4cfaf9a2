"""What the service's pages read of many connections at once: frozen values, pages and their marks. No Django."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from kontobro.core.errors import Problem
from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.history import BookingRow, BookingState, JobRow
from kontobro.core.model.journal import Reference

T = TypeVar("T")

RunState = Literal["booked", "failed", "uncertain"]
"""How a booking's last run went so far; None while it is under way."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MARK = re.compile(r"(\d{1,17})-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended: the instant and the row's number, as they are in a URL."""

    at: datetime
    number: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.number}"


def mark_of(text: str | None) -> Mark | None:
    """A mark from a URL. What is none of ours is the beginning: a stranger may have written it."""
    found = MARK.fullmatch(text or "")
    return Mark(EPOCH + timedelta(microseconds=int(found[1])), int(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, newest first; `next` is what `before` takes to continue, None at the end."""

    rows: tuple[T, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFilter:
    """Which bookings a page shows; what is empty filters nothing. `since` and `until` are booking dates, both included;
    `undated`: those alone whose date could not be read.

    `search` is part of a payee, the beginning of a reference, a total, the accounting system's id, or the id or code of
    the account that takes the amount; `amounts` are what else it may mean as an amount, as they are stored.
    `unfinished`: under way. `posting` is the accounting system's status. `problem` is a cause: code, field and value.
    """

    job_id: str = ""
    state: BookingState | None = None
    outcome: RunState | None = None
    unfinished: bool = False
    posting: str = ""
    search: str = ""
    amounts: tuple[str, ...] = ()
    problem_code: str = ""
    problem: tuple[str, str, str] | None = None
    currency: str = ""
    item_type: str = ""
    since: date | None = None
    until: date | None = None
    undated: bool = False


ALL = BookingFilter()


BookingSort = Literal["date", "news", "payee", "amount", "state"]
"""What bookings can be sorted by; `news` is when something last happened to one."""


@dataclass(frozen=True, slots=True)
class Order:
    """A sort and its direction. Rows that are alike are in the order in which they came."""

    by: BookingSort = "date"
    descending: bool = True


NEWEST_DATE = Order()


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What the bookings of a filter come to in one currency, exact, with Pleo's sign: spend is positive. `payments`:
    of the second entries of expenses that have two, a bill and its payment. `unread`: those without an amount."""

    currency: str
    payments: bool
    entries: int
    amount: Decimal
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs a page shows, in which order; `search` is the beginning of a job's id, `since` and `until` are days in
    UTC."""

    search: str = ""
    status: str = ""
    since: date | None = None
    until: date | None = None
    by: Literal["started", "items"] = "started"
    descending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How many items came to each outcome on a day."""

    day: date
    booked: int = 0
    failed: int = 0
    uncertain: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncNote:
    """How the latest sync of a kind went: `in_step`, `waiting` (for a decision on `digest`) or `failed`."""

    at: datetime
    outcome: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One connection at a glance. `waiting`: items refused in their last run, for a person to fix."""

    connection_id: str
    last_job: JobRow | None = None
    last_finished: datetime | None = None
    waiting: int = 0
    uncertain: int = 0
    syncs: Mapping[MasterKind, SyncNote] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionJob:
    connection_id: str
    job: JobRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionBooking:
    """A booking and whose it is. `outcome` tells a reported refusal from a reported success."""

    connection_id: str
    outcome: RunState | None
    booking: BookingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """A job's bookings by state, and by outcome; those under way have no outcome."""

    states: Mapping[BookingState, int]
    outcomes: Mapping[RunState, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """An item that a problem stops, by what a person knows it by; all but the type may be empty."""

    connection_id: str
    reference: Reference
    item_type: str
    payee: str
    date: str
    total: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemGroup:
    """One cause: how many items it stops, when last, and the newest of them."""

    code: str
    field: str
    value: str
    count: int
    newest: datetime
    example: Problem
    items: tuple[Stopped, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: a part of a payee, a field, a value or the English message; or problems of these codes, whose
    message has it in the reader's language."""

    text: str = ""
    codes: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemPage:
    """A part of the causes, and how many causes and stopped items all parts have together."""

    groups: tuple[ProblemGroup, ...] = ()
    causes: int = 0
    items: int = 0
