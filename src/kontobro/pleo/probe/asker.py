"""One question's calls to Pleo, each answer as it came, with what may be shown of it.

Only GET leaves unless writes are allowed, which production never does: `net/client.py` refuses every other method. What
is written about an export job is written about those that a person named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import msgspec

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Clock, TokenStore
from kontobro.core.words import told
from kontobro.net.limits import AnswerTooLarge
from kontobro.pleo.documented.contract import contract_of
from kontobro.pleo.documented.shape import ERRORS, Shape, decoded, shape_of
from kontobro.pleo.http.calls import MEDIA_TYPE, Paced, Params, Ways, shared_pace
from kontobro.pleo.http.endpoints import EVENTS, Endpoint
from kontobro.pleo.http.environments import is_production
from kontobro.pleo.http.faults import exception_info, of_answer, retry_after
from kontobro.pleo.http.opening import open_http

READS: Final = frozenset({"GET"})
WRITES: Final = frozenset({"GET", "POST", "PUT", "DELETE"})
LONGEST_PAUSE: Final = 60.0
"""Seconds that are waited, once, where Pleo asks for a pause."""

_HEADERS: Final = re.compile(r"content-type|retry-after|(x-)?ratelimit-(limit|remaining|reset)")
_PLAIN_HEADER: Final = re.compile(r"[a-zA-Z0-9/;=. -]{1,60}")


class NoAnswer(Exception):
    """Pleo gave no answer that says anything about the question. Its text says what came instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One call and its answer, as they may be shown to anyone: no id, name, amount or secret."""

    call: str
    asked: tuple[str, ...] = ()
    sent: Shape = field(default_factory=dict)
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    seen: Shape = field(default_factory=dict)
    entries: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came. `body` is decoded JSON, None where there was none; `code` an error's type in lower case."""

    status: int
    body: Any
    code: str

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def entries(self) -> list[dict[str, Any]]:
        """A list's entries; none where the answer is no list."""
        data = self.body.get("data") if isinstance(self.body, dict) else None
        return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []

    @property
    def data(self) -> dict[str, Any]:
        """A single object, without its envelope."""
        data = self.body.get("data", self.body) if isinstance(self.body, dict) else {}
        return data if isinstance(data, dict) else {}

    @property
    def pagination(self) -> dict[str, Any]:
        found = self.body.get("pagination") if isinstance(self.body, dict) else None
        return found if isinstance(found, dict) else {}


class Asker:
    """The way to one connection's Pleo. `evidence`: what was seen since it was last taken."""

    def __init__(
        self, connection: Connection, http: httpx2.Client, auth: httpx2.Auth, clock: Clock, pace: Paced
    ) -> None:
        self.connection, self.clock = connection, clock
        self._http, self._auth, self._pace = http, auth, pace
        self._jobs: frozenset[str] = frozenset()
        self._evidence: list[Evidence] = []

    def permit(self, jobs: frozenset[str]) -> None:
        """Let these jobs be written about, and no others."""
        self._jobs = jobs

    def close(self) -> None:
        self._http.close()

    def take_evidence(self) -> tuple[Evidence, ...]:
        taken, self._evidence = tuple(self._evidence), []
        return taken

    def get(self, call: Endpoint, *, id: str = "", params: Params | None = None, login: bool = True) -> Answer:
        """One GET. Raises NoAnswer, and the core's errors for a login that is refused."""
        return self._ask(self._request(call, id, params, None), call, login=login)

    def send(self, call: Endpoint, *, id: str = "", params: Params | None = None, body: Any = None) -> Answer:
        """One call of any other method. Raises NoAnswer, MethodRefused, Misconfigured for a job that was not named."""
        about = _job_of(call, id, body)
        if about is not None and about not in self._jobs:
            raise Misconfigured(*told("probe_job_not_named"))
        return self._ask(self._request(call, id, params, body), call, login=True, sent=body)

    def _request(self, call: Endpoint, id: str, params: Params | None, body: Any) -> httpx2.Request:
        content = None if body is None else msgspec.json.encode(body)
        headers = None if content is None else {"Content-Type": MEDIA_TYPE}
        return self._http.build_request(call.method, call.path(id), params=params, content=content, headers=headers)

    def _ask(self, request: httpx2.Request, call: Endpoint, *, login: bool, sent: Any = None) -> Answer:
        response = self._sent(request, login=login)
        self._note(request, call, response, sent)
        if response.status_code == 429 and (pause := self._pause(response)) is not None:
            self.clock.sleep(pause)
            response = self._sent(request, login=login)
            self._note(request, call, response, sent)
        if login and response.status_code == 401:
            raise of_answer(response, call, self.clock.now())
        if response.status_code >= 500 or response.status_code in (408, 429):
            raise NoAnswer(f"Pleo answered {call.name} with {response.status_code}")
        body = _body(response)
        if response.is_success and response.content and body is None and response.status_code == 200:
            raise NoAnswer(f"the answer to {call.name} is not JSON")
        return Answer(response.status_code, body, exception_info(response).code)

    def _sent(self, request: httpx2.Request, *, login: bool) -> httpx2.Response:
        self._pace.wait(self.clock)
        try:
            return self._http.send(request, auth=self._auth if login else None)
        except (httpx2.RequestError, AnswerTooLarge) as error:
            raise NoAnswer(f"no answer ({type(error).__name__})") from error

    def _pause(self, response: httpx2.Response) -> float | None:
        """Seconds to wait; None where Pleo asks for more than we wait."""
        asked = retry_after(response, self.clock.now())
        seconds = 5.0 if asked is None else asked
        return seconds if seconds <= LONGEST_PAUSE else None

    def _note(self, request: httpx2.Request, call: Endpoint, response: httpx2.Response, sent: Any) -> None:
        contract = contract_of(call.name) if response.is_success else ERRORS
        body = _body(response)
        listed = body.get("data") if isinstance(body, dict) else None
        self._evidence.append(
            Evidence(
                call=call.name,
                asked=tuple(f"{name}={self._shown(value)}" for name, value in request.url.params.multi_items()),
                sent={} if sent is None else shape_of(sent),
                status=response.status_code,
                headers={
                    name: value
                    for name, value in response.headers.items()
                    if _HEADERS.fullmatch(name) and _PLAIN_HEADER.fullmatch(value)
                },
                seen=shape_of(body, contract or ERRORS) if body is not None else {},
                entries=len(listed) if isinstance(listed, list) else None,
            )
        )

    def _shown(self, value: str) -> str:
        """A parameter of ours: words and small numbers as they are, the company by name, all else by its kind."""
        if value == self.connection.company_id:
            return "own company"
        return value if re.fullmatch(r"[a-z_]{1,30}|[0-9]{1,4}", value) else "other"


def _job_of(call: Endpoint, id: str, body: Any) -> str | None:
    """The job that a write is about; None where it is about none."""
    if call is EVENTS:
        return str(body.get("jobId") or body.get("exportJobId")) if isinstance(body, dict) else ""
    return id if call.of_job else None


def _body(response: httpx2.Response) -> Any:
    """Decoded JSON; None for what is none."""
    try:
        return decoded(response.content) if response.content else None
    except ValueError:
        return None


def open_asker(connection: Connection, tokens: TokenStore, clock: Clock, ways: Ways, *, writes: bool) -> Asker:
    """The way to ask. Only GET leaves, unless `writes` outside production. Reads no token before the first call."""
    if writes and is_production(connection):
        raise Misconfigured(*told("probe_never_writes_in_production"))
    allowed = Ways(transport=ways.transport, pace=ways.pace, dialect=ways.dialect, methods=WRITES if writes else READS)
    http, auth = open_http(connection, tokens, clock, allowed)
    return Asker(connection, http, auth, clock, ways.pace or shared_pace(connection.id, clock))
