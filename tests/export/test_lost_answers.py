"""An answer is lost after the work was done, or an endpoint storms: everything exists once all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontobro.core.errors import Timeout, Uncertain
from tests.support.export_harness import CONTROL, EVENTS, ITEMS, JOBS, ExportHarness, an_export_harness
from tests.support.pleo_company import entry_id, kill_company

BOOKED = sorted([entry_id(1), entry_id(2), entry_id(2) + "/pay", entry_id(3), entry_id(4)])
STATES = {entry_id(number): "successful" for number in (1, 2, 3, 4)} | {entry_id(5): "failed"}


def assert_whole(harness: ExportHarness) -> None:
    assert sorted(harness.entries()) == BOOKED
    assert len(harness.receipts()) == len(set(harness.receipts())) == 3
    assert harness.connected.states() == STATES
    assert [str(job.status) for job in harness.sandbox.jobs] == ["completed_with_errors"]
    harness.assert_agree()


@pytest.mark.parametrize(
    ("method", "path", "skip"),
    [("POST", EVENTS, 0), ("PUT", CONTROL, 0), ("POST", EVENTS, 1)],
    ids=["started", "items", "completed"],
)
def test_an_answer_of_pleo_is_lost(tmp_path: Path, method: str, path: str, skip: int) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.sandbox.lose_response(method, path, skip=skip)
        result = harness.export()
        assert (result.event, result.booked, result.failed) == ("completed_with_errors", 4, 1)
        assert_whole(harness)


@pytest.mark.parametrize("fault", [Uncertain("The outcome is unknown."), Timeout("It did not answer in time.")])
@pytest.mark.parametrize(
    "at", ["erp.book#1:after", "erp.book#2:after", "erp.attach#1:after", "erp.attach#2:after", "erp.post#1:after"]
)
def test_an_answer_of_the_accounting_system_is_lost(tmp_path: Path, at: str, fault: Exception) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        result = harness.export_with_fault(at, fault)
        assert at in harness.crossed
        assert (result.event, result.booked, result.failed) == ("completed_with_errors", 4, 1)
        assert_whole(harness)


def test_a_question_of_the_accounting_system_is_lost_before_it_arrived(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        result = harness.export_with_fault("erp.book#1:before", Timeout("It did not answer in time."))
        assert (result.booked, result.failed) == (4, 1)
        assert harness.crossed.count("erp.book#2:before") == 1
        assert_whole(harness)


ENDPOINTS = [
    ("GET", JOBS),
    ("GET", "/v1/introspect"),
    ("POST", EVENTS),
    ("GET", CONTROL),
    ("GET", ITEMS),
    ("GET", "/files/*"),
    ("PUT", CONTROL),
]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_storm_passes(tmp_path: Path, method: str, path: str, status: int) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.sandbox.storm(method, path, status, times=3, retry_after="7" if status == 429 else None)
        calls = sum(harness.sandbox.calls.values())
        result = harness.export()
        assert (result.event, result.booked, result.failed) == ("completed_with_errors", 4, 1)
        assert_whole(harness)
        assert sum(harness.sandbox.calls.values()) - calls <= 13 + 3 + 3
        # a receipt's host is not Pleo's API: its own pauses, three receipts at a time
        assert harness.clock.slept >= (3 * 7 if status == 429 and path != "/files/*" else 1)


def test_everything_storms_and_is_slow(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        for method, path in ENDPOINTS:
            harness.sandbox.storm(method, path, 429, times=1, retry_after="1")
            harness.sandbox.storm(method, path, 502, times=1)
            harness.sandbox.delay(method, path, 0.02, times=2)
        assert harness.export().booked == 4
        assert_whole(harness)
