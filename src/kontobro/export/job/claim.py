"""Whose job is it? The one place that decides, and that makes a job ours at Pleo.

A claim is a write: `claiming` is noted before `started` leaves, with a moment of Pleo's own clock; 202 means accepted,
not done. When the answer is a refusal or is lost, the job itself has to tell (`judge`).
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, NoReturn

from kontobro.core.errors import BadAnswer, Busy, JobGone, KontobroError, Taken, Unreachable
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import JOB_LIFE, OPEN, ExportJob, ItemReport, JobOutcome, last_action
from kontobro.core.model.history import JobRow
from kontobro.core.words import told, worded
from kontobro.export.job.run import Ports, Progress, note_action

log = logging.getLogger(__name__)

ALIVE: Final = timedelta(minutes=25)
"""A job whose last action is younger may have a living exporter: ours acts every 20 minutes, also when a call to the
accounting system takes the longest that it may (`book/report.py`)."""

MARGIN: Final = timedelta(minutes=5)
"""So far Pleo's own clocks may be apart: the one of its answers' Date, which may be a gateway's, and the one that
stamps a job. ALIVE has as much to spare over the 20 minutes."""

QUIET: Final = timedelta(minutes=2)
"""A job that may be ours is taken when nothing happened to it for so long, and for `settle_after`."""

APART: Final = 60.0
"""Seconds within which two installations that find the same job left alone act on it apart."""

PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between looks at a job that is to change at Pleo: a minute in all."""

LOOK_EVERY: Final = 15.0
"""Seconds between looks at a job that is to stay as it is."""

OVER_AT_PLEO: Final = ("job_expired", "canceled_by_user")
"""Ends of a job that no installation made."""


class JobClaim(Enum):
    """What a job is to this installation."""

    FREE = "pending, to be claimed"
    ACCEPTED = "pending; Pleo accepted our claim, which takes effect soon"
    OURS = "in progress by our claim"
    PERHAPS = "in progress since a claim of ours whose answer is unknown or was a refusal"
    THEIRS = "in progress by another installation"
    LEFT = "in progress, and left alone by the exporter that had it"
    ENDED = "ended here; Pleo has not noticed yet"
    OVER = "ended at Pleo"


def judge(row: JobRow | None, job: ExportJob, now: datetime) -> JobClaim:
    """What the job is to us. `row` is our memory of it, `job` as Pleo tells it at `now` (Pleo's clock).

    | our row | pending | in progress | ended |
    |---|---|---|---|
    | none, seen | free | theirs; left after ALIVE | over |
    | claiming | free | theirs if it began before our claim, else perhaps ours; left after ALIVE | over |
    | in_progress | accepted | ours | over |
    | ended here | ended | ended; left after ALIVE | ended |
    """
    ended_here = row is not None and row.finished_at is not None and row.status != NOT_OURS
    ours = row is not None and row.finished_at is None and row.status == "in_progress"
    if ended_here and (job.status != "in_progress" or now - last_action(job) < ALIVE):
        return JobClaim.ENDED
    if job.status == "pending":
        return JobClaim.ACCEPTED if ours else JobClaim.FREE
    if job.status != "in_progress":
        return JobClaim.OVER
    if ours:
        return JobClaim.OURS
    if is_left(job, now):
        return JobClaim.LEFT
    return JobClaim.PERHAPS if row and _began_after_our_claim(row, job) else JobClaim.THEIRS


def is_left(job: ExportJob, now: datetime) -> bool:
    """Whether whoever has the job did nothing for so long that another may take it."""
    return now - last_action(job) >= ALIVE


NOT_OURS: Final = "not ours"
"""How our memory of a job ends that another installation has."""


def _began_after_our_claim(row: JobRow, job: ExportJob) -> bool:
    if row.finished_at is not None or row.status != "claiming" or row.claimed_at is None:
        return False
    return job.started_at is None or job.started_at >= row.claimed_at - MARGIN


ENDED_BY_US: Final = ("completed", "completed_with_errors", "failed")
"""How our memory of a job ends whose final event we sent. Of one that ended otherwise a write may be under way of which
an old copy of our memory knows nothing."""


def _acted_on(job: ExportJob, found: ExportJob) -> bool:
    """Whether something happened to the job since. Other fields may change by themselves."""
    return (found.status, last_action(found)) != (job.status, last_action(job))


def end_of(row: JobRow, job: ExportJob) -> tuple[str, str | None]:
    """How a job that ended at Pleo is remembered: its status in our history, and why. Only one that was ours can have
    ended by us (`ClaimState`)."""
    if job.failure_type in OVER_AT_PLEO:
        return "unfinished", worded("job_ended_by_pleo", why=str(job.failure_type))
    if row.status != "in_progress":
        return NOT_OURS, worded("job_by_another")
    return job.status, job.failure_reason


@dataclass(frozen=True, slots=True)
class Claimed:
    """`blind`: a write of another exporter, or of our own lost past, may still be under way, so that absence in the
    accounting system is no proof yet. `acted_at`: when something happened to the job last at Pleo, by our clock."""

    blind: bool
    acted_at: datetime


@dataclass(frozen=True, slots=True)
class Claimant:
    """One run of this installation that wants a job. `take_over`: a person says that no one else works on it."""

    connection: Connection
    ports: Ports
    take_over: bool

    def admit(self, job: ExportJob) -> None:
        """Refuse a job that can't become ours, before anything is written or asked. Raises Busy, JobGone."""
        if job.status == "in_progress":
            job = self.ports.pleo.job(job.id)
        ours = judge(self._row(job.id), job, self._now(job))
        if ours is JobClaim.ENDED and not self.take_over:
            raise Busy(*told("job_finished_meanwhile", job=job.id))
        if not self._may_have(ours):
            self._refuse(job, ours, is_under_way=True)

    def claim(self, job_id: str, progress: Progress) -> Claimed:
        """Make the job ours at Pleo. Raises Busy, JobGone, and Unreachable when Pleo does neither yes nor no."""
        fault: KontobroError | None = None
        for number, pause in enumerate(PAUSES):
            at, job, is_new = self.ports.clock.now(), self.ports.pleo.job(job_id), number > 0
            ours = self._judged(job, is_new=is_new)
            if ours is JobClaim.OURS:
                if is_new:
                    note_action(self.connection.id, job, self.ports)
                return self._claimed(job, at, blind=self._follows_another(job), is_new=is_new)
            if ours not in (JobClaim.FREE, JobClaim.ACCEPTED):
                return self._take(job, ours, progress, at)
            if ours is JobClaim.FREE or number == len(PAUSES) - 2:
                fault = self._ask(job, again=ours is JobClaim.FREE)
            if number or fault:
                self.ports.clock.sleep(pause)
        raise fault or Unreachable(*told("job_not_started", job=job_id))

    def end(self, job: ExportJob, outcome: JobOutcome) -> None:
        """Send the final event, and see it take effect: until then Pleo lists the job as open. What can't be seen was
        accepted all the same."""
        self.ports.pleo.complete(job.id, outcome)
        try:
            for pause in PAUSES:
                if self.ports.pleo.job(job.id).status not in OPEN:
                    return
                self.ports.clock.sleep(pause)
        except Unreachable as fault:
            log.info("the end was not seen", extra={"job": job.id, "fault": type(fault).__name__})
            return
        log.warning("accepted, and not ended", extra={"job": job.id, "outcome": outcome.event})

    # ------------------------------------------------------------------------------------------------

    def _ask(self, job: ExportJob, *, again: bool) -> KontobroError | None:
        """Send `started`. What went wrong, when the answer is unknown."""
        moment = job.read_at or last_action(job)
        if again:
            self.ports.store.claim_job(self.connection.id, job.id, "claiming", moment)
        try:
            if self.ports.pleo.start(job.id):
                self.ports.store.claim_job(self.connection.id, job.id, "in_progress", moment)
        except Unreachable as fault:
            return fault
        return None

    def _judged(self, job: ExportJob, *, is_new: bool) -> JobClaim:
        """As `judge` has it; but a job of ours that we did not claim a moment ago may have been taken from us where
        nothing refuses what two installations write. The other acted on it long after we did; or no one did."""
        row = self._row(job.id)
        ours = judge(row, job, self._now(job))
        if ours is not JobClaim.OURS or is_new or self.ports.connector.capabilities.reference != "searchable":
            return ours
        if is_left(job, self._now(job)):
            return JobClaim.LEFT
        acted = row.claimed_at if row else None
        return JobClaim.THEIRS if acted and last_action(job) - acted > ALIVE / 2 else ours

    def _take(self, job: ExportJob, ours: JobClaim, progress: Progress, at: datetime) -> Claimed:
        if not self._may_have(ours):
            self._refuse(job, ours)
        enforced = self.ports.connector.capabilities.reference == "enforced"
        if ours is JobClaim.PERHAPS and not self.take_over:
            self._watch(job, progress)
        if ours is JobClaim.LEFT and not (self.take_over or enforced):
            job = self._continue_alone(job, progress)
        is_settled = self.take_over and self._let_settle(progress)
        self.ports.store.claim_job(self.connection.id, job.id, "in_progress", last_action(job))
        return self._claimed(job, at, blind=not is_settled)

    def _claimed(self, job: ExportJob, at: datetime, *, blind: bool, is_new: bool = False) -> Claimed:
        """`at`: when the job was read, by our clock."""
        ago = max(self._now(job) - last_action(job), timedelta(0))  # a gateway's Date may be hours behind
        return Claimed(blind, at if is_new else at - ago)

    def _let_settle(self, progress: Progress) -> bool:
        """Where absence is no proof before `settle_after`, let that pass before the job is noted as ours: a later run
        that continues it knows of no write of whoever had it. False where no time makes absence a proof, or none has
        to pass."""
        capabilities = self.ports.connector.capabilities
        if capabilities.reference != "searchable":
            return False
        progress("waiting", 0, 0)
        self.ports.clock.sleep(capabilities.settle_after.total_seconds())
        return True

    def _follows_another(self, job: ExportJob) -> bool:
        """Whether a job failed lately that our history does not know as ended: of an installation whose history is
        lost or is an old copy, of another, or of a process of ours that is gone. Its last write may take effect until
        `settle_after`; the same expenses are in this job when a person pressed Export again. Who completes a job has
        seen all of its writes."""
        capabilities = self.ports.connector.capabilities
        if capabilities.reference != "searchable":
            return False
        rows = self.ports.store.jobs(self.connection.id, 200)
        known = {row.job_id for row in rows if row.finished_at is not None and row.status in ENDED_BY_US}
        since = self._now(job) - JOB_LIFE - capabilities.settle_after
        try:
            others = [other for other in self.ports.pleo.jobs(("failed",)) if other.id not in known]
        except BadAnswer as fault:
            log.warning("jobs that failed can't be read", extra={"job": job.id, "fault": fault.message})
            return True
        return any(other.started_at and last_action(other) >= since for other in others)

    def _may_have(self, ours: JobClaim) -> bool:
        if ours is JobClaim.PERHAPS:
            return self.take_over or self.ports.connector.capabilities.reference == "enforced"
        return ours is not JobClaim.OVER and (self.take_over or ours is not JobClaim.THEIRS)

    def _continue_alone(self, job: ExportJob, progress: Progress) -> ExportJob:
        """Act on a job that was left alone, and see that no one else does: two installations may find it at the same
        moment, and nothing refuses what they both write. Each waits for a random time first; the one that acted last
        sees nothing happen after it, and has the job. Where Pleo shows no action on an item, nothing can be seen."""
        self.ports.clock.sleep(random.uniform(0, APART))  # noqa: S311 - no secret: only not the same as another's
        found = self.ports.pleo.job(job.id)
        if _acted_on(job, found):
            self._refuse(found, judge(self._row(job.id), found, self._now(found)))
        unfinished = [item for page in self.ports.pleo.control_items(job.id) for item in page if item.status in OPEN]
        if not (unfinished and self.ports.pleo.dialect.keep_alive_by_item):
            return found
        acting = ItemReport(entry_id=min(item.entry_id for item in unfinished), status="in_progress")
        self.ports.pleo.report(job.id, [acting])
        acted = self.ports.pleo.job(job.id)
        self._watch(acted, progress, is_ours=True)
        return acted

    def _watch(self, job: ExportJob, progress: Progress, *, is_ours: bool = False) -> None:
        """Go on when nothing happened to the job for the window: seen by this run, or told by Pleo's clocks with their
        margin, so that time without a run counts too. A Date that is hours behind makes no run wait longer.

        `is_ours`: its items may have a status already, of those who had it before, and of us.
        """
        window = max(QUIET, self.ports.connector.capabilities.settle_after)
        since, began = last_action(job), self.ports.clock.now()
        log.info("watching a job that may be ours", extra={"job": job.id})
        while True:
            found = self.ports.pleo.job(job.id)
            if _acted_on(job, found) or (not is_ours and self._is_reported(job.id)):
                self._refuse(found, JobClaim.THEIRS)
            seen = self.ports.clock.now() - began
            by_pleo = found.read_at - since - MARGIN if found.read_at and not is_ours else seen
            left = window - max(seen, by_pleo)
            if left <= timedelta(0):
                return
            progress("waiting", 0, 0)
            self.ports.clock.sleep(min(left.total_seconds(), LOOK_EVERY))

    def _is_reported(self, job_id: str) -> bool:
        """Whether an item has a status. We sent none: nothing is sent before a job is ours."""
        return any(item.status != "pending" for page in self.ports.pleo.control_items(job_id) for item in page)

    def _refuse(self, job: ExportJob, ours: JobClaim, *, is_under_way: bool = False) -> NoReturn:
        """Leave the job alone. What may be ours stays noted."""
        if ours is JobClaim.PERHAPS:
            raise Taken(*told("job_perhaps_elsewhere", job=job.id)).by(TAKE_OVER)
        row = self._row(job.id)
        if row is not None and row.finished_at is None:
            status, why = end_of(row, job) if ours is JobClaim.OVER else (NOT_OURS, worded("job_by_another"))
            self.ports.store.end_job(self.connection.id, job.id, status, why, self.ports.clock.now())
        if ours is JobClaim.OVER:
            _raise_over(job)
        at = f"{last_action(job):%H:%M}"
        words = (
            told("job_under_way_elsewhere", job=job.id, at=at)
            if is_under_way
            else told("job_claimed_elsewhere", job=job.id, at=at)
        )
        raise Taken(*words).by(TAKE_OVER)

    def _row(self, job_id: str) -> JobRow | None:
        """What our store knows of this job."""
        return next((row for row in self.ports.store.jobs(self.connection.id, 200) if row.job_id == job_id), None)

    def _now(self, job: ExportJob) -> datetime:
        return job.read_at or self.ports.clock.now()


TAKE_OVER: Final = "kontobro export --take-over"


def _raise_over(job: ExportJob) -> NoReturn:
    if job.failure_type in OVER_AT_PLEO:
        raise JobGone(*told("job_ended_early", job=job.id, why=str(job.failure_type)))
    raise Taken(*told("job_over_elsewhere", job=job.id))
