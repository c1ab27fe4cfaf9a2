"""The Store port over an ERP's own tables (`tables.py`): each method one transaction of its own, on its own cursor."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, cast

from kontobro.core.errors import ImpossibleMove, Misconfigured
from kontobro.core.model.connection import Connection, Destination, Tokens, destination_of, pleo_destination
from kontobro.core.model.export import ExportJob
from kontobro.core.model.history import BookingRow, ClaimState, JobRow, Move, Plan
from kontobro.core.model.journal import Reference, entry_id_of, references_of
from kontobro.store.engines.faults import no_connection
from kontobro.store.rows import booking_of, job_of
from kontobro.store.schema.moves import is_allowed
from kontobro.store.secrets import codec
from kontobro.store.secrets.given import TOKENS, GivenSecret, destination_of_row, secrets_given
from kontobro.store.secrets.vault import KeyRing, seal, unseal
from kontobro.store.sql.masters import MastersInTables
from kontobro.store.sql.tables import Tables, columns_of, connection_from, for_each, opened, select, stored, upsert
from kontobro.store.statements import (
    BEGIN_JOB,
    CLAIM_JOB,
    MOVE,
    PAYLOAD,
    PLAN,
    begin_job_values,
    claim_job_values,
    move_values,
    payload_values,
    plan_values,
)

_RECENT = """
    SELECT 1 FROM kontobro_job job WHERE job.connection_id = booking.connection_id AND job.job_id = booking.job_id
"""
_OLD = f"""
    SELECT booking.id, booking.reference FROM kontobro_booking booking WHERE booking.connection_id = %(connection)s
    AND NOT EXISTS ({_RECENT} AND (job.finished_at >= %(before)s
        OR (job.finished_at IS NULL AND job.started_at >= %(before)s)))
    AND (EXISTS ({_RECENT}) OR booking.updated_at < %(before)s)
"""  # noqa: S608 - no value in it
BLANK = f"""
    UPDATE kontobro_booking SET payee = '', problems = '[]', notes = '[]'
    WHERE id IN (SELECT id FROM ({_OLD}) AS old)
    AND (payee <> '' OR problems::text <> '[]' OR COALESCE(notes::text, '[]') <> '[]')
"""  # noqa: S608 - no value in it
EMPTY = f"""
    DELETE FROM kontobro_payload AS payload USING ({_OLD}) AS old
    WHERE payload.connection_id = %(connection)s AND old.reference IN (payload.entry_id, payload.entry_id || '/pay')
"""  # noqa: S608 - no value in it


class TablesStore(MastersInTables):
    """The Store within an ERP. Use from any thread. `keys` encrypt the secrets."""

    def __init__(self, tables: Tables, keys: KeyRing) -> None:
        super().__init__(tables)
        self._keys = keys

    def lock(self, name: str, *, wait: float = 0) -> AbstractContextManager[None]:
        return self.tables.lock(name, wait)

    def more_columns(self, connection: Connection) -> Mapping[str, Any]:
        """What an ERP keeps of a connection besides, such as its own number of the company."""
        return {}

    # ------------------------------------------------------------------------------------ connections

    def connections(self) -> Sequence[Connection]:
        with opened(self.tables) as cursor:
            rows = select(cursor, "SELECT * FROM kontobro_connection ORDER BY id", ())
        return [connection_from(row) for row in rows]

    def connection(self, connection_id: str) -> Connection | None:
        with opened(self.tables) as cursor:
            rows = select(cursor, "SELECT * FROM kontobro_connection WHERE key = %s", (connection_id,))
        return connection_from(rows[0]) if rows else None

    def save_connection(
        self, connection: Connection, tokens: Tokens | None = None, secrets: Mapping[str, str] | None = None
    ) -> None:
        columns = {**columns_of(connection), **self.more_columns(connection)}
        with opened(self.tables) as cursor:
            upsert(cursor, "kontobro_connection", ("key",), columns)
            self._write_secrets(cursor, connection.id, secrets_given(connection, tokens, secrets or {}))

    def mark_reconnect(self, connection_id: str) -> None:
        statement = "UPDATE kontobro_connection SET status = 'reconnect' WHERE key = %s AND status = 'connected'"
        with opened(self.tables) as cursor:
            cursor.execute(statement, (connection_id,))

    def delete_connection(self, connection_id: str) -> None:
        with opened(self.tables) as cursor:
            rows = select(cursor, "SELECT * FROM kontobro_connection WHERE key = %s FOR UPDATE", (connection_id,))
            if rows and rows[0].status != "disconnected":
                raise Misconfigured(
                    f'The connection "{rows[0].name}" is not disconnected: what it needs to go on is kept.',
                    "Disconnect it first, then delete.",
                )
            cursor.execute("DELETE FROM kontobro_connection WHERE key = %s", (connection_id,))

    # ---------------------------------------------------------------------------------------- secrets

    def tokens(self, connection: Connection) -> Tokens | None:
        found = self._secret(connection.id, TOKENS, pleo_destination(connection))
        return None if found is None else codec.tokens_from(cast(Mapping[str, Any], found))

    def save_tokens(self, connection: Connection, tokens: Tokens) -> None:
        with opened(self.tables) as cursor:
            self._write_secrets(cursor, connection.id, secrets_given(connection, tokens, {}))

    def forget_tokens(self, connection_id: str) -> None:
        with opened(self.tables) as cursor:
            number = self._number(cursor, connection_id)
            cursor.execute("DELETE FROM kontobro_secret WHERE connection_id = %s", (number,))

    def save_secret(self, connection: Connection, name: str, value: str) -> None:
        with opened(self.tables) as cursor:
            self._write_secrets(cursor, connection.id, secrets_given(connection, None, {name: value}))

    def secret(self, connection: Connection, name: str) -> str | None:
        return cast(str | None, self._secret(connection.id, f"erp.{name}", destination_of(connection, name)))

    def _secret(self, connection_id: str, name: str, to: Destination) -> object:
        statement = "SELECT sealed FROM kontobro_secret WHERE connection_id = %s AND name = %s AND destination = %s"
        with opened(self.tables) as cursor:
            rows = select(cursor, statement, (self._number(cursor, connection_id), name, to))
        return unseal(self._keys.ciphers(), connection_id, name, rows[0].sealed) if rows else None

    def _write_secrets(self, cursor: Any, connection_id: str, secrets: Iterable[GivenSecret]) -> None:
        number = self._known(cursor, connection_id)
        for one in secrets:
            sealed = seal(self._keys.ciphers(create=True), connection_id, one.name, one.value)
            row = {"connection_id": number, "name": one.name, "sealed": sealed, "destination": one.destination}
            upsert(cursor, "kontobro_secret", ("connection_id", "name"), row)

    # ------------------------------------------------------------------------------------------- jobs

    def begin_job(self, connection_id: str, job: ExportJob, run: str, now: datetime) -> None:
        with opened(self.tables) as cursor:
            number = self._known(cursor, connection_id)
            cursor.execute(BEGIN_JOB, begin_job_values(number, job, run, stored(now)))

    def claim_job(self, connection_id: str, job_id: str, state: ClaimState, at: datetime) -> None:
        with opened(self.tables) as cursor:
            number = self._known(cursor, connection_id)
            cursor.execute(CLAIM_JOB, claim_job_values(number, job_id, state, stored(at)))
            if not cursor.rowcount:
                raise ImpossibleMove(f"the job {job_id} was not begun")

    def end_job(self, connection_id: str, job_id: str, status: str, failure: str | None, now: datetime) -> None:
        statement = "UPDATE kontobro_job SET status = %s, failure = %s, finished_at = %s"
        with opened(self.tables) as cursor:
            values = (status, failure, stored(now), self._number(cursor, connection_id), job_id)
            cursor.execute(f"{statement} WHERE connection_id = %s AND job_id = %s", values)

    def jobs(self, connection_id: str, limit: int = 20) -> Sequence[JobRow]:
        statement = "SELECT * FROM kontobro_job WHERE connection_id = %s ORDER BY started_at DESC, id DESC LIMIT %s"
        with opened(self.tables) as cursor:
            rows: list[Any] = select(cursor, statement, (self._number(cursor, connection_id), limit))
        return [job_of(row) for row in rows]

    # --------------------------------------------------------------------------------------- bookings

    def plan(
        self, connection_id: str, job_id: str, run: str, plans: Sequence[Plan], now: datetime
    ) -> Mapping[Reference, datetime]:
        references = [plan.reference for plan in plans]
        unresolved = (
            "SELECT reference, intent_at FROM kontobro_booking"
            " WHERE connection_id = %s AND intent_at IS NOT NULL AND reference = ANY(%s)"
        )
        with opened(self.tables) as cursor:
            number = self._known(cursor, connection_id)
            for_each(cursor, PLAN, [plan_values(number, job_id, run, plan, now) for plan in plans])
            for_each(cursor, PAYLOAD, payload_values(number, plans))
            rows = select(cursor, unresolved, (number, references))
        return {Reference(row.reference): row.intent_at for row in rows}

    def move(self, connection_id: str, moves: Sequence[Move], now: datetime) -> None:
        references = list({move.reference for move in moves})
        try:
            with opened(self.tables) as cursor:
                number = self._number(cursor, connection_id)
                there = (
                    "SELECT count(*) AS number FROM kontobro_booking WHERE connection_id = %s AND reference = ANY(%s)"
                )
                (found,) = select(cursor, there, (number, references))
                if found.number != len(references):
                    raise ImpossibleMove(
                        f"{len(references) - found.number} of {len(moves)} bookings were never planned"
                    )
                for_each(cursor, MOVE, [move_values(cast(int, number), move, now) for move in moves])
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
        job, wanted = "(%s::text IS NULL OR job_id = %s)", "(%s::text[] IS NULL OR reference = ANY(%s))"
        named = None if references is None else list(references)
        values = (job_id, job_id, named, named, limit)
        return self._bookings(connection_id, f"{job} AND {wanted} ORDER BY updated_at DESC, id DESC LIMIT %s", values)

    def open_payments(self, connection_id: str) -> Sequence[BookingRow]:
        still = "settles_vendor IS NOT NULL AND outcome = 'booked' AND settled IS NOT TRUE ORDER BY updated_at, id"
        return self._bookings(connection_id, still, ())

    def bookings_page(
        self, connection_id: str, *, first: date | None, last: date | None, after: Reference | None, limit: int
    ) -> Sequence[BookingRow]:
        since, until = first.isoformat() if first else "", last.isoformat() if last else "9"
        period = "(date = '' OR (date >= %s AND date <= %s)) AND reference > %s ORDER BY reference LIMIT %s"
        return self._bookings(connection_id, period, (since, until, after or "", limit))

    def _bookings(self, connection_id: str, condition: str, values: Sequence[Any]) -> Sequence[BookingRow]:
        statement = f"SELECT * FROM kontobro_booking WHERE connection_id = %s AND {condition}"  # noqa: S608 - see above
        with opened(self.tables) as cursor:
            rows: list[Any] = select(cursor, statement, (self._number(cursor, connection_id), *values))
        return [booking_of(row) for row in rows]

    def events(self, connection_id: str, reference: Reference) -> Sequence[tuple[datetime, str, str]]:
        statement = (
            "SELECT event.* FROM kontobro_event event JOIN kontobro_booking booking ON booking.id = event.booking_id"
            " WHERE booking.connection_id = %s AND booking.reference = %s ORDER BY event.id"
        )
        with opened(self.tables) as cursor:
            rows = select(cursor, statement, (self._number(cursor, connection_id), reference))
        return [(row.at, row.from_state, row.to_state) for row in rows]

    # --------------------------------------------------------------------------------------- payloads

    def payload(self, connection_id: str, reference: Reference) -> bytes | None:
        return self.payloads(connection_id, [reference]).get(entry_id_of(reference))

    def payloads(self, connection_id: str, references: Sequence[Reference]) -> Mapping[str, bytes]:
        ids = list({entry_id_of(reference) for reference in references})
        statement = "SELECT entry_id, content FROM kontobro_payload WHERE connection_id = %s AND entry_id = ANY(%s)"
        with opened(self.tables) as cursor:
            rows = select(cursor, statement, (self._number(cursor, connection_id), ids))
        return {row.entry_id: zlib.decompress(bytes(row.content)) for row in rows}

    def forget_entries(self, connection_id: str, entry_ids: Sequence[str]) -> int:
        references = [reference for entry_id in entry_ids for reference in references_of(entry_id)]
        blank = (
            "UPDATE kontobro_booking SET payee = '', problems = '[]', notes = '[]'"
            " WHERE connection_id = %s AND reference = ANY(%s)"
        )
        empty = "DELETE FROM kontobro_payload WHERE connection_id = %s AND entry_id = ANY(%s)"
        with opened(self.tables) as cursor:
            number = self._number(cursor, connection_id)
            cursor.execute(blank, (number, references))
            forgotten = int(cursor.rowcount)
            cursor.execute(empty, (number, list(entry_ids)))
        return forgotten

    def purge(self, connection_id: str, before: datetime) -> int:
        """Answers how many payloads were deleted. A job that never ended counts from its start."""
        with opened(self.tables) as cursor:
            values = {"connection": self._number(cursor, connection_id), "before": stored(before)}
            cursor.execute(BLANK, values)
            cursor.execute(EMPTY, values)
            return int(cursor.rowcount)

    # ------------------------------------------------------------------------------------------------

    def _known(self, cursor: Any, connection_id: str) -> int:
        """The connection's number. Raises Misconfigured when there is no such connection."""
        number = self._number(cursor, connection_id)
        if number is None:
            raise no_connection(self.tables.name)
        return number

    def _culprit(self, connection_id: str, moves: Sequence[Move]) -> str:
        """Which moves the database may have refused, for a person's eyes."""
        rows = self.bookings(connection_id, references=[move.reference for move in moves])
        state = {row.reference: row.state for row in rows}
        steps = [(state.get(move.reference), move) for move in moves]
        refused = [
            f"{move.reference}: {old} -> {move.to}" for old, move in steps if not old or not is_allowed(old, move.to)
        ]
        return ", ".join(refused[:5]) or "a booking named twice"


def bind_secrets(cursor: Any) -> None:
    """Bind the secrets of an older module's tables to where their connections point now; done once, it does nothing."""
    unbound = "SELECT id, connection_id, name FROM kontobro_secret WHERE COALESCE(destination, '') = ''"
    for secret in select(cursor, unbound, ()):
        (row,) = select(cursor, "SELECT * FROM kontobro_connection WHERE id = %s", (secret.connection_id,))
        to = destination_of_row(connection_from(row), secret.name)
        cursor.execute("UPDATE kontobro_secret SET destination = %s WHERE id = %s", (to, secret.id))
