"""The part of the store that deletes (design §9): by age, and on a person's word one employee or one company."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kontobro.core.errors import Misconfigured
from kontobro.core.model.journal import references_of
from kontobro.core.words import told
from kontobro.store.sql.part import Part

# Problems and notes name the value that was wrong or odd, which may be a person's name: they go too.
_BLANK = "UPDATE kontobro_booking SET payee = '', problems = '[]', notes = '[]' WHERE"
_JOB = """SELECT 1 FROM kontobro_job job
    WHERE job.connection_id = kontobro_booking.connection_id AND job.job_id = kontobro_booking.job_id"""

# Bookings whose job ended before, or never ended and began before; by their own age if the job is unknown.
_OLD = f"""kontobro_booking.connection_id = %s
    AND NOT EXISTS ({_JOB} AND (job.finished_at >= %s OR (job.finished_at IS NULL AND job.started_at >= %s)))
    AND (EXISTS ({_JOB}) OR kontobro_booking.updated_at < %s)"""

# It runs after each job: what was purged before costs next to nothing.
PURGE_NAMES = f"""{_BLANK} {_OLD}
    AND (payee <> '' OR CAST(problems AS text) <> '[]' OR COALESCE(CAST(notes AS text), '[]') <> '[]')"""

PURGE_PAYLOADS = f"""DELETE FROM kontobro_payload WHERE connection_id = %s AND EXISTS (
    SELECT 1 FROM kontobro_booking WHERE {_OLD}
    AND kontobro_booking.reference IN (kontobro_payload.entry_id, kontobro_payload.entry_id || '/pay'))"""  # noqa: S608
"""References as `journal.reference_of` writes them."""

FORGET_NAMES = f"{_BLANK} connection_id = %s AND reference = ANY(%s)"
FORGET_PAYLOADS = "DELETE FROM kontobro_payload WHERE connection_id = %s AND entry_id = ANY(%s)"

OF_CONNECTION = ("booking", "payload", "job", "binding", "sync", "secret")
EVENTS = """DELETE FROM kontobro_event WHERE booking_id IN (
    SELECT id FROM kontobro_booking WHERE connection_id = %s)"""


class Erasure(Part):
    """Ids, amounts and states stay, unless a whole company goes."""

    before_connection: Sequence[str] = (EVENTS,)
    """What deletes the rows that hang on a connection's other rows, in order."""

    def purge(self, connection_id: str, before: datetime) -> int:
        """Answers how many payloads were deleted. A job that never ended counts from its start."""
        with self.tables.writing() as session:
            number = self._number(session, connection_id)
            old = (number, before, before, before)
            session.run(PURGE_NAMES, old)
            deleted = session.run(PURGE_PAYLOADS, (number, *old))
        self.tables.settle()
        return deleted

    def forget_entries(self, connection_id: str, entry_ids: Sequence[str]) -> int:
        """Delete the JSON of these items and blank names, problems and notes; answers how many bookings that were."""
        references = [reference for entry_id in entry_ids for reference in references_of(entry_id)]
        with self.tables.writing() as session:
            number = self._number(session, connection_id)
            forgotten = session.run(FORGET_NAMES, (number, references))
            session.run(FORGET_PAYLOADS, (number, list(entry_ids)))
        self.tables.settle()
        return forgotten

    def delete_connection(self, connection_id: str) -> None:
        """Delete a disconnected connection with all that hangs on it. Raises Misconfigured while it is connected."""
        with self.tables.writing() as session:
            number = self._number(session, connection_id)
            there = "SELECT name, status FROM kontobro_connection WHERE id = %s FOR UPDATE"
            for row in session.select(there, (number,)):
                if row.status != "disconnected":
                    raise Misconfigured(*told("not_disconnected", name=row.name)).by("kontobro disconnect")
                for statement in self.before_connection:
                    session.run(statement, (number,))
                for table in OF_CONNECTION:
                    session.run(f"DELETE FROM kontobro_{table} WHERE connection_id = %s", (number,))  # noqa: S608
                session.run("DELETE FROM kontobro_connection WHERE id = %s", (number,))
        self.tables.settle()
