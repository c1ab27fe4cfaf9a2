"""What the sandbox refuses by default, each by its switch: strict it is a refusal, lenient it passes."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.rules import ANSWERS, LENIENT, STRICT, Rules
from pleo_sandbox.state.sandbox import Sandbox

NO_ADDRESSES = ["javascript:alert(1)", "erp/1", "file:///tmp/x", "http://", "https://[x", "http://a b"]
WHY = {"failureReason": "no such account", "failureReasonType": "account_unknown"}
JOB_WHY = {"failureReason": "no login", "failureReasonType": "accounting_system_authentication_failure"}


def entry_ids(acme: SandboxCompany) -> list[str]:
    return [expense.id for expense in acme.expenses]


def report(pleo: TestClient, job_id: str, *items: dict[str, Any]) -> int:
    return pleo.put(f"/v3/export-jobs/{job_id}/items", json=list(items)).status_code


def end(pleo: TestClient, job_id: str, event: str, **more: str) -> int:
    return pleo.post("/v3/export-job-events", json={"jobId": job_id, "event": event} | more).status_code


def statuses(pleo: TestClient, job_id: str, acme: SandboxCompany, *wanted: str) -> None:
    """Give the first expenses these statuses."""
    found = zip(entry_ids(acme), wanted, strict=False)
    items = [{"accountingEntryId": id, "status": status, **(WHY if status == "failed" else {})} for id, status in found]
    assert report(pleo, job_id, *items) == 200


def test_every_strict_rule_is_on_and_can_be_switched_off() -> None:
    rules = Rules()
    assert STRICT
    assert all(getattr(rules, name) is True for name in STRICT)
    assert dict.fromkeys(STRICT, False) == LENIENT
    assert all(ANSWERS[name] == (True, False) for name in STRICT)


@pytest.mark.parametrize(
    ("given", "event", "strict"),
    [
        (("successful", "successful"), "completed", 422),
        (("successful", "failed"), "completed_with_errors", 422),
        (("successful", "failed", "successful"), "completed", 422),
        (("successful", "successful", "successful"), "completed_with_errors", 422),
        (("failed", "failed", "failed"), "completed_with_errors", 422),
        (("successful", "successful", "successful"), "completed", 202),
        (("successful", "failed", "successful"), "completed_with_errors", 202),
        (("successful",), "failed", 202),
        (("failed", "failed", "failed"), "failed", 202),
    ],
)
@pytest.mark.parametrize("lenient", [False, True])
def test_the_final_event_is_that_of_its_items(
    pleo: TestClient,
    sandbox: Sandbox,
    acme: SandboxCompany,
    running: str,
    given: tuple[str, ...],
    event: str,
    strict: int,
    lenient: bool,
) -> None:
    sandbox.set_rules({"final_event_fits_items": not lenient})
    statuses(pleo, running, acme, *given)
    why = JOB_WHY if event == "failed" else {}
    assert end(pleo, running, event, **why) == (202 if lenient else strict)


@pytest.mark.parametrize("left_out", ["failureReason", "failureReasonType"])
def test_who_fails_says_why(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str, left_out: str
) -> None:
    of_item = {"accountingEntryId": entry_ids(acme)[0], "status": "failed", **WHY}
    of_job = dict(JOB_WHY)
    del of_item[left_out], of_job[left_out]
    assert report(pleo, running, of_item) == 400
    assert report(pleo, running, of_item | WHY | {"failureReason": " "}) == 400
    assert end(pleo, running, "failed", **of_job) == 400
    sandbox.set_rules({"failed_needs_reason": False})
    assert report(pleo, running, of_item) == 200
    assert end(pleo, running, "failed", **of_job) == 202


@pytest.mark.parametrize(
    "text", [{"failureReason": "x" * 1001}, {"externalId": "x" * 256}, {"externalUrl": "https://x/" + "x" * 2048}]
)
def test_texts_have_an_end(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str, text: dict[str, str]
) -> None:
    item = {"accountingEntryId": entry_ids(acme)[0], "status": "failed", **WHY, **text}
    assert report(pleo, running, item) == 400
    sandbox.set_rules({"texts_are_bounded": False})
    assert report(pleo, running, item) == 200


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "erp/1", "file:///tmp/x", "http://", "https://[x", "http://a b"]
)
def test_an_external_url_is_an_address(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany, running: str, url: str
) -> None:
    item = {"accountingEntryId": entry_ids(acme)[0], "status": "successful", "externalUrl": url}
    assert report(pleo, running, item) == 400
    sandbox.set_rules({"external_url_is_checked": False})
    assert report(pleo, running, item) == 200


def test_a_page_that_is_too_large_is_refused_or_cut(pleo: TestClient, sandbox: Sandbox) -> None:
    assert pleo.get("/v3/export-jobs", params={"limit": 101}).status_code == 400
    assert pleo.get("/v3/export-jobs", params={"limit": 100}).status_code == 200
    sandbox.set_rules({"largest_page": 20})
    assert pleo.get("/v3/export-jobs", params={"limit": 100}).status_code == 400
    sandbox.set_rules({"refuses_large_pages": False})
    shown = pleo.get("/v3/export-jobs", params={"limit": 100}).json()["pagination"]
    assert shown["currentRequestPagination"]["limit"] == 20


def test_two_groups_or_tax_codes_of_one_code_are_refused(
    pleo: TestClient, sandbox: Sandbox, acme: SandboxCompany
) -> None:
    group = {"archived": False, "code": "Twin", "name": "A", "metadata": {}}
    tax = {"companyId": acme.id, "archived": False, "name": "A", "rate": 0.25, "type": "inclusive", "code": "TWIN"}
    made = [
        lambda **more: pleo.post("/v0/tag-groups", params={"company_id": acme.id}, json=group | more).status_code,
        lambda **more: pleo.post("/v0/tax-codes", json=tax | more).status_code,
    ]
    for make in made:
        assert (make(), make(), make(code="Other")) == (200, 400, 200)
        assert make(code="X" * 256) == 400
    sandbox.set_rules({"twins_are_refused": False})
    assert [make() for make in made] == [200, 200]
