"""One operation from call to answer: count, fault, credential, rate, scope, work, fault."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from email.utils import format_datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pleo_sandbox import paging
from pleo_sandbox.company.faults import LATE, Fault, Kind
from pleo_sandbox.company.oauth import Credential
from pleo_sandbox.errors import PleoError, bad_parameter, forbidden, unauthorized
from pleo_sandbox.http import checks
from pleo_sandbox.http.bodies import body_of
from pleo_sandbox.http.undocumented import beside_documents
from pleo_sandbox.replay import plain_call
from pleo_sandbox.wire import empty, refuse, reply

if TYPE_CHECKING:
    from pleo_sandbox.company.shelf import Record, Shelf
    from pleo_sandbox.state.sandbox import Sandbox

T = TypeVar("T")


@dataclass
class Call:
    """One request as an operation sees it: checked credential, whole body, query as name → values."""

    sandbox: Sandbox
    request: Request
    content: bytes

    @cached_property
    def query(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.request.query_params.multi_items():
            found.setdefault(self._read_as(name), []).append(value)
        return found

    def _read_as(self, name: str) -> str:
        """The company's parameter under the one name that operations know; under its other name it is unknown."""
        wanted = self.sandbox.rules.company_key
        if wanted == "company_id" or self.request.url.path.startswith("/v2/employees"):
            return name
        return {wanted: "company_id", "company_id": "company_id, which is companyId here"}.get(name, name)

    def window(self, sort_keys: frozenset[str] = frozenset()) -> paging.Window:
        """The page that is asked for. Raises PleoError 400."""
        rules = self.sandbox.rules
        wanted = paging.window(self.query, sort_keys, rules.largest_page, refuses=rules.refuses_large_pages)
        return replace(
            wanted,
            uncounted=0 if rules.total_is_length else 1,
            after=wanted.after if rules.follows_cursors else None,
            reversed=rules.lists_reversed,
        )

    @cached_property
    def credential(self) -> Credential:
        """Raises PleoError 401."""
        return _credential(self.sandbox, self.request.headers.get("authorization"))

    def path_uuid(self, name: str) -> str:
        return checks.uuid(name, self.request.path_params[name])

    def body(self, wanted: type[T]) -> T:
        return checks.body(self.content, self.request.headers.get("content-type"), wanted)

    def body_or_nothing(self, wanted: type[T]) -> T:
        """The body, or `wanted` of an empty object where none was sent."""
        return self.body(wanted) if self.content else msgspec.json.decode(b"{}", type=wanted)

    def find(self, shelf: Shelf, name: str) -> Record:
        """The record that the path names. Raises PleoError 404, or 403 for another company's."""
        record = shelf.find(self.path_uuid(name))
        if not self.may_see(record.company_id):
            raise forbidden(f"no access to {record.id}")
        return record

    def named_company(self) -> str:
        """The company that the query has to name (api.md A5). Raises PleoError 400, 403."""
        return self.company(checks.required_uuid(self.query, "company_id"))

    def named_companies(self) -> frozenset[str]:
        """The company that the query names, else all that are seen of its organisation. Raises PleoError 400, 403."""
        if (company_id := checks.query_uuid(self.query, "company_id")) is not None:
            return frozenset({self.company(company_id)})
        organization_id = checks.query_uuid(self.query, "organization_id")
        if organization_id is None:
            message = "Either company_id or organization_id must be provided"
            raise PleoError(400, "PARAMETER_VALIDATION_FAILED", message)
        if organization_id != self.organization:
            raise forbidden(f"no access to organisation {organization_id}")
        return frozenset(filter(self.may_see, self.sandbox.exports.companies))

    @property
    def organization(self) -> str | None:
        """The organisation of the credential or of its company."""
        if self.credential.company_id is None:
            return self.credential.organization_id
        return self.sandbox.exports.companies[self.credential.company_id].organization_id

    def only(self, *names: str, paged: bool = False) -> None:
        """Refuse query parameters other than these."""
        checks.known_only(self.query, frozenset(names) | (paging.PARAMETERS if paged else frozenset()))

    def company(self, asked: str | None) -> str:
        """The company this call concerns. Raises PleoError 403 for another's, 400 when an organisation names none."""
        own = self.credential.company_id
        if asked is None and own is None:
            raise bad_parameter("company_id", None, "an organisation's credential has to name the company")
        company_id = asked or own or ""
        if not self.may_see(company_id):
            raise forbidden(f"no access to company {company_id}")
        return company_id

    def may_see(self, company_id: str) -> bool:
        if self.credential.company_id is not None:
            return company_id == self.credential.company_id
        company = self.sandbox.exports.companies.get(company_id)
        return company is not None and company.organization_id == self.credential.organization_id


def _credential(sandbox: Sandbox, header: str | None) -> Credential:
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() == "bearer":
        return sandbox.access.by_access_token(value.strip())
    if scheme.lower() == "basic":
        key, password = basic(value)
        if password:
            raise unauthorized("an API key goes with an empty password")
        return sandbox.access.by_key(key)
    raise unauthorized("send a Bearer token, or an API key by HTTP Basic")


def basic(value: str) -> tuple[str, str]:
    """User and password of an HTTP Basic header. Raises PleoError 401."""
    try:
        user, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise unauthorized("the Basic header is not base64 of user:password") from None
    if not colon:
        raise unauthorized("the Basic header lacks its colon")
    return user, password


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `scope` as Pleo names it. `is_open`: asks for no credential of the API."""

    method: str
    path: str
    work: Callable[[Call], Response]
    scope: str | None = None
    is_open: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


async def answer(sandbox: Sandbox, operation: Operation, request: Request) -> Response:
    """Do one operation, with the faults that were asked for. Every answer carries the sandbox's own time."""
    try:
        call = Call(sandbox, request, await body_of(request))
    except PleoError as error:
        return refuse(error)
    with sandbox.lock:
        sandbox.late.do_due()
        sandbox.traffic.count(operation.name)
        struck = sandbox.faults.strike(request.method, request.url.path)
    for fault in struck:
        if fault.real_seconds:
            await asyncio.sleep(fault.real_seconds)
    response = _answer(sandbox, operation, call, struck)
    response.headers["date"] = format_datetime(sandbox.clock.now(), usegmt=True)
    return response


def _answer(sandbox: Sandbox, operation: Operation, call: Call, struck: list[Fault]) -> Response:
    for fault in struck:
        if fault.kind in LATE:
            with sandbox.lock:
                sandbox.late.add(fault.seconds, partial(_work, sandbox, operation, call))
        if (early := fault.instead()) is not None:
            return early
    response = _work(sandbox, operation, call)
    for fault in struck:
        if fault.kind is Kind.ARRIVE_TWICE:
            response = _work(sandbox, operation, call)
        response = fault.spoil(call.request, response)
    return response


def _work(sandbox: Sandbox, operation: Operation, call: Call) -> Response:
    with sandbox.lock:
        try:
            if not operation.is_open:
                _admit(sandbox, operation, call.credential)
            recorded = sandbox.recorded.get(plain_call(operation.name))
            if recorded is not None:
                return reply(recorded.body(call.credential.company_id), recorded.status)
            return beside_documents(sandbox.rules, plain_call(operation.name), operation.work(call))
        except PleoError as error:
            return refuse(error) if sandbox.rules.error_bodies else empty(error.status)


def _admit(sandbox: Sandbox, operation: Operation, credential: Credential) -> None:
    wait = sandbox.traffic.admit(credential.id)
    if wait is not None:
        message = f"more than {sandbox.traffic.limit} requests a minute"
        pause = {"Retry-After": str(wait)} if sandbox.rules.states_pauses else {}
        raise PleoError(429, "TOO_MANY_REQUESTS", message, pause)
    if operation.scope is not None and sandbox.rules.withholds(operation.scope):
        raise forbidden(f"{operation.name} needs a scope of its own")
    scope = None if operation.scope is None else sandbox.rules.scope(operation.scope)
    if scope is not None and scope not in credential.scopes:
        raise forbidden(f"the scope {scope} is missing")


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def routes(sandbox: Sandbox, operations: Iterable[Operation]) -> list[Route]:
    """One route per path, which answers to every method, so that 405 names all of the path's methods.

    The paths with the most text of their own come first: `{id}` would take `{id}:archive` for an id.
    """
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    plainest = sorted(by_path, key=lambda path: len(re.sub(r"\{\w+\}", "", path)), reverse=True)
    return [Route(path, _endpoint(sandbox, by_path[path]), methods=METHODS) for path in plainest]


def _endpoint(sandbox: Sandbox, known: dict[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        operation = known.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            raise HTTPException(405, headers={"Allow": ", ".join(known)})
        return await answer(sandbox, operation, request)

    return endpoint
