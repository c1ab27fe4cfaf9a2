"""What the core asks of a store: secrets, settings, history. Each method is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.export import (
    ExportJob,
)
from kontobro.core.model.history import BookingRow, ClaimState, Intent, JobRow, Move
from kontobro.core.model.journal import Reference


class TokenStore(Protocol):
    """Where the Pleo client keeps its credential. Both tokens are stored before either is used."""

    def tokens(self, connection: Connection) -> Tokens | None:
        """The credential given for this connection's Pleo (`destination.pleo_destination`); None for any other."""
        ...

    def save_tokens(self, connection: Connection, tokens: Tokens) -> None:
        """Keep a credential for this connection's Pleo and no other."""
        ...

    def mark_reconnect(self, connection_id: str, at: datetime) -> None:
        """The credential is dead since `at`: keep the settings, ask for a new one."""
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
        """Store a connection, and in the same transaction the secrets that were given for it. Raises AlreadyConnected
        when another one in use has its Pleo company."""
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
        """Note how far the claim is. `at` is a moment of Pleo's clock: the first stays while the job is asked for, the
        last once it is ours. Raises ImpossibleMove for a step back, and for a job that was not begun."""
        ...

    def end_job(self, connection_id: str, job_id: str, status: str, failure: str | None, now: datetime) -> None: ...

    def jobs(self, connection_id: str, limit: int = 20) -> Sequence[JobRow]: ...

    # bookings
    def plan(self, connection_id: str, job_id: str, run: str, plans: Sequence[Intent], now: datetime) -> Set[Reference]:
        """Begin each reference again in this run (state `planned`); answers which of them had a write under way when an
        earlier run ended: absence of those is not yet proof."""
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
