"""Jobs that ended at Pleo while no run of ours was there to note it: killed after the final event, or expired."""

from __future__ import annotations

import logging
from typing import Final

from kontobro.core.errors import Busy, JobGone, KontobroError
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import OPEN
from kontobro.core.model.history import JobRow
from kontobro.export.job.claim import end_of
from kontobro.export.job.run import Ports

log = logging.getLogger(__name__)


LOOKED_AT: Final = 200
"""Jobs of our history, newest first, among which those without an end are looked for."""


def note_ends(connection: Connection, ports: Ports) -> None:
    """Note how those jobs ended that our history has as under way. Asks Pleo of no other; never raises Pleo's faults.

    For whoever looks for work: Pleo lists an ended job no more, so that no run would come to it.
    """
    if not _open_rows(connection, ports):
        return
    try:
        with ports.store.lock(f"export-{connection.id}"):
            for row in _open_rows(connection, ports):
                _note_end(connection, ports, row)
    except Busy:
        return  # a run is under way, and notes its job's end itself
    except KontobroError as fault:
        log.info("ends were not noted", extra={"connection": connection.id, "fault": type(fault).__name__})


def _open_rows(connection: Connection, ports: Ports) -> list[JobRow]:
    return [row for row in ports.store.jobs(connection.id, LOOKED_AT) if row.finished_at is None]


def _note_end(connection: Connection, ports: Ports, row: JobRow) -> None:
    failure: str | None
    try:
        job = ports.pleo.job(row.job_id)
    except JobGone as gone:
        status, failure = "unfinished", gone.message
    else:
        if job.status in OPEN:
            return
        status, failure = end_of(row, job)
    ports.store.end_job(connection.id, row.job_id, status, failure, ports.clock.now())
    log.info("a job's end was noted late", extra={"job": row.job_id, "outcome": status})
