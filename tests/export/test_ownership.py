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
    with an_export_harness(tmp_path, a_company(*(Expense(an_item(number)) for number in (1, 2, 3)))) as office:
        office.sandbox.refuse_updates(entry_id(2), refusal)
        result = office.export()
        assert (result.event, result.booked) == ("failed", 3)  # Pleo takes the other events when all items are told
        assert office.desk.states() == {
            entry_id(1): "successful",
            entry_id(2): "abandoned",
            entry_id(3): "successful",
        }
        assert office.rows() == {entry_id(1): "reported", entry_id(2): "verified", entry_id(3): "reported"}
        office.again()
        result = office.export()
        assert (result.event, result.already_booked) == ("completed", 1)
        assert len(office.entries()) == 3
        office.assert_agree()


def test_a_job_of_another_company(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as office:
        other = a_company(Expense(an_item(9)))
        other.id = "00000000-0000-4000-8000-000000000077"
        office.sandbox.add_company(other)
        job_id = office.sandbox.press_export(other.id)
        office.store.save_connection(office.connection)
        key = office.sandbox.add_api_key(other.id)
        job = elsewhere(office, other.id, key)
        assert job.id == job_id
        with pytest.raises(Misconfigured, match="another company"):
            run_job(office.connection, job, office.ports)
        assert str(office.sandbox.jobs[-1].status) == "pending"
        assert office.store.jobs("desk") == []


def elsewhere(office: ExportHarness, company_id: str, key: str):  # type: ignore[no-untyped-def]
    """The job as another company's own client lists it."""
    from dataclasses import replace

    from kontobro.core.model.connection import Tokens
    from kontobro.pleo import open_pleo

    other = replace(office.connection, id="other", company_id=company_id)
    office.store.save_connection(other)
    office.store.save_tokens(other, Tokens(access=key))
    pleo = open_pleo(other, office.store, office.clock)
    (job,) = pleo.jobs(["pending"])
    pleo.close()
    return job


def started_elsewhere(office: ExportHarness) -> None:
    """Another installation claims the job."""
    office.pleo.start(office.sandbox.jobs[0].id)


def test_a_job_that_another_installation_works_on_is_left_alone(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as office:
        started_elsewhere(office)
        with pytest.raises(Busy) as fault:
            office.export()
        assert "--take-over" in fault.value.remedy
        assert office.entries() == {}
        assert office.store.jobs("desk") == []
        result = office.export(take_over=True)
        assert result.booked == 4
        office.assert_agree()


def test_a_job_that_another_installation_left_behind_is_resumed(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as office:
        started_elsewhere(office)
        office.sandbox.move_clock(timedelta(minutes=24))
        with pytest.raises(Busy):
            office.export()
        office.sandbox.move_clock(timedelta(minutes=2))
        assert office.export().booked == 4
        office.assert_agree()


def test_a_job_that_we_finished_meanwhile_is_not_begun_again(tmp_path: Path) -> None:
    """The list was read before another run of ours had the lock: its end stays what we remember."""
    with an_export_harness(tmp_path, kill_company()) as office:
        stale = next_job(office.ports)
        assert stale is not None
        office.export()
        calls = office.sandbox.calls
        with pytest.raises(Busy, match="finished"):
            run_job(office.connection, stale, office.ports)
        assert [row.status for row in office.store.jobs("desk")] == ["completed_with_errors"]
        assert office.sandbox.calls == calls
        office.assert_agree()


def test_two_at_once_under_one_lock(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as office, office.store.lock("export-desk"):
        with pytest.raises(Busy):
            office.export()
        assert str(office.sandbox.jobs[0].status) == "pending"


def test_no_item_is_told_more_than_once(tmp_path: Path) -> None:
    many = a_company(*(Expense(an_item(number)) for number in range(1, 206)))
    with an_export_harness(tmp_path, many) as office:
        assert office.export().booked == 205
        assert office.sandbox.calls["PUT /v3/export-jobs/{jobId}/items"] == 3
        assert office.sandbox.calls["GET /v3/export-items"] == 6  # three pages, read once more for the rehearsal
        office.assert_agree()


def test_resumed_after_pleo_fell_silent(tmp_path: Path) -> None:
    """Pleo is away for long while we report: the run ends with its fault, the next one tells the rest."""
    with an_export_harness(tmp_path, kill_company()) as office:
        office.sandbox.storm("PUT", CONTROL, 503, times=5)
        with pytest.raises(Exception, match="error of its own"):
            office.export()
        result = office.export()
        assert (result.event, result.already_booked, result.failed) == ("completed_with_errors", 4, 1)
        office.assert_agree()


def test_all_was_told_and_only_the_end_is_missing(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as office:
        office.sandbox.storm("POST", EVENTS, 503, times=5, skip=1)
        with pytest.raises(Exception, match="error of its own"):
            office.export()
        before = office.entries()
        result = office.export()
        assert (result.event, result.booked, result.already_booked) == ("completed_with_errors", 0, 0)
        assert office.entries().keys() == before.keys()
        office.assert_agree()
