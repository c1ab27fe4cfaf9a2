"""The life of an export job: the table of moves, expiry, and what becomes of its items and expenses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.rules import LENIENT
from pleo_sandbox.state.exports import ExportStatus
from pleo_sandbox.state.sandbox import Sandbox

EVENTS = ["started", "failed", "completed", "completed_with_errors"]
ALMOST_AN_HOUR = timedelta(minutes=59)
ALLOWED = {
    ("pending", "started"): "in_progress",
    ("in_progress", "failed"): "failed",
    ("in_progress", "completed"): "completed",
    ("in_progress", "completed_with_errors"): "completed_with_errors",
}


@pytest.fixture(autouse=True)
def lenient(sandbox: Sandbox) -> None:
    """Moves and nothing else: what items and reasons a final event needs is in `test_strictness.py`."""
    sandbox.set_rules(LENIENT)


def send(pleo: TestClient, job_id: str, event: str) -> int:
    return pleo.post("/v3/export-job-events", json={"jobId": job_id, "event": event}).status_code


def put(pleo: TestClient, job_id: str, entry_id: str, status: str) -> int:
    update = [{"accountingEntryId": entry_id, "status": status}]
    return pleo.put(f"/v3/export-jobs/{job_id}/items", json=update).status_code


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("status", ["pending", "in_progress", "failed", "completed", "completed_with_errors"])
def test_moves(pleo: TestClient, sandbox: Sandbox, job_id: str, status: str, event: str) -> None:
    if status != "pending":
        send(pleo, job_id, "started")
    if status not in ("pending", "in_progress"):
        send(pleo, job_id, status)
    (job,) = sandbox.jobs
    assert job.status == status
    wanted = ALLOWED.get((status, event))
    assert send(pleo, job_id, event) == (422 if wanted is None else 202)
    assert job.status == (wanted or status)


def test_an_event_answers_202_without_a_body(pleo: TestClient, job_id: str) -> None:
    response = pleo.post("/v3/export-job-events", json={"jobId": job_id, "event": "started"})
    assert (response.status_code, response.content) == (202, b"")


def test_a_failed_job_says_why(pleo: TestClient, running: str) -> None:
    body = {"jobId": running, "event": "failed", "failureReason": "gone", "failureReasonType": "service_unreachable"}
    pleo.post("/v3/export-job-events", json=body)
    job = pleo.get(f"/v3/export-jobs/{running}").json()["data"]
    assert (job["failureReason"], job["failureReasonType"]) == ("gone", "service_unreachable")
    assert job["completedAt"] is not None


@pytest.mark.parametrize("event", ["failed", "completed", "completed_with_errors"])
def test_unfinished_items_are_abandoned(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str, event: str
) -> None:
    done, failed, left = (expense.id for expense in acme.expenses)
    put(pleo, running, done, "successful")
    put(pleo, running, failed, "failed")
    send(pleo, running, event)
    items = pleo.get(f"/v3/export-jobs/{running}/items").json()["data"]
    assert [shown["status"] for shown in items] == ["successful", "failed", "abandoned"]
    assert sandbox.export_status(acme.id, done) is ExportStatus.EXPORTED
    assert sandbox.export_status(acme.id, failed) is ExportStatus.CREATED
    assert sandbox.export_status(acme.id, left) is ExportStatus.CREATED


def test_failed_and_abandoned_are_queued_again(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str
) -> None:
    done, *others = (expense.id for expense in acme.expenses)
    put(pleo, running, done, "successful")
    send(pleo, running, "completed_with_errors")
    assert sandbox.queue(acme.id) == 2
    second = sandbox.press_export(acme.id)
    items = pleo.get(f"/v3/export-jobs/{second}/items").json()["data"]
    assert [shown["accountingEntryId"] for shown in items] == others
    assert {shown["status"] for shown in items} == {"pending"}


def test_an_exported_expense_may_be_exported_again(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str
) -> None:
    entry_id = acme.expenses[0].id
    put(pleo, running, entry_id, "successful")
    send(pleo, running, "completed")
    sandbox.press_export(acme.id, [entry_id])
    assert sandbox.item_state(acme.id, entry_id)["status"] == "pending"


def test_export_is_not_pressed_twice(sandbox: Sandbox, acme: SandboxCompany, job_id: str) -> None:
    with pytest.raises(PleoError, match="EXPORT_ALREADY_IN_PROGRESS"):
        sandbox.press_export(acme.id, [acme.expenses[0].id])
    with pytest.raises(PleoError, match="EXPORT_ALREADY_IN_PROGRESS"):
        sandbox.queue(acme.id, [acme.expenses[0].id])


@pytest.mark.parametrize("started", [False, True])
def test_an_hour_without_a_word_expires_a_job(pleo: TestClient, sandbox: Sandbox, job_id: str, started: bool) -> None:
    if started:
        send(pleo, job_id, "started")
    sandbox.move_clock(ALMOST_AN_HOUR)
    assert pleo.get(f"/v3/export-jobs/{job_id}").json()["data"]["status"] in ("pending", "in_progress")
    sandbox.move_clock(timedelta(minutes=2))
    job = pleo.get(f"/v3/export-jobs/{job_id}").json()["data"]
    assert (job["status"], job["failureReasonType"]) == ("failed", "job_expired")
    assert job["expiredAt"] is not None
    items = pleo.get(f"/v3/export-jobs/{job_id}/items").json()["data"]
    assert {shown["status"] for shown in items} == {"abandoned"}
    assert pleo.get("/v3/export-items", params={"job_id": job_id}).status_code == 422
    assert send(pleo, job_id, "started") == 422


def test_an_event_moves_the_hour(pleo: TestClient, sandbox: Sandbox, job_id: str) -> None:
    sandbox.move_clock(ALMOST_AN_HOUR)
    send(pleo, job_id, "started")
    sandbox.move_clock(ALMOST_AN_HOUR)
    assert sandbox.jobs[0].status == "in_progress"


@pytest.mark.parametrize("moves", [True, False])
def test_whether_an_item_update_moves_the_hour_is_a_switch(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str, moves: bool
) -> None:
    sandbox.item_update_moves_clock = moves
    sandbox.move_clock(ALMOST_AN_HOUR)
    assert put(pleo, running, acme.expenses[0].id, "in_progress") == 200
    sandbox.move_clock(ALMOST_AN_HOUR)
    assert sandbox.jobs[0].status == ("in_progress" if moves else "failed")


def test_expiry_keeps_what_was_successful(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str
) -> None:
    entry_id = acme.expenses[0].id
    put(pleo, running, entry_id, "successful")
    sandbox.expire_job(running)
    assert sandbox.export_status(acme.id, entry_id) is ExportStatus.EXPORTED
    assert put(pleo, running, acme.expenses[1].id, "successful") == 422
    assert sandbox.queue(acme.id) == 2


def test_the_bookkeeper_cancels(pleo: TestClient, sandbox: Sandbox, running: str) -> None:
    sandbox.cancel_job(running)
    job = pleo.get(f"/v3/export-jobs/{running}").json()["data"]
    assert (job["status"], job["failureReasonType"]) == ("failed", "canceled_by_user")


def test_an_expired_job_makes_room_for_the_next(sandbox: Sandbox, acme: SandboxCompany, job_id: str) -> None:
    sandbox.move_clock(timedelta(hours=1))
    sandbox.queue(acme.id)
    assert sandbox.press_export(acme.id) != job_id
