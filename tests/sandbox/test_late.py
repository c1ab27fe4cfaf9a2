"""Requests that arrive late or twice, effects that come after the answer, pages that lack an item."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.errors import ResponseLost
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox

EVENTS = "/v3/export-job-events"
LATER = timedelta(seconds=20)


def start(pleo: TestClient, job_id: str) -> int:
    return pleo.post(EVENTS, json={"jobId": job_id, "event": "started"}).status_code


def status(pleo: TestClient, job_id: str) -> str:
    return str(pleo.get(f"/v3/export-jobs/{job_id}").json()["data"]["status"])


def test_a_late_request_has_no_answer_and_takes_effect_when_it_arrives(
    pleo: TestClient, sandbox: Sandbox, job_id: str
) -> None:
    sandbox.arrive_late("POST", EVENTS, LATER.total_seconds())
    with pytest.raises(ResponseLost):
        start(pleo, job_id)
    assert status(pleo, job_id) == "pending"
    sandbox.move_clock(LATER)
    assert status(pleo, job_id) == "in_progress"
    assert start(pleo, job_id) == 422


def test_a_late_request_that_is_not_allowed_any_more_does_nothing(
    pleo: TestClient, sandbox: Sandbox, job_id: str
) -> None:
    sandbox.arrive_late("POST", EVENTS, LATER.total_seconds())
    with pytest.raises(ResponseLost):
        start(pleo, job_id)
    assert start(pleo, job_id) == 202
    began = sandbox.jobs[0].started_at
    sandbox.move_clock(LATER)
    assert sandbox.jobs[0].started_at == began


def test_what_is_accepted_is_done_later(pleo: TestClient, sandbox: Sandbox, job_id: str) -> None:
    sandbox.accept_late("POST", EVENTS, LATER.total_seconds())
    assert start(pleo, job_id) == 202
    assert status(pleo, job_id) == "pending"
    sandbox.move_clock(LATER)
    assert status(pleo, job_id) == "in_progress"


def test_a_request_that_arrives_twice_is_answered_for_the_second(
    pleo: TestClient, sandbox: Sandbox, job_id: str
) -> None:
    sandbox.arrive_twice("POST", EVENTS)
    assert start(pleo, job_id) == 422
    assert status(pleo, job_id) == "in_progress"


def test_a_page_lacks_an_item_and_counts_it(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, job_id: str
) -> None:
    entry_id = acme.expenses[1].id
    path = f"/v3/export-jobs/{job_id}/items"
    order = {"kind": "lose_item", "method": "GET", "path": path, "entry_id": entry_id}
    assert pleo.post("/_control/add_fault", json=order).status_code == 200
    page = pleo.get(path).json()
    assert [item["accountingEntryId"] for item in page["data"]] == [acme.expenses[0].id, acme.expenses[2].id]
    assert page["pagination"]["total"] == 3
    assert len(pleo.get(path).json()["data"]) == 3


def test_every_answer_carries_the_sandboxs_own_time(pleo: TestClient, sandbox: Sandbox, job_id: str) -> None:
    sandbox.move_clock(timedelta(days=3))
    told = parsedate_to_datetime(pleo.get(f"/v3/export-jobs/{job_id}").headers["date"])
    assert abs(told - sandbox.clock.now()) < timedelta(minutes=1)
