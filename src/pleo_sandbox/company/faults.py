"""Faults on command: lost, late and doubled requests, delays, storms of 429 and 5xx, broken and incomplete pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pleo_sandbox.errors import ResponseLost
from pleo_sandbox.wire import JSON_TYPE, decode, empty, reply

PageFault = Literal["truncated", "html", "content_type", "malformed", "stuck_cursor"]
HTML = b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Kind(StrEnum):
    LOSE_REQUEST = "lose_request"
    LOSE_RESPONSE = "lose_response"
    DELAY = "delay"
    STORM = "storm"
    BREAK_PAGE = "break_page"
    ARRIVE_LATE = "arrive_late"
    ACCEPT_LATE = "accept_late"
    ARRIVE_TWICE = "arrive_twice"
    LOSE_ITEM = "lose_item"


LATE = frozenset({Kind.ARRIVE_LATE, Kind.ACCEPT_LATE})


@dataclass(slots=True)
class Fault:
    """One fault for the next `times` calls that match, after letting `skip` of them pass.

    `path` is a shell pattern on the path without its query: `/v3/export-jobs/*/items`. `method` may be `*`. `seconds`
    are real ones for a delay, those of the sandbox's clock for what is late. `entry_id`: the item that a page loses.
    """

    kind: Kind
    method: str = "*"
    path: str = "*"
    times: int = 1
    skip: int = 0
    seconds: float = 0.0
    status: int = 503
    retry_after: str | None = None
    page: PageFault = "truncated"
    entry_id: str = ""

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("*", method) and fnmatchcase(path, self.path)

    def strikes(self) -> bool:
        """Count one matching call: whether the fault strikes it."""
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True

    def instead(self) -> Response | None:
        """The answer given without doing the work, if this fault gives one."""
        if self.kind in (Kind.LOSE_REQUEST, Kind.ARRIVE_LATE):
            return LostResponse()
        if self.kind is Kind.ACCEPT_LATE:
            return empty(202)
        if self.kind is Kind.STORM:
            headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
            type_ = "TOO_MANY_REQUESTS" if self.status == 429 else "PROCESSING_FAILED"
            return reply({"type": type_, "message": f"storm: {self.status}"}, self.status, headers)
        return None

    def spoil(self, request: Request, response: Response) -> Response:
        """The answer after the work was done."""
        if self.kind is Kind.LOSE_RESPONSE:
            return LostResponse()
        if self.kind is Kind.BREAK_PAGE:
            return _break(self.page, request, response)
        if self.kind is Kind.LOSE_ITEM and response.status_code == 200:
            return reply(_without(decode(bytes(response.body)), self.entry_id))
        return response

    @property
    def real_seconds(self) -> float:
        """How long the answer waits in real time."""
        return 0.0 if self.kind in LATE else self.seconds


@dataclass(slots=True)
class Faults:
    """The faults that wait for their calls, in the order they were asked for."""

    waiting: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def strike(self, method: str, path: str) -> list[Fault]:
        """The faults that strike this call."""
        struck = [fault for fault in self.waiting if fault.matches(method, path) and fault.strikes()]
        self.waiting = [fault for fault in self.waiting if fault.times > 0]
        return struck

    def clear(self) -> None:
        self.waiting.clear()


class LostResponse(Response):
    """No answer: the server drops the connection; a client in the same process meets ResponseLost."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise ResponseLost("the sandbox was asked to lose this response")


def _break(how: PageFault, request: Request, response: Response) -> Response:
    content = bytes(response.body)
    if how == "truncated":
        return Response(content[: len(content) // 2], response.status_code, {"content-type": JSON_TYPE})
    if how == "malformed":
        return reply({"data": {"not": "a list"}, "pagination": None}, response.status_code)
    if how == "content_type":
        return Response(content, response.status_code, {"content-type": "text/plain;charset=UTF-8"})
    if how == "html":
        return Response(HTML, response.status_code, {"content-type": "text/html;charset=UTF-8"})
    return reply(_stuck(decode(content), request.query_params.get("after")), response.status_code)


def _stuck(page: dict[str, dict[str, object]], after: str | None) -> object:
    """The page says that there is more, after a cursor that does not move. What is no page stays as it is."""
    if "pagination" not in page:
        return page
    page["pagination"]["hasNextPage"] = True
    if after is not None:
        page["pagination"]["endCursor"] = after
    return page


def _without(page: dict[str, list[dict[str, object]]], entry_id: str) -> object:
    """The page lacks one entry and says nothing of it: `total` stays."""
    page["data"] = [entry for entry in page["data"] if entry.get("accountingEntryId") != entry_id]
    return page
