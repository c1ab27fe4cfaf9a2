"""The part of the store that deletes (design §9): by age, and on a person's word one employee or one company."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kontobro.core.errors import Misconfigured
from kontobro.core.model.journal import references_of
from kontobro.core.words import told
from kontobro.store.sql.part import Part

# Problems and notes name the value that was wrong or odd, which may be a person's name: they go too.
_BLANK = "UPDATE kontobro_booking SET payee = '', problems = '[]', notes = '[]' WHERE connection_id = %s AND"

# It runs after each job, so it visits only what is due: jobs that ended before, or never ended and began before, and
# that no purge has visited since names came into them (`history.History.plan`).
DUE = """SELECT job_id FROM kontobro_job
    WHERE connection_id = %s AND purged IS NULL AND COALESCE(finished_at, started_at) < %s"""

PURGE_NAMES = f"""{_BLANK} job_id = ANY(%s)
    AND (payee <> '' OR CAST(problems AS text) <> '[]' OR COALESCE(CAST(notes AS text), '[]') <> '[]')"""

PURGE_PAYLOADS = """DELETE FROM kontobro_payload WHERE connection_id = %s AND entry_id IN (
    SELECT CASE WHEN reference LIKE '%%/pay' THEN substr(reference, 1, length(reference) - 4) ELSE reference END
    FROM kontobro_booking WHERE connection_id = %s AND job_id = ANY(%s))"""
"""References as `journal.reference_of` writes them."""

PURGED = "UPDATE kontobro_job SET purged = TRUE WHERE connection_id = %s AND job_id = ANY(%s)"

FORGET_NAMES = f"{_BLANK} reference = ANY(%s)"
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
        deleted = 0
        with self.tables.writing() as session:
            number = self._number(session, connection_id)
            due = [row.job_id for row in session.select(DUE, (number, before))]
            if due:
                session.run(PURGE_NAMES, (number, due))
                deleted = session.run(PURGE_PAYLOADS, (number, number, due))
                session.run(PURGED, (number, due))
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
