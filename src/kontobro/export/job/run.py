"""One run of one job: what it works with, and how it waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from kontobro.core.errors import JobGone, KontobroError, RateLimited, ReceiptUnavailable, Uncertain, Unreachable
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import OPEN, ExportJob, last_action
from kontobro.core.model.history import Move
from kontobro.core.model.masters import Masters
from kontobro.core.ports import Clock, Connector, Delivery, DocumentStore, DocumentTarget, Guards, Pleo, Store
from kontobro.core.words import Noted, Phrase, told
from kontobro.export.job.invoices import Seen
from kontobro.export.job.patience import Patience

T = TypeVar("T")

LONGEST_PAUSE = 60.0
"""Seconds between two tries at something unreachable, and between two looks at the keep-alive."""


class Progress(Protocol):
    """Told how far a job is: `phase` is a word for a person, `total` 0 when it is not known."""

    def __call__(self, phase: str, done: int, total: int) -> None: ...


def quiet(phase: str, done: int, total: int) -> None:
    """No progress shown."""


@dataclass(frozen=True, slots=True)
class DocumentPorts:
    """The target renders, the store remembers, the delivery brings them there; without one a person fetches them."""

    target: DocumentTarget
    store: DocumentStore
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The four things an export talks to. `documents`: where the accounting system takes files, how those are made;
    `connector` is then over what was sealed. `guards`: the store, where it knows other books of the Pleo company."""

    pleo: Pleo
    connector: Connector
    store: Store
    clock: Clock
    documents: DocumentPorts | None = None
    guards: Guards | None = None


def note_action(connection_id: str, job: ExportJob, ports: Ports) -> None:
    """Remember our last action on a job of ours as Pleo shows it, where only that tells whether another took it since:
    nothing refuses what two installations write."""
    if ports.connector.capabilities.reference == "searchable":
        ports.store.claim_job(connection_id, job.id, "in_progress", last_action(job))


class StopJob(Exception):
    """The accounting system's side makes the whole job fail; `fault` says why."""

    def __init__(self, fault: KontobroError) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(slots=True)
class Sight:
    """When Pleo last showed a job as open."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one job. `blind`: the job was under way, and our store knows nothing of it. `seen`: its invoices so
    far. `given_by_others`: external ids that Pleo has of its items and that are not ours."""

    id: str
    connection: Connection
    job: ExportJob
    ports: Ports
    masters: Masters
    today: date
    began: datetime
    blind: bool
    keep_alive: Callable[[], None] = field(repr=False)
    patience: Patience
    """With the accounting system."""
    receipts: Patience
    """With the host of the receipts."""
    sight: Sight
    seen: Seen = field(default_factory=Seen, repr=False)
    given_by_others: Mapping[str, str] = field(default_factory=dict)

    def move(self, moves: list[Move]) -> None:
        """Commit moves of bookings; nothing to move costs nothing."""
        if moves:
            self.ports.store.move(self.connection.id, moves, self.ports.clock.now())

    def erp(self, call: Callable[[], T]) -> T:
        """A call to the accounting system that is safe to repeat, with patience (see `patiently`).

        It may have been a slow one: the job is kept alive after it too.
        """
        answer = patiently(call, self.patience, self.ports.clock, self.keep_alive)
        self.keep_alive()
        return answer

    def fetch(self, url: str, limit: int) -> bytes:
        """A receipt's bytes, from several threads. A host that has not answered for too long is asked no more."""
        if self.receipts.is_spent:
            raise ReceiptUnavailable(Phrase("receipt_host_silent"), Noted(Phrase("export_again_later")))
        began = self.ports.clock.now()
        try:
            return self.ports.pleo.fetch(url, limit)
        except Unreachable:
            self.receipts.lose(self.ports.clock.now() - began)
            raise

    def wait_until(self, moment: datetime) -> None:
        """Sleep, keeping the job alive."""
        while (left := (moment - self.ports.clock.now()).total_seconds()) > 0:
            self.ports.clock.sleep(min(left, LONGEST_PAUSE))
            self.keep_alive()

    def require_job(self, within: timedelta = timedelta(0)) -> None:
        """Where nothing refuses a second entry, before anything is written: a job that has ended at Pleo is worked on
        no more. Its expenses may be in another by now, which another installation has, and both would write them. A
        job that was seen `within` that time is not asked for. Raises JobGone.
        """
        if self.ports.clock.now() - self.sight.at < within:
            return
        job = self.ports.pleo.job(self.job.id)
        if job.status not in OPEN:
            raise JobGone(*told("pleo_job_gone"))
        note_action(self.connection.id, job, self.ports)
        self.sight.at = self.ports.clock.now()


def patiently(
    call: Callable[[], T], patience: Patience, clock: Clock, keep_alive: Callable[[], None] = lambda: None
) -> T:
    """Repeat a repeatable call while the accounting system can't be reached; then, or on any other fault, StopJob.

    Our own loop and no retry library: it waits by the run's clock and keeps Pleo's job alive meanwhile.
    """
    began, lost, pause = clock.now(), timedelta(0), 1.0
    try:
        while True:
            keep_alive()
            try:
                return call()
            except (Unreachable, Uncertain) as fault:
                lost = clock.now() - began
                left = patience.left(lost).total_seconds()
                if left <= 0:
                    raise StopJob(fault) from fault
                clock.sleep(min(asked_pause(fault) or pause, LONGEST_PAUSE, left))
                pause = min(pause * 2, LONGEST_PAUSE)
            except KontobroError as fault:
                lost = clock.now() - began
                raise StopJob(fault) from fault
    finally:
        patience.lose(lost)


def asked_pause(fault: KontobroError) -> float | None:
    """Seconds that the other side asks to wait, if it does: no longer than we wait for anything."""
    asked = fault.retry_after if isinstance(fault, RateLimited) else None
    return min(asked, LONGEST_PAUSE) if asked else None
