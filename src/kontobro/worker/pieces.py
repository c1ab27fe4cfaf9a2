"""The pieces of work, without any queue: export what is open, settle, sync, look. Safe to run again from the start."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from kontobro.bootstrap import App
from kontobro.core.errors import BadAnswer, KontobroError, LoginFailed, Misconfigured, Unreachable
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import OPEN, ExportJob
from kontobro.core.model.settings import SyncKind
from kontobro.core.words import Name, told
from kontobro.export.documents.actions import DocumentsOf
from kontobro.export.documents.waiting import WaitingDocuments, waiting_of
from kontobro.export.engine import JobResult, next_job, run_job
from kontobro.export.job.ended import note_ends
from kontobro.export.job.run import Ports
from kontobro.export.settle import Settled, settle
from kontobro.install.connect import finish_installation
from kontobro.sync.run import KINDS, SyncResult, apply_plan, due_kinds, in_sync

log = logging.getLogger(__name__)

Result = JobResult | Settled | SyncResult | WaitingDocuments
"""What came of a job, of settling, of a kind of master data; which documents wait. A piece of work puts each into
`done` as it comes."""


def alive(app: App, connection_id: str) -> Connection:
    """The connection as it is now. Raises Misconfigured when nothing can be done for it."""
    connection = app.store.connection(connection_id)
    if connection is None:
        raise Misconfigured(*told("connection_gone"))
    if connection.status != "connected":
        name = connection.pleo_name
        words = (
            told("connection_disconnected", name=name)
            if connection.status == "disconnected"
            else told("connection_lost_login", name=name)
        )
        raise Misconfigured(*words)
    if connection.trial:
        raise Misconfigured(*told("trial_company", company=connection.pleo_name))
    return connection


def export_open(
    app: App, connection_id: str, done: list[Result], job_id: str | None = None, *, take_over: bool = False
) -> None:
    """Export the named job, or all open ones, oldest first, until there is none."""
    connection = alive(app, connection_id)
    ports = app.ports_for(connection)
    note_ends(connection, ports)
    if job_id is not None:
        done.append(run_job(connection, named_job(ports, job_id), ports, take_over=take_over))
        return
    ended: set[str] = set()
    while (job := next_job(ports)) is not None:
        if job.id in ended:
            raise BadAnswer(*told("job_still_open", job=job.id))
        ended.add(job.id)
        done.append(run_job(connection, job, ports, take_over=take_over))


def named_job(ports: Ports, job_id: str) -> ExportJob:
    """The job with that id, if anything can still be booked of it. Raises Misconfigured."""
    job = ports.pleo.job(job_id)
    if job.status not in OPEN:
        raise Misconfigured(*told("job_has_ended", job=job.id, status=Name(job.status)))
    return job


def settle_now(app: App, connection_id: str, done: list[Result]) -> None:
    """Settle payments whose bill has come."""
    connection = alive(app, connection_id)
    done.append(settle(connection, app.ports_for(connection)))


def sync_kinds(
    app: App, connection_id: str, done: list[Result], kinds: Sequence[SyncKind], digest: str | None = None
) -> None:
    """Each kind in turn, then activate an installation that waited for its first sync.

    A fault of one kind leaves the others their turn, but for those that the next would meet as well; the first is
    raised at the end.
    """
    connection = alive(app, connection_id)
    ports = app.sync_ports_for(connection)
    results, faults = list[SyncResult](), list[KontobroError]()
    for kind in (kind for kind in KINDS if kind in kinds):
        try:
            results.append(apply_plan(connection, kind, digest, ports, yes=digest is None))
        except (Unreachable, LoginFailed):
            raise
        except KontobroError as fault:
            faults.append(fault)
    _activate(app, connection, results)
    done += results
    if faults:
        raise faults[0]


def _activate(app: App, connection: Connection, results: Sequence[SyncResult]) -> None:
    """Activate an installation that waited, when every kind that is switched on is in sync or was done just now."""
    done = {result.kind for result in results if result.complete}
    if done and in_sync(connection, app.store, done):
        finish_installation(app.pleo_for(connection), connection)


def open_job(app: App, connection: Connection) -> ExportJob | None:
    """The export job that waits, if there is one."""
    ports = app.ports_for(connection)
    note_ends(connection, ports)
    return next_job(ports)


def was_begun(app: App, connection: Connection, job: ExportJob) -> bool:
    """Whether a run of ours came so far with this job that it was noted."""
    return any(row.job_id == job.id for row in app.store.jobs(connection.id, 200))


def due_syncs(app: App, connection: Connection) -> list[SyncKind]:
    """The kinds whose time has come."""
    if not connection.settings.sync:
        return []
    return due_kinds(connection, app.store.syncs(connection.id), app.clock.now())


def look_after_documents(app: App, connection: Connection) -> WaitingDocuments | None:
    """Take the marks of what was imported, deliver what waits; which documents wait for a person then. None where there
    are none. What can't be done now, or while an export runs, is left for the next look."""
    store = None
    try:
        store = app.document_store_for(connection)
        documents = app.documents_for(connection) if store and store.open_documents(connection.id) else None
        if documents is None:
            return None
        desk = DocumentsOf(connection=connection, store=app.store, documents=documents, clock=app.clock)
        desk.take_marks()
        desk.deliver()
    except KontobroError as fault:
        log.info("documents wait", extra={"connection": connection.id, "fault": type(fault).__name__})
    return waiting_of(connection.id, store, app.clock.now()) if store else None
