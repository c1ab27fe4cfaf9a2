"""The main flow: one export job, from claimed to completed (design §5).

detect -> oldest job -> check connector and settings -> started -> control items -> items, page by page:
rules -> receipts -> validate -> find -> book -> compare -> attach -> post -> read back -> report
-> completed | completed_with_errors | failed
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kontobro.core.connection import Connection
from kontobro.core.errors import Busy, JobGone, Misconfigured, NotAllowed, Problem, shown
from kontobro.core.export import ExportItem, ExportJob, ItemReport, JobOutcome, MalformedItem
from kontobro.core.history import JobRow, Move
from kontobro.core.journal import entry_id_of, references_of
from kontobro.core.masters import Masters
from kontobro.core.posting_dates import zone_name, zone_named
from kontobro.core.settings_check import check_settings
from kontobro.export.booking import book_batch
from kontobro.export.masters import load_masters
from kontobro.export.receipts import batches
from kontobro.export.rehearse import rehearsed
from kontobro.export.report import Reporter, outcome_of, outcome_of_fault
from kontobro.export.run import Ports, Progress, Run, StopJob, patiently, quiet
from kontobro.export.settle import settle_open
from kontobro.export.work import ItemWork

log = logging.getLogger(__name__)

BATCH = 100
"""Items worked on together: a page of Pleo's, and the most it takes in one update."""

OPEN = ("pending", "in_progress")

NEEDED_SCOPES = frozenset({"export-jobs:read", "export-jobs:write", "export-items:read"})

ALIVE = timedelta(minutes=25)
"""A job whose last action is younger may have a living exporter: ours acts every 20 minutes."""


@dataclass(slots=True, kw_only=True)
class JobResult:
    """How a run of a job ended. `event` is Pleo's, or `unfinished` when the job takes nothing any more.

    `booked` counts items booked by this run, `already_booked` those that stood before; `receipts` those
    attached by this run; `uncertain` items are left for the next export.
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
        check_ownership(connection, job, ports, take_over=take_over)
        result = JobResult(job_id=job.id, items=job.number_of_items)
        try:
            outcome = attempt(connection, job, ports, progress, result)
            ports.pleo.complete(job.id, outcome)
        except JobGone as gone:
            # expired, cancelled or finished by somebody else: it is left as it is, the next export finds what stands
            outcome = JobOutcome("failed", gone.message, gone.job_failure)
            return close(connection, ports, result, "unfinished", outcome.failure, gone.remedy)
        result.failure_type = outcome.failure_type
        return close(connection, ports, result, outcome.event, outcome.failure, "")


def attempt(connection: Connection, job: ExportJob, ports: Ports, progress: Progress, result: JobResult) -> JobOutcome:
    """Get ready, claim the job, go through its items; the final event to send. Also of a job that can't be done."""
    blind = job.status == "in_progress" and not _known(_remembered(connection, job, ports))
    began = ports.clock.now()
    run_id = uuid.uuid4().hex
    ports.store.begin_job(connection.id, job, run_id, began)
    try:
        masters = prepare(connection, job, ports)
        check_settings_fit(connection, masters)
    except StopJob as stop:
        claim(connection, job, ports)
        return outcome_of_fault(stop.fault)
    claim(connection, job, ports)
    reporter, done_before = open_reporter(connection, job, ports)
    run = Run(
        id=run_id,
        connection=connection,
        job=job,
        ports=ports,
        masters=masters,
        today=local_day(began, connection, masters),
        began=began,
        blind=blind,
        keep_alive=reporter.keep_alive,
    )
    return export_items(run, reporter, done_before, progress, result)


def check_ownership(connection: Connection, job: ExportJob, ports: Ports, *, take_over: bool) -> None:
    """Refuse a job of another company, one that is over by now, and one that another installation works on."""
    if job.company_id != connection.company_id:
        raise Misconfigured(
            f"Export job {job.id} belongs to another company than this connection.",
            "Choose the connection of that company.",
            "invalid_configuration",
        )
    row = _remembered(connection, job, ports)
    if row and row.finished_at and job.status == "pending":
        # listed before another run of ours had the lock
        raise Busy(f"Export job {job.id} was finished by another run meanwhile.", "Nothing is left to do for it.")
    if job.status != "in_progress" or take_over or _known(row):
        return
    last_action = job.last_updated_at or job.started_at or job.created_at
    if ports.clock.now() - last_action < ALIVE:
        raise Busy(
            f"Export job {job.id} is under way in another installation (last action {last_action:%H:%M} UTC).",
            "If nothing else exports for this company any more, wait half an hour: the job is taken over then. "
            "Or do it at once, on its page of exports or with kontobro export --take-over.",
        )


def _remembered(connection: Connection, job: ExportJob, ports: Ports) -> JobRow | None:
    """What our store knows of this job."""
    return next((row for row in ports.store.jobs(connection.id, 200) if row.job_id == job.id), None)


def _known(row: JobRow | None) -> bool:
    """True when an earlier run of ours began this job and did not end it."""
    return row is not None and row.finished_at is None


def prepare(connection: Connection, job: ExportJob, ports: Ports) -> Masters:
    """Both sides answer, belong together and may do what is needed. Patient while the job is still pending."""
    identity = ports.pleo.introspect()
    if identity.company_id not in (None, connection.company_id):
        raise StopJob(
            Misconfigured(
                "Pleo's credential is of another company than this connection.",
                "Connect again with the right company's credential.",
                "invalid_configuration",
            )
        )
    missing = sorted(NEEDED_SCOPES - identity.scopes)
    if identity.scopes and missing:
        raise StopJob(NotAllowed(f"Pleo's credential lacks {', '.join(missing)}.", "Connect again and allow them."))
    patience = timedelta(minutes=connection.settings.patience_minutes)
    company = patiently(ports.connector.check, patience, ports.clock)
    if connection.erp_company and company.id != connection.erp_company:
        raise StopJob(
            Misconfigured(
                f"The accounting system is open on {company.name}, not on the company that was connected.",
                "Connect again and choose the company.",
                "invalid_configuration",
            )
        )
    return patiently(lambda: load_masters(ports.connector, company), patience, ports.clock)


def check_settings_fit(connection: Connection, masters: Masters) -> None:
    """Settings that are incomplete, or name what the accounting system lacks: the job fails with all of it at once.

    Better before than item by item: what failed can't be retried, it has to be exported again in Pleo.
    """
    found = check_settings(connection.settings, masters)
    if found:
        missing = any(problem.reason == "missing_configuration" for problem in found)
        message = " ".join(str(problem) for problem in found)
        raise StopJob(
            Misconfigured(
                f"The settings are not complete: {message}",
                "Mend them, then export again in Pleo.",
                "missing_configuration" if missing else "invalid_configuration",
            )
        )


def claim(connection: Connection, job: ExportJob, ports: Ports) -> None:
    """Make the job ours at Pleo; one that is under way already is resumed without it."""
    if job.status == "pending" and not ports.pleo.start(job.id):
        now = ports.clock.now()
        ports.store.end_job(connection.id, job.id, "not ours", "claimed by another installation", now)
        raise Busy(f"Export job {job.id} was claimed by another installation.", "Nothing was done here.")


def open_reporter(connection: Connection, job: ExportJob, ports: Ports) -> tuple[Reporter, dict[str, int]]:
    """Read the control items: those without a final status are to do; the others are counted by status."""
    todo: set[str] = set()
    done: dict[str, int] = {}
    for page in ports.pleo.control_items(job.id):
        todo.update(item.entry_id for item in page if item.status in OPEN)
        told = [item for item in page if item.status not in OPEN]
        for item in told:
            done[item.status] = done.get(item.status, 0) + 1
        if told:
            _remember_told(connection, ports, [item.entry_id for item in told])
    return Reporter(ports.pleo, ports.store, ports.clock, connection.id, job, todo), done


def _remember_told(connection: Connection, ports: Ports, told: list[str]) -> None:
    """A run that was killed between Pleo's answer and our commit: Pleo knows these already, now we do too."""
    references = [reference for entry_id in told for reference in references_of(entry_id)]
    rows = ports.store.bookings(connection.id, references=references)
    moves = [Move(reference=row.reference, to="reported") for row in rows if row.state in ("verified", "rejected")]
    if moves:
        ports.store.move(connection.id, moves, ports.clock.now())


def export_items(
    run: Run, reporter: Reporter, done_before: dict[str, int], progress: Progress, result: JobResult
) -> JobOutcome:
    """All items, batch by batch, each reported as it is done. A fault of the accounting system ends the job."""
    total = len(reporter.unfinished)
    try:
        settle_open(run.connection, run.ports)
        for batch in batches(rehearsed(run, lambda: pending_items(run, reporter)), BATCH):
            works = book_batch(run, batch)
            count(works, result)
            tell(run, reporter, works)
            progress("booking", result.booked + result.already_booked + result.failed + result.uncertain, total)
        settle_open(run.connection, run.ports)
    except StopJob as stop:
        reporter.flush()
        return outcome_of_fault(stop.fault)
    reporter.flush()
    result.failed += report_missing(run, reporter, result.uncertain + reporter.refused)
    successful = result.booked + result.already_booked + done_before.get("successful", 0)
    return outcome_of(successful, result.failed + done_before.get("failed", 0), result.uncertain + reporter.refused)


def pending_items(run: Run, reporter: Reporter) -> Iterator[ExportItem | MalformedItem]:
    """The job's items that have no final status yet, each once, in Pleo's order."""
    todo = set(reporter.unfinished)
    for page in run.ports.pleo.items(run.job.id):
        for item in page:
            if item.entry_id in todo:
                todo.discard(item.entry_id)
                yield item


def tell(run: Run, reporter: Reporter, works: list[ItemWork]) -> None:
    """Hand a batch's results to the reporter; uncertain ones are left unreported."""
    now = run.ports.clock.now()
    for work in works:
        if not work.uncertain:
            reporter.add(work.report(now), work.references)
    reporter.keep_alive()


def count(works: list[ItemWork], result: JobResult) -> None:
    """Add a batch to the result."""
    for work in works:
        result.receipts += work.attached
        if work.uncertain:
            result.uncertain += 1
        elif work.problems:
            result.failed += 1
        elif work.entries and work.stood >= set(work.references):
            result.already_booked += 1
        else:
            result.booked += 1


def report_missing(run: Run, reporter: Reporter, expected: int) -> int:
    """Items that Pleo listed and never sent, or sent so that they could not even be named: failed, and said so."""
    if len(reporter.unfinished) <= expected:
        return 0
    known = {entry_id_of(row.reference) for row in run.ports.store.bookings(run.connection.id, job_id=run.job.id)}
    missing = sorted(reporter.unfinished - known)
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
    ports.store.end_job(connection.id, result.job_id, event, failure, now)
    ports.store.purge(connection.id, now - timedelta(days=connection.settings.retention_days))
    result.event, result.failure, result.remedy = event, failure, remedy
    log.info("job ended", extra={"job": result.job_id, "outcome": event, "booked": result.booked})
    return result


def local_day(moment: datetime, connection: Connection, masters: Masters) -> date:
    """The day it is for the company. Raises Misconfigured for a time zone that nobody knows."""
    name = zone_name(connection.settings, masters)
    zone = zone_named(name)
    if zone is None:
        raise Misconfigured(
            f"The time zone {shown(name)} is not known.",
            "Set time_zone to an IANA name such as Europe/Copenhagen.",
            "invalid_configuration",
        )
    return moment.astimezone(zone).date()


_MISSING = Problem(
    code="item_missing",
    field="accountingEntryId",
    value="",
    message="Pleo listed this expense in the export, but did not send its content in a readable form.",
    remedy="Export it again; if it fails again, ask Pleo's support.",
    reason="unexpected_failure",
)
