"""What is sent to the sandbox is bounded: size, time, depth."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from pleo_sandbox.app import create_app
from pleo_sandbox.errors import PleoError
from pleo_sandbox.http.bodies import LARGEST, body_of
from pleo_sandbox.state.sandbox import Sandbox

JSON = {"content-type": "application/json;charset=UTF-8"}


@pytest.mark.parametrize("path", ["/v3/export-job-events", "/_control/press_export", "/oauth/token"])
def test_a_body_that_is_too_large_is_refused(path: str) -> None:
    with TestClient(create_app(Sandbox(), ["testserver"])) as http:
        answer = http.post(path, content=bytes(LARGEST + 1), headers=JSON)
    assert answer.status_code == 413


def test_an_order_that_is_nested_too_deep_is_refused() -> None:
    with TestClient(create_app(Sandbox(), ["testserver"])) as http:
        answer = http.post("/_control/press_export", content=b"[" * 100_000, headers=JSON)
    assert answer.status_code == 400


def request_of(*messages: dict[str, Any]) -> Request:
    """A request whose body comes in these pieces, and then no more, and never ends."""
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def test_a_body_that_does_not_end_is_given_up() -> None:
    dripping = request_of({"type": "http.request", "body": b"x", "more_body": True})
    with pytest.raises(PleoError) as fault:
        asyncio.run(body_of(dripping, seconds=0.01))
    assert fault.value.status == 408


def test_a_body_that_is_cut_short_is_no_body() -> None:
    with pytest.raises(PleoError) as fault:
        asyncio.run(body_of(request_of({"type": "http.disconnect"})))
    assert fault.value.status == 400
