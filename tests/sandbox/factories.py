"""Small companies and expenses, as Pleo would show them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from pleo_sandbox.app import create_app
from pleo_sandbox.model import Expense, FileBlob, SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox

Json = dict[str, Any]
CONTRA = {"id": str(uuid.uuid4()), "name": "Wallet", "code": "1910", "identifier": None}
RECEIPT = FileBlob("receipt.pdf", "application/pdf", b"%PDF-1.4 receipt")


def amount(value: int = 1250, currency: str = "EUR") -> Json:
    money = {"currency": currency, "value": value}
    return {"inSupplierCurrency": money, "inWalletCurrency": money}


def item(company_id: str, *, kind: str = "card_purchase", currency: str = "EUR", **fields: Any) -> Json:
    line = {
        "accountingEntryLineId": str(uuid.uuid4()),
        "lineAmount": amount(currency=currency),
        "netAmount": amount(currency=currency),
        "account": None,
        "tags": None,
        "tax": None,
    }
    return {
        "_links": {"web": {"exportItem": "https://app.example.com/expense"}},
        "accountingEntryId": str(uuid.uuid4()),
        "companyId": company_id,
        "date": "2026-03-02T09:30:00Z",
        "type": kind,
        "subType": None,
        "amount": amount(currency=currency),
        "accountingEntryLines": [line],
        "additionalInformation": {"reconciliationId": f"R-{uuid.uuid4().hex[:8]}"},
    } | fields


def company(expenses: int = 3, *, files: Iterable[FileBlob] = (RECEIPT,), **fields: Any) -> SandboxCompany:
    """A company in euro with contra account and queued card purchases."""
    made = SandboxCompany("Acme ApS", "EUR", "DK", contra_accounts={"EUR": CONTRA}, **fields)
    made.expenses = [Expense(item(made.id), tuple(files)) for _ in range(expenses)]
    return made


def client(sandbox: Sandbox, key: str | None = None) -> TestClient:
    """Pleo as a caller with this API key meets it, in process."""
    caller = TestClient(create_app(sandbox, ["pleo.test"]), base_url="http://pleo.test", follow_redirects=False)
    if key is not None:
        caller.auth = (key, "")
    return caller


def failure(answer: Response) -> tuple[int, str]:
    """Status and type of a refusal, whose body is Pleo's ExceptionInfo."""
    body = answer.json()
    assert set(body) == {"type", "message"}
    assert body["message"]
    return answer.status_code, body["type"]


def walk(caller: TestClient, path: str, body: Json | None = None, *, limit: int = 100, **query: str) -> list[Json]:
    """All rows of all pages: of a search when there is a body."""
    found: list[Json] = []
    asked: dict[str, str | int] = {**query, "limit": limit}
    while True:
        answer = caller.get(path, params=asked) if body is None else caller.post(path, params=asked, json=body)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["data"]
        if not page["pagination"]["hasNextPage"]:
            assert page["pagination"]["total"] == len(found)
            return found
        assert page["data"], "a page with a next one is never empty: this ends"
        asked["after"] = page["pagination"]["endCursor"]
