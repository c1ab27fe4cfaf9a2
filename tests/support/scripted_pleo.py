"""A stage for the client: a clock that sleeping moves, tokens in memory, and a Pleo that answers what a test wrote."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from kontobro.core.errors import Busy
from kontobro.core.model.connection import Connection, Tokens
from kontobro.pleo import PleoClient, PleoTarget, Ways, open_pleo, open_target

API = "https://pleo.test"
COMPANY = "5b5a4d39-9c9c-4e0e-8c2f-31ad30c2a0c1"
JOB = "0c6a6a43-40c6-4bb6-9f2e-6d7f8d6c1a11"
KEY = "plp_secret-key-0123456789"
JSON = "application/json;charset=UTF-8"

Answer = httpx2.Response | Exception
Reply = Answer | Callable[[httpx2.Request], Answer]


class Clock:
    """Time exists still, but for sleeping."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class MemoryTokens:
    """A token store of one connection, its locks real ones."""

    def __init__(self, tokens: Tokens | None) -> None:
        self.held = tokens
        self.saved: list[Tokens] = []
        self.reconnect: list[str] = []
        self.locks: list[str] = []
        self.locked = threading.Lock()

    def tokens(self, connection: Connection) -> Tokens | None:
        return self.held

    def save_tokens(self, connection: Connection, tokens: Tokens) -> None:
        self.saved.append(tokens)
        self.held = tokens

    def mark_reconnect(self, connection_id: str, at: datetime) -> None:
        self.reconnect.append(connection_id)

    @contextmanager
    def lock(self, name: str, *, wait: float = 0) -> Iterator[None]:
        if not self.locked.acquire(timeout=min(wait, 5.0)):
            raise Busy(f"{name} is held.")
        self.locks.append(name)
        try:
            yield
        finally:
            self.locked.release()


@dataclass
class Stage:
    """A Pleo that answers by method and path; the last reply of a list stays."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[httpx2.Request] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    tokens: MemoryTokens = field(default_factory=lambda: MemoryTokens(Tokens(access=KEY)))

    def on(self, operation: str, *replies: Reply) -> Stage:
        """`operation` as `GET /v3/export-jobs`."""
        self.replies[operation] = list(replies)
        return self

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        replies = self.replies[f"{request.method} {request.url.path}"]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        answer = reply(request) if callable(reply) else reply
        if isinstance(answer, Exception):
            raise answer
        # A copy: one response object can be read once only.
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def operations(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.asked]

    def bodies(self, operation: str) -> list[Any]:
        return [
            json.loads(request.content) for request in self.asked if f"{request.method} {request.url.path}" == operation
        ]

    def target(self, connection: Connection | None = None) -> PleoTarget:
        return open_target(
            connection or a_connection(), self.tokens, self.clock, Ways(transport=httpx2.MockTransport(self))
        )

    def client(self, connection: Connection | None = None) -> PleoClient:
        return open_pleo(
            connection or a_connection(), self.tokens, self.clock, Ways(transport=httpx2.MockTransport(self))
        )


def a_connection(**changes: Any) -> Connection:
    facts: dict[str, Any] = {
        "id": "c1",
        "name": "Acme",
        "environment": "staging",
        "api_url": API,
        "auth_url": "https://auth.pleo.test",
        "auth": "api_key",
        "company_id": COMPANY,
        "company_name": "Acme",
        "erp": "beancount",
    }
    return Connection(**(facts | changes))


def reply(body: object, status: int = 200, **headers: str) -> httpx2.Response:
    return httpx2.Response(
        status, content=json.dumps(body).encode(), headers={"content-type": JSON, **_spelled(headers)}
    )


def refusal(status: int, type: str = "", message: str = "", **headers: str) -> httpx2.Response:
    return reply({"type": type, "message": message}, status, **headers)


def _spelled(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def page(
    entries: list[Any], end_cursor: str | None = None, more: bool = False, total: int | None = None
) -> httpx2.Response:
    pagination: dict[str, Any] = {
        "currentRequestPagination": {"parameters": {}},
        "hasNextPage": more,
        "hasPreviousPage": False,
    }
    if total is not None:
        pagination["total"] = total
    if end_cursor is not None:
        pagination["endCursor"] = end_cursor
    return reply({"data": entries, "pagination": pagination})


def a_job(status: str = "pending", **changes: Any) -> dict[str, Any]:
    job = {
        "id": JOB,
        "companyId": COMPANY,
        "status": status,
        "createdAt": "2026-03-01T11:00:00Z",
        "lastUpdatedAt": None,
        "expiresIn": 3600,
        "isInteractive": True,
        "numberOfItems": 2,
        "vendorBasedBookkeeping": False,
    }
    return job | changes


def amount(value: object, currency: str = "DKK") -> dict[str, Any]:
    money = {"currency": currency, "value": value}
    return {"inSupplierCurrency": money, "inWalletCurrency": dict(money)}


def an_item(number: int = 1, **changes: Any) -> dict[str, Any]:
    item: dict[str, Any] = {
        "accountingEntryId": f"00000000-0000-4000-8000-{number:012d}",
        "companyId": COMPANY,
        "type": "card_purchase",
        "date": "2026-02-03T10:00:00Z",
        "amount": amount(10000),
        "accountingEntryLines": [
            {
                "accountingEntryLineId": "11111111-0000-4000-8000-000000000001",
                "lineAmount": amount(10000),
                "netAmount": amount(10000),
            }
        ],
        "additionalInformation": {"reconciliationId": "R1"},
        "_links": {},
    }
    return item | changes
