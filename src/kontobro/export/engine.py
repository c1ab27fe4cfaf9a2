"""The main flow: one export job, from claimed to completed (design §5).

detect -> oldest job -> check connector and settings -> started -> control items -> items, page by page:
rules -> receipts -> validate -> find -> book -> compare -> attach -> post -> read back -> report
-> completed | completed_with_errors | failed
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from kontobro.core.dialect import Dialect
from kontobro.core.errors import (
    JobGone,
    KontobroError,
    Misconfigured,
    NotAllowed,
    NotUsable,
    Uncertain,
    Unreachable,
    shown,
)
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import OPEN, ExportJob, ItemReport, JobOutcome, last_action
from kontobro.core.model.findings import phrase_of, problem, remedy_of, sentences
from kontobro.core.model.history import Move
from kontobro.core.model.journal import references_of
from kontobro.core.model.masters import Masters
from kontobro.core.rules.dates import zone_name, zone_named
from kontobro.core.settings.check import check_settings
from kontobro.core.settings.usable import not_usable
from kontobro.core.words import Noted, Phrase, part_of, told
from kontobro.export.book.booking import book_batch
from kontobro.export.book.confirm import confirm
from kontobro.export.book.elsewhere import given_by_others
from kontobro.export.book.report import Reporter, outcome_of, outcome_of_fault, outcome_of_undecided
from kontobro.export.book.work import ItemWork
from kontobro.export.documents.deliver import deliver_waiting
from kontobro.export.documents.hand_over import hand_over
from kontobro.export.documents.imported import take_marks
from kontobro.export.documents.keep import keep_batch
from kontobro.export.documents.memory import require_memory
from kontobro.export.documents.spool import Spool
from kontobro.export.job.claim import Claimant
from kontobro.export.job.lists import Lists
from kontobro.export.job.masters import masters_for, with_codes
from kontobro.export.job.patience import Patience
from kontobro.export.job.rehearse import rehearsed
from kontobro.export.job.run import DocumentPorts, Ports, Progress, Run, Sight, StopJob, patiently, quiet
from kontobro.export.receipts.fetch import batches
from kontobro.export.settle import settle_open

log = logging.getLogger(__name__)

BATCH = 100
"""Items worked on together."""


NEEDED_SCOPES = frozenset({"export-jobs:read", "export-jobs:write", "export-items:read"})


@dataclass(slots=True, kw_only=True)
class JobResult:
    """How a run of a job ended. `event` is Pleo's, or `unfinished` when the job takes nothing any more.

    `booked` counts items booked by this run, `already_booked` those that was before; `receipts` those
    attached by this run; `uncertain` items are left for the next export. `notes` are for a person.
    """

    job_id: str
    event: str = "unfinished"
    items: int = 0
    booked: int = 0
    already_booked: int = 0
    failed: int = 0
    uncertain: int = 0
    receipts: int = 0
    failure: str | None = None
    remedy: str | None = None
    failure_type: str | None = None
    notes: list[str] = field(default_factory=list)


def next_job(ports: Ports) -> ExportJob | None:
    """The job to work on: the oldest that is pending or under way. Changes nothing."""
    return next(iter(ports.pleo.jobs(OPEN)), None)


def run_job(
    connection: Connection, job: ExportJob, ports: Ports, *, progress: Progress = quiet, take_over: bool = False
) -> JobResult:
    """Export one job, whole. Safe to call again after any crash: every item is booked once.

    Raises Busy when another run or installation has the job, and Pleo's own faults (it then can't be told).
    The accounting system's faults end the job as failed and are in the result.
    """
    with ports.store.lock(f"export-{connection.id}"):
        check_company(connection, job)
        check_in_use(connection, ports)
        claimant = Claimant(connection, ports, take_over)
        claimant.admit(job)
        require_usable(connection, job, ports)
        result = JobResult(job_id=job.id, items=job.number_of_items)
        try:
            outcome = attempt(claimant, job, progress, result)
            claimant.end(job, outcome)
        except JobGone as gone:
            # expired, cancelled or finished by someone else: it is left as it is, the next export finds what exists
            outcome = JobOutcome("failed", gone.message, gone.job_failure)
            return close(connection, ports, result, "unfinished", outcome.failure, gone.remedy)
        result.failure_type = outcome.failure_type
        return close(connection, ports, result, outcome.event, outcome.failure, "")


def attempt(claimant: Claimant, job: ExportJob, progress: Progress, result: JobResult) -> JobOutcome:
    """Get ready, claim the job, go through its items; the final event to send. Also of a job that can't be done."""
    connection, ports = claimant.connection, claimant.ports
    began = ports.clock.now()
    run_id = uuid.uuid4().hex
    ports.store.begin_job(connection.id, job, run_id, began)
    each = timedelta(minutes=connection.settings.patience_minutes)
    patience = Patience(each)
    try:
        masters = prepare(connection, job, ports, patience)
        connection = with_codes(connection, masters)
        check_settings_fit(connection, masters)
    except StopJob as stop:
        claimant.claim(job.id, progress)
        return outcome_of_fault(stop.fault)
    claimed = claimant.claim(job.id, progress)
    lists = Lists(job=job, ports=ports)
    lists.read_control()
    reporter = open_reporter(connection, lists, ports, claimed.acted_at)
    run = Run(
        id=run_id,
        connection=connection,
        job=job,
        ports=ports,
        masters=masters,
        today=local_day(began, connection, masters),
        began=ports.clock.now() if claimed.blind else began,
        blind=claimed.blind,
        keep_alive=reporter.keep_alive,
        patience=patience,
        sight=Sight(ports.clock.now()),
        receipts=Patience(each),
        given_by_others=given_by_others(connection, ports.store, lists.given),
    )
    return export_items(run, reporter, lists, progress, result)


def check_company(connection: Connection, job: ExportJob) -> None:
    """Refuse a job of another company."""
    if job.company_id != connection.company_id:
        raise Misconfigured(
            *told("job_of_other_company", job=job.id),
            "invalid_configuration",
        )


def check_in_use(connection: Connection, ports: Ports) -> None:
    """Refuse what books nothing: a trial, and a connection that ended after it was read. Held by the export's lock."""
    stored = ports.store.connection(connection.id)
    if connection.trial or (stored is not None and stored.trial):
        raise Misconfigured(*told("trial_books_nothing"))
    if stored is not None and stored.status == "disconnected":
        raise Misconfigured(*told("disconnected"))


def require_usable(connection: Connection, job: ExportJob, ports: Ports) -> None:
    """Leave the job pending when this connection never exported and lacks what every export needs. What fails in Pleo
    can't be retried, a job that waits can. Raises NotUsable."""
    lacks = not_usable(connection.settings, ports.store.jobs(connection.id, 200))
    if lacks is not None and job.status == "pending":
        expires_at = last_action(job) + timedelta(seconds=job.expires_in)
        raise NotUsable(
            *told(
                "nothing_exported_yet",
                problem=phrase_of(lacks),
                fix=remedy_of(lacks),
                until=f"{expires_at:%H:%M}",
            ),
            job.id,
            expires_at,
        )


def prepare(connection: Connection, job: ExportJob, ports: Ports, patience: Patience) -> Masters:
    """Both sides answer, belong together and may do what is needed. Patient while the job is still pending."""
    identity = ports.pleo.introspect()
    if identity.company_id not in (None, connection.company_id):
        raise StopJob(
            Misconfigured(
                *told("credential_of_other_company"),
                "invalid_configuration",
            )
        )
    missing = sorted(NEEDED_SCOPES - identity.scopes)
    if identity.scopes and missing:
        raise StopJob(NotAllowed(*told("credential_lacks", missing=tuple(missing))))
    company = patiently(ports.connector.check, patience, ports.clock)
    if connection.erp_company and company.id != connection.erp_company:
        raise StopJob(
            Misconfigured(
                *told("books_of_other_company", company=company.name),
                "invalid_configuration",
            )
        )
    read = partial(masters_for, connection, ports.connector, company, ports.store)
    return patiently(read, patience, ports.clock)


def check_settings_fit(connection: Connection, masters: Masters) -> None:
    """Settings that name what the accounting system lacks: the job fails with all of it at once.

    Better before than item by item: what failed can't be retried, it has to be exported again in Pleo.
    """
    found = check_settings(connection.settings, masters)
    if found:
        missing = any(problem.reason == "missing_configuration" for problem in found)
        problems = sentences(*(part for one in found for part in (phrase_of(one), remedy_of(one))))
        raise StopJob(
            Misconfigured(
                *told("settings_do_not_fit", problems=problems),
                "missing_configuration" if missing else "invalid_configuration",
            )
        )


def open_reporter(connection: Connection, lists: Lists, ports: Ports, acted_at: datetime) -> Reporter:
    """What is still to be told to Pleo. What it was told already, we know then too."""
    notes = lists.closed_ids()
    if notes:
        _remember_notes(connection, ports, notes)
    return Reporter(ports, connection.id, lists.job.id, lists.open_ids(), acted_at)


def _remember_notes(connection: Connection, ports: Ports, notes: list[str]) -> None:
    """A run that was killed between Pleo's answer and our commit: Pleo knows these already, now we do too."""
    references = [reference for entry_id in notes for reference in references_of(entry_id)]
    rows = ports.store.bookings(connection.id, references=references)
    moves = [Move(reference=row.reference, to="reported") for row in rows if row.state in ("verified", "rejected")]
    if moves:
        ports.store.move(connection.id, moves, ports.clock.now())


def export_items(run: Run, reporter: Reporter, lists: Lists, progress: Progress, result: JobResult) -> JobOutcome:
    """All items, batch by batch, each reported as it is done. A fault of the accounting system ends the job."""
    try:
        if run.ports.documents is None:
            book_items(run, reporter, lists, progress, result)
        else:
            write_documents(run, run.ports.documents, reporter, lists, progress, result)
    except StopJob as stop:
        reporter.flush()
        return stopped(run, stop.fault)
    reporter.flush()
    result.failed += report_missing(reporter, lists)
    result.notes += [lists.note] if lists.note else []
    return final_event(reporter, lists, result, run.ports.pleo.dialect)


def book_items(run: Run, reporter: Reporter, lists: Lists, progress: Progress, result: JobResult) -> None:
    """Into an accounting system, batch by batch; what is uncertain is looked for again at the end."""
    total = len(reporter.unfinished)
    uncertain = list[ItemWork]()
    settle_open(run.connection, run.ports, run.keep_alive)
    for batch in batches(rehearsed(run, lists.items), BATCH):
        works = book_batch(run, batch)
        uncertain += [work for work in works if work.uncertain]
        settle_batch(run, reporter, works, result)
        progress("booking", result.booked + result.already_booked + result.failed + len(uncertain), total)
    confirm(run, uncertain)
    settle_batch(run, reporter, uncertain, result)
    settle_open(run.connection, run.ports, run.keep_alive)
    result.uncertain = sum(work.uncertain for work in uncertain)


def write_documents(
    run: Run, documents: DocumentPorts, reporter: Reporter, lists: Lists, progress: Progress, result: JobResult
) -> None:
    """Into documents: what an earlier job sealed is delivered first, then all items are kept, and handed over whole."""
    take_marks(run.connection.id, documents, run.ports.clock)
    run.erp(lambda: require_memory(run.connection, run.ports.store, documents))
    deliver_waiting(run, documents)
    total, kept = len(reporter.unfinished), 0
    with Spool() as spool:
        for batch in batches(lists.items(), BATCH):
            works = keep_batch(run, documents, spool, batch)
            kept += sum(work.waits for work in works)
            settle_batch(run, reporter, works, result)
            progress("writing documents", kept + result.already_booked + result.failed, total)
        hand_over(run, documents, spool, reporter, result)


def final_event(reporter: Reporter, lists: Lists, result: JobResult, dialect: Dialect) -> JobOutcome:
    """The event of a job whose items were all gone through."""
    before = lists.statuses()
    successful = result.booked + result.already_booked + before["successful"]
    failed = result.failed + before["failed"]
    if lists.failure:
        return JobOutcome("failed", lists.failure, "validation_failure")
    still_open = result.uncertain + reporter.refused
    return outcome_of(successful, failed, still_open, dialect)


def stopped(run: Run, fault: KontobroError) -> JobOutcome:
    """The event of a job that a fault ended. Away with writes under way is its own word: nothing is said of those."""
    rows = run.ports.store.bookings(run.connection.id, job_id=run.job.id)
    undecided = sum(row.state in ("booking", "uncertain") for row in rows)
    if undecided and isinstance(fault, Unreachable | Uncertain):
        return outcome_of_undecided(fault, undecided)
    return outcome_of_fault(fault)


def settle_batch(run: Run, reporter: Reporter, works: list[ItemWork], result: JobResult) -> None:
    """Count what is decided of a batch and hand it to the reporter; what is uncertain, or waits for its document, is
    left for the job's end."""
    decided = [work for work in works if not (work.uncertain or work.waits)]
    count(decided, result)
    tell(run, reporter, decided)


def tell(run: Run, reporter: Reporter, works: list[ItemWork]) -> None:
    """Hand a batch's results to the reporter."""
    now = run.ports.clock.now()
    for work in works:
        reporter.add(work.report(now), work.references)
    reporter.keep_alive()


def count(works: list[ItemWork], result: JobResult) -> None:
    """Add a batch to the result."""
    for work in works:
        result.receipts += work.attached
        if work.problems:
            result.failed += 1
        elif work.entries and work.stood >= set(work.references):
            result.already_booked += 1
        else:
            result.booked += 1


def report_missing(reporter: Reporter, lists: Lists) -> int:
    """Items that Pleo listed and never sent, or sent so that they could not even be named: failed, and said so."""
    missing = sorted(entry_id for entry_id in lists.unsent if entry_id in reporter.unfinished)
    for entry_id in missing:
        reporter.add(
            ItemReport(entry_id=entry_id, status="failed", failure=str(_MISSING), failure_type=_MISSING.reason), ()
        )
    reporter.flush()
    return len(missing)


def close(
    connection: Connection, ports: Ports, result: JobResult, event: str, failure: str | None, remedy: str
) -> JobResult:
    """Remember how the job ended, and forget what need not be kept any longer."""
    now = ports.clock.now()
    ports.store.end_job(connection.id, result.job_id, event, failure or _noted(result.notes), now)
    old = now - timedelta(days=connection.settings.retention_days)
    ports.store.purge(connection.id, old + _JUST)
    if ports.documents is not None:
        ports.documents.store.forget_bytes(connection.id, old)
    result.event, result.failure, result.remedy = event, failure, remedy
    log.info("job ended", extra={"job": result.job_id, "outcome": event, "booked": result.booked})
    return result


def _noted(notes: list[str]) -> str | None:
    """What a person has to know of a job that did not fail."""
    whole = sentences(*map(part_of, notes)) if notes else None
    return Noted(whole) if isinstance(whole, Phrase) else whole if isinstance(whole, str) else None


def local_day(moment: datetime, connection: Connection, masters: Masters) -> date:
    """The day it is for the company. Raises Misconfigured for a time zone that no one knows."""
    name = zone_name(connection.settings, masters)
    zone = zone_named(name)
    if zone is None:
        raise Misconfigured(
            *told("time_zone_wrong", name=shown(name)),
            "invalid_configuration",
        )
    return moment.astimezone(zone).date()


_JUST = timedelta(microseconds=1)
"""With no days to keep anything, the job that ends now is one that ended before."""

_MISSING = problem("item_missing", "accountingEntryId", "")
