"""A job of one's own that follows someone else's: what that one wrote last may still be under way (`job/claim.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final, NoReturn

import pytest

from kontobro.core.errors import Uncertain
from kontobro.core.model.export import JOB_LIFE, ItemReport, JobOutcome
from kontobro.core.model.journal import Booking, Entry, EntryKey
from kontobro.core.ports import Connector
from kontobro.export.job.ended import note_ends
from tests.support.export_harness import SETTLE_AFTER, ExportHarness, Killed, a_searchable_harness
from tests.support.pleo_company import entry_id

MINUTE = timedelta(minutes=1)
WRONG: Final = "validation_failure"

Before = Callable[[ExportHarness], None]


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    with a_searchable_harness(tmp_path) as harness:
        yield harness


def by_another(harness: ExportHarness) -> None:
    """Another installation has the job, until it is cancelled in Pleo; a person presses Export again."""
    job = harness.sandbox.jobs[-1].id
    harness.pleo.start(job)
    harness.sandbox.cancel_job(job)
    harness.again()


def seen_here(harness: ExportHarness) -> None:
    """This installation came upon the other's job and left it alone."""
    harness.store.begin_job("desk", harness.pleo.job(harness.sandbox.jobs[0].id), "a run", harness.clock.now())
    harness.store.end_job("desk", harness.sandbox.jobs[0].id, "not ours", None, harness.clock.now())


def old_history(harness: ExportHarness) -> None:
    """This installation had a job before: perhaps it is an old copy that was put in the place of a lost history."""
    job = harness.pleo.job(harness.sandbox.jobs[-1].id)
    harness.store.begin_job("desk", replace(job, id="earlier"), "a run", harness.clock.now())
    harness.sandbox.move_clock(SETTLE_AFTER)


def ended_here(harness: ExportHarness) -> None:
    """What became of the job is known here."""
    job = harness.pleo.job(harness.sandbox.jobs[0].id)
    harness.store.begin_job("desk", job, "a run", harness.clock.now())
    harness.store.end_job("desk", job.id, "failed", "nothing could be booked", harness.clock.now())


def noted_late(harness: ExportHarness) -> None:
    """An old copy of this history has the job under way, and was put back; whoever looks for work notes its end."""
    job = harness.pleo.job(harness.sandbox.jobs[0].id)
    harness.store.begin_job("desk", job, "a run", harness.clock.now())
    harness.store.claim_job("desk", job.id, "in_progress", harness.clock.now())
    note_ends(harness.connection, harness.ports)
    assert harness.store.jobs("desk")[0].finished_at is not None


def completed_by_another(harness: ExportHarness) -> None:
    job = harness.sandbox.jobs[-1].id
    harness.pleo.start(job)
    *rest, last = sorted(item.entry_id for page in harness.pleo.control_items(job) for item in page)
    refused = [ItemReport(entry_id=one, status="failed", failure="x", failure_type=WRONG) for one in rest]
    harness.pleo.report(job, [ItemReport(entry_id=last, status="successful", external_id="1"), *refused])
    harness.pleo.complete(job, JobOutcome("completed_with_errors", "x", WRONG))
    harness.again()


def by_another_long_ago(harness: ExportHarness) -> None:
    """The same, and the person waits."""
    job = harness.sandbox.jobs[-1].id
    harness.pleo.start(job)
    harness.sandbox.cancel_job(job)
    harness.sandbox.move_clock(JOB_LIFE + SETTLE_AFTER + MINUTE)
    harness.again()


def by_another_that_was_idle(harness: ExportHarness) -> None:
    """Found by a seed: it could do nothing at Pleo for half an hour, and wrote before the job ended."""
    job = harness.sandbox.jobs[-1].id
    harness.pleo.start(job)
    harness.sandbox.move_clock(31 * MINUTE)
    harness.sandbox.cancel_job(job)
    harness.again()


CASES: dict[str, tuple[tuple[Before, ...], bool]] = {
    "a first export": ((), False),
    "another's job, cancelled a moment ago": ((by_another,), True),
    "one that was seen here": ((by_another, seen_here), True),
    "one that is known to have ended long ago": ((by_another_long_ago,), False),
    "another's job, idle for long and cancelled a moment ago": ((by_another_that_was_idle,), True),
    "one that a history of older jobs lacks": ((old_history, by_another), True),
    "one that ended here": ((by_another, ended_here), False),
    "one whose end was noted late": ((by_another, noted_late), True),
    "one that another completed": ((completed_by_another,), False),
}


@pytest.mark.parametrize(("before", "waits"), CASES.values(), ids=CASES)
def test_absence_is_believed_when_what_others_wrote_must_be_there(
    harness: ExportHarness, before: tuple[Before, ...], waits: bool
) -> None:
    for act in before:
        act(harness)
    began, written = harness.clock.now(), list[timedelta]()
    harness.export_acting("erp.book#1:before", lambda: written.append(harness.clock.now() - began))
    assert (written[0] >= SETTLE_AFTER) is waits, written
    assert written[0] < (SETTLE_AFTER + MINUTE if waits else MINUTE)
    assert sorted(harness.entries()) == sorted(
        [entry_id(1), entry_id(2), f"{entry_id(2)}/pay", entry_id(3), entry_id(4)]
    )


def test_what_was_cancelled_while_a_lost_write_was_waited_for_is_not_written_again(harness: ExportHarness) -> None:
    """Found by a seed: another installation may have the same expenses by then, in a job of its own."""
    written: list[int] = []

    def lost(behind: Connector, entries: Sequence[Entry]) -> NoReturn:
        written.append(len(entries))
        harness.sandbox.cancel_job(harness.sandbox.jobs[-1].id)
        raise Uncertain("The accounting system did not answer in time.")

    harness.alter(capabilities=harness.connector.capabilities, book=lost)
    result = harness.export()
    assert (result.event, result.booked, len(written)) == ("unfinished", 0, 1)
    assert "takes nothing more for this export job" in str(result.failure)
    harness.fix()
    harness.again()
    assert harness.export().booked == 4


def test_what_was_cancelled_while_the_accounting_system_was_slow_is_not_written(harness: ExportHarness) -> None:
    """Found by a seed, as the one above: nothing was written yet."""

    def slow(behind: Connector, keys: Sequence[EntryKey]) -> Mapping[EntryKey, Booking]:
        harness.clock.sleep(60)
        harness.sandbox.cancel_job(harness.sandbox.jobs[-1].id)
        return behind.find(keys)

    harness.alter(capabilities=harness.connector.capabilities, find=slow)
    assert harness.export().event == "unfinished"
    assert harness.entries() == {}


def test_a_process_that_stopped_for_long_before_it_sent_is_waited_for_from_the_next_run_on(
    harness: ExportHarness,
) -> None:
    """Found by a seed: what it had noted long ago may have left a moment ago."""

    def stop_and_die() -> NoReturn:
        harness.sandbox.move_clock(24 * MINUTE)
        raise Killed

    with pytest.raises(Killed):
        harness.export_acting("erp.book#1:before", stop_and_die)
    began, written = harness.clock.now(), list[timedelta]()
    harness.export_acting("erp.book#1:before", lambda: written.append(harness.clock.now() - began))
    assert SETTLE_AFTER <= written[0] < SETTLE_AFTER + MINUTE
