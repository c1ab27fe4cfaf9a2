"""What holds for all kinds of master data: whose they are, faults, controls, and what the demo company made by hand."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.company.oauth import ALL_SCOPES
from pleo_sandbox.demo.company import demo_company
from pleo_sandbox.demo.load import DemoSandbox
from pleo_sandbox.errors import ResponseLost
from pleo_sandbox.model import HandMade, SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories
from tests.sandbox.factories import Json, failure

GROUP, DIMENSION, TAG, TAX_CODE, ACCOUNT, VENDOR = (str(uuid.UUID(int=number, version=4)) for number in range(1, 7))
THEIRS = HandMade(
    tag_groups=[
        {
            "id": GROUP,
            "code": "G",
            "name": "G",
            "dimensions": [{"id": DIMENSION, "code": "D", "name": "D"}],
            "tags": [{"id": TAG, "code": "T", "name": "T"}],
        }
    ],
    tax_codes=[{"id": TAX_CODE, "name": "X", "rate": 0, "type": "inclusive"}],
    accounts=[{"id": ACCOUNT, "externalId": "A", "name": "A"}],
    vendors=[{"id": VENDOR, "name": "V", "defaultCurrency": "DKK"}],
)
ACCOUNT_SEARCH = {"excludeIfAssignedToCategory": False, "excludeIfAssignedToContraAccount": False}
SEARCHES: dict[str, Callable[[str], Json]] = {
    "/v0/tags:search": lambda company_id: {},
    "/v0/aggregations/tags": lambda company_id: {},
    "/v0/tax-codes:search": lambda company_id: {},
    "/v1/chart-of-accounts:search": lambda company_id: {"companyId": company_id} | ACCOUNT_SEARCH,
    "/v1/vendors:search": lambda company_id: {},
}


def ask(caller: TestClient, path: str, company_id: str, **query: str | int) -> Json:
    named = {} if path.startswith("/v1/chart") else {"company_id": company_id}
    answer = caller.post(path, params=named | query, json=SEARCHES[path](company_id))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def theirs() -> SandboxCompany:
    return factories.company(0, hand_made=THEIRS)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/v0/tag-groups/{GROUP}", None),
        ("PUT", f"/v0/tag-groups/{GROUP}", {"archived": True, "code": "x", "name": "x", "metadata": {}}),
        ("DELETE", f"/v0/tag-groups/{GROUP}", None),
        ("GET", f"/v0/tag-groups/{GROUP}/tags", None),
        ("GET", f"/v0/tag-groups/{GROUP}/usage", None),
        ("POST", f"/v0/tag-groups/{GROUP}/tags", {"archived": False, "code": "x"}),
        ("GET", f"/v0/tag-groups/{GROUP}/dimensions/{DIMENSION}", None),
        ("PUT", f"/v0/tags/{TAG}", {"archived": True, "code": "x"}),
        ("DELETE", f"/v0/tags/{TAG}", None),
        ("POST", f"/v0/tags/{TAG}/dimensions/{DIMENSION}", {"value": "x"}),
        ("GET", f"/v0/tax-codes/{TAX_CODE}", None),
        ("DELETE", f"/v0/tax-codes/{TAX_CODE}", None),
        ("POST", "/v0/tax-codes:calculate-tax-amounts", {"amountsByTaxCodeId": {TAX_CODE: []}}),
        ("PUT", f"/v1/chart-of-accounts/{ACCOUNT}", {"archived": True, "name": "x"}),
        ("DELETE", f"/v1/chart-of-accounts/{ACCOUNT}", None),
        ("GET", f"/v1/vendors/{VENDOR}", None),
        ("POST", f"/v1/vendors/{VENDOR}:archive", None),
        ("POST", f"/v1/vendors/{VENDOR}:activate", {"externalId": "x"}),
    ],
)
def test_anothers_record_is_forbidden(
    sandbox: Sandbox, pleo: TestClient, theirs: SandboxCompany, method: str, path: str, body: Json | None
) -> None:
    sandbox.add_company(theirs)
    assert failure(pleo.request(method, path, json=body)) == (403, "FORBIDDEN")
    own = factories.client(sandbox, sandbox.add_api_key(theirs.id))
    assert own.request(method, path, json=body).status_code in (200, 201, 204)


def test_anothers_tags_are_not_touched_in_bulk(
    sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany, theirs: SandboxCompany
) -> None:
    sandbox.add_company(theirs)
    for company_id in (acme.id, theirs.id):
        body = {"companyId": company_id, "tagIds": [TAG], "archived": True}
        assert pleo.post("/v0/tags/archive", json=body).status_code == 403


@pytest.mark.parametrize("path", SEARCHES)
def test_anothers_company_is_not_searched(
    sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany, theirs: SandboxCompany, path: str
) -> None:
    sandbox.add_company(theirs)
    assert ask(pleo, path, acme.id)["data"] == []
    named = {} if path.startswith("/v1/chart") else {"company_id": theirs.id}
    assert pleo.post(path, params=named, json=SEARCHES[path](theirs.id)).status_code == 403


@pytest.mark.parametrize("path", SEARCHES)
def test_searches_can_be_broken_too(theirs: SandboxCompany, path: str) -> None:
    sandbox = Sandbox(theirs)
    caller = factories.client(sandbox, sandbox.add_api_key(theirs.id))
    sandbox.break_page("POST", path, "stuck_cursor")
    assert ask(caller, path, theirs.id)["pagination"]["hasNextPage"] is True
    sandbox.break_page("POST", path, "malformed")
    assert ask(caller, path, theirs.id)["pagination"] is None
    assert ask(caller, path, theirs.id)["pagination"]["hasNextPage"] is False
    assert ask(caller, path, theirs.id, limit=1)["pagination"]["total"] == 1


def test_a_list_without_pages_has_no_cursor_to_get_stuck(
    sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany
) -> None:
    sandbox.break_page("GET", "/v0/tag-groups", "stuck_cursor")
    assert pleo.get("/v0/tag-groups", params={"company_id": acme.id}).json() == {"data": []}


def test_a_create_whose_answer_is_lost_has_taken_effect(
    sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany
) -> None:
    vendor = {"companyId": acme.id, "name": "V", "defaultCurrency": "DKK", "externalId": "V1"}
    sandbox.lose_response("POST", "/v1/vendors")
    with pytest.raises(ResponseLost):
        pleo.post("/v1/vendors", json=vendor)
    assert failure(pleo.post("/v1/vendors", json=vendor)) == (409, "VENDOR_ALREADY_EXISTS")


# controls


def test_an_employee_makes_a_vendor(pleo: TestClient, acme: SandboxCompany) -> None:
    order = {"company_id": acme.id, "name": "Holm", "default_currency": "DKK", "tax_registration_number": "DK1"}
    vendor_id = pleo.post("/_control/create_draft_vendor", json=order).json()["result"]
    (found,) = ask(pleo, "/v1/vendors:search", acme.id)["data"]
    assert (found["id"], found["state"], found["taxRegistrationNumber"]) == (vendor_id, "DRAFT", "DK1")
    order["company_id"] = str(uuid.uuid4())
    assert pleo.post("/_control/create_draft_vendor", json=order).status_code == 404


def test_rules_are_set_by_name(sandbox: Sandbox, pleo: TestClient) -> None:
    shown = pleo.post("/_control/set_rules", json={"rules": {"max_active_tags": 7}}).json()["result"]
    assert (shown["max_active_tags"], sandbox.rules.max_active_tags) == (7, 7)
    assert pleo.post("/_control/set_rules", json={"rules": {"account_match": "sometimes"}}).status_code == 400
    assert pleo.post("/_control/set_rules", json={"rules": {"max_tags": 7}}).status_code == 404
    assert sandbox.rules.account_match == "identical"


# the demo company


@pytest.fixture(scope="module")
def demo() -> DemoSandbox:
    return DemoSandbox(demo_company(), rate_limit=None)


@pytest.fixture(scope="module")
def visitor(demo: DemoSandbox) -> TestClient:
    return factories.client(demo, demo.api_key)


def test_the_demo_has_a_code_twice_and_archived_twins(demo: DemoSandbox, visitor: TestClient) -> None:
    asked = {"company_id": demo.company_id, "include_archived": "true"}
    groups = visitor.get("/v0/tag-groups", params=asked).json()["data"]
    assert {group["archived"] for group in groups} == {True, False}
    tags = factories.walk(visitor, "/v0/tags:search", {"includeArchived": True}, company_id=demo.company_id)
    active = Counter((tag["groupId"], tag["code"].casefold()) for tag in tags if not tag["archived"])
    assert max(active.values()) == 2
    every = Counter((tag["groupId"], tag["code"].casefold()) for tag in tags)
    assert {code for (_, code), count in every.items() if count > 1} == {"100", "dk"}


def test_the_demos_expenses_name_its_tags_accounts_tax_codes_and_vendors(
    demo: DemoSandbox, visitor: TestClient
) -> None:
    """Whatever of them people made by hand has the id that the expenses name."""
    lines = [line for e in demo_company().expenses for line in e.item["accountingEntryLines"]]
    named = {tag["id"] for line in lines for tag in line["tags"] or ()}
    named |= {line[kind]["id"] for line in lines for kind in ("account", "tax") if line[kind]}
    named |= {e.item["vendor"]["id"] for e in demo_company().expenses if e.item["vendor"]}
    for path, least in (("/v0/tags:search", 5), ("/v0/tax-codes:search", 3), ("/v1/vendors:search", 4)):
        found = {row["id"] for row in ask(visitor, path, demo.company_id, limit=100)["data"]}
        assert len(found & named) >= least - 1, path
    cost = next(group for group in demo_company().hand_made.tag_groups if group["code"] == "COST")
    usages = visitor.get(f"/v0/tag-groups/{cost['id']}/usage").json()["data"]["usages"]
    assert sum(usage["count"] for usage in usages) > 20


def test_the_demos_vendors_are_in_every_state(demo: DemoSandbox, visitor: TestClient) -> None:
    vendors = ask(visitor, "/v1/vendors:search", demo.company_id)["data"]
    assert Counter(vendor["state"] for vendor in vendors) == {"ACTIVE": 3, "DRAFT": 2, "ARCHIVED": 1}
    assert all("externalId" not in vendor for vendor in vendors if vendor["state"] == "DRAFT")


def test_the_demos_accounts_in_use_stay(demo: DemoSandbox, visitor: TestClient) -> None:
    found = ask(visitor, "/v1/chart-of-accounts:search", demo.company_id, limit=100)["data"]
    refused = {row["code"] for row in found if visitor.delete(f"/v1/chart-of-accounts/{row['id']}").status_code == 409}
    assert {"1081", "4010", "7599"} <= refused
    assert "7598" not in refused


def test_every_scope_of_master_data_can_be_had() -> None:
    kinds = ("tag-groups", "tax-codes", "accounts", "vendors")
    assert {f"{kind}:{permission}" for kind in kinds for permission in ("read", "write")} <= ALL_SCOPES
