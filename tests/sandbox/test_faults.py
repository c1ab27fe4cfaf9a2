"""Faults, receipts, controls, and the sandbox as a real server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from pleo_sandbox.control import ORDERS
from pleo_sandbox.demo.load import DemoSandbox, demo_sandbox
from pleo_sandbox.errors import ResponseLost
from pleo_sandbox.model import Expense, SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories
from tests.support.ctrl_c import heed_ctrl_c


@pytest.fixture
def live(sandbox: Sandbox, acme: SandboxCompany) -> Iterator[httpx2.Client]:
    with serve(sandbox) as url, httpx2.Client(base_url=url, auth=(sandbox.add_api_key(acme.id), "")) as caller:
        yield caller


def started(job_id: str) -> dict[str, str]:
    return {"jobId": job_id, "event": "started"}


# lost answers


def test_a_lost_response_took_effect(pleo: TestClient, sandbox: Sandbox, job_id: str) -> None:
    sandbox.lose_response("POST", "/v3/export-job-events")
    with pytest.raises(ResponseLost):
        pleo.post("/v3/export-job-events", json=started(job_id))
    assert sandbox.jobs[0].status == "in_progress"
    assert pleo.post("/v3/export-job-events", json=started(job_id)).status_code == 422


def test_a_lost_request_took_none(pleo: TestClient, sandbox: Sandbox, job_id: str) -> None:
    sandbox.lose_request("*", "/v3/export-job-events")
    with pytest.raises(ResponseLost):
        pleo.post("/v3/export-job-events", json=started(job_id))
    assert sandbox.jobs[0].status == "pending"


def test_a_live_server_hangs_up(live: httpx2.Client, sandbox: Sandbox, job_id: str) -> None:
    sandbox.lose_response("POST", "/v3/export-job-events")
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        live.post("/v3/export-job-events", json=started(job_id))
    assert sandbox.jobs[0].status == "in_progress"
    assert live.get(f"/v3/export-jobs/{job_id}").status_code == 200


def test_a_token_refresh_can_be_lost(pleo: TestClient, sandbox: Sandbox) -> None:
    sandbox.lose_response("POST", "/oauth/*")
    with pytest.raises(ResponseLost):
        pleo.post("/oauth/token", data={})


# storms, delays, pages


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_storm_passes(pleo: TestClient, sandbox: Sandbox, job_id: str, status: int) -> None:
    sandbox.storm("GET", "/v3/export-jobs/*", status, times=2, skip=1, retry_after="3")
    answers = [pleo.get(f"/v3/export-jobs/{job_id}") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, status, status, 200]
    assert answers[1].headers["retry-after"] == "3"
    assert answers[1].json()["type"]


def test_a_delay_still_answers(pleo: TestClient, sandbox: Sandbox) -> None:
    sandbox.delay("GET", "/v1/introspect", 0.01)
    assert pleo.get("/v1/introspect").status_code == 200
    assert sandbox.faults.waiting == []


@pytest.mark.parametrize("how", ["truncated", "html", "content_type", "malformed"])
def test_a_page_breaks_in_the_middle(pleo: TestClient, sandbox: Sandbox, job_id: str, how: Any) -> None:
    path = f"/v3/export-jobs/{job_id}/items"
    sandbox.break_page("GET", "/v3/export-jobs/*/items", how, skip=1)
    sound = pleo.get(path, params={"limit": 1})
    broken = pleo.get(path, params={"limit": 1, "after": sound.json()["pagination"]["endCursor"]})
    assert broken.status_code == 200
    if how == "truncated":
        with pytest.raises(json.JSONDecodeError):
            broken.json()
    elif how == "malformed":
        assert not isinstance(broken.json()["data"], list)
    else:
        assert "application/json" not in broken.headers["content-type"]
    assert pleo.get(path).status_code == 200


def test_a_cursor_that_does_not_move(pleo: TestClient, sandbox: Sandbox, job_id: str) -> None:
    sandbox.break_page("GET", "/v3/export-items", "stuck_cursor", times=3)
    query: dict[str, Any] = {"job_id": job_id, "limit": 2}
    first = pleo.get("/v3/export-items", params=query).json()["pagination"]
    second = pleo.get("/v3/export-items", params=query | {"after": first["endCursor"]}).json()["pagination"]
    assert second["hasNextPage"] is True
    assert second["endCursor"] == first["endCursor"]


def test_an_update_can_be_refused(pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str) -> None:
    entry_id = acme.expenses[0].id
    sandbox.refuse_updates(entry_id, "ACCOUNTING_ENTRY_UPDATE_FAILED")
    update = [{"accountingEntryId": entry_id, "status": "successful"}]
    answers = [pleo.put(f"/v3/export-jobs/{running}/items", json=update).json() for _ in range(2)]
    assert [error["type"] for error in answers[0]["errors"]] == ["ACCOUNTING_ENTRY_UPDATE_FAILED"]
    assert answers[1]["errors"] == []


def test_faults_are_cleared(pleo: TestClient, sandbox: Sandbox) -> None:
    sandbox.storm("*", "*", 503, times=10)
    sandbox.clear_faults()
    assert pleo.get("/v1/introspect").status_code == 200


# receipts


def address(pleo: TestClient, job_id: str) -> str:
    return str(pleo.get("/v3/export-items", params={"job_id": job_id}).json()["data"][0]["files"][0]["url"])


def test_a_receipt_needs_no_credential(pleo: TestClient, sandbox: Sandbox, job_id: str) -> None:
    response = factories.client(sandbox).get(address(pleo, job_id))
    assert response.content == factories.RECEIPT.content
    assert response.headers["content-type"] == "application/pdf"


def test_a_receipt_address_lasts_24_hours(pleo: TestClient, sandbox: Sandbox, job_id: str) -> None:
    url = address(pleo, job_id)
    sandbox.move_clock(timedelta(hours=23, minutes=59))
    assert pleo.get(url).status_code == 200
    sandbox.move_clock(timedelta(minutes=1))
    assert (pleo.get(url).status_code, pleo.get(url).json()["type"]) == (403, "FORBIDDEN")


def test_expired_addresses_are_made_anew(pleo: TestClient, sandbox: Sandbox, job_id: str) -> None:
    url = address(pleo, job_id)
    sandbox.expire_file_urls()
    assert pleo.get(url).status_code == 403
    assert pleo.get(address(pleo, job_id)).status_code == 200


def test_a_receipt_address_cannot_be_made_up(pleo: TestClient, job_id: str) -> None:
    url = address(pleo, job_id)
    assert pleo.get(url.replace("expires=", "expires=9")).status_code == 403
    assert pleo.get(url.replace("/0?", "/1?")).status_code == 403
    assert pleo.get(url.split("?")[0]).status_code == 403
    assert pleo.get(url.replace("expires=", "expires=x")).status_code == 403


def test_a_receipt_that_is_gone_is_not_found(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, job_id: str
) -> None:
    url = address(pleo, job_id)
    sandbox.add_expense(acme.id, acme.expenses[0].item)
    assert pleo.get(url).status_code == 404


# controls over HTTP


def control(caller: Any, verb: str, **arguments: Any) -> Any:
    response = caller.post(f"/_control/{verb}", json=arguments)
    assert response.status_code == 200, response.text
    return response.json()["result"]


def test_the_controls_drive_an_export(live: httpx2.Client, acme: SandboxCompany) -> None:
    entry_id = control(live, "add_expense", company_id=acme.id, item=factories.item(acme.id), queued=False)
    assert control(live, "queue", company_id=acme.id) == 1
    job_id = control(live, "press_export", company_id=acme.id, ids=[entry_id])
    control(live, "set_item_update_moves_clock", moves=False)
    control(live, "add_fault", kind="storm", path="/v3/export-jobs/*", status=500)
    assert [live.get(f"/v3/export-jobs/{job_id}").status_code for _ in range(2)] == [500, 200]
    control(live, "add_fault", kind="storm", times=9)
    control(live, "clear_faults")
    control(live, "expire_file_urls")
    control(live, "move_clock", seconds=3600)
    assert control(live, "item_state", company_id=acme.id, entry_id=entry_id)["status"] == "abandoned"
    state = live.get("/_control/state").json()
    assert [(job["id"], job["failureReasonType"], len(job["items"])) for job in state["jobs"]] == [
        (job_id, "job_expired", 1)
    ]
    assert state["calls"]["GET /v3/export-jobs/{jobId}"] == 2


def test_the_controls_end_jobs_and_credentials(live: httpx2.Client, sandbox: Sandbox, acme: SandboxCompany) -> None:
    for verb, reason in (("cancel_job", "canceled_by_user"), ("expire_job", "job_expired")):
        control(live, "queue", company_id=acme.id)
        job_id = control(live, "press_export", company_id=acme.id)
        control(live, verb, job_id=job_id)
        assert sandbox.jobs[-1].failure_reason_type == reason
    control(live, "refuse_updates", entry_id=acme.expenses[0].id, error="ACCOUNTING_ENTRY_UPDATE_FAILED")
    made = control(live, "register_client", redirect_uris=["http://127.0.0.1/x"])
    assert sandbox.access.clients[made["client_id"]].secret == made["client_secret"]
    key = control(live, "add_api_key", company_id=acme.id, scopes=["companies:read"])
    assert live.get("/v1/companies", auth=(key, "")).status_code == 200
    control(live, "revoke_token", token=key)
    assert live.get("/v1/companies", auth=(key, "")).status_code == 401
    control(live, "revoke_authorisations", company_id=acme.id)


def test_every_control_is_a_method_or_switch_of_the_sandbox() -> None:
    known = set(dir(Sandbox))
    assert all({verb, verb.removeprefix("set_")} & known for verb in ORDERS)


def test_a_control_says_what_it_does_not_understand(pleo: TestClient, acme: SandboxCompany, job_id: str) -> None:
    for verb, body, status in [
        ("move_clock", {"minutes": 3}, 400),
        ("press_export", {"company_id": acme.id}, 400),
        ("press_export", {"company_id": str(uuid.uuid4())}, 404),
        ("queue", {"company_id": acme.id, "ids": [acme.expenses[0].id]}, 409),
    ]:
        response = pleo.post(f"/_control/{verb}", json=body)
        assert (response.status_code, bool(response.json()["message"])) == (status, True)


# the server


def test_many_pages_over_a_real_connection() -> None:
    company = factories.company(350, files=())
    sandbox = Sandbox(company)
    job_id = sandbox.press_export(company.id)
    found: list[str] = []
    query: dict[str, Any] = {"job_id": job_id, "limit": 100}
    with serve(sandbox) as url, httpx2.Client(base_url=url, auth=(sandbox.add_api_key(company.id), "")) as caller:
        for _ in range(4):
            page = caller.get("/v3/export-items", params=query).json()
            found += [shown["accountingEntryId"] for shown in page["data"]]
            query["after"] = page["pagination"]["endCursor"]
    assert found == [expense.id for expense in company.expenses]
    assert page["pagination"]["hasNextPage"] is False


def test_the_server_is_gone_after_its_block(sandbox: Sandbox) -> None:
    with serve(sandbox) as url:
        assert httpx2.get(f"{url}/v1/introspect").status_code == 401
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/v1/introspect")


def test_numbers_stay_exact(pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    text = json.dumps({"company_id": acme.id, "item": factories.item(acme.id)}).replace("1250", "12345678901234567.89")
    entry_id = pleo.post("/_control/add_expense", content=text).json()["result"]
    job_id = sandbox.press_export(acme.id, [entry_id])
    assert '"value":12345678901234567.89' in pleo.get("/v3/export-items", params={"job_id": job_id}).text


def test_a_demo_sandbox_has_its_own_keys() -> None:
    first, second = DemoSandbox(factories.company(1)), DemoSandbox(factories.company(1))
    assert first.api_key != second.api_key
    assert first.client_secret != second.client_secret
    assert first.client.redirect_uris == (first.redirect_uri, "http://127.0.0.1:8765/connect/pleo/callback")
    with factories.client(first, first.api_key) as caller:
        assert caller.get("/v3/export-jobs", params={"company_id": first.company_id}).status_code == 200


def child_environment() -> dict[str, str]:
    """A child imports what we import, installed or not."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_the_command_line_explains_itself() -> None:
    command = [sys.executable, "-m", "pleo_sandbox", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=30, env=child_environment(), check=False)
    assert shown.returncode == 0
    assert "--port" in shown.stdout


def test_ctrl_c_ends_it_quietly() -> None:
    program = (
        "import pleo_sandbox.server as s, tests.sandbox.factories as f;"
        "s.demo_sandbox = lambda integration: s.DemoSandbox(f.company(2), integration=integration);"
        "raise SystemExit(s.main(['--port', '0', '--press-export']))"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    with (
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=child_environment(),
            preexec_fn=heed_ctrl_c,
        ) as sandbox,
        ExitStack() as always,
    ):
        always.callback(sandbox.kill)  # else a failure in here would wait for it without end
        assert sandbox.stdout is not None
        shown = [sandbox.stdout.readline() for _ in range(13)]
        url = shown[1].split()[-1]
        (job,) = httpx2.get(f"{url}/_control/state").json()["jobs"]
        assert (job["status"], job["numberOfItems"]) == ("pending", 2)
        sandbox.send_signal(signal.SIGINT)
        _, complaints = sandbox.communicate(timeout=20)
    assert (sandbox.returncode, complaints) == (0, "")


def test_published_pages_are_added_unchanged(sandbox: Sandbox, acme: SandboxCompany, tmp_path: Path) -> None:
    published = factories.item(str(uuid.uuid4()), currency="UNDEFINED", vendor=None)
    page = tmp_path / "page.json"
    page.write_text(json.dumps({"data": [published]}), encoding="utf-8")
    (entry_id,) = sandbox.add_published(acme.id, page)
    assert acme.expenses[-1].item == published
    assert sandbox.press_export(acme.id, [entry_id])


def test_a_call_counts_under_its_template(pleo: TestClient, sandbox: Sandbox, job_id: str) -> None:
    pleo.get(f"/v3/export-jobs/{job_id}")
    pleo.get(address(pleo, job_id))
    assert sandbox.calls == {
        "GET /v3/export-jobs/{jobId}": 1,
        "GET /v3/export-items": 1,
        "GET /files/{entryId}/{place}": 1,
    }
    assert sandbox.max_per_minute == 2


def test_of_many_at_once_one_gets_the_job(sandbox: Sandbox, acme: SandboxCompany) -> None:
    body = {"companyId": acme.id, "accountingEntryIds": [acme.expenses[0].id]}
    auth = (sandbox.add_api_key(acme.id), "")
    with serve(sandbox) as url, ThreadPoolExecutor(6) as pool:
        ask = partial(httpx2.post, f"{url}/v3/export-jobs", json=body, auth=auth)
        answers = [answer.result().status_code for answer in [pool.submit(ask) for _ in range(6)]]
    assert sorted(answers) == [201, 409, 409, 409, 409, 409]


def test_the_demo_sandbox_can_export_its_whole_queue() -> None:
    demo = demo_sandbox()
    job_id = demo.press_export(demo.company_id)
    with factories.client(demo, demo.api_key) as pleo:
        page = pleo.get("/v3/export-items", params={"job_id": job_id, "limit": 100}).json()
    assert page["pagination"]["total"] == demo.jobs[0].as_json()["numberOfItems"] >= 80


def test_a_company_may_be_added_while_served(live: httpx2.Client, sandbox: Sandbox) -> None:
    other = factories.company(0)
    other.expenses.append(Expense(factories.item(other.id)))
    sandbox.add_company(other)
    key = sandbox.add_api_key(other.id)
    assert live.get("/v1/companies", auth=(key, "")).json()["data"][0]["id"] == other.id
