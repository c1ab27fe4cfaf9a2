"""Vendors v1 (api.md E)."""

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


def body(company: SandboxCompany, number: str = "V1", **fields: Any) -> Json:
    known = {"companyId": company.id, "name": f"Vendor {number}", "defaultCurrency": "DKK"}
    return known | {"code": number, "externalId": number} | fields


def make(pleo: TestClient, company: SandboxCompany, number: str = "V1", **fields: Any) -> Json:
    made = pleo.post("/v1/vendors", json=body(company, number, **fields))
    assert made.status_code == 201, made.text
    return made.json()["data"]


def as_stored(pleo: TestClient, vendor: Json) -> Json:
    return pleo.get(f"/v1/vendors/{vendor['id']}").json()["data"]


def test_a_vendor_as_pleo_shows_it(pleo: TestClient, acme: SandboxCompany) -> None:
    made = make(pleo, acme, country="DK", registrationNumber="1", taxRegistrationNumber="DK1")
    added = {name: made[name] for name in ("id", "createdAt", "updatedAt")}
    sent = body(acme, country="DK", registrationNumber="1", taxRegistrationNumber="DK1")
    assert made == sent | added | {"state": "ACTIVE"}
    assert as_stored(pleo, made) == made


def test_a_vendor_without_external_id_is_a_draft(pleo: TestClient, acme: SandboxCompany) -> None:
    sent = {"companyId": acme.id, "name": "New", "defaultCurrency": "SEK"}
    made = pleo.post("/v1/vendors", json=sent).json()["data"]
    assert made["state"] == "DRAFT"
    assert "externalId" not in made
    assert pleo.post("/v1/vendors", json=sent).status_code == 201


@pytest.mark.parametrize("shared", [{"code": "V1"}, {"externalId": "V1"}])
def test_a_vendor_that_exists_is_a_conflict(pleo: TestClient, acme: SandboxCompany, shared: Json) -> None:
    first, second = make(pleo, acme), make(pleo, acme, "V2")
    pleo.post(f"/v1/vendors/{first['id']}:archive")
    assert failure(pleo.post("/v1/vendors", json=body(acme, "V3") | shared)) == (409, "VENDOR_ALREADY_EXISTS")
    taken = body(acme, "V2", state="ACTIVE") | shared
    assert failure(pleo.put(f"/v1/vendors/{second['id']}", json=taken)) == (409, "VENDOR_ALREADY_EXISTS")
    activate = {"externalId": "V2"} | shared
    assert failure(pleo.post(f"/v1/vendors/{second['id']}:activate", json=activate)) == (400, "VENDOR_ALREADY_EXISTS")
    assert as_stored(pleo, second) == second


@pytest.mark.parametrize(
    "fields",
    [
        {"defaultCurrency": "kr"},
        {"defaultCurrency": "dkk"},
        {"name": " "},
        {"code": None},
        {"state": "ACTIVE"},
        {"email": "x@example.com"},
        {"companyId": "acme"},
    ],
)
def test_what_is_no_vendor_is_refused(pleo: TestClient, acme: SandboxCompany, fields: Json) -> None:
    assert failure(pleo.post("/v1/vendors", json=body(acme) | fields)) == (400, "VALIDATION_FAILED")


def test_a_put_replaces_all_of_it(pleo: TestClient, acme: SandboxCompany) -> None:
    made = make(pleo, acme, country="DK")
    address = f"/v1/vendors/{made['id']}"
    wanted = {"companyId": acme.id, "name": "N", "defaultCurrency": "EUR", "externalId": "V1", "state": "ARCHIVED"}
    changed = pleo.put(address, json=wanted).json()["data"]
    assert changed == wanted | {name: changed[name] for name in ("id", "createdAt", "updatedAt")}
    for missing in wanted:
        less = {name: value for name, value in wanted.items() if name != missing}
        assert failure(pleo.put(address, json=less)) == (400, "VALIDATION_FAILED"), missing
    assert pleo.put(address, json=wanted | {"companyId": NOBODY}).status_code == 403
    assert make(pleo, acme, "V2", code="V1")["code"] == "V1"


def test_a_draft_is_activated_and_archived_and_comes_back(
    sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany
) -> None:
    vendor_id = sandbox.create_draft_vendor(acme.id, "Holm", "DKK", country="DK", registration_number="40918273")
    address = f"/v1/vendors/{vendor_id}"
    draft = pleo.get(address).json()["data"]
    assert (draft["state"], draft["registrationNumber"]) == ("DRAFT", "40918273")
    assert not {"code", "externalId", "taxRegistrationNumber"} & draft.keys()
    for sent in ({}, {"externalId": ""}, {"externalId": "V7", "name": "x"}):
        assert failure(pleo.post(f"{address}:activate", json=sent)) == (400, "VALIDATION_FAILED")
    assert pleo.post(f"{address}:activate", json={"externalId": "V7", "code": "7"}).status_code == 204
    active = pleo.get(address).json()["data"]
    assert (active["state"], active["externalId"], active["code"]) == ("ACTIVE", "V7", "7")
    for _ in range(2):
        assert pleo.post(f"{address}:archive").status_code == 204
        assert pleo.get(address).json()["data"]["state"] == "ARCHIVED"
    assert pleo.post(f"{address}:activate", json={"externalId": "V7"}).status_code == 204
    assert pleo.get(address).json()["data"] | {"updatedAt": ""} == active | {"updatedAt": ""}


def test_an_unknown_vendor_is_not_found(pleo: TestClient, acme: SandboxCompany) -> None:
    address = f"/v1/vendors/{NOBODY}"
    for answer in (
        pleo.get(address),
        pleo.put(address, json=body(acme, state="ACTIVE")),
        pleo.post(f"{address}:activate", json={"externalId": "1"}),
        pleo.post(f"{address}:archive"),
    ):
        assert failure(answer) == (404, "VENDOR_NOT_FOUND")


def test_no_vendor_is_deleted(pleo: TestClient, acme: SandboxCompany) -> None:
    address = f"/v1/vendors/{make(pleo, acme)['id']}"
    refused = pleo.delete(address)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, PUT")
    assert pleo.get(f"{address}:archive").status_code == 405
    assert pleo.post("/v1/vendors/csv-import/jobs", json={}).status_code == 404


def test_search(sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany) -> None:
    paper = make(pleo, acme, "V1", name="Kontor & Papir", country="DK", taxRegistrationNumber="DK26104455")
    frakt = make(pleo, acme, "V2", name="Göteborg Frakt", country="SE")
    pleo.post(f"/v1/vendors/{frakt['id']}:archive")
    frakt = as_stored(pleo, frakt)
    draft_id = sandbox.add_vendor(
        acme.id, {"name": "Holm", "defaultCurrency": "DKK", "state": "DRAFT", "accountingSystem": "odoo"}
    )
    draft = as_stored(pleo, {"id": draft_id})
    for asked, wanted in [
        ({}, [paper, frakt, draft]),
        ({"codes": [], "name": "", "states": []}, [paper, frakt, draft]),
        ({"states": ["ACTIVE", "DRAFT"]}, [paper, draft]),
        ({"states": ["ARCHIVED"]}, [frakt]),
        ({"codes": ["V1", "V9"]}, [paper]),
        ({"externalIds": ["V2"]}, [frakt]),
        ({"ids": [paper["id"].upper(), NOBODY]}, [paper]),
        ({"countries": ["SE"]}, [frakt]),
        ({"taxRegistrationNumbers": ["DK26104455"]}, [paper]),
        ({"name": "GÖTE"}, [frakt]),
        ({"accountingSystems": ["odoo"]}, [draft]),
        ({"codes": ["V1"], "states": ["ARCHIVED"]}, []),
    ]:
        assert factories.walk(pleo, "/v1/vendors:search", asked, limit=1, company_id=acme.id) == wanted, asked
    assert factories.walk(pleo, "/v1/vendors:search", {}, company_id=acme.id) == [paper, frakt, draft]
    assert pleo.post("/v1/vendors:search", params={"company_id": acme.id}).status_code == 200


def test_the_system_that_pleo_noted_outlives_an_update(
    sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany
) -> None:
    facts = {"name": "Holm", "defaultCurrency": "DKK", "accountingSystem": "odoo"}
    address = f"/v1/vendors/{sandbox.add_vendor(acme.id, facts)}"
    changed = pleo.put(address, json=body(acme, state="ACTIVE")).json()["data"]
    assert changed["accountingSystem"] == "odoo"


@pytest.mark.parametrize(
    "asked",
    [
        {"codes": ["x"] * 101},
        {"ids": ["x"]},
        {"states": ["OLD"]},
        {"states": ["DRAFT"] * 5},
        {"code": "x"},
        {"name": None},
    ],
)
def test_a_search_against_the_contract_is_refused(pleo: TestClient, acme: SandboxCompany, asked: Json) -> None:
    answer = pleo.post("/v1/vendors:search", params={"company_id": acme.id}, json=asked)
    assert failure(answer) == (400, "VALIDATION_FAILED")


def test_a_search_names_its_company(pleo: TestClient) -> None:
    assert failure(pleo.post("/v1/vendors:search", json={})) == (400, "PARAMETER_VALIDATION_FAILED")


def test_hand_made_vendors_keep_their_state(acme: SandboxCompany) -> None:
    made = {"id": NOBODY, "name": "Old", "defaultCurrency": "DKK", "code": "V1", "state": "ARCHIVED"}
    acme.hand_made = HandMade(vendors=[made])
    sandbox = Sandbox(acme)
    caller = factories.client(sandbox, sandbox.add_api_key(acme.id))
    assert as_stored(caller, made)["state"] == "ARCHIVED"
    assert caller.post("/v1/vendors", json=body(acme)).status_code == 409
