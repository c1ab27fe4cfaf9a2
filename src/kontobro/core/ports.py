"""The seams: what the core asks of Pleo, of an accounting system, of a store and of time. Few methods each.

Siblings (`pleo`, `erp`, `store`, `export`, `install`) never import each other: they meet here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol, TypeVar

from kontobro.core.connection import Connection, Tokens
from kontobro.core.dialect import Dialect
from kontobro.core.errors import NotAllowed, Problem, shown
from kontobro.core.export import (
    ExportItem,
    ExportJob,
    Identity,
    Installation,
    ItemReport,
    JobItem,
    JobOutcome,
    MalformedItem,
    Receipt,
    ReportError,
)
from kontobro.core.history import BookingRow, ClaimState, JobRow, Move, Plan
from kontobro.core.journal import Booking, Entry, EntryKey, Reference
from kontobro.core.masterdata import Company, MasterRecord, Vendor
from kontobro.core.plan import Binding, Desired, Existing, MasterKind

R = TypeVar("R", bound=MasterRecord)

LONGEST_CALL = timedelta(minutes=10)
"""No method of a connector lasts longer (`erp/guard.py` sees to it): what was begun before that was sent, or never."""

LONGEST_PLEO_CALL = timedelta(minutes=10)
"""No method of `Pleo` lasts longer, its own repeats included (`pleo/calls.py`)."""


# ---------------------------------------------------------------------------------------------- time


class Clock(Protocol):
    """Time as the core sees it. `now` is aware UTC."""

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


# ---------------------------------------------------------------------------------------------- Pleo


class Pleo(Protocol):
    """One company's Pleo, as an export needs it.

    Raises Unreachable, Timeout, RateLimited (after its own retries), LoginFailed, NotAllowed, JobGone
    (the job takes nothing any more), BadAnswer. Every method may be called again after any of them:
    the writes are idempotent at Pleo or make themselves so by reading first.
    """

    @property
    def dialect(self) -> Dialect:
        """How this Pleo wants to be talked to, where its documents leave that open."""
        ...

    def introspect(self) -> Identity: ...

    def jobs(self, statuses: Sequence[str]) -> Sequence[ExportJob]:
        """The company's jobs in these statuses, oldest first."""
        ...

    def job(self, job_id: str) -> ExportJob:
        """The job as it is now, with Pleo's own time (`read_at`)."""
        ...

    def start(self, job_id: str) -> bool:
        """Ask once for a job: True when Pleo accepted it (which is not yet done), False when it refused. Raises
        Unreachable when the answer is unknown. After all but True the job itself says what became of it."""
        ...

    def control_items(self, job_id: str) -> Iterator[Sequence[JobItem]]:
        """The job's control records, page by page. Raises IncompleteList after the last one when some did not come."""
        ...

    def items(self, job_id: str) -> Iterator[Sequence[ExportItem | MalformedItem]]:
        """The job's items, page by page. Only while the job is pending or in progress, else JobGone. Raises
        IncompleteList after the last one when some did not come."""
        ...

    def report(self, job_id: str, reports: Sequence[ItemReport]) -> Sequence[ReportError]:
        """Tell Pleo of at most `dialect.update_batch` items; the answer lists those it did not take."""
        ...

    def complete(self, job_id: str, outcome: JobOutcome) -> None:
        """Send the final event. A job that is already in that final state is a success."""
        ...

    def fetch(self, url: str, limit: int) -> bytes:
        """A receipt's bytes, without our credentials. More than `limit` bytes raises `TooLarge`."""
        ...

    def installation(self) -> Installation | None: ...

    def install(self, metadata: Mapping[str, object], *, activate: bool = True) -> Installation:
        """Create and activate the installation; without `activate` a new one waits for its first sync."""
        ...

    def uninstall(self) -> None:
        """Remove the installation; Pleo revokes all our tokens with it."""
        ...


class Target(Protocol):
    """Where master data are kept in step: Pleo, one company of it.

    Raises as `Pleo` does. Each write answers in order, a Problem for a record that Pleo refuses; the others are
    written. Batch endpoints are used where they exist.
    """

    def read(self, kind: MasterKind) -> Iterable[Existing]:
        """All records of a kind, archived ones included. Raises when it can't read all: never ends early."""
        ...

    def create(
        self, kind: MasterKind, records: Sequence[Desired], parents: Mapping[str, str]
    ) -> Sequence[Existing | Problem]:
        """Create records; `parents` maps a desired parent's id to Pleo's id of its group. What exists already under
        the same identity at Pleo (200, 409) is answered as a Problem `exists`: the caller reads again."""
        ...

    def update(self, kind: MasterKind, changes: Sequence[tuple[Existing, Desired]]) -> Sequence[Existing | Problem]:
        """Make each existing record equal to the desired one, unarchived; a draft vendor is activated."""
        ...

    def archive(self, kind: MasterKind, records: Sequence[Existing]) -> Sequence[Existing | Problem]: ...


# ------------------------------------------------------------------------------- accounting system


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRules:
    """What an accounting system takes as receipts. `max_bytes` each; `max_count` an entry, None for any."""

    media_types: frozenset[str]
    max_bytes: int
    max_count: int | None = None

    def require(self, receipt: Receipt) -> None:
        """Raise NotAllowed for a receipt of a type or size that is not taken; for a connector's `attach`."""
        size = len(receipt.content)
        if receipt.media_type not in self.media_types or size > self.max_bytes:
            raise NotAllowed(
                f"Receipt {shown(receipt.name)} is not taken: {shown(receipt.media_type)}, {size:,} bytes.",
                f"Attach a PDF, picture or office file of at most {self.max_bytes:,} bytes.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a connector can do: data that the engine asks, instead of the connector's type.

    `reference`: `enforced` the system itself refuses a second entry under one reference; `searchable` it can
    be found, but absence is believed only `settle_after` an interrupted write; `none` it can't be found.
    `batch_size` None: one document a job (files). `finds_twins`: `find` knows a `TwinKey`.
    """

    kinds: frozenset[type]
    bills: bool
    drafts: bool
    receipts: ReceiptRules | None
    batch_size: int | None
    reference: Literal["enforced", "searchable", "none"]
    settle_after: timedelta = timedelta(0)
    keeps_fingerprint: bool = False
    withdraws_drafts: bool = False
    writes_vendors: bool = False
    ids_are_names: bool = False
    """Its ids are names that no code can look like: an identifier from Pleo is believed without a binding."""
    rehearses: bool = False
    finds_twins: bool = False


class Connector(Protocol):
    """One company in one accounting system: eight methods, batch first.

    Raises Unreachable, Timeout, RateLimited, LoginFailed, NotAllowed, Misconfigured; Uncertain from a write
    whose outcome it can't know. Anything else is a bug and becomes ConnectorFault at one wrapper.
    The same contract suite holds every connector: `kontobro.testing.connector_contract`.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def check(self) -> Company:
        """Reach it, log in, see that the permissions are there; which company it is."""
        ...

    def read(self, kind: type[R]) -> Iterable[R]:
        """All master records of a kind. Raises when it can't read all of them: never ends early."""
        ...

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        """Every problem of each entry, in the order of the entries; a `Note` among them stops nothing. No side
        effect."""
        ...

    def find(self, keys: Sequence[EntryKey]) -> Mapping[EntryKey, Booking]:
        """What stands under each key, now; absent keys are left out. A voided entry is found with status void.

        Under an invoice key the bill of that vendor and number, in the key's currency before any other, with what is
        still `open` of it. Under a twin key (`capabilities.finds_twins` only) a document that is not void, ours or a
        person's own.
        """
        ...

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        """Create each entry (as a draft where drafts exist), or return what exists under its reference.
        One answer per entry, in order; a refused entry never stops the others."""
        ...

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        """Attach receipts, in order. Repeatable: what is attached already is left alone."""
        ...

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        """Finalise drafts; settle payments with their bills, whichever of the two came last. Repeatable."""
        ...

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        """Create vendors born in Pleo, keyed by `pleo_id`, or return what exists under it; `id` of what is asked for
        is Pleo's as well, `code` may be empty. `read` gives them with their `pleo_id`. One answer each, in order.
        Only if `capabilities.writes_vendors`."""
        ...


class Withdraws(Protocol):
    """What a connector with `capabilities.withdraws_drafts` has besides."""

    def withdraw(self, bookings: Sequence[Booking]) -> None:
        """Delete drafts that failed the comparison. Repeatable."""
        ...


class Rehearses(Protocol):
    """What a connector with `capabilities.rehearses` has besides: one look at the whole books serves a whole job."""

    def rehearse(self, entries: Iterable[Entry]) -> None:
        """Told before the first batch what a job is going to book: `validate` and `book` answer from it. No side
        effect; what was rehearsed before is forgotten."""
        ...


# --------------------------------------------------------------------------------------------- store


class TokenStore(Protocol):
    """Where the Pleo client keeps its credential. Both tokens are stored before either is used."""

    def tokens(self, connection: Connection) -> Tokens | None:
        """The credential given for this connection's Pleo (`destination.pleo_destination`); None for any other."""
        ...

    def save_tokens(self, connection: Connection, tokens: Tokens) -> None:
        """Keep a credential for this connection's Pleo and no other."""
        ...

    def mark_reconnect(self, connection_id: str) -> None:
        """The credential is dead: keep the settings, ask for a new one."""
        ...

    def lock(self, name: str, *, wait: float = 0) -> AbstractContextManager[None]:
        """A lock that dies with its process. Waits up to `wait` seconds, then raises Busy."""
        ...


class Store(TokenStore, Protocol):
    """Settings, tokens, history and intents. Each method is one transaction; nothing of it escapes.

    The database refuses impossible moves and writes the event of each move itself.
    """

    # connections
    def connections(self) -> Sequence[Connection]: ...

    def connection(self, connection_id: str) -> Connection | None: ...

    def save_connection(
        self, connection: Connection, tokens: Tokens | None = None, secrets: Mapping[str, str] | None = None
    ) -> None:
        """Store a connection, and in the same transaction the secrets that were given for it."""
        ...

    def forget_tokens(self, connection_id: str) -> None:
        """Delete the secrets, keep settings and history."""
        ...

    def save_secret(self, connection: Connection, name: str, value: str) -> None:
        """An accounting system's secret (a password, an API key), encrypted, for this connection's destination."""
        ...

    def secret(self, connection: Connection, name: str) -> str | None:
        """The secret given for the destination of this very `connection` (`destination.destination_of`), whatever is
        stored of it; None where it was given for another: whoever changes the destination gives the secret again."""
        ...

    # jobs
    def begin_job(self, connection_id: str, job: ExportJob, run: str, now: datetime) -> None:
        """Remember that run `run` (a fresh id) looks at this job: `seen`, unless an earlier run of ours came further
        with it and did not end it."""
        ...

    def claim_job(self, connection_id: str, job_id: str, state: ClaimState, at: datetime) -> None:
        """Note how far the claim is. `at` is a moment of Pleo's clock, of which the first stays. Raises ImpossibleMove
        for a step back, and for a job that was not begun."""
        ...

    def end_job(self, connection_id: str, job_id: str, status: str, failure: str | None, now: datetime) -> None: ...

    def jobs(self, connection_id: str, limit: int = 20) -> Sequence[JobRow]: ...

    # bookings
    def plan(
        self, connection_id: str, job_id: str, run: str, plans: Sequence[Plan], now: datetime
    ) -> Mapping[Reference, datetime]:
        """Begin each reference anew in this run (state `planned`); answers which of them had a write under way
        when an earlier run ended, and since when: absence of those is not yet proof."""
        ...

    def move(self, connection_id: str, moves: Sequence[Move], now: datetime) -> None:
        """Move bookings, all or none. A move that the state diagram lacks raises ImpossibleMove."""
        ...

    def bookings(
        self,
        connection_id: str,
        *,
        job_id: str | None = None,
        references: Sequence[Reference] | None = None,
        limit: int | None = None,
    ) -> Sequence[BookingRow]:
        """Newest first."""
        ...

    def open_payments(self, connection_id: str) -> Sequence[BookingRow]:
        """Booked payments that name a bill and are not settled yet, oldest first."""
        ...

    def events(self, connection_id: str, reference: Reference) -> Sequence[tuple[datetime, str, str]]:
        """The moves of a booking, oldest first: when, from, to."""
        ...

    def payload(self, connection_id: str, reference: Reference) -> bytes | None:
        """The item's JSON as Pleo sent it, until it is purged."""
        ...

    def bookings_page(
        self, connection_id: str, *, first: date | None, last: date | None, after: Reference | None, limit: int
    ) -> Sequence[BookingRow]:
        """The next `limit` bookings after this reference, by reference, whose day is from `first` to `last`; items
        without a day belong to every period. For going through any number of them in little memory."""
        ...

    def payloads(self, connection_id: str, references: Sequence[Reference]) -> Mapping[str, bytes]:
        """The items' JSON as Pleo sent it, by accounting entry id; what was purged is left out."""
        ...

    def forget_entries(self, connection_id: str, entry_ids: Sequence[str]) -> int:
        """Delete JSON, names and problems of these items now; ids, amounts and states stay. Answers how many
        bookings that were."""
        ...

    def delete_connection(self, connection_id: str) -> None:
        """Delete a connection with its secrets and history. Raises Misconfigured while it is not disconnected."""
        ...

    # master data
    def bindings(self, connection_id: str, kind: MasterKind) -> Sequence[Binding]: ...

    def bind(self, connection_id: str, bindings: Sequence[Binding]) -> None:
        """Write bindings, replacing those of the same kind and erp_id; one record at Pleo has one binding at most."""
        ...

    def unbind(self, connection_id: str, kind: MasterKind, erp_ids: Sequence[str]) -> None: ...

    def note_sync(self, connection_id: str, kind: MasterKind, outcome: str, digest: str, now: datetime) -> None:
        """Remember how a sync of this kind went: `in_step`, `waiting` (for a decision on `digest`) or `failed`."""
        ...

    def syncs(self, connection_id: str) -> Mapping[MasterKind, tuple[datetime, str, str]]:
        """The latest of each kind: when, outcome, digest."""
        ...

    def purge(self, connection_id: str, before: datetime) -> int:
        """Delete payloads and names of jobs finished before then (design §9); ids, amounts and states stay."""
        ...
