"""The Store port over Django's ORM: each method one transaction, nothing of Django comes out."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from types import TracebackType
from typing import Any, cast

from django.db.models import Count, QuerySet

from kontobro.core.errors import ImpossibleMove
from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.core.model.connection import Connection, Destination, Tokens, destination_of, pleo_destination
from kontobro.core.model.export import ExportJob
from kontobro.core.model.history import BookingRow, ClaimState, JobRow, Move, Plan
from kontobro.core.model.journal import Reference, entry_id_of
from kontobro.store import bookings, erasure, models
from kontobro.store.bindings import bindings_of, delete_bindings, syncs_of, write_bindings, write_sync
from kontobro.store.database import Database
from kontobro.store.engines.places import Place
from kontobro.store.purging import purge
from kontobro.store.rows import booking_of, connection_columns, connection_of, job_of
from kontobro.store.schema.moves import is_allowed
from kontobro.store.secrets import codec
from kontobro.store.secrets.given import TOKENS, GivenSecret, secrets_given
from kontobro.store.secrets.vault import KeyRing, is_readable, seal, unseal


class DjangoStore:
    """The Store on one database. Use from any thread; `close` when done, or use it in a `with`."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    def __enter__(self) -> DjangoStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    @property
    def alias(self) -> str:
        """The database's name within Django, for tests that look behind the port."""
        return self._database.alias

    @property
    def database(self) -> Database:
        """What `overview.Overview` reads from."""
        return self._database

    @property
    def place(self) -> Place:
        """Where the store is kept."""
        return self._database.place

    def lock(self, name: str, *, wait: float = 0) -> AbstractContextManager[None]:
        """A lock that dies with its process; not re-entrant. Raises Busy when it can't be had in `wait` seconds."""
        return self._database.place.lock(name, wait)

    # ------------------------------------------------------------------------------------ connections

    def connections(self) -> Sequence[Connection]:
        with self._database.reading():
            return [connection_of(row) for row in self._rows(models.Connection).order_by("id")]

    def connection(self, connection_id: str) -> Connection | None:
        with self._database.reading():
            row = self._rows(models.Connection).filter(id=connection_id).first()
            return None if row is None else connection_of(row)

    def save_connection(
        self, connection: Connection, tokens: Tokens | None = None, secrets: Mapping[str, str] | None = None
    ) -> None:
        with self._database.writing():
            self._rows(models.Connection).update_or_create(id=connection.id, defaults=connection_columns(connection))
            for secret in secrets_given(connection, tokens, secrets or {}):
                self._write_secret(connection.id, secret)

    def mark_reconnect(self, connection_id: str) -> None:
        """The credential is dead. A connection that somebody disconnected meanwhile stays disconnected."""
        with self._database.writing():
            self._rows(models.Connection).filter(id=connection_id, status="connected").update(status="reconnect")

    # ---------------------------------------------------------------------------------------- secrets

    def tokens(self, connection: Connection) -> Tokens | None:
        stored = self._secret(connection.id, TOKENS, pleo_destination(connection))
        return None if stored is None else codec.tokens_from(cast(Mapping[str, Any], stored))

    def save_tokens(self, connection: Connection, tokens: Tokens) -> None:
        """Both tokens in one write: a reader sees the old pair or the new one."""
        self._save_secrets(connection.id, secrets_given(connection, tokens, {}))

    def forget_tokens(self, connection_id: str) -> None:
        """Delete all secrets of a connection, the accounting system's too."""
        with self._database.writing():
            self._rows(models.Secret).filter(connection_id=connection_id).delete()

    def save_secret(self, connection: Connection, name: str, value: str) -> None:
        self._save_secrets(connection.id, secrets_given(connection, None, {name: value}))

    def secret(self, connection: Connection, name: str) -> str | None:
        return cast(str | None, self._secret(connection.id, f"erp.{name}", destination_of(connection, name)))

    def rotate_keys(self) -> int:
        """Encrypt all secrets anew with the first key; answers how many. A key file gets a new key first.

        Interrupted, it can be run again: the old keys stay until every secret is written. Raises Busy when another
        rotation is under way.
        """
        with self.lock("keys"):
            ciphers = self._keys.begin_rotation()
            with self._database.writing():
                secrets = list(self._rows(models.Secret).select_for_update().order_by("id"))
                for secret in secrets:
                    value = unseal(ciphers, secret.connection_id, secret.name, secret.sealed)
                    secret.sealed = seal(ciphers, secret.connection_id, secret.name, value)
                    secret.save(using=self.alias)
            self._keys.end_rotation()
        return len(secrets)

    def seal(self, place: str, name: str, value: object) -> str:
        """A JSON value encrypted for a row elsewhere in this database; `place` and `name` say where it belongs.

        Not rotated with the others: for what lives for days at most.
        """
        with self._database.reading():
            fresh = not self._rows(models.Secret).exists()
        return seal(self._keys.ciphers(create=fresh), place, name, value)

    def unseal(self, place: str, name: str, sealed: str) -> object:
        """What `seal` hid. Raises Misconfigured for another key or another place."""
        return unseal(self._keys.ciphers(), place, name, sealed)

    def unreadable_secrets(self) -> tuple[int, int]:
        """How many secrets there are, and how many of them the key does not open. Raises Misconfigured for no key."""
        with self._database.reading():
            rows = list(self._rows(models.Secret).values_list("connection_id", "name", "sealed"))
        if not rows:
            return 0, 0
        ciphers = self._keys.ciphers()
        return len(rows), sum(not is_readable(ciphers, *row) for row in rows)

    def _secret(self, connection_id: str, name: str, to: Destination) -> object:
        with self._database.reading():
            named = self._rows(models.Secret).filter(connection_id=connection_id, name=name)
            row = named.filter(destination=to).first()
        return None if row is None else unseal(self._keys.ciphers(), connection_id, name, row.sealed)

    def _save_secrets(self, connection_id: str, secrets: Iterable[GivenSecret]) -> None:
        with self._database.writing():
            for secret in secrets:
                self._write_secret(connection_id, secret)

    def _write_secret(self, connection_id: str, given: GivenSecret) -> None:
        secrets = self._rows(models.Secret)
        # A new key beside secrets of a lost one would leave them unreadable without a word.
        sealed = seal(self._keys.ciphers(create=not secrets.exists()), connection_id, given.name, given.value)
        columns = {"sealed": sealed, "destination": given.destination}
        secrets.update_or_create(connection_id=connection_id, name=given.name, defaults=columns)

    # ------------------------------------------------------------------------------------------- jobs

    def begin_job(self, connection_id: str, job: ExportJob, run: str, now: datetime) -> None:
        with self._database.writing() as database:
            bookings.write_job(database, connection_id, job, run, now)

    def claim_job(self, connection_id: str, job_id: str, state: ClaimState, at: datetime) -> None:
        with self._database.writing() as database:
            bookings.write_claim(database, connection_id, job_id, state, at)

    def end_job(self, connection_id: str, job_id: str, status: str, failure: str | None, now: datetime) -> None:
        with self._database.writing():
            jobs = self._rows(models.Job).filter(connection_id=connection_id, job_id=job_id)
            jobs.update(status=status, failure=failure, finished_at=now)

    def jobs(self, connection_id: str, limit: int = 20) -> Sequence[JobRow]:
        """Newest first."""
        with self._database.reading():
            rows = self._rows(models.Job).filter(connection_id=connection_id).order_by("-started_at", "-id")
            return [job_of(row) for row in rows[:limit]]

    # --------------------------------------------------------------------------------------- bookings

    def plan(
        self, connection_id: str, job_id: str, run: str, plans: Sequence[Plan], now: datetime
    ) -> Mapping[Reference, datetime]:
        references = [plan.reference for plan in plans]
        with self._database.writing() as database:
            bookings.write_plans(database, connection_id, job_id, run, plans, now)
            unresolved = self._bookings(connection_id).filter(intent_at__isnull=False)
            found = bookings.rows_of(unresolved, references)
            return {Reference(row.reference): row.intent_at for row in found if row.intent_at}

    def move(self, connection_id: str, moves: Sequence[Move], now: datetime) -> None:
        try:
            with self._database.writing() as database:
                bookings.write_moves(database, connection_id, moves, now)
        except ImpossibleMove as error:
            raise ImpossibleMove(f"{error} ({self._culprit(connection_id, moves)})") from error

    def bookings(
        self,
        connection_id: str,
        *,
        job_id: str | None = None,
        references: Sequence[Reference] | None = None,
        limit: int | None = None,
    ) -> Sequence[BookingRow]:
        rows = self._bookings(connection_id)
        if job_id is not None:
            rows = rows.filter(job_id=job_id)
        with self._database.reading():
            if references is None:
                return [booking_of(row) for row in rows.order_by("-updated_at", "-id")[:limit]]
            found = sorted(bookings.rows_of(rows, references), key=lambda row: (row.updated_at, row.pk), reverse=True)
            return [booking_of(row) for row in found[:limit]]

    def open_payments(self, connection_id: str) -> Sequence[BookingRow]:
        with self._database.reading():
            rows = bookings.open_payments(self._bookings(connection_id)).order_by("updated_at", "id")
            return [booking_of(row) for row in rows]

    def events(self, connection_id: str, reference: Reference) -> Sequence[tuple[datetime, str, str]]:
        """The moves of a booking, oldest first: when, from, to. The first is from the empty state."""
        with self._database.reading():
            rows = self._rows(models.Event).filter(booking__connection_id=connection_id, booking__reference=reference)
            return [(row.at, row.from_state, row.to_state) for row in rows.order_by("id")]

    def payload(self, connection_id: str, reference: Reference) -> bytes | None:
        with self._database.reading():
            rows = self._rows(models.Payload).filter(connection_id=connection_id, entry_id=entry_id_of(reference))
            row = rows.first()
            return None if row is None else zlib.decompress(row.content)

    def bookings_page(
        self, connection_id: str, *, first: date | None, last: date | None, after: Reference | None, limit: int
    ) -> Sequence[BookingRow]:
        with self._database.reading():
            rows = erasure.page_of_bookings(self._bookings(connection_id), first, last, after, limit)
            return [booking_of(row) for row in rows]

    def payloads(self, connection_id: str, references: Sequence[Reference]) -> Mapping[str, bytes]:
        with self._database.reading():
            return erasure.payloads_of(self._rows(models.Payload).filter(connection_id=connection_id), references)

    def forget_entries(self, connection_id: str, entry_ids: Sequence[str]) -> int:
        with self._database.writing():
            payloads = self._rows(models.Payload).filter(connection_id=connection_id)
            forgotten = erasure.forget_entries(self._bookings(connection_id), payloads, entry_ids)
        self._database.settle()
        return forgotten

    def delete_connection(self, connection_id: str) -> None:
        with self._database.writing():
            erasure.delete_company(self._rows(models.Connection), connection_id)
        self._database.settle()

    # ------------------------------------------------------------------------------------ master data

    def bindings(self, connection_id: str, kind: MasterKind) -> Sequence[Binding]:
        with self._database.reading():
            return bindings_of(self._rows(models.Binding).filter(connection_id=connection_id, kind=kind))

    def bind(self, connection_id: str, bindings: Sequence[Binding]) -> None:
        with self._database.writing():
            write_bindings(self._rows(models.Binding), connection_id, bindings)

    def unbind(self, connection_id: str, kind: MasterKind, erp_ids: Sequence[str]) -> None:
        with self._database.writing():
            delete_bindings(self._rows(models.Binding).filter(connection_id=connection_id, kind=kind), erp_ids)

    def note_sync(self, connection_id: str, kind: MasterKind, outcome: str, digest: str, now: datetime) -> None:
        with self._database.writing():
            write_sync(self._rows(models.Sync), connection_id, kind, outcome, digest, now)

    def syncs(self, connection_id: str) -> Mapping[MasterKind, tuple[datetime, str, str]]:
        with self._database.reading():
            return syncs_of(self._rows(models.Sync).filter(connection_id=connection_id))

    def purge(self, connection_id: str, before: datetime) -> int:
        """Answers how many payloads were deleted. A job that never ended counts from its start."""
        with self._database.writing():
            payloads = self._rows(models.Payload).filter(connection_id=connection_id)
            deleted = purge(self._bookings(connection_id), payloads, before)
        self._database.settle()
        return deleted

    # -------------------------------------------------------------------------------------- counting

    def census(self) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
        """How many connections by status, and bookings by accounting system and state: counted by the database."""
        with self._database.reading():
            statuses = self._rows(models.Connection).values_list("status").annotate(Count("id")).order_by()
            states = self._rows(models.Booking).values_list("connection__erp", "state").annotate(Count("id")).order_by()
            return dict(statuses), {(erp, state): count for erp, state, count in states}

    def _culprit(self, connection_id: str, moves: Sequence[Move]) -> str:
        """Which moves the database may have refused, for a person's eyes."""
        rows = self.bookings(connection_id, references=[move.reference for move in moves])
        state = {row.reference: row.state for row in rows}
        steps = [(state.get(move.reference), move) for move in moves]
        refused = [
            f"{move.reference}: {old} -> {move.to}" for old, move in steps if not old or not is_allowed(old, move.to)
        ]
        return ", ".join(refused[:5]) or "a booking named twice"

    def _bookings(self, connection_id: str) -> QuerySet[models.Booking]:
        return self._rows(models.Booking).filter(connection_id=connection_id)

    def _rows(self, model: type[Any]) -> QuerySet[Any]:
        return cast(QuerySet[Any], model.objects.using(self.alias))
