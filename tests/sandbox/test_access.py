"""Who may call what: keys, scopes, other companies, the rate limit, introspection, companies, employees."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.app import OPERATIONS
from pleo_sandbox.company.oauth import ALL_SCOPES
from pleo_sandbox.http.routing import Operation
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories

GUARDED = [operation for operation in OPERATIONS if not operation.is_open]
SCOPED = [operation for operation in GUARDED if operation.scope is not None]


def path(template: str) -> str:
    for name in ("jobId", "companyId", "employeeId"):
        template = template.replace(f"{{{name}}}", str(uuid.uuid4()))
    return template


@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: operation.name)
def test_no_credential_no_answer(sandbox: Sandbox, operation: Operation) -> None:
    caller = factories.client(sandbox)
    response = caller.request(operation.method, path(operation.path), json={})
    assert (response.status_code, response.json()["type"]) == (401, "UNAUTHORIZED")
    assert "Basic" in response.headers["www-authenticate"]


@pytest.mark.parametrize("operation", SCOPED, ids=lambda operation: operation.name)
def test_a_missing_scope_is_forbidden(sandbox: Sandbox, acme: SandboxCompany, operation: Operation) -> None:
    key = sandbox.add_api_key(acme.id, ALL_SCOPES - {operation.scope})
    response = factories.client(sandbox, key).request(operation.method, path(operation.path), json={})
    assert (response.status_code, response.json()["type"]) == (403, "FORBIDDEN")
    assert operation.scope in response.json()["message"]


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Basic cGxwX3g=", "Basic cGxwX3g6", "Bearer x", "Bearer", "Digest x", "Basic //86"],
)
def test_a_bad_credential_is_refused(sandbox: Sandbox, header: str) -> None:
    response = factories.client(sandbox).get("/v1/introspect", headers={"authorization": header})
    assert response.status_code == 401


def test_a_key_goes_with_an_empty_password(sandbox: Sandbox, acme: SandboxCompany) -> None:
    key = sandbox.add_api_key(acme.id)
    assert key.startswith("plp_")
    caller = factories.client(sandbox)
    assert caller.get("/v1/introspect", auth=(key, "")).status_code == 200
    assert caller.get("/v1/introspect", auth=(key, "secret")).status_code == 401


def test_a_revoked_key_is_refused(sandbox: Sandbox, acme: SandboxCompany) -> None:
    key = sandbox.add_api_key(acme.id)
    sandbox.revoke_token(key)
    assert factories.client(sandbox, key).get("/v1/introspect").status_code == 401


def test_introspection_of_a_key(sandbox: Sandbox, acme: SandboxCompany) -> None:
    key = sandbox.add_api_key(acme.id, ["export-jobs:read", "export-items:read"])
    shown = factories.client(sandbox, key).get("/v1/introspect").json()["data"]
    assert (shown["authMethod"], shown["scope"]) == ("API_KEY", "export-items:read export-jobs:read")
    assert shown["subjectURN"] == f"urn:pleo:company:{acme.id}"


def test_another_company_is_forbidden(sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany) -> None:
    other = factories.company()
    sandbox.add_company(other)
    job_id = sandbox.press_export(other.id)
    assert pleo.get("/v3/export-jobs", params={"company_id": other.id}).status_code == 403
    assert pleo.get(f"/v3/export-jobs/{job_id}").status_code == 403
    assert pleo.get("/v3/export-items", params={"job_id": job_id}).status_code == 403
    assert pleo.get(f"/v1/companies/{other.id}").status_code == 403
    assert pleo.get("/v1/installations/me", params={"company_id": other.id}).status_code == 403
    assert pleo.get("/v2/employees", params={"companyId": other.id}).status_code == 403
    assert pleo.get("/v3/export-jobs").json()["data"] == []


def test_an_organisation_names_its_company() -> None:
    organization_id = str(uuid.uuid4())
    first, second = factories.company(organization_id=organization_id), factories.company()
    sandbox = Sandbox(first, second)
    caller = factories.client(sandbox, sandbox.add_api_key(None, organization_id=organization_id))
    assert caller.get("/v3/export-jobs").status_code == 400
    assert caller.get("/v3/export-jobs", params={"company_id": first.id}).status_code == 200
    assert caller.get("/v3/export-jobs", params={"company_id": second.id}).status_code == 403
    listed = caller.get("/v1/companies", params={"organization_id": organization_id}).json()["data"]
    assert [company["id"] for company in listed] == [first.id]
    assert caller.get("/v1/companies", params={"organization_id": str(uuid.uuid4())}).status_code == 403


def test_companies(pleo: TestClient, acme: SandboxCompany) -> None:
    (company,) = pleo.get("/v1/companies").json()["data"]
    assert company == {"id": acme.id, "name": "Acme ApS", "address": {"country": "DK"}}
    assert pleo.get(f"/v1/companies/{acme.id}").json() == {"data": company}
    assert pleo.get(f"/v1/companies/{uuid.uuid4()}").status_code == 404


def test_employees(pleo: TestClient, acme: SandboxCompany) -> None:
    names = [("Ida", "ida@example.com"), ("Bo", "bo@example.com")]
    acme.employees = [
        {"id": str(uuid.uuid4()), "companyId": acme.id, "email": email, "firstName": name, "lastName": "Holm"}
        for name, email in names
    ]
    found = pleo.get("/v2/employees", params={"companyId": acme.id, "email": "bo@example.com"}).json()["data"]
    assert found == [acme.employees[1]]
    assert pleo.get(f"/v2/employees/{acme.employees[0]['id']}").json() == {"data": acme.employees[0]}
    assert pleo.get(f"/v2/employees/{uuid.uuid4()}").status_code == 404


def test_600_requests_a_minute_per_credential(acme: SandboxCompany) -> None:
    sandbox = Sandbox(acme)
    pleo, other = (factories.client(sandbox, sandbox.add_api_key(acme.id)) for _ in range(2))
    statuses = {pleo.get("/v1/introspect").status_code for _ in range(600)}
    assert statuses == {200}
    refused = pleo.get("/v1/introspect")
    assert (refused.status_code, refused.json()["type"]) == (429, "TOO_MANY_REQUESTS")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert other.get("/v1/introspect").status_code == 200
    sandbox.move_clock(timedelta(seconds=int(refused.headers["retry-after"])))
    assert pleo.get("/v1/introspect").status_code == 200
    assert sandbox.calls["GET /v1/introspect"] == 603
    assert sandbox.max_per_minute >= 600


def test_the_rate_limit_can_be_taken_away(acme: SandboxCompany) -> None:
    sandbox = Sandbox(acme, rate_limit=None)
    pleo = factories.client(sandbox, sandbox.add_api_key(acme.id))
    assert {pleo.get("/v1/introspect").status_code for _ in range(605)} == {200}


# installations


@pytest.mark.parametrize("missing", [400, 404])
def test_a_key_installs_itself(pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, missing: int) -> None:
    sandbox.set_rules({"missing_installation": missing})
    assert pleo.get("/v1/installations/me").status_code == missing
    made = pleo.post("/v1/installations/me", json={"metadata": {"erp": "beancount"}})
    assert made.status_code == 200
    assert (made.json()["status"], made.json()["resource"]) == ("ACTIVATED", f"urn:pleo:company:{acme.id}")
    assert pleo.get("/v1/installations/me").json() == made.json()


def test_an_installation_changes_its_status(pleo: TestClient) -> None:
    pleo.post("/v1/installations/me", json={"status": "PENDING_INTEGRATION"})
    failed = pleo.put("/v1/installations/me", json={"status": "ERROR", "errorCode": "AUTH_ERROR"}).json()
    assert (failed["status"], failed["errorCode"]) == ("ERROR", "AUTH_ERROR")
    active = pleo.post("/v1/installations/me:activate").json()
    assert active["status"] == "ACTIVATED"
    assert "errorCode" not in active
    assert pleo.put("/v1/installations/completions").json()["id"] == active["id"]
    assert pleo.put("/v1/installations/me", json={}).status_code == 400
    assert pleo.put("/v1/installations/me", json={"status": "BROKEN"}).status_code == 400


def test_an_installation_is_deleted(pleo: TestClient) -> None:
    pleo.post("/v1/installations/me", json={})
    assert pleo.delete("/v1/installations/me").status_code == 204
    assert pleo.delete("/v1/installations/me").status_code == 404
    assert pleo.get("/v1/introspect").status_code == 200
