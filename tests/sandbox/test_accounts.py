"""Chart of accounts v1 (api.md F)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from starlette.testclient import TestClient

from pleo_sandbox.model import HandMade, SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories
from tests.sandbox.factories import Json, failure

NOBODY = str(uuid.uuid4())
ADDRESS = "/v1/chart-of-accounts"


def item(external_id: str, **fields: Any) -> Json:
    return {"externalId": external_id, "name": f"Account {external_id}", "archived": False, "code": "7500"} | fields


def make(pleo: TestClient, company: SandboxCompany, external_id: str, **fields: Any) -> Json:
    made = pleo.post(ADDRESS, json={"companyId": company.id} | item(external_id, **fields))
    assert made.status_code == 201, made.text
    return made.json()["data"]


def asked(company: SandboxCompany, **fields: Any) -> Json:
    never = {"excludeIfAssignedToCategory": False, "excludeIfAssignedToContraAccount": False}
    return {"companyId": company.id} | never | fields


def test_an_account_as_pleo_shows_it(pleo: TestClient, acme: SandboxCompany) -> None:
    made = make(pleo, acme, "A1", metadata={"kind": ["expense"]})
    sent = item("A1") | {"metadata": {"kind": ["expense"]}}
    assert made == {"id": made["id"], "companyId": acme.id, "taxCodeExternalId": None} | sent
    assert pleo.get(f"{ADDRESS}/{made['id']}").json() == {"data": made}


@pytest.mark.parametrize(
    ("rule", "same", "other", "archived"),
    [("identical", 200, 409, 409), ("identical_or_archived", 200, 409, 200), ("never", 409, 409, 409)],
)
def test_whether_a_create_matches_is_a_switch(
    sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany, rule: str, same: int, other: int, archived: int
) -> None:
    sandbox.set_rules({"account_match": rule})
    first, old = make(pleo, acme, "A1"), make(pleo, acme, "A2", archived=True)
    for body, status, as_stored in [
        (item("A1"), same, first),
        (item("A1", name="Other"), other, first),
        (item("A2"), archived, old),
    ]:
        answer = pleo.post(ADDRESS, json={"companyId": acme.id} | body)
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["data"] == as_stored | body
        else:
            assert failure(answer) == (409, "EXTERNAL_ID_ALREADY_EXISTS")
    assert len(factories.walk(pleo, f"{ADDRESS}:search", asked(acme))) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"externalId": ""},
        {"externalId": "x" * 256},
        {"name": "x" * 256},
        {"name": " "},
        {"code": "x" * 256},
        {"archived": None},
        {"externalCode": "x"},
    ],
)
def test_what_is_no_account_is_refused(pleo: TestClient, acme: SandboxCompany, fields: Json) -> None:
    answer = pleo.post(ADDRESS, json={"companyId": acme.id} | item("A1") | fields)
    assert failure(answer) == (400, "VALIDATION_FAILED")


def test_a_put_replaces_all_but_the_external_id(pleo: TestClient, acme: SandboxCompany) -> None:
    made = make(pleo, acme, "A1", metadata={"a": 1})
    address = f"{ADDRESS}/{made['id']}"
    changed = pleo.put(address, json={"archived": True, "name": "New"}).json()["data"]
    assert changed == made | {"archived": True, "name": "New", "code": None, "metadata": None}
    assert pleo.put(address, json={"archived": True}).status_code == 400
    assert pleo.put(address, json={"archived": True, "name": "New", "externalId": "A2"}).status_code == 400
    assert failure(pleo.put(f"{ADDRESS}/{NOBODY}", json={"archived": True, "name": "N"})) == (404, "ACCOUNT_NOT_FOUND")


def test_a_tax_code_has_to_be_known_or_not(sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany) -> None:
    address = f"{ADDRESS}/{make(pleo, acme, 'A1', taxCodeExternalId='I25')['id']}"
    body = {"archived": False, "name": "A", "taxCodeExternalId": "I25"}
    assert failure(pleo.put(address, json=body)) == (400, "VALIDATION_FAILED")
    sandbox.rules.tax_code_must_be_known = False
    assert pleo.put(address, json=body).status_code == 200
    sandbox.rules.tax_code_must_be_known = True
    tax_code = {"companyId": acme.id, "archived": False, "name": "VAT", "rate": 0, "type": "inclusive", "code": "I25"}
    pleo.post("/v0/tax-codes", json=tax_code)
    assert pleo.put(address, json=body).json()["data"]["taxCodeExternalId"] == "I25"


def test_an_account_in_use_is_not_deleted(sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany) -> None:
    booked, contra, free = (make(pleo, acme, name) for name in ("A1", "A2", "A3"))
    expense = factories.item(acme.id)
    expense["accountingEntryLines"][0]["account"] = {"id": booked["id"], "name": "A1"}
    sandbox.add_expense(acme.id, expense | {"contraAccount": {"id": contra["id"], "name": "A2"}})
    for used in (booked, contra):
        assert failure(pleo.delete(f"{ADDRESS}/{used['id']}")) == (409, "ACCOUNT_IN_USE")
    assert pleo.delete(f"{ADDRESS}/{free['id']}").status_code == 204
    assert pleo.delete(f"{ADDRESS}/{free['id']}").status_code == 404
    every = factories.walk(pleo, f"{ADDRESS}:search", asked(acme))
    assert every == [booked, contra]
    assert factories.walk(pleo, f"{ADDRESS}:search", asked(acme, excludeIfAssignedToCategory=True)) == [contra]
    assert factories.walk(pleo, f"{ADDRESS}:search", asked(acme, excludeIfAssignedToContraAccount=True)) == [booked]
    assert make(pleo, acme, "A3")["id"] != free["id"]


# batch


def batch(pleo: TestClient, company: SandboxCompany, *items: Json) -> Json:
    made = pleo.post(f"{ADDRESS}/batch", json={"companyId": company.id, "items": items})
    assert made.status_code == 201, made.text
    return made.json()["data"]


def test_a_batch_fails_item_by_item(pleo: TestClient, acme: SandboxCompany) -> None:
    there = make(pleo, acme, "A1")
    long = "x" * 256
    items = [
        item("A2"),
        item("A1"),
        item("A2", name="again"),
        item(long, name="", code=long),
        item("", name=long),
        item("A3"),
    ]
    answer = batch(pleo, acme, *items)
    assert [account["externalId"] for account in answer["created"]] == ["A2", "A3"]
    assert [failed["reasons"] for failed in answer["failed"]] == [
        ["EXTERNAL_ID_ALREADY_EXISTS"],
        ["EXTERNAL_ID_ALREADY_EXISTS"],
        ["EXTERNAL_ID_TOO_LONG", "CODE_TOO_LONG", "NAME_EMPTY"],
        ["EXTERNAL_ID_EMPTY", "NAME_TOO_LONG"],
    ]
    repeated = [failed["request"] for failed in answer["failed"]]
    assert [{**request} for request in repeated] == [
        sent | {"metadata": None, "taxCodeExternalId": None} for sent in items[1:5]
    ]
    assert factories.walk(pleo, f"{ADDRESS}:search", asked(acme)) == [there, *answer["created"]]


def test_a_batch_sent_again_creates_nothing(pleo: TestClient, acme: SandboxCompany) -> None:
    items = [item(f"A{number}") for number in range(1000)]
    assert len(batch(pleo, acme, *items)["created"]) == 1000
    again = batch(pleo, acme, *items)
    assert (again["created"], len(again["failed"])) == ([], 1000)


def test_a_batch_can_be_refused_whole(sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany) -> None:
    sandbox.rules.batch_items_fail_alone = False
    body = {"companyId": acme.id, "items": [item("A1"), item("x" * 256)]}
    assert pleo.post(f"{ADDRESS}/batch", json=body).status_code == 400
    assert factories.walk(pleo, f"{ADDRESS}:search", asked(acme)) == []


def test_a_batch_has_1_to_1000_items(pleo: TestClient, acme: SandboxCompany) -> None:
    for count in (0, 1001):
        body = {"companyId": acme.id, "items": [item(f"A{number}") for number in range(count)]}
        assert failure(pleo.post(f"{ADDRESS}/batch", json=body)) == (400, "VALIDATION_FAILED")
    wrong = {"companyId": acme.id, "items": [item("A1") | {"companyId": acme.id}]}
    assert pleo.post(f"{ADDRESS}/batch", json=wrong).status_code == 400


# search


def test_search(pleo: TestClient, acme: SandboxCompany) -> None:
    rent, old = make(pleo, acme, "A1", name="Rent", code="7520"), make(pleo, acme, "A2", archived=True, code=None)
    for fields, wanted in [
        ({}, [rent, old]),
        ({"archived": None, "codes": [], "name": None}, [rent, old]),
        ({"archived": True}, [old]),
        ({"archived": False}, [rent]),
        ({"code": "7520"}, [rent]),
        ({"codes": ["7520", "1"]}, [rent]),
        ({"externalId": "A2"}, [old]),
        ({"externalId": "a2"}, []),
        ({"ids": [old["id"].upper()]}, [old]),
        ({"name": "ren"}, [rent]),
    ]:
        assert factories.walk(pleo, f"{ADDRESS}:search", asked(acme, **fields), limit=1) == wanted, fields


@pytest.mark.parametrize("missing", ["companyId", "excludeIfAssignedToCategory", "excludeIfAssignedToContraAccount"])
def test_a_search_says_what_it_has_to(pleo: TestClient, acme: SandboxCompany, missing: str) -> None:
    body = {name: value for name, value in asked(acme).items() if name != missing}
    assert failure(pleo.post(f"{ADDRESS}:search", json=body)) == (400, "VALIDATION_FAILED")
    assert pleo.post(f"{ADDRESS}:search", json=asked(acme, codes=["1", "1"])).status_code == 400
    assert pleo.post(f"{ADDRESS}:search", json=asked(acme, includeArchived=True)).status_code == 400


def test_hand_made_accounts_are_there_and_count(acme: SandboxCompany) -> None:
    acme.hand_made = HandMade(accounts=[{"externalId": "mine", "name": "Mine"}])
    sandbox = Sandbox(acme)
    caller = factories.client(sandbox, sandbox.add_api_key(acme.id))
    (found,) = factories.walk(caller, f"{ADDRESS}:search", asked(acme))
    assert (found["externalId"], found["archived"]) == ("mine", False)
    assert caller.post(ADDRESS, json={"companyId": acme.id} | item("mine")).status_code == 409
