"""Pleo for thousands of companies, each with one job that waits: an answer costs the same however many there are.

`python -m bench.load.pleo PORT ITEMS`. The company is told by the API key, which is its id; `GET /done` says how many
jobs were completed. The box in `pleo_sandbox` is stricter, and looks through all jobs for a list of them.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from bench.pleo import COMPANY, MockPleo
from bench.service.__main__ import answers, free_port, wait

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class ManyPleos:
    """An ASGI application."""

    def __init__(self, items: int) -> None:
        self._items = items
        self._companies: dict[str, MockPleo] = {}
        self.done = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        content = await _body(receive)
        headers = {name: value for name, value in scope["headers"] if name in (b"authorization", b"content-type")}
        status, answer = self._answered(scope, headers, content)
        kind = [(b"content-type", b"application/json;charset=UTF-8")]
        await send({"type": "http.response.start", "status": status, "headers": kind})
        await send({"type": "http.response.body", "body": answer})

    def _answered(self, scope: dict[str, Any], headers: dict[bytes, bytes], content: bytes) -> tuple[int, bytes]:
        if scope["path"] == "/done":
            return 200, json.dumps(self.done).encode()
        given = headers.get(b"authorization", b"").removeprefix(b"Basic ")
        company = base64.b64decode(given).decode().rstrip(":")
        pleo = self._companies.setdefault(company, MockPleo(self._items))
        url = f"http://pleo{scope['path']}?{scope['query_string'].decode()}"
        response = pleo(httpx2.Request(scope["method"], url, content=content))
        self.done += scope["path"] == "/v3/export-job-events" and json.loads(content)["event"] == "completed"
        return response.status_code, response.read().replace(COMPANY.encode(), company.encode())


async def _body(receive: Receive) -> bytes:
    content, more = b"", True
    while more:
        message = await receive()
        content, more = content + message.get("body", b""), message.get("more_body", False)
    return content


@contextmanager
def many_pleos(items: int) -> Iterator[str]:
    """Served in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.load.pleo", str(port), str(items)])
    url = f"http://127.0.0.1:{port}"
    try:
        wait(lambda: answers(f"{url}/done"))
        yield url
    finally:
        process.terminate()
        process.wait(30)


def done(url: str) -> int:
    """How many jobs were completed there."""
    return int(httpx2.get(f"{url}/done", trust_env=False).json())


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(ManyPleos(int(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
