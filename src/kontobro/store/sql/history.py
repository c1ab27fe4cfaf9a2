"""The part of the store that is about jobs and bookings; `schema/guards.py` judges each row."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime
from typing import Any

from kontobro.core.errors import ImpossibleMove
from kontobro.core.model.export import ExportJob
from kontobro.core.model.history import BookingRow, ClaimState, Intent, JobRow, Move
from kontobro.core.model.journal import Reference, entry_id_of
from kontobro.core.words.facts import text_to
from kontobro.store.rows import booking_of, job_of
from kontobro.store.schema.moves import is_allowed
from kontobro.store.sql.part import Part
from kontobro.store.statements import (
    BEGIN_JOB,
    CLAIM_JOB,
    KEEP_JOB,
    MOVE,
    NAME,
    NAMES_CAME,
    PAYLOAD,
    PLAN,
    move_values,
    name_values,
    payload_values,
    plan_values,
    rounds_of,
)

UNRESOLVED = """SELECT reference FROM kontobro_booking
    WHERE connection_id = %s AND intent_at IS NOT NULL AND reference = ANY(%s)"""
EVENTS = """SELECT event.* FROM kontobro_event event JOIN kontobro_booking booking ON booking.id = event.booking_id
    WHERE booking.connection_id = %s AND booking.reference = %s ORDER BY event.id"""

OPEN_PAYMENTS = """SELECT * FROM kontobro_booking
    WHERE connection_id = %s AND settles_vendor >= '' AND outcome = 'booked' AND (settled IS NULL OR NOT settled)
    ORDER BY updated_at, id"""
"""Each job asks twice, whatever was booked before: the partial index `kontobro_open_payments` answers. Without the
comparison SQLite, which keeps no statistics, would go through all that were booked."""


class History(Part):
    """Jobs, bookings, their events and payloads."""

    # ------------------------------------------------------------------------------------------- jobs

    def begin_job(self, connection_id: str, job: ExportJob, run: str, now: datetime) -> None:
        with self.tables.writing() as session:
            session.run(BEGIN_JOB, (self._known(session, connection_id), job.id, run, job.number_of_items, now))

    def claim_job(self, connection_id: str, job_id: str, state: ClaimState, at: datetime) -> None:
        with self.tables.writing() as session:
            moment = session.stored(at)
            values = (state, state, moment, moment, self._number(session, connection_id), job_id)
            if not session.run(CLAIM_JOB, values):
                raise ImpossibleMove(f"the job {job_id} was not begun")

    def end_job(self, connection_id: str, job_id: str, status: str, failure: str | None, now: datetime) -> None:
        statement = "UPDATE kontobro_job SET status = %s, failure = %s, finished_at = %s"
        with self.tables.writing() as session:
            values = (status, text_to(failure), now, self._number(session, connection_id), job_id)
            session.run(f"{statement} WHERE connection_id = %s AND job_id = %s", values)

    def jobs(self, connection_id: str, limit: int = 20) -> Sequence[JobRow]:
        """Newest first."""
        statement = "SELECT * FROM kontobro_job WHERE connection_id = %s ORDER BY started_at DESC, id DESC LIMIT %s"
        with self.tables.reading() as session:
            rows = session.select(statement, (self._number(session, connection_id), limit))
        return [job_of(row) for row in rows]

    # ---------------------------------------------------------------------------------------- writing

    def plan(self, connection_id: str, job_id: str, run: str, plans: Sequence[Intent], now: datetime) -> Set[Reference]:
        references = [plan.reference for plan in plans]
        with self.tables.writing() as session:
            number, at = self._known(session, connection_id), session.stored(now)
            if plans:
                session.run(KEEP_JOB, (number, job_id, run, now))
            session.for_each(PLAN, [plan_values(number, job_id, run, plan, at) for plan in plans])
            session.for_each(PAYLOAD, payload_values(number, plans))
            rows = session.select(UNRESOLVED, (number, references))
        return {Reference(row.reference) for row in rows}

    def move(self, connection_id: str, moves: Sequence[Move], now: datetime) -> None:
        try:
            with self.tables.writing() as session:
                number, at = self._number(session, connection_id), session.stored(now)
                for steps in rounds_of(moves):
                    moved = [session.run(MOVE, move_values(number, *step, at)) for step in steps.items()]
                    if missing := sum(map(len, steps.values())) - sum(moved):
                        raise ImpossibleMove(f"{missing} of {len(moves)} bookings were never planned")
                session.for_each(NAME, name_values(number, moves))
                if named := [move.reference for move in moves if move.problems or move.notes]:
                    session.run(NAMES_CAME, (number, number, named))
        except ImpossibleMove as error:
            raise ImpossibleMove(f"{error} ({self._culprit(connection_id, moves)})") from error

    def _culprit(self, connection_id: str, moves: Sequence[Move]) -> str:
        """Which moves the database may have refused, for a person's eyes."""
        rows = self.bookings(connection_id, references=[move.reference for move in moves])
        state = {row.reference: row.state for row in rows}
        steps = [(state.get(move.reference), move) for move in moves]
        refused = [
            f"{move.reference}: {old} -> {move.to}" for old, move in steps if not old or not is_allowed(old, move.to)
        ]
        return ", ".join(refused[:5]) or "a booking named twice"

    # ---------------------------------------------------------------------------------------- reading

    def bookings(
        self,
        connection_id: str,
        *,
        job_id: str | None = None,
        references: Sequence[Reference] | None = None,
        limit: int | None = None,
    ) -> Sequence[BookingRow]:
        named = None if references is None else list(references)
        asked = {"job_id = %s": job_id, "reference = ANY(%s)": named}
        return self._bookings(connection_id, asked, "updated_at DESC, id DESC", limit)

    def open_payments(self, connection_id: str) -> Sequence[BookingRow]:
        """Payments that exist, name a bill and are not settled."""
        with self.tables.reading() as session:
            rows = session.select(OPEN_PAYMENTS, (self._number(session, connection_id),))
        return [booking_of(row) for row in rows]

    def bookings_page(
        self, connection_id: str, *, first: date | None, last: date | None, after: Reference | None, limit: int
    ) -> Sequence[BookingRow]:
        """The next bookings by reference whose day is in the period; those without a day belong to every period."""
        asked = {
            "reference > %s": after,
            "(date >= %s OR date = '')": first and first.isoformat(),
            "date <= %s": last and last.isoformat(),  # the empty one is before any
        }
        return self._bookings(connection_id, asked, "reference", limit)

    def _bookings(
        self, connection_id: str, asked: Mapping[str, Any], order: str, limit: int | None = None
    ) -> Sequence[BookingRow]:
        """Those that meet all conditions whose value is given."""
        given = {condition: value for condition, value in asked.items() if value is not None}
        where = " AND ".join(("connection_id = %s", *given))
        statement = f"SELECT * FROM kontobro_booking WHERE {where} ORDER BY {order}"  # noqa: S608 - see above
        more, values = ("", ()) if limit is None else (" LIMIT %s", (limit,))
        with self.tables.reading() as session:
            rows = session.select(statement + more, (self._number(session, connection_id), *given.values(), *values))
        return [booking_of(row) for row in rows]

    def events(self, connection_id: str, reference: Reference) -> Sequence[tuple[datetime, str, str]]:
        """The moves of a booking, oldest first: when, from, to. The first is from the empty state."""
        with self.tables.reading() as session:
            rows = session.select(EVENTS, (self._number(session, connection_id), reference))
        return [(row.at, row.from_state, row.to_state) for row in rows]

    def payload(self, connection_id: str, reference: Reference) -> bytes | None:
        return self.payloads(connection_id, [reference]).get(entry_id_of(reference))

    def payloads(self, connection_id: str, references: Sequence[Reference]) -> Mapping[str, bytes]:
        """The items' JSON by accounting entry id, as far as it is kept."""
        ids = list({entry_id_of(reference) for reference in references})
        statement = "SELECT entry_id, content FROM kontobro_payload WHERE connection_id = %s AND entry_id = ANY(%s)"
        with self.tables.reading() as session:
            rows = session.select(statement, (self._number(session, connection_id), ids))
        return {row.entry_id: zlib.decompress(row.content) for row in rows}
