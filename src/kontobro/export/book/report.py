"""What Pleo is told: of each item, in parts as large as it takes them, and of the job at its end."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from kontobro.core.dialect import Dialect
from kontobro.core.errors import JobFailure, KontobroError, Problem
from kontobro.core.model.export import ItemReport, JobOutcome
from kontobro.core.model.findings import note_of
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Reference
from kontobro.core.ports import LONGEST_CALL
from kontobro.core.words import part_of, worded
from kontobro.export.job.ids import Ids
from kontobro.export.job.run import Ports, note_action

log = logging.getLogger(__name__)


KEEP_ALIVE_AFTER = timedelta(minutes=20) - LONGEST_CALL
"""A job expires an hour after its last action (design §5). After 25 minutes another installation takes it for left
alone (`job/claim.py`): a call to the accounting system may begin right before this, and take its longest."""


class Reporter:
    """Collects what Pleo has to be told of one job's items, and tells it.

    `unfinished` are the ids of the items that have no final status at Pleo yet; `acted_at` is when something happened
    to the job last, by whomever.
    """

    def __init__(self, ports: Ports, connection_id: str, job_id: str, unfinished: Ids, acted_at: datetime) -> None:
        self._ports = ports
        self._pleo = ports.pleo
        self._dialect = ports.pleo.dialect
        self._store = ports.store
        self._clock = ports.clock
        self._connection_id = connection_id
        self._job_id = job_id
        self._waiting: list[tuple[ItemReport, tuple[Reference, ...]]] = []
        self._acted_at = acted_at
        self.unfinished = unfinished
        self.refused = 0

    def add(self, report: ItemReport, references: tuple[Reference, ...]) -> None:
        """One item's final status; `references` are its bookings."""
        self._waiting.append((report, references))
        if len(self._waiting) >= self._dialect.update_batch:
            self.flush()

    def flush(self) -> None:
        """Tell Pleo all that waits, then remember that it was told. An item that Pleo refuses stays unfinished."""
        while self._waiting:
            batch = self._waiting[: self._dialect.update_batch]
            refused = {error.entry_id: error for error in self._pleo.report(self._job_id, [r for r, _ in batch])}
            self._acted_at = self._clock.now()
            del self._waiting[: len(batch)]
            for entry_id, error in refused.items():
                log.warning("item not taken", extra={"job": self._job_id, "item": entry_id, "type": error.type})
            self.refused += len(refused)
            taken = [(report, references) for report, references in batch if report.entry_id not in refused]
            for report, _ in taken:
                self.unfinished.take(report.entry_id)
            moves = [Move(reference=reference, to="reported") for _, references in taken for reference in references]
            if moves:
                self._store.move(self._connection_id, moves, self._clock.now())

    def keep_alive(self) -> None:
        """An action on the job, when the last one is long ago and an item is unfinished."""
        if not self._dialect.keep_alive_by_item or self._clock.now() - self._acted_at < KEEP_ALIVE_AFTER:
            return
        if self._waiting:
            self.flush()
        elif self.unfinished:
            self._pleo.report(self._job_id, [ItemReport(entry_id=min(self.unfinished), status="in_progress")])
            self._acted_at = self._clock.now()
            if self._ports.connector.capabilities.reference == "searchable":
                note_action(self._connection_id, self._pleo.job(self._job_id), self._ports)


def failure_text(problems: Iterable[Problem], bookings: Iterable[str] = ()) -> str:
    """What Pleo shows at a failed item: each problem once with its remedy, and what exists all the same."""
    texts = list(dict.fromkeys(str(problem) for problem in problems))
    stands = [f"Booked all the same: {', '.join(bookings)}."] if (bookings := list(bookings)) else []
    return " ".join(texts + stands)


def outcome_of(successful: int, failed: int, open_items: int, dialect: Dialect) -> JobOutcome:
    """The final event of a job whose items were all gone through (`pleo/rules.md` §1.10, C4, C5).

    `open_items` have no final status: their outcome is not known, or Pleo refused the update. With such the job can
    only end as `failed`: the other two events are for jobs whose items all have one.
    """
    if open_items:
        total = successful + failed + open_items
        return _failed("accounting_system_timeout", worded("job_outcome_unknown", open=open_items, total=total))
    if not failed:
        return JobOutcome("completed")
    if successful or dialect.all_failed == "completed_with_errors":
        return JobOutcome("completed_with_errors")
    return _failed("validation_failure", worded("job_none_booked", count=failed))


def outcome_of_undecided(fault: KontobroError, open_items: int) -> JobOutcome:
    """The final event of a job that a fault ended while the outcome of some writes is unknown."""
    why = part_of(fault.message)
    return _failed("accounting_system_unreachable", worded("job_undecided", open=open_items, why=why))


def outcome_of_fault(fault: KontobroError) -> JobOutcome:
    """The final event of a job that a fault ended."""
    return _failed(fault.job_failure, note_of(fault))


def _failed(failure_type: JobFailure, failure: str) -> JobOutcome:
    return JobOutcome("failed", failure, failure_type)
