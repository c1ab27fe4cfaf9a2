"""Export API v3: every endpoint, its answers and refusals."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.model import Expense, SandboxCompany
from pleo_sandbox.state.exports import ExportStatus
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories

JSON_TYPE = "application/json;charset=UTF-8"
NOBODY = str(uuid.uuid4())
ITEM_FIELDS = {
    "accountingEntryId",
    "exportJobId",
    "status",
    "exportedAt",
    "externalId",
    "externalUrl",
    "failureReason",
}


def event(pleo: TestClient, job_id: str, name: str, **more: str) -> Any:
    return pleo.post("/v3/export-job-events", json={"jobId": job_id, "event": name} | more)


def put(pleo: TestClient, job_id: str, *updates: dict[str, Any]) -> Any:
    return pleo.put(f"/v3/export-jobs/{job_id}/items", json=list(updates))


def refused(response: Any, status: int, type_: str) -> str:
    """The message of a refusal of this kind."""
    assert (response.status_code, response.json()["type"]) == (status, type_), response.text
    assert response.headers["content-type"] == JSON_TYPE
    return str(response.json()["message"])


# jobs


def test_a_pressed_export_is_a_pending_job(pleo: TestClient, acme: SandboxCompany, job_id: str) -> None:
    response = pleo.get("/v3/export-jobs", params={"company_id": acme.id, "statuses": ["pending", "in_progress"]})
    assert response.headers["content-type"] == JSON_TYPE
    (job,) = response.json()["data"]
    assert (job["id"], job["status"], job["numberOfItems"], job["expiresIn"]) == (job_id, "pending", 3, 3600)
    assert job["startedAt"] is None
    assert "failureReasonType" not in job
    assert pleo.get(f"/v3/export-jobs/{job_id}").json() == {"data": job}


def test_jobs_are_filtered_by_status(pleo: TestClient, job_id: str) -> None:
    assert pleo.get("/v3/export-jobs", params={"statuses": "completed"}).json()["data"] == []


def test_the_newest_job_comes_first_unless_sorted(pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    ids = []
    for expense in acme.expenses:
        ids.append(sandbox.press_export(acme.id, [expense.id]))
        sandbox.cancel_job(ids[-1])
    assert [job["id"] for job in pleo.get("/v3/export-jobs").json()["data"]] == ids[::-1]
    ascending = {"sorting_keys": "createdAt", "sorting_order": "ASC"}
    assert [job["id"] for job in pleo.get("/v3/export-jobs", params=ascending).json()["data"]] == ids


def test_a_job_is_created_over_the_api(pleo: TestClient, acme: SandboxCompany) -> None:
    body = {
        "companyId": acme.id,
        "accountingEntryIds": [acme.expenses[0].id],
        "isInteractive": False,
        "options": {"vendorBasedBookkeeping": True},
    }
    response = pleo.post("/v3/export-jobs", json=body)
    assert response.status_code == 201
    job = response.json()["data"]
    assert (job["numberOfItems"], job["isInteractive"], job["vendorBasedBookkeeping"]) == (1, False, True)


def test_one_open_job_per_company(pleo: TestClient, acme: SandboxCompany, job_id: str) -> None:
    body = {"companyId": acme.id, "accountingEntryIds": [acme.expenses[0].id]}
    assert job_id in refused(pleo.post("/v3/export-jobs", json=body), 409, "EXPORT_ALREADY_IN_PROGRESS")


def test_a_missing_contra_account_stops_a_new_job(pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    entry_id = sandbox.add_expense(acme.id, factories.item(acme.id, currency="SEK"))
    body = {"companyId": acme.id, "accountingEntryIds": [entry_id]}
    assert "SEK" in refused(pleo.post("/v3/export-jobs", json=body), 400, "MISSING_CONTRA_ACCOUNTS")


@pytest.mark.parametrize("entry_ids", [[], [NOBODY]])
def test_a_job_needs_entries_of_the_company(pleo: TestClient, acme: SandboxCompany, entry_ids: list[str]) -> None:
    body = {"companyId": acme.id, "accountingEntryIds": entry_ids}
    refused(pleo.post("/v3/export-jobs", json=body), 400, "VALIDATION_FAILED")


def test_an_unknown_job_is_not_found(pleo: TestClient) -> None:
    refused(pleo.get(f"/v3/export-jobs/{NOBODY}"), 404, "EXPORT_NOT_FOUND")
    refused(pleo.get(f"/v3/export-jobs/{NOBODY}/items"), 404, "EXPORT_NOT_FOUND")
    refused(put(pleo, NOBODY, {"accountingEntryId": NOBODY, "status": "failed"}), 404, "EXPORT_NOT_FOUND")
    refused(event(pleo, NOBODY, "started"), 404, "EXPORT_NOT_FOUND")
    refused(pleo.get("/v3/export-items", params={"job_id": NOBODY}), 404, "EXPORT_NOT_FOUND")


# items, control and data


def test_control_items(pleo: TestClient, acme: SandboxCompany, job_id: str) -> None:
    page = pleo.get(f"/v3/export-jobs/{job_id}/items").json()
    assert [shown["accountingEntryId"] for shown in page["data"]] == [expense.id for expense in acme.expenses]
    assert set(page["data"][0]) == ITEM_FIELDS
    assert {shown["status"] for shown in page["data"]} == {"pending"}
    assert pleo.get(f"/v3/export-jobs/{job_id}/items", params={"status": "failed"}).json()["data"] == []


def test_export_items_carry_contra_account_and_receipts(pleo: TestClient, acme: SandboxCompany, job_id: str) -> None:
    page = pleo.get("/v3/export-items", params={"job_id": job_id}).json()
    assert [shown["accountingEntryId"] for shown in page["data"]] == [expense.id for expense in acme.expenses]
    first = page["data"][0]
    assert first["contraAccount"] == factories.CONTRA
    (file,) = first["files"]
    assert (file["type"], file["size"]) == ("application/pdf", len(factories.RECEIPT.content))
    assert file["url"].startswith("http://pleo.test/files/")


def test_bookkeeping_and_vendor_only_in_vendor_based_jobs(
    sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany
) -> None:
    fields = {
        "bookkeeping": {"method": "accounts_payable"},
        "vendor": {"id": NOBODY, "name": "Nord", "defaultCurrency": "EUR"},
    }
    entry_id = sandbox.add_expense(acme.id, factories.item(acme.id, **fields))
    for vendor_based in (False, True):
        job_id = sandbox.press_export(acme.id, [entry_id], vendor_based=vendor_based)
        (shown,) = pleo.get("/v3/export-items", params={"job_id": job_id}).json()["data"]
        assert (shown["bookkeeping"] is not None) is (shown["vendor"] is not None) is vendor_based
        sandbox.cancel_job(job_id)


def test_items_need_contra_accounts_when_read(pleo: TestClient, acme: SandboxCompany, job_id: str) -> None:
    acme.contra_accounts.clear()
    refused(pleo.get("/v3/export-items", params={"job_id": job_id}), 400, "MISSING_CONTRA_ACCOUNTS")


def test_items_of_a_closed_job_cannot_be_read(pleo: TestClient, sandbox: Sandbox, running: str) -> None:
    sandbox.expire_job(running)
    refused(pleo.get("/v3/export-items", params={"job_id": running}), 422, "EXPORT_JOB_STATUS_UNPROCESSABLE")


def test_export_items_need_a_job(pleo: TestClient) -> None:
    assert "job_id" in refused(pleo.get("/v3/export-items"), 400, "PARAMETER_VALIDATION_FAILED")


def test_the_item_of_an_entry(pleo: TestClient, acme: SandboxCompany, job_id: str) -> None:
    entry_id = acme.expenses[1].id
    query = {"company_id": acme.id, "accounting_entry_id": entry_id}
    assert pleo.get("/v3/export-job-items", params=query).json()["data"]["exportJobId"] == job_id
    query["accounting_entry_id"] = NOBODY
    refused(pleo.get("/v3/export-job-items", params=query), 404, "EXPORT_ENTRY_NOT_FOUND")


def test_searching_items(pleo: TestClient, acme: SandboxCompany, running: str) -> None:
    put(pleo, running, {"accountingEntryId": acme.expenses[0].id, "status": "successful"})
    body = {"accountingEntryIds": [acme.expenses[0].id, acme.expenses[1].id, NOBODY], "status": "successful"}
    page = pleo.post("/v3/export-job-items:search", params={"company_id": acme.id}, json=body).json()
    assert [shown["accountingEntryId"] for shown in page["data"]] == [acme.expenses[0].id]
    assert page["pagination"]["total"] == 1


# updates


def test_an_update_is_kept_whole(pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str) -> None:
    entry_id = acme.expenses[0].id
    update = {
        "accountingEntryId": entry_id,
        "status": "successful",
        "exportedAt": "2026-03-02T10:00:00+01:00",
        "externalId": "J-1",
        "externalUrl": "https://erp.example.com/J-1",
    }
    answer = put(pleo, running, update)
    assert answer.status_code == 200
    assert answer.json()["errors"] == []
    (shown,) = answer.json()["data"]
    assert shown["exportedAt"] == "2026-03-02T09:00:00.000Z"
    assert (shown["externalId"], shown["externalUrl"]) == ("J-1", "https://erp.example.com/J-1")
    assert sandbox.item_state(acme.id, entry_id) == shown


def test_an_update_may_succeed_in_part(pleo: TestClient, acme: SandboxCompany, running: str) -> None:
    entry_id = acme.expenses[0].id
    answer = put(
        pleo,
        running,
        {"accountingEntryId": NOBODY, "status": "successful"},
        {"accountingEntryId": entry_id, "status": "failed", "failureReason": "no", "failureReasonType": "tag_unknown"},
    ).json()
    assert [shown["accountingEntryId"] for shown in answer["data"]] == [entry_id]
    (error,) = answer["errors"]
    assert (error["accountingEntryId"], error["type"]) == (NOBODY, "ACCOUNTING_ENTRY_DOES_NOT_EXIST")
    assert error["message"]


def test_a_successful_item_stays_successful(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str
) -> None:
    done = {"accountingEntryId": acme.expenses[0].id, "status": "successful", "externalId": "J-1"}
    put(pleo, running, done)
    assert put(pleo, running, done).json()["errors"] == []
    other = put(pleo, running, done | {"externalId": "J-2"}).json()
    assert [error["type"] for error in other["errors"]] == ["EXPORT_ENTRY_STATUS_UPDATE_FAILED"]
    sandbox.rules.successful_is_final = False
    assert put(pleo, running, done | {"externalId": "J-2"}).json()["data"][0]["externalId"] == "J-2"


def test_abandoned_is_for_pleo_to_say(pleo: TestClient, acme: SandboxCompany, running: str) -> None:
    answer = put(pleo, running, {"accountingEntryId": acme.expenses[0].id, "status": "abandoned"}).json()
    assert [error["type"] for error in answer["errors"]] == ["EXPORT_ENTRY_STATUS_UPDATE_FAILED"]


def test_at_most_100_updates(pleo: TestClient, running: str) -> None:
    updates = [{"accountingEntryId": str(uuid.uuid4()), "status": "successful"} for _ in range(101)]
    refused(put(pleo, running, *updates), 413, "EXPORT_JOB_ITEMS_UPDATE_LIMIT")
    assert put(pleo, running, *updates[:100]).status_code == 200


def test_updates_need_a_running_job(pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, job_id: str) -> None:
    update = {"accountingEntryId": acme.expenses[0].id, "status": "successful"}
    refused(put(pleo, job_id, update), 422, "EXPORT_JOB_STATUS_UNPROCESSABLE")
    event(pleo, job_id, "started")
    sandbox.expire_job(job_id)
    refused(put(pleo, job_id, update), 422, "EXPORT_JOB_STATUS_UNPROCESSABLE")


# validation


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        (b"{", "JSON_MAPPING_EXCEPTION"),
        (b"\xff", "JSON_MAPPING_EXCEPTION"),
        (b"[]", "VALIDATION_FAILED"),
        (b'{"event": "started"}', "VALIDATION_FAILED"),
        (b'{"event": "started", "exportJobId": "6b71f6bd-e83d-4d49-88ee-2b8cda2d57cf"}', "VALIDATION_FAILED"),
        (b'{"event": "canceled", "jobId": "6b71f6bd-e83d-4d49-88ee-2b8cda2d57cf"}', "VALIDATION_FAILED"),
        (b'{"event": "started", "jobId": "6b71f6bd"}', "VALIDATION_FAILED"),
        (
            b'{"event": "failed", "jobId": "6b71f6bd-e83d-4d49-88ee-2b8cda2d57cf", "failureReason": null}',
            "VALIDATION_FAILED",
        ),
        (
            b'{"event": "failed", "jobId": "6b71f6bd-e83d-4d49-88ee-2b8cda2d57cf",'
            b' "failureReasonType": "accounting_system_validation_failure"}',
            "VALIDATION_FAILED",
        ),
    ],
)
def test_a_bad_body_is_refused(pleo: TestClient, body: bytes, type_: str) -> None:
    response = pleo.post("/v3/export-job-events", content=body, headers={"content-type": "application/json"})
    refused(response, 400, type_)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/json;charset=latin-1", None])
def test_a_body_has_to_be_json_in_utf8(pleo: TestClient, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    response = pleo.post("/v3/export-job-events", content=b"{}", headers=headers)
    refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "query",
    [
        "statuses=done",
        "company_id=12",
        "companyId=6b71f6bd-e83d-4d49-88ee-2b8cda2d57cf",
        "after=abc",
        "after=GA%3D",
        "after=GE2DAMBQGAYDA%3D%3D%3D",
        "after=GA======&offset=1",
        "after=GA======&before=GA======",
        "offset=-1",
        "limit=-1",
        "limit=2147483648",
        "limit=ten",
        "limit=1&limit=2",
        "sorting_keys=createdAt",
        "sorting_keys=createdAt&sorting_order=UP",
        "sorting_keys=colour&sorting_order=ASC",
    ],
)
def test_a_bad_parameter_is_refused(pleo: TestClient, query: str) -> None:
    refused(pleo.get(f"/v3/export-jobs?{query}"), 400, "PARAMETER_VALIDATION_FAILED")


def test_a_malformed_job_id_is_refused(pleo: TestClient) -> None:
    refused(pleo.get("/v3/export-jobs/17"), 400, "PARAMETER_VALIDATION_FAILED")


def test_405_names_all_methods(pleo: TestClient) -> None:
    response = pleo.delete("/v3/export-jobs")
    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert set(response.headers["allow"].replace(" ", "").split(",")) >= {"GET", "POST"}


def test_an_unknown_path_is_not_found(pleo: TestClient) -> None:
    refused(pleo.get("/v4/export-jobs"), 404, "NOT_FOUND")


def test_upper_case_uuids_are_the_same(pleo: TestClient, job_id: str) -> None:
    assert pleo.get(f"/v3/export-jobs/{job_id.upper()}").status_code == 200


def test_published_items_go_out_unchanged(pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    published = factories.item(
        NOBODY, currency="UNDEFINED", files=[{"url": "https://example.com/a.jpg", "type": "image/jpeg", "size": 1}]
    )
    entry_id = sandbox.add_expense(acme.id, published, verbatim=True)
    job_id = sandbox.press_export(acme.id, [entry_id])
    assert pleo.get("/v3/export-items", params={"job_id": job_id}).json()["data"] == [published]


def test_own_links_are_kept(pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany) -> None:
    link = {"url": "https://example.com/a.jpg", "type": "image/jpeg", "size": 1}
    entry_id = sandbox.add_expense(acme.id, factories.item(acme.id, files=[link]))
    job_id = sandbox.press_export(acme.id, [entry_id])
    assert pleo.get("/v3/export-items", params={"job_id": job_id}).json()["data"][0]["files"] == [link]


def test_an_expense_that_is_not_queued_is_left_out(pleo: TestClient, sandbox: Sandbox) -> None:
    other = factories.company(1)
    other.expenses.append(Expense(factories.item(other.id), queued=False))
    sandbox.add_company(other)
    sandbox.press_export(other.id)
    assert sandbox.export_status(other.id, other.expenses[0].id) is ExportStatus.EXPORTING
    assert sandbox.export_status(other.id, other.expenses[1].id) is ExportStatus.CREATED


def test_accounting_entries_are_searched_by_date_and_export_status(pleo: TestClient, acme: SandboxCompany) -> None:
    path = f"/v1/accounting-entries:search?company_id={acme.id}"
    everything = pleo.post(path, json={"includeDeleted": False}).json()
    assert {one["id"] for one in everything["data"]} == {one.id for one in acme.expenses}
    assert {one["exportStatus"] for one in everything["data"]} == {"QUEUED"}
    at = everything["data"][0]["bookkeepingDate"]
    for body, found in (
        ({"exportStatus": ["CREATED"]}, False),
        ({"exportStatus": ["QUEUED", "EXPORTED"]}, True),
        ({"bookkeepingDateStart": at}, False),
        ({"bookkeepingDateEnd": at}, False),
        ({"bookkeepingDateStart": "2000-01-01T00:00:00Z", "bookkeepingDateEnd": "2099-01-01T00:00:00Z"}, True),
    ):
        rows = pleo.post(path, json={"includeDeleted": False, **body}).json()["data"]
        assert any(row["id"] == everything["data"][0]["id"] for row in rows) == found, body
    for wrong in ({}, {"includeDeleted": False, "bookkeepingDateStart": "2026-10-01"}, {"includeDeleted": 1}):
        assert pleo.post(path, json=wrong).status_code == 400, wrong
    assert len(pleo.post(f"{path}&limit=1", json={"includeDeleted": False}).json()["data"]) == 1
    assert pleo.post(f"{path}&limit=101", json={"includeDeleted": False}).status_code == 400
