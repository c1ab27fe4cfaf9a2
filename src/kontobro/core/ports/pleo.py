"""What the core asks of Pleo: the Export API, and Pleo as the target of a sync."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta, tzinfo
from typing import Protocol

from kontobro.core.dialect import Dialect
from kontobro.core.errors import Problem
from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.export import (
    ExportItem,
    ExportJob,
    Identity,
    Installation,
    ItemReport,
    JobItem,
    JobOutcome,
    MalformedItem,
    NotExported,
    ReportError,
)
from kontobro.core.plan.make import Desired, Existing

LONGEST_PLEO_CALL = timedelta(minutes=10)
"""No method of `Pleo` lasts longer, its own repeats included (`pleo/http/calls.py`)."""


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

    def not_exported(self, first: date, last: date, zone: tzinfo) -> NotExported:
        """Expenses with a booking date from `first` to `last`, in that zone, that wait in Pleo for an export. Raises
        NotAllowed for a credential that may not search accounting entries."""
        ...

    def installation(self) -> Installation | None: ...

    def install(self, metadata: Mapping[str, object], *, activate: bool = True) -> Installation:
        """Create and activate the installation; without `activate` a new one waits for its first sync."""
        ...

    def uninstall(self) -> bool:
        """Remove the installation; Pleo revokes all our tokens with it. True where Pleo says that a token of ours is
        active all the same; an API key stays until a person deletes it, and is not looked at."""
        ...


class Target(Protocol):
    """Where master data are kept in sync: Pleo, one company of it.

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
