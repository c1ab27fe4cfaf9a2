"""One patience for all, and an end to every run: whatever fails, at whichever call, for as long as it likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import KontobroError, RateLimited, Timeout, Uncertain, Unreachable
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Booking, Entry
from kontobro.core.ports import LONGEST_CALL
from kontobro.erp.beancount.connector import CAPABILITIES
from kontobro.export.job.patience import MOST_DOUBTS, OUTAGES, Patience, longest_trouble, most_lost
from kontobro.export.job.run import StopJob, patiently
from pleo_sandbox.model import Expense
from tests.support.export_harness import Altered, ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, a_receipt, an_item, entry_id

MINUTE = timedelta(minutes=1)
EACH = 10 * MINUTE
ITEMS = 12


def some() -> Any:
    return a_company(*(Expense(an_item(n), (a_receipt(n),)) for n in range(1, ITEMS + 1)))


# ------------------------------------------------------------------------------------------ one patience for all


@pytest.mark.parametrize("seconds", [25, 300])
def test_an_absence_while_receipts_are_attached_is_waited_out(tmp_path: Path, seconds: int) -> None:
    with an_export_harness(tmp_path, some()) as harness:
        back: list[datetime] = []

        def away() -> bool:
            return bool(back) and harness.clock.now() < back[0]

        def attach(behind: Any, booking: Booking, receipts: Sequence[Receipt]) -> None:
            if booking.reference == entry_id(3) and not back:
                back.append(harness.clock.now() + timedelta(seconds=seconds))
            if away():
                raise Unreachable("It is restarted.")
            behind.attach(booking, receipts)

        def check(behind: Any) -> Any:
            if away():
                raise Unreachable("It is restarted.")
            return behind.check()

        harness.alter(attach=attach, check=check)
        result = harness.export()
        assert (result.event, result.booked, result.failed, result.receipts) == ("completed", ITEMS, 0, ITEMS)
        assert len(harness.receipts()) == ITEMS
        harness.assert_agree()


@pytest.mark.parametrize("reference", ["enforced", "searchable"])
def test_a_lost_upload_is_done_again_when_it_must_be_there_if_it_ever_came(tmp_path: Path, reference: str) -> None:
    with an_export_harness(tmp_path, some()) as harness:
        asked: list[datetime] = []

        def attach(behind: Any, booking: Booking, receipts: Sequence[Receipt]) -> None:
            if booking.reference == entry_id(3):
                asked.append(harness.clock.now())
                if len(asked) == 1:
                    harness.clock.sleep(2 * 60)
                    asked[0] = harness.clock.now()
                    raise Uncertain("The answer was lost.")
            behind.attach(booking, receipts)

        able = replace(CAPABILITIES, reference=reference, settle_after=5 * MINUTE)
        harness.alter(attach=attach, capabilities=able)
        assert harness.export().receipts == ITEMS
        waited = asked[1] - asked[0]
        assert waited >= 5 * MINUTE if reference == "searchable" else waited < MINUTE


@pytest.mark.parametrize("fault", [Uncertain("The answer was lost."), Timeout("It did not answer in time.")])
def test_a_lost_write_is_waited_for_from_the_moment_in_which_it_was_given_up(tmp_path: Path, fault: Exception) -> None:
    """A call may last longer than `settle_after`, and its request leave at its end."""
    with an_export_harness(tmp_path, some()) as harness:
        asked: list[datetime] = []
        gave_up: list[datetime] = []

        def book(behind: Any, entries: Sequence[Entry]) -> Any:
            asked.append(harness.clock.now())
            if gave_up:
                return behind.book(entries)
            harness.clock.sleep(8 * 60)
            gave_up.append(harness.clock.now())
            raise fault

        harness.alter(book=book, capabilities=replace(CAPABILITIES, reference="searchable", settle_after=5 * MINUTE))
        assert harness.export().booked == ITEMS
        assert asked[1] - gave_up[0] >= 5 * MINUTE


def test_an_upload_that_alone_is_never_taken_is_its_item_s_matter(tmp_path: Path) -> None:
    """The accounting system answers everything else: the job continues, and the item says what happened."""
    with an_export_harness(tmp_path, some()) as harness:

        def attach(behind: Any, booking: Booking, receipts: Sequence[Receipt]) -> None:
            if booking.reference == entry_id(3):
                raise Unreachable("The store of documents is away.")
            behind.attach(booking, receipts)

        harness.alter(attach=attach)
        began = harness.clock.now()
        result = harness.export()
        assert (result.event, result.booked, result.failed) == ("completed_with_errors", ITEMS - 1, 1)
        assert harness.failure(entry_id(3))[0] == "receipt_upload_failure"
        assert EACH <= harness.clock.now() - began < 2 * EACH


# ------------------------------------------------------------------------------------------ every run ends

FAULTS: dict[str, tuple[Exception, float]] = {
    "away": (Unreachable("It can't be reached."), 10),
    "hangs as long as it may": (Timeout("It did not answer in time."), LONGEST_CALL.total_seconds()),
    "asks to wait for years": (RateLimited("Too many.", retry_after=10.0**9), 1),
    "never tells": (Uncertain("The answer was lost."), 300),
    "never tells, at once": (Uncertain("The answer was lost."), 0),
    "breaks": (KeyError("a bug"), 300),
}
METHODS = ["check", "read", "validate", "find", "book", "attach", "post"]
ABLE = {
    "enforced": replace(CAPABILITIES, reference="enforced", settle_after=timedelta(0), batch_size=1),
    "searchable": replace(CAPABILITIES, reference="searchable", settle_after=5 * MINUTE, batch_size=1),
}


def export_in(harness: ExportHarness, limit: timedelta) -> str:
    """Run the job to its end within the time: how it ended."""
    began = harness.clock.now()
    try:
        event = harness.export().event
    except KontobroError as fault:
        event = type(fault).__name__
    assert harness.clock.now() - began <= limit
    return event


CASES = [
    *((method, kind, "enforced") for method in METHODS for kind in FAULTS),
    *((method, kind, "searchable") for method in ("book", "attach") for kind in FAULTS),
]


@pytest.mark.parametrize(("method", "kind", "reference"), CASES)
def test_every_run_ends(tmp_path: Path, method: str, kind: str, reference: str) -> None:
    fault, seconds = FAULTS[kind]
    with an_export_harness(tmp_path, some()) as harness:

        def failing(behind: Any, *args: Any) -> Any:
            harness.clock.sleep(seconds)
            raise fault

        harness.alter(**{method: failing}, capabilities=ABLE[reference])
        event = export_in(harness, longest_trouble(EACH, ABLE[reference].settle_after))
        assert event in ("failed", "completed_with_errors", "unfinished")


@pytest.mark.parametrize("settings", [{"receipt_missing": "fail"}, {"receipt_missing": "book"}])
def test_a_host_of_receipts_that_hangs_holds_no_run(tmp_path: Path, settings: dict[str, Any]) -> None:
    many = a_company(*(Expense(an_item(n), tuple(a_receipt(9 * n + m) for m in range(6))) for n in range(1, 13)))
    with an_export_harness(tmp_path, many) as harness:
        asked: list[str] = []

        def fetch(behind: Any, url: str, limit: int) -> bytes:
            asked.append(url)
            harness.clock.sleep(210)
            raise Timeout("The receipt's host did not answer in time.")

        harness.set(**settings)
        harness.pleo = Altered(harness.pleo, fetch=fetch)  # type: ignore[assignment]
        event = export_in(harness, longest_trouble(EACH, timedelta(0)))
        assert len(asked) < 20
        assert event == ("failed" if settings["receipt_missing"] == "fail" else "completed")


PLEO = ["introspect", "start", "control_items", "items", "report", "complete"]


@pytest.mark.parametrize("method", PLEO)
def test_a_pleo_that_hangs_ends_the_run(tmp_path: Path, method: str) -> None:
    with an_export_harness(tmp_path, some()) as harness:

        def hanging(behind: Any, *args: Any) -> Any:
            harness.clock.sleep(600)
            raise Timeout("Pleo did not answer in time.")

        harness.pleo = Altered(harness.pleo, **{method: hanging})  # type: ignore[assignment]
        event = export_in(harness, longest_trouble(EACH, timedelta(0)))
        assert event == ("unfinished" if method == "start" else "Timeout")  # a claim may have been taken: asked again


# ------------------------------------------------------------------------------------------ on its own


class Clock:
    def __init__(self) -> None:
        self.time = datetime.fromisoformat("2026-03-01T12:00:00+00:00")

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.mark.parametrize("minutes", [0, 1, 10, 50])
@pytest.mark.parametrize("seconds", [0.1, 1, 59, 600])
def test_an_outage_is_waited_out_for_the_setting_s_time_and_one_call(minutes: int, seconds: float) -> None:
    clock, patience, calls = Clock(), Patience(minutes * MINUTE), list[datetime]()
    began = clock.now()

    def away() -> None:
        calls.append(clock.now())
        clock.sleep(seconds)
        raise Unreachable("It can't be reached.")

    with pytest.raises(StopJob):
        patiently(away, patience, clock)
    took = clock.now() - began
    assert minutes * MINUTE <= took <= minutes * MINUTE + timedelta(seconds=seconds)
    assert patience.lost == took


def test_all_outages_together_have_an_end_too() -> None:
    clock, patience = Clock(), Patience(EACH)
    ended = 0
    for _ in range(10):
        answers = iter([Unreachable("away")] * 8 + [None])

        def shaky(answers: Any = answers) -> None:
            clock.sleep(30)
            if (fault := next(answers)) is not None:
                raise fault

        try:
            patiently(shaky, patience, clock)
        except StopJob:
            ended += 1
    assert 0 < ended < 10
    assert patience.is_spent
    assert patience.lost <= most_lost(EACH) + 10 * timedelta(seconds=30)


def test_writes_that_are_answered_end_a_row_of_doubts() -> None:
    patience = Patience(EACH)
    for _ in range(MOST_DOUBTS - 1):
        patience.doubt(timedelta(0))
    assert not patience.is_spent
    patience.trust()
    patience.doubt(timedelta(0))
    assert not patience.is_spent
    for _ in range(MOST_DOUBTS):
        patience.doubt(timedelta(0))
    assert patience.is_spent


def test_the_bound_is_the_one_in_the_documents() -> None:
    """`docs/how-it-works.md` gives it for the settings as they come, in minutes."""
    assert most_lost(EACH) == OUTAGES * EACH == 30 * MINUTE
    assert most_lost(timedelta(0)) == 30 * MINUTE
    assert longest_trouble(EACH, timedelta(0)) == 120 * MINUTE
    assert longest_trouble(EACH, 5 * MINUTE) == 185 * MINUTE
