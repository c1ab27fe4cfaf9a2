"""A Pleo that costs next to nothing: pages made by text substitution, behind httpx2's mock transport.

It answers what one export of `items` card purchases asks for; nothing of it is kept in memory, so that what is
measured is ours.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2

COMPANY = "6d7f2c1e-8f6d-4a59-9a51-0d6a3c1b2f00"
JOB = "0b0f6a52-51f4-4d0c-8d37-7c8c2f6f1a11"
PAGE = 100
_CHARSET = {"content-type": "application/json;charset=UTF-8"}


def entry_id(number: int) -> str:
    """A well-formed id that sorts by number."""
    return str(uuid.UUID(int=(0xB0 << 120) | number, version=4))


def money(minor: int) -> dict[str, Any]:
    both = {"currency": "DKK", "value": minor}
    return {"inSupplierCurrency": both, "inWalletCurrency": both}


def item(number: int) -> dict[str, Any]:
    """A card purchase of two lines, taxed, tagged, with user, team, supplier and a note: about 2.5 kB of JSON."""
    return {
        "_links": {"web": {"exportItem": f"https://app.example/expenses/{entry_id(number)}"}},
        "accountingEntryId": entry_id(number),
        "companyId": COMPANY,
        "type": "card_purchase",
        "subType": None,
        "date": "2026-10-05T11:22:33Z",
        "amount": money(25_000 + number % 1000),
        "accountingEntryLines": [_line(number, 1, 20_000, 4_000), _line(number, 2, 5_000 + number % 1000, 0)],
        "additionalInformation": {
            "reconciliationId": f"BENCH-{number}",
            "attendees": None,
            "reconciledEntries": None,
            "invoiceInformation": None,
        },
        "bookkeeping": {"method": "journal"},
        "contraAccount": {"id": entry_id(7), "name": "Pleo wallet DKK", "code": "1081", "identifier": None},
        "files": None,
        "note": "Paper, pens and a plant for the office",
        "servicePeriod": None,
        "supplier": {
            "name": f"Supplier {number % 97}",
            "code": "1340472473",
            "account": None,
            "categoryCode": "5943",
            "country": "DK",
            "taxIdentifier": None,
        },
        "team": {"id": entry_id(8), "name": "Operations", "code": "OPS"},
        "user": {"id": entry_id(9), "name": "Anna Berg", "code": "E7"},
        "vendor": None,
    }


def _line(number: int, position: int, minor: int, tax: int) -> dict[str, Any]:
    return {
        "accountingEntryLineId": str(uuid.UUID(int=(0xC0 << 120) | number * 4 + position, version=4)),
        "lineAmount": money(minor),
        "netAmount": money(minor),
        "account": {"id": entry_id(3), "name": "Office supplies", "code": "7504", "identifier": None},
        "tags": [{"id": entry_id(5), "code": "100", "groupCode": "COST"}],
        "tax": {
            "id": entry_id(4),
            "rate": 0.25,
            "type": "inclusive",
            "code": "I25",
            "amount": money(tax),
            "ingoingTaxAccount": None,
            "outgoingTaxAccount": None,
        }
        if tax
        else None,
    }


def page(numbers: range, total: int, make: Any) -> bytes:
    """One page of the answer; the cursor names the next number in base 32's alphabet."""
    cursor = "".join("ABCDEFGHIJ"[int(digit)] for digit in str(numbers.stop))
    more = numbers.stop < total
    body = {
        "data": [make(number) for number in numbers],
        "pagination": {
            "currentRequestPagination": {"parameters": {}},
            "hasNextPage": more,
            "hasPreviousPage": numbers.start > 0,
            "startCursor": cursor,
            "endCursor": cursor,
            "total": total,
        },
    }
    return json.dumps(body, separators=(",", ":")).encode()


def pages(total: int) -> Iterator[bytes]:
    """All item pages of a job."""
    for start in range(0, total, PAGE):
        yield page(range(start, min(start + PAGE, total)), total, item)


class MockPleo:
    """The transport's handler. `prepared` holds the item pages in memory, so that making them costs no CPU then."""

    def __init__(self, total: int, *, prepared: bool = False) -> None:
        self.total = total
        self.calls: Counter[str] = Counter()
        self.updates = 0
        self._status, self._started_at = "pending", ""
        self._prepared = list(pages(total)) if prepared else None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path, method = request.url.path, request.method
        self.calls[f"{method} {path.replace(JOB, '{jobId}')}"] += 1
        start = self._start(request.url.params.get("after"))
        if path == "/v1/introspect":
            return _json(200, {"data": _identity()})
        if path == "/v3/export-jobs":
            return _answer(200, page(range(1), 1, lambda _: self._job()))
        if path == f"/v3/export-jobs/{JOB}":
            return _json(200, {"data": self._job()})
        if path == "/v3/export-job-events":
            event = json.loads(request.content)["event"]
            self._status = "in_progress" if event == "started" else event
            self._started_at = self._started_at or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            return _json(202, {})
        if path.endswith("/items") and method == "PUT":
            updates = json.loads(request.content)
            self.updates += len(updates)
            return _json(200, {"data": [], "errors": []})
        if path.endswith("/items"):
            numbers = range(start, min(start + PAGE, self.total))
            return _answer(200, page(numbers, self.total, _control))
        if self._prepared is not None:
            return _answer(200, self._prepared[start // PAGE])
        numbers = range(start, min(start + PAGE, self.total))
        return _answer(200, page(numbers, self.total, item))

    def _start(self, cursor: str | None) -> int:
        return int("".join(str("ABCDEFGHIJ".index(letter)) for letter in cursor)) if cursor else 0

    def _job(self) -> dict[str, Any]:
        return {
            "id": JOB,
            "companyId": COMPANY,
            "status": self._status,
            "createdAt": "2026-10-31T10:00:00Z",
            **({"startedAt": self._started_at} if self._started_at else {}),
            "expiresIn": 3600,
            "isInteractive": True,
            "numberOfItems": self.total,
            "vendorBasedBookkeeping": False,
        }


def _control(number: int) -> dict[str, Any]:
    return {"accountingEntryId": entry_id(number), "exportJobId": JOB, "status": "pending"}


def _identity() -> dict[str, Any]:
    return {
        "clientId": "bench",
        "authMethod": "API_KEY",
        "scope": "export-jobs:read export-jobs:write export-items:read",
        "subjectURN": f"urn:pleo:company:{COMPANY}",
    }


def _json(status: int, body: Any) -> httpx2.Response:
    return _answer(status, json.dumps(body).encode())


def _answer(status: int, content: bytes) -> httpx2.Response:
    """As a transport answers: a stream that is read and closed by the client."""
    return httpx2.Response(status, headers=_CHARSET, stream=httpx2.ByteStream(content))
