"""Webhook subscriptions: what the API takes, refuses, shows, and to whom."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories

Json = dict[str, Any]
JOBS, VENDORS = "v1.export-job.created", "v1.vendor.created"
ALL = "/v1/subscriptions"


def wanted(**changes: Any) -> Json:
    return {"endpointUrl": "https://books.example.com/webhooks", "eventTypes": [JOBS]} | changes


def subscribe(pleo: TestClient, **changes: Any) -> Json:
    answer = pleo.post(ALL, json=wanted(**changes))
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()["data"]
    return made


@pytest.fixture
def other(sandbox: Sandbox, acme: SandboxCompany) -> Iterator[TestClient]:
    """Another key of the same company."""
    with factories.client(sandbox, sandbox.add_api_key(acme.id)) as caller:
        yield caller


def test_a_subscription_is_made_with_pleos_defaults_and_read_again(pleo: TestClient) -> None:
    made = subscribe(pleo)
    assert made["status"] == "ACTIVE"
    assert made["endpointAuth"] == {"type": "NONE"}
    assert "customHeaders" not in made
    assert pleo.get(f"{ALL}/{made['id']}").json() == {"data": made}
    assert factories.walk(pleo, ALL) == [made]


def test_put_replaces_all_of_it_and_keeps_the_secret(pleo: TestClient) -> None:
    made = subscribe(pleo, customHeaders={"X-Tenant": "acme"})
    secret = pleo.get(f"{ALL}/{made['id']}/secret").json()
    changed = pleo.put(f"{ALL}/{made['id']}", json=wanted(eventTypes=[VENDORS], status="INACTIVE"))
    assert changed.status_code == 200
    shown = changed.json()["data"]
    assert (shown["eventTypes"], shown["status"]) == ([VENDORS], "INACTIVE")
    assert "customHeaders" not in shown
    assert pleo.get(f"{ALL}/{made['id']}/secret").json() == secret
    assert secret["data"]["secretKey"].startswith("whsec_")


def test_a_deleted_subscription_is_gone_with_all_below_it(pleo: TestClient) -> None:
    made = subscribe(pleo)
    assert pleo.delete(f"{ALL}/{made['id']}").status_code == 204
    for path in ("", "/secret", "/activities"):
        answer = pleo.get(f"{ALL}/{made['id']}{path}")
        assert factories.failure(answer) == (404, "SUBSCRIPTION_NOT_FOUND")
    assert factories.walk(pleo, ALL) == []


def test_lists_are_filtered_by_status_and_events(pleo: TestClient) -> None:
    jobs = subscribe(pleo)
    vendors = subscribe(pleo, eventTypes=[VENDORS], status="INACTIVE")
    both = subscribe(pleo, eventTypes=[JOBS, VENDORS])
    assert factories.walk(pleo, ALL, status="ACTIVE") == [jobs, both]
    assert factories.walk(pleo, ALL, event_types=VENDORS) == [vendors, both]
    assert factories.walk(pleo, ALL, limit=1) == [jobs, vendors, both]


def test_activities_tell_what_was_done(pleo: TestClient, acme: SandboxCompany) -> None:
    made = subscribe(pleo)
    pleo.put(f"{ALL}/{made['id']}", json=wanted())
    done = factories.walk(pleo, f"{ALL}/{made['id']}/activities")
    assert [each["operationType"] for each in done] == ["CREATE", "UPDATE"]
    assert {each["actorUrn"] for each in done} == {f"urn:pleo:company:{acme.id}"}
    (update,) = factories.walk(pleo, f"{ALL}/{made['id']}/activities", operation_types="UPDATE")
    assert update == done[1]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"endpointUrl": "http://books.example.com/webhooks"}, "endpointUrl"),
        ({"endpointUrl": "ftp://127.0.0.1/x"}, "endpointUrl"),
        ({"endpointUrl": "https://"}, "endpointUrl"),
        ({"endpointUrl": "https://user:pass@books.example.com"}, "endpointUrl"),
        ({"endpointUrl": "https://books.example.com:99999"}, "endpointUrl"),
        ({"endpointUrl": "https://[books"}, "endpointUrl"),
        ({"endpointUrl": "https://books.example.com/a b"}, "endpointUrl"),
        ({"endpointUrl": None}, "endpointUrl"),
        ({"eventTypes": []}, "eventTypes"),
        ({"eventTypes": [JOBS, JOBS]}, "eventTypes"),
        ({"eventTypes": ["v1.export.job-created"]}, "eventTypes"),
        ({"customHeaders": {"X-Bad": "a\r\nb"}}, "customHeaders"),
        ({"customHeaders": {"not a name": "x"}}, "customHeaders"),
        ({"customHeaders": {"Webhook-Id": "x"}}, "customHeaders"),
        ({"customHeaders": {"X-Number": 1}}, "customHeaders"),
        ({"endpointAuth": {"type": "BASIC"}}, "endpointAuth"),
        ({"endpointAuth": {"type": "BEARER"}}, "endpointAuth"),
        ({"status": "PAUSED"}, "status"),
        ({"secretKey": "whsec_mine"}, "secretKey"),
    ],
)
def test_what_could_not_be_delivered_is_refused_and_named(pleo: TestClient, changes: Json, named: str) -> None:
    answer = pleo.post(ALL, json=wanted(**changes))
    assert factories.failure(answer) == (400, "VALIDATION_FAILED")
    assert named in answer.json()["message"]
    assert factories.walk(pleo, ALL) == []


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost", "[::1]:80"])
def test_plain_http_is_good_on_this_machine(pleo: TestClient, host: str) -> None:
    assert subscribe(pleo, endpointUrl=f"http://{host}/hook")["endpointUrl"] == f"http://{host}/hook"


@pytest.mark.parametrize(
    "query", ["status=PAUSED", "status=ACTIVE&status=ACTIVE", f"event_types={JOBS}&event_types={JOBS}", "company_id=x"]
)
def test_queries_that_are_not_understood_are_refused(pleo: TestClient, query: str) -> None:
    assert factories.failure(pleo.get(f"{ALL}?{query}")) == (400, "PARAMETER_VALIDATION_FAILED")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_credential_reaches_no_subscription(pleo: TestClient, other: TestClient, method: str) -> None:
    made = subscribe(pleo)
    body = wanted() if method == "PUT" else None
    answer = other.request(method, f"{ALL}/{made['id']}", json=body)
    assert factories.failure(answer) == (403, "FORBIDDEN")
    assert factories.failure(other.get(f"{ALL}/{made['id']}/secret")) == (403, "FORBIDDEN")
    assert factories.walk(other, ALL) == []
    assert factories.walk(pleo, ALL) == [made]


def test_an_event_needs_the_scope_of_what_it_tells(sandbox: Sandbox, acme: SandboxCompany) -> None:
    with factories.client(sandbox, sandbox.add_api_key(acme.id, ["export-jobs:read"])) as caller:
        assert caller.post(ALL, json=wanted()).status_code == 200
        refused = caller.post(ALL, json=wanted(eventTypes=[JOBS, VENDORS]))
    assert factories.failure(refused) == (403, "FORBIDDEN")
    assert "vendors:read" in refused.json()["message"]


def test_an_unknown_id_is_404_and_a_wrong_one_400(pleo: TestClient) -> None:
    assert pleo.get(f"{ALL}/{uuid.uuid4()}").status_code == 404
    assert pleo.get(f"{ALL}/mine").status_code == 400
