"""What the tie-out can no longer know: exports that Pleo shows and our history lacks, job by job. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kontobro.core.errors import KontobroError
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import ExportJob
from kontobro.core.model.findings import noted
from kontobro.core.model.journal import entry_id_of, references_of
from kontobro.core.ports import Pleo
from kontobro.core.tieout.compare import TieOut
from kontobro.core.words import part_of
from kontobro.export.tieout.collect import BookPorts, TieOutScope

STATUSES = ("in_progress", "completed", "completed_with_errors", "failed")

SHOWN = 20
"""Jobs that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What our history lacks, in sentences; `absent` of those expenses the accounting system has not either."""

    sentences: tuple[str, ...] = ()
    absent: int = 0

    def add_to(self, result: TieOut) -> None:
        result.absent += self.absent
        result.cannot_see = (*self.sentences, *result.cannot_see)


def forgotten(connection: Connection, ports: BookPorts, pleo: Pleo, scope: TieOutScope) -> Forgotten:
    """A sentence for each job of which Pleo shows exported expenses that our history lacks, newest first.

    Which day they were booked for only the history knew: a job counts when it is no older than the scope's first day.
    """
    if connection.status != "connected":
        return Forgotten((noted("tie_not_connected"),))
    try:
        jobs = [job for job in pleo.jobs(STATUSES) if scope.first is None or job.created_at.date() >= scope.first]
        lost = list(_jobs_lost(connection, ports, pleo, jobs[::-1]))
    except KontobroError as fault:
        return Forgotten((noted("tie_not_asked", why=part_of(fault.message)),))
    more = [noted("tie_older_exports", count=len(lost) - SHOWN)] if len(lost) > SHOWN else []
    return Forgotten((*(sentence for sentence, _ in lost[:SHOWN]), *more), sum(absent for _, absent in lost))


def _jobs_lost(
    connection: Connection, ports: BookPorts, pleo: Pleo, jobs: list[ExportJob]
) -> Iterator[tuple[str, int]]:
    """A sentence for each job, and how many of its expenses are absent."""
    for job in jobs:
        known = {entry_id_of(row.reference) for row in ports.store.bookings(connection.id, job_id=job.id)}
        if len(known) >= job.number_of_items:
            continue
        items = [item for page in pleo.control_items(job.id) for item in page]
        exported = [item.entry_id for item in items if item.status == "successful"]
        lacking = _lacking(connection, ports, [entry_id for entry_id in exported if entry_id not in known])
        if lacking:
            yield _job_lost(job, lacking, ports)


def _lacking(connection: Connection, ports: BookPorts, entry_ids: list[str]) -> list[str]:
    """Those that no later job of our history has either."""
    references = [reference for entry_id in entry_ids for reference in references_of(entry_id)]
    rows = ports.store.bookings(connection.id, references=references) if references else ()
    known = {entry_id_of(row.reference) for row in rows}
    return [entry_id for entry_id in entry_ids if entry_id not in known]


def _job_lost(job: ExportJob, lacking: list[str], ports: BookPorts) -> tuple[str, int]:
    day, known, count = job.created_at.date(), job.id[:8], len(lacking)
    if ports.connector.capabilities.reference == "none":
        return noted("tie_job_lost", day=day, job=known, count=count), 0
    found = ports.connector.find([reference for entry_id in lacking for reference in references_of(entry_id)])
    existing = {entry_id_of(booking.reference) for booking in found.values() if booking.status != "void"}
    absent = len(set(lacking) - existing)
    there = len(existing)
    return noted("tie_job_lost_found", day=day, job=known, count=count, existing=there, absent=absent), absent
