"""The part of the store that keeps one expense out of two sets of books; our own tables have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import Elsewhere
from kontobro.core.model.journal import entry_id_of, references_of
from kontobro.store.sql.part import Part

# What was written and not refused: it exists, or it may. An earlier run's entry counts also when a later one planned
# its reference again and came to nothing.
_WRITTEN = """(booking.outcome = 'booked' OR booking.erp_id IS NOT NULL OR booking.intent_at IS NOT NULL OR EXISTS (
    SELECT 1 FROM kontobro_event event WHERE event.booking_id = booking.id
    AND event.to_state IN ('drafted', 'attached', 'posted', 'verified')))"""

_FOUND = f"""SELECT booking.reference, connection.erp AS system, COALESCE(booking.erp_id, '') AS number
    FROM kontobro_booking booking JOIN kontobro_connection connection ON connection.id = booking.connection_id
    WHERE connection.environment = %s AND connection.company_id = %s AND connection.id <> %s
    AND booking.reference = ANY(%s) AND {_WRITTEN}
    UNION SELECT reference, system, number FROM kontobro_guard
    WHERE environment = %s AND company_id = %s AND origin <> %s AND reference = ANY(%s)
    ORDER BY reference, number DESC"""  # noqa: S608 - constants of this file

KEEP = f"""INSERT INTO kontobro_guard (environment, company_id, reference, origin, system, number, state)
    SELECT connection.environment, connection.company_id, booking.reference, connection.id, connection.erp,
        COALESCE(booking.erp_id, ''), booking.state
    FROM kontobro_booking booking JOIN kontobro_connection connection ON connection.id = booking.connection_id
    WHERE connection.id = %s AND {_WRITTEN}
    ON CONFLICT DO NOTHING"""  # noqa: S608 - constants of this file
"""Before a connection is deleted: its references go on keeping its Pleo company's expenses out of other books."""

FORGET = "DELETE FROM kontobro_elsewhere WHERE connection_id = %s"

_NOTE = """INSERT INTO kontobro_elsewhere (connection_id, entry_id, system, number, found_at) 
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (connection_id, entry_id) DO UPDATE
    SET system = excluded.system, number = excluded.number, found_at = excluded.found_at
    WHERE kontobro_elsewhere.decided_at IS NULL"""

_DECIDE = """UPDATE kontobro_elsewhere SET decided_at = COALESCE(decided_at, %s)
    WHERE connection_id = %s AND entry_id = %s"""


class GuardRows(Part):
    """Other books of the same Pleo company (`core.ports.guards`)."""

    def booked_elsewhere(self, connection: Connection, entry_ids: Sequence[str]) -> Mapping[str, Elsewhere]:
        references = [reference for entry_id in entry_ids for reference in references_of(entry_id)]
        company = (connection.environment, connection.company_id, connection.id, references)
        with self.tables.reading() as session:
            rows = session.select(_FOUND, (*company, *company))
        found: dict[str, Elsewhere] = {}
        for row in rows:  # a bill before its payment
            entry_id = entry_id_of(row.reference)
            found.setdefault(entry_id, Elsewhere(entry_id=entry_id, system=row.system, number=row.number))
        return found

    def elsewhere(self, connection_id: str, entry_ids: Sequence[str] | None = None) -> Sequence[Elsewhere]:
        named, values = ("", ()) if entry_ids is None else (" AND entry_id = ANY(%s)", (list(entry_ids),))
        statement = f"SELECT * FROM kontobro_elsewhere WHERE connection_id = %s{named} ORDER BY found_at DESC, id DESC"  # noqa: S608
        with self.tables.reading() as session:
            rows = session.select(statement, (connection_id, *values))
        facts = "entry_id system number found_at decided_at".split()
        return [Elsewhere(**{name: getattr(row, name) for name in facts}) for row in rows]

    def note_elsewhere(self, connection_id: str, found: Sequence[Elsewhere], now: datetime) -> None:
        with self.tables.writing() as session:
            at = session.stored(now)
            session.for_each(_NOTE, [(connection_id, one.entry_id, one.system, one.number, at) for one in found])

    def book_here(self, connection_id: str, entry_id: str, now: datetime) -> bool:
        with self.tables.writing() as session:
            return session.run(_DECIDE, (now, connection_id, entry_id)) > 0
