"""Pleo-in-a-box without a network: each worker's requests cross the seam, go through the sandbox's own application, and
what goes wrong on the way is the sandbox's own kind of fault.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

import httpx2

from kontobro.core.errors import Unreachable
from pleo_sandbox.app import create_app
from pleo_sandbox.errors import ResponseLost
from pleo_sandbox.state.sandbox import Sandbox
from proof.simulator.plan import Act
from proof.simulator.pleo.logins import HURTS, TOKEN, Logins
from proof.simulator.schedule import Worker
from proof.simulator.world import World

READS: Final = ("kill", "refuse for a while", "lose the request", "lose the answer", "break the page")
WRITES: Final = (
    *("kill", "refuse for a while", "lose the request", "lose the answer"),
    *("take effect late", "die during the write", "deliver twice"),
)

Seen = Callable[[Worker, list[dict[str, Any]]], None]
"""Told what Pleo was told of items and by whom, when it has taken it."""


class Box:
    """The sandbox's application, called in this thread."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.told_ends: set[str] = set()
        """The jobs of which Pleo was told that they ended, whatever became of that."""
        self._app = create_app(sandbox)
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.close()

    def ask(self, request: httpx2.Request) -> httpx2.Response:
        """Raises httpx2.RemoteProtocolError when no answer comes."""
        status, headers, parts = 0, [], []
        body = request.read()
        if request.url.path.endswith("-events"):
            self._note_end(json.loads(body))
        sent = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return sent.pop() if sent else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], message.get("headers", [])
            else:
                parts.append(message.get("body", b""))

        try:
            self._loop.run_until_complete(self._app(_scope(request), receive, send))
        except ResponseLost:
            status = 0
        if not status:
            raise httpx2.RemoteProtocolError("the connection closed without an answer", request=request)
        return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(b"".join(parts)), request=request)

    def _note_end(self, event: dict[str, str]) -> None:
        if event.get("event") != "started":
            self.told_ends |= {job.id for job in self.sandbox.jobs if job.id in event.values()}


class Line(httpx2.BaseTransport):
    """A worker's connection to Pleo."""

    def __init__(self, box: Box, world: World, worker: Worker, seen: Seen, logins: Logins) -> None:
        self._box, self._world, self._worker, self._seen, self._logins = box, world, worker, seen, logins

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        point = f"pleo.{request.method} {_pattern(request.url.path)}"
        kinds: tuple[str, ...] = READS if request.method == "GET" else WRITES
        if request.url.path.startswith("/files/"):
            kinds = READS[:-1]  # half a receipt that calls itself whole is nothing that a network does
        try:
            act = self._world.cross(self._worker, f"{point}:before", kinds)
        except Unreachable as fault:
            raise httpx2.ConnectError(fault.message, request=request) from fault
        if act is not None:
            self._arrange(act, request)
        try:
            answer = self._box.ask(request)
        finally:
            if act is not None and act.kind == "die during the write":
                self._world.kill(self._worker)
        if request.method == "PUT" and answer.status_code == 200:
            self._seen(self._worker, json.loads(request.content))
        if request.method != "GET" and request.url.path != TOKEN:
            self._worker.wrote = len(self._worker.crossed)
        if request.url.path == TOKEN:
            self._logins.answered(self._worker, answer.status_code, answer.read())
        self._world.cross(self._worker, f"{point}:after", ("kill",))
        return answer

    def _arrange(self, act: Act, request: httpx2.Request) -> None:
        """Tell the sandbox what shall become of this one call."""
        if request.url.path == TOKEN and act.kind in HURTS:
            self._logins.hurt(self._worker)
        sandbox, method, path = self._box.sandbox, request.method, request.url.path
        match act.kind:
            case "lose the answer":
                sandbox.lose_response(method, path)
            case "take effect late" if act.size > 0.5 and path.endswith("-events"):
                sandbox.accept_late(method, path, (act.size - 0.5) * 60)
            case "take effect late" | "die during the write":
                sandbox.arrive_late(method, path, act.size * 60)
            case "deliver twice":
                sandbox.arrive_twice(method, path)
            case "break the page":
                sandbox.break_page(method, path, "truncated" if act.size < 0.5 else "html")


def _pattern(path: str) -> str:
    """A path without its ids, for the story."""
    return "/".join("…" if len(part) > 20 else part for part in path.split("/"))


def _scope(request: httpx2.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port or 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
