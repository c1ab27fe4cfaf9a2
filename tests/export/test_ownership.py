"""Whose job it is, and what Pleo does not take of what it is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kontobro.core.errors import Busy, Misconfigured
from kontobro.export import next_job, run_job
from pleo_sandbox.company.jobs import UpdateErrorType
from pleo_sandbox.model import Expense
from tests.support.export_harness import CONTROL, EVENTS, ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, an_item, entry_id, kill_company

REFUSALS: list[UpdateErrorType] = [
    "ACCOUNTING_ENTRY_DOES_NOT_EXIST",
    "EXPORT_ENTRY_STATUS_UPDATE_FAILED",
    "ACCOUNTING_ENTRY_UPDATE_FAILED",
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_update_is_counted_and_not_remembered_as_told(tmp_path: Path, refusal: UpdateErrorType) -> None:
    with an_export_harness(tmp_path, a_company(*(Expense(an_item(number)) for number in (1, 2, 3)))) as harness:
        harness.sandbox.refuse_updates(entry_id(2), refusal)
        result = harness.export()
        assert (result.event, result.booked) == ("failed", 3)  # Pleo takes the other events when all items are told
        assert harness.connected.states() == {
            entry_id(1): "successful",
            entry_id(2): "abandoned",
            entry_id(3): "successful",
        }
        assert harness.rows() == {entry_id(1): "reported", entry_id(2): "verified", entry_id(3): "reported"}
        harness.again()
        result = harness.export()
        assert (result.event, result.already_booked) == ("completed", 1)
        assert len(harness.entries()) == 3
        harness.assert_agree()


def test_a_job_of_another_company(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        other = a_company(Expense(an_item(9)))
        other.id = "00000000-0000-4000-8000-000000000077"
        harness.sandbox.add_company(other)
        job_id = harness.sandbox.press_export(other.id)
        harness.store.save_connection(harness.connection)
        key = harness.sandbox.add_api_key(other.id)
        job = elsewhere(harness, other.id, key)
        assert job.id == job_id
        with pytest.raises(Misconfigured, match="another company"):
            run_job(harness.connection, job, harness.ports)
        assert str(harness.sandbox.jobs[-1].status) == "pending"
        assert harness.store.jobs("desk") == []


def elsewhere(harness: ExportHarness, company_id: str, key: str):  # type: ignore[no-untyped-def]
    """The job as another company's own client lists it."""
    from dataclasses import replace

    from kontobro.core.model.connection import Tokens
    from kontobro.pleo import open_pleo

    other = replace(harness.connection, id="other", company_id=company_id)
    harness.store.save_connection(other)
    harness.store.save_tokens(other, Tokens(access=key))
    pleo = open_pleo(other, harness.store, harness.clock)
    (job,) = pleo.jobs(["pending"])
    pleo.close()
    return job


def started_elsewhere(harness: ExportHarness) -> None:
    """Another installation claims the job."""
    harness.pleo.start(harness.sandbox.jobs[0].id)


def test_a_job_that_another_installation_works_on_is_left_alone(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        started_elsewhere(harness)
        with pytest.raises(Busy) as fault:
            harness.export()
        assert fault.value.command == "kontobro export --take-over"
        assert harness.entries() == {}
        assert harness.store.jobs("desk") == []
        result = harness.export(take_over=True)
        assert result.booked == 4
        harness.assert_agree()


def test_a_job_that_another_installation_left_behind_is_resumed(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        started_elsewhere(harness)
        harness.sandbox.move_clock(timedelta(minutes=24))
        with pytest.raises(Busy):
            harness.export()
        harness.sandbox.move_clock(timedelta(minutes=2))
        assert harness.export().booked == 4
        harness.assert_agree()


def test_a_job_that_we_finished_meanwhile_is_not_begun_again(tmp_path: Path) -> None:
    """The list was read before another run of ours had the lock: its end stays what we remember."""
    with an_export_harness(tmp_path, kill_company()) as harness:
        stale = next_job(harness.ports)
        assert stale is not None
        harness.export()
        calls = harness.sandbox.calls
        with pytest.raises(Busy, match="finished"):
            run_job(harness.connection, stale, harness.ports)
        assert [row.status for row in harness.store.jobs("desk")] == ["completed_with_errors"]
        assert harness.sandbox.calls == calls
        harness.assert_agree()


def test_two_at_once_under_one_lock(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness, harness.store.lock("export-desk"):
        with pytest.raises(Busy):
            harness.export()
        assert str(harness.sandbox.jobs[0].status) == "pending"


def test_no_item_is_told_more_than_once(tmp_path: Path) -> None:
    many = a_company(*(Expense(an_item(number)) for number in range(1, 206)))
    with an_export_harness(tmp_path, many) as harness:
        assert harness.export().booked == 205
        assert harness.sandbox.calls["PUT /v3/export-jobs/{jobId}/items"] == 3
        assert harness.sandbox.calls["GET /v3/export-items"] == 6  # three pages, read once more for the rehearsal
        harness.assert_agree()


def test_resumed_after_pleo_fell_silent(tmp_path: Path) -> None:
    """Pleo is away for long while we report: the run ends with its fault, the next one tells the rest."""
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.sandbox.storm("PUT", CONTROL, 503, times=5)
        with pytest.raises(Exception, match="error of its own"):
            harness.export()
        result = harness.export()
        assert (result.event, result.already_booked, result.failed) == ("completed_with_errors", 4, 1)
        harness.assert_agree()


def test_all_was_told_and_only_the_end_is_missing(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.sandbox.storm("POST", EVENTS, 503, times=5, skip=1)
        with pytest.raises(Exception, match="error of its own"):
            harness.export()
        before = harness.entries()
        result = harness.export()
        assert (result.event, result.booked, result.already_booked) == ("completed_with_errors", 0, 0)
        assert harness.entries().keys() == before.keys()
        harness.assert_agree()
