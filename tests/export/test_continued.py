"""A run that continues a job of its own, after a while without a run: what Pleo shows counts, not when it began."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from kontobro.core.errors import BadAnswer, Taken
from kontobro.core.model.export import ExportJob, ItemReport
from kontobro.export.book.report import KEEP_ALIVE_AFTER
from kontobro.export.job.claim import ALIVE
from tests.support.export_harness import SETTLE_AFTER, ExportHarness, Killed, Told, a_searchable_harness
from tests.support.pleo_company import entry_id

MINUTE = timedelta(minutes=1)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    with a_searchable_harness(tmp_path) as harness:
        yield harness


def killed_before_it_wrote(harness: ExportHarness) -> None:
    def die() -> NoReturn:
        raise Killed

    with pytest.raises(Killed):
        harness.export_acting("erp.book#1:before", die)


def acted_at(harness: ExportHarness) -> datetime:
    return harness.sandbox.jobs[0].last_updated_at


@pytest.mark.parametrize(("gone", "acts"), [(KEEP_ALIVE_AFTER - MINUTE, False), (KEEP_ALIVE_AFTER + MINUTE, True)])
def test_it_acts_at_once_where_nothing_happened_for_long(harness: ExportHarness, gone: timedelta, acts: bool) -> None:
    """Else another installation takes the job for left alone while this one works, or Pleo lets it expire."""
    killed_before_it_wrote(harness)
    harness.sandbox.move_clock(gone)
    came, found = harness.clock.now(), list[datetime]()

    def look(behind: Any, *args: Any) -> Any:
        found.append(acted_at(harness))
        return behind.find(*args)

    harness.alter(capabilities=harness.connector.capabilities, find=look)
    assert harness.export().booked == 4
    assert (found[0] >= came) is acts
    harness.assert_agree()


def test_the_longest_call_ends_before_another_may_take_the_job(harness: ExportHarness) -> None:
    """Each call begins within KEEP_ALIVE_AFTER of an action, and there is one right after it."""
    longest, apart = timedelta(minutes=10), list[timedelta]()

    def slow(behind: Any, *args: Any) -> Any:
        began = acted_at(harness)
        harness.sandbox.move_clock(longest)
        apart.append(harness.clock.now() - began)
        return behind.find(*args)

    harness.alter(capabilities=harness.connector.capabilities, find=slow)
    assert harness.export().booked == 4
    assert max(apart) <= ALIVE - 5 * MINUTE
    harness.assert_agree()


def test_what_another_may_have_by_now_is_watched_first(harness: ExportHarness) -> None:
    """Nothing happened for longer than another installation waits: it is continued like anyone's."""
    killed_before_it_wrote(harness)
    harness.sandbox.move_clock(ALIVE + MINUTE)
    began, written = harness.clock.now(), list[timedelta]()
    idle = list[timedelta]()

    def look() -> None:
        written.append(harness.clock.now() - began)
        idle.append(harness.clock.now() - acted_at(harness))

    assert harness.export_acting("erp.book#1:before", look).booked == 4
    assert idle[0] <= KEEP_ALIVE_AFTER, "the time that it watched counts"
    assert 2 * SETTLE_AFTER <= written[0] <= 2 * SETTLE_AFTER + 3 * MINUTE, "watched, and the last write waited for"
    harness.assert_agree()


def test_what_another_has_by_now_is_left_alone(harness: ExportHarness) -> None:
    """It acts on it while this one watches."""
    killed_before_it_wrote(harness)
    harness.sandbox.move_clock(ALIVE + MINUTE)
    began, told = harness.clock.now(), list[bool]()

    class Working:
        def now(self) -> datetime:
            return harness.sandbox.clock.now()

        def sleep(self, seconds: float) -> None:
            harness.sandbox.move_clock(timedelta(seconds=seconds))
            if not told and self.now() - began > 2 * MINUTE:
                told.append(True)
                acting = ItemReport(entry_id=entry_id(1), status="in_progress")
                harness.pleo.report(harness.sandbox.jobs[0].id, [acting])

    harness.clock = Working()  # type: ignore[assignment]
    with pytest.raises(Taken, match="claimed by another installation"):
        harness.export()
    assert (harness.entries(), told) == ({}, [True])
    assert [row.status for row in harness.store.jobs("desk")] == ["not ours"]


@pytest.mark.parametrize("take_over", [False, True])
def test_what_another_took_and_works_on_is_left_alone_until_a_person_says_otherwise(
    harness: ExportHarness, take_over: bool
) -> None:
    """The other's action is young, and far later than the last one of ours."""
    killed_before_it_wrote(harness)
    harness.sandbox.move_clock(ALIVE + MINUTE)
    acting = ItemReport(entry_id=entry_id(1), status="in_progress")
    harness.pleo.report(harness.sandbox.jobs[0].id, [acting])
    harness.sandbox.move_clock(MINUTE)
    if take_over:
        assert harness.export(take_over=True).booked == 4
        harness.assert_agree()
        return
    with pytest.raises(Taken, match="another installation"):
        harness.export()
    assert harness.entries() == {}


def test_actions_of_its_own_are_not_anothers(harness: ExportHarness) -> None:
    """Killed after hours of work, and started again at once."""

    def slow(behind: Any, *args: Any) -> Any:
        harness.sandbox.move_clock(9 * MINUTE)
        return behind.book(*args)

    capabilities = replace(harness.connector.capabilities, batch_size=1)
    harness.alter(capabilities=capabilities, book=slow)

    def die() -> NoReturn:
        raise Killed

    with pytest.raises(Killed):
        harness.export_acting("erp.book#5:before", die)
    assert harness.clock.now() - (harness.sandbox.jobs[0].started_at or harness.clock.now()) > ALIVE
    harness.alter(capabilities=capabilities)
    began, written = harness.clock.now(), list[timedelta]()
    harness.export_acting("erp.book#1:before", lambda: written.append(harness.clock.now() - began))
    assert written[0] < SETTLE_AFTER + MINUTE
    harness.assert_agree()


ODD: dict[str, Callable[[ExportJob], ExportJob]] = {
    "no moments": lambda job: replace(job, started_at=None, last_updated_at=None),
    "a Date hours ahead": lambda job: replace(job, read_at=job.read_at + 180 * MINUTE if job.read_at else None),
    "a Date hours behind": lambda job: replace(job, read_at=job.read_at - 180 * MINUTE if job.read_at else None),
    "no Date": lambda job: replace(job, read_at=None),
}


@pytest.mark.parametrize("told", ODD)
def test_what_was_claimed_a_moment_ago_is_not_watched(harness: ExportHarness, told: str) -> None:
    """Whatever Pleo tells of when."""
    harness.sandbox.move_clock(ALIVE + MINUTE)  # since Export was pressed
    harness.pleo = Told(harness.pleo, ODD[told])  # type: ignore[assignment]
    began, written = harness.clock.now(), list[timedelta]()
    harness.export_acting("erp.book#1:before", lambda: written.append(harness.clock.now() - began))
    assert written[0] < MINUTE
    harness.assert_agree()


def test_a_date_that_is_hours_ahead_ends_no_watch(harness: ExportHarness) -> None:
    killed_before_it_wrote(harness)
    harness.sandbox.move_clock(ALIVE + MINUTE)
    harness.pleo = Told(harness.pleo, ODD["a Date hours ahead"])  # type: ignore[assignment]
    began, written = harness.clock.now(), list[timedelta]()
    harness.export_acting("erp.book#1:before", lambda: written.append(harness.clock.now() - began))
    assert written[0] >= 2 * SETTLE_AFTER, "watched, and the last write waited for"


def test_jobs_that_cannot_be_read_are_waited_for(harness: ExportHarness) -> None:
    """One old record that is not its contract keeps no export from its end."""

    class Unreadable(Told):
        def jobs(self, statuses: Sequence[str]) -> Any:
            if statuses == ("failed",):
                raise BadAnswer("Pleo's answer is not its contract.", "Tell us.")
            return self._behind.jobs(statuses)

    harness.pleo = Unreadable(harness.pleo, lambda job: job)  # type: ignore[assignment]
    began, written = harness.clock.now(), list[timedelta]()
    harness.export_acting("erp.book#1:before", lambda: written.append(harness.clock.now() - began))
    assert SETTLE_AFTER <= written[0] < SETTLE_AFTER + MINUTE
    harness.assert_agree()
