"""A run that continues a job of its own, after a while without a run: what Pleo shows counts, not when it began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from kontobro.core.errors import Taken
from kontobro.core.model.export import ItemReport
from kontobro.export.book.report import KEEP_ALIVE_AFTER
from kontobro.export.job.claim import ALIVE
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import entry_id, kill_company

MINUTE = timedelta(minutes=1)
SETTLE_AFTER = 4 * MINUTE


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    """Over an accounting system whose reference can be searched, no more."""
    with an_export_harness(tmp_path, kill_company()) as harness:
        searchable = replace(harness.connector.capabilities, reference="searchable", settle_after=SETTLE_AFTER)
        harness.alter(capabilities=searchable)
        yield harness


class Killed(BaseException):
    """The process is gone: nothing of it catches this."""


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
    result = harness.export_acting("erp.book#1:before", lambda: written.append(harness.clock.now() - began))
    assert result.booked == 4
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
