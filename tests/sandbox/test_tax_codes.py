"""Tax codes v0 (api.md D)."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from pleo_sandbox.api.tax_codes import breakdown
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories
from tests.sandbox.factories import Json, failure

NOBODY = str(uuid.uuid4())


def body(company: SandboxCompany, code: str | None = "I25", **fields: Any) -> Json:
    known = {"companyId": company.id, "archived": False, "name": "Input VAT", "rate": 0.25, "type": "inclusive"}
    return known | {"code": code} | fields


def make(pleo: TestClient, company: SandboxCompany, code: str, **fields: Any) -> Json:
    made = pleo.post("/v0/tax-codes", json=body(company, code, **fields))
    assert made.status_code == 200, made.text
    return made.json()["data"]


def test_a_tax_code_as_pleo_shows_it(pleo: TestClient, acme: SandboxCompany) -> None:
    made = make(pleo, acme, "I25", ingoingTaxAccount="1610")
    unset = {"outgoingTaxAccount": None, "accountingIntegrationSystem": None}
    moments = {name: made[name] for name in ("id", "createdAt", "updatedAt")}
    assert made == body(acme) | {"ingoingTaxAccount": "1610"} | unset | moments
    assert pleo.get(f"/v0/tax-codes/{made['id']}").json() == {"data": made}


def test_a_rate_stays_the_decimal_it_was(pleo: TestClient, acme: SandboxCompany) -> None:
    sent = b'{"companyId":"%s","archived":false,"name":"x","rate":0.0625,"type":"reverse"}' % acme.id.encode()
    made = pleo.post("/v0/tax-codes", content=sent, headers={"content-type": "application/json"})
    assert '"rate":0.0625,' in made.text


@pytest.mark.parametrize(
    "fields",
    [
        {"rate": 25},
        {"rate": -0.1},
        {"rate": "0.25"},
        {"rate": True},
        {"type": "gross"},
        {"name": ""},
        {"colour": "red"},
    ],
)
def test_what_is_no_tax_code_is_refused(pleo: TestClient, acme: SandboxCompany, fields: Json) -> None:
    assert failure(pleo.post("/v0/tax-codes", json=body(acme, **fields))) == (400, "VALIDATION_FAILED")


def test_a_put_replaces_all_of_it(pleo: TestClient, acme: SandboxCompany) -> None:
    made = make(pleo, acme, "I25", ingoingTaxAccount="1610")
    address = f"/v0/tax-codes/{made['id']}"
    changed = pleo.put(address, json=body(acme, None, archived=True)).json()["data"]
    assert (changed["code"], changed["ingoingTaxAccount"], changed["archived"]) == (None, None, True)
    assert pleo.put(address, json={"archived": True}).status_code == 400
    assert pleo.put(address, json=body(factories.company())).status_code == 403
    assert pleo.delete(address).status_code == 204
    assert failure(pleo.put(address, json=body(acme))) == (404, "TAX_CODE_NOT_FOUND")


def test_an_organisation_moves_no_tax_code_to_another_company() -> None:
    owner = str(uuid.uuid4())
    first, second = (factories.company(0, organization_id=owner) for _ in range(2))
    sandbox = Sandbox(first, second)
    caller = factories.client(sandbox, sandbox.add_api_key(None, organization_id=owner))
    made = make(caller, first, "I25")
    assert caller.put(f"/v0/tax-codes/{made['id']}", json=body(second)).status_code == 403


def test_search(pleo: TestClient, acme: SandboxCompany) -> None:
    active, archived = make(pleo, acme, "I25"), make(pleo, acme, "R25", archived=True, type="reverse")
    for asked, wanted in [
        ({}, [active, archived]),
        ({"archived": False}, [active]),
        ({"archived": True}, [archived]),
        ({"code": "R25"}, [archived]),
        ({"code": "r25"}, []),
        ({"type": "inclusive"}, [active]),
        ({"taxCodeIds": [archived["id"]]}, [archived]),
        ({"taxCodeIds": [archived["id"]], "archived": False}, []),
    ]:
        assert factories.walk(pleo, "/v0/tax-codes:search", asked, limit=1, company_id=acme.id) == wanted, asked
    assert pleo.post("/v0/tax-codes:search", params={"company_id": acme.id}).status_code == 200
    assert pleo.post("/v0/tax-codes:search", json={}).status_code == 400


def test_exclusive_ones_are_taken_in_or_not(sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany) -> None:
    made = make(pleo, acme, "E25", type="exclusive")
    sandbox.rules.exclusive_tax_codes = False
    for answer in (
        pleo.post("/v0/tax-codes", json=body(acme, type="exclusive")),
        pleo.put(f"/v0/tax-codes/{made['id']}", json=body(acme, type="exclusive")),
    ):
        assert failure(answer) == (400, "VALIDATION_FAILED")
        assert "not currently supported" in answer.json()["message"]


def test_taxes_are_calculated(pleo: TestClient, acme: SandboxCompany) -> None:
    made = make(pleo, acme, "I25")
    amount = {"id": "line 1", "amount": {"currency": "DKK", "minors": 12500}}
    asked = {"amountsByTaxCodeId": {made["id"]: [amount]}}
    taxes = pleo.post("/v0/tax-codes:calculate-tax-amounts", json=asked).json()["data"]["taxes"]
    money = {name: {"currency": "DKK", "minors": minors} for name, minors in (("gross", 12500), ("net", 10000))}
    breakdowns = money | {"tax": {"currency": "DKK", "minors": 2500}}
    assert taxes == {made["id"]: [{"id": "line 1", "amountTaxBreakdown": breakdowns}]}
    unknown = {"amountsByTaxCodeId": {NOBODY: [amount]}}
    assert pleo.post("/v0/tax-codes:calculate-tax-amounts", json=unknown).status_code == 404
    asked["amountsByTaxCodeId"][made["id"]][0]["amount"]["minors"] = 2.5
    assert pleo.post("/v0/tax-codes:calculate-tax-amounts", json=asked).status_code == 400


@given(
    st.sampled_from(["inclusive", "exclusive", "reverse"]),
    st.decimals(0, 1, places=4),
    st.integers(-(10**12), 10**12),
)
def test_a_breakdown_adds_up(kind: Any, rate: Decimal, minors: int) -> None:
    gross, net, tax = breakdown(kind, rate, minors)
    assert minors in (gross, net)
    assert gross - net == (0 if kind == "reverse" else tax)
    assert abs(tax - net * rate) <= 1
    assert breakdown(kind, rate, -minors) == (-gross, -net, -tax)
