"""Webhook subscriptions v1 (api.md H). Pleo's document knows no company parameter: they are the caller's."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Iterable
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from pleo_sandbox import paging
from pleo_sandbox.company.subscriptions import EVENT_SCOPES, Activity, Step, Subscription, owned
from pleo_sandbox.errors import bad_body, bad_parameter, forbidden
from pleo_sandbox.http import checks
from pleo_sandbox.http.checks import Body, Text
from pleo_sandbox.http.routing import Call, Operation
from pleo_sandbox.model import Json
from pleo_sandbox.wire import empty, reply

STATUSES = ("ACTIVE", "INACTIVE")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
# What a delivery sets itself: a custom one could forge it or break the message.
_TAKEN = frozenset("host content-length content-type transfer-encoding connection authorization".split())


class Credentials(Body):
    username: Text | UnsetType = UNSET
    password: str | UnsetType = UNSET
    token: str | UnsetType = UNSET


class EndpointAuth(Body):
    type: Literal["NONE", "BASIC"] = "NONE"
    credentials: Credentials | UnsetType = UNSET


class SubscriptionRequest(Body):
    """Stricter than the document: addresses that can be called, events that there are, headers that can be sent."""

    endpoint_url: Annotated[str, Meta(max_length=2048)]
    event_types: Annotated[list[str], Meta(min_length=1)]
    custom_headers: dict[str, str] | UnsetType = UNSET
    endpoint_auth: EndpointAuth = msgspec.field(default_factory=EndpointAuth)
    status: Literal["ACTIVE", "INACTIVE"] = "ACTIVE"

    def __post_init__(self) -> None:
        checks.no_twins("eventTypes", self.event_types)

    def checked(self, known: Collection[str]) -> Json:
        """As it is kept and shown; `known` are the events that there are. Raises PleoError 400."""
        _check_url(self.endpoint_url)
        for event_type in self.event_types:
            if event_type not in known:
                raise bad_body(f"eventTypes: {event_type[:80]!r} is not an event type: {sorted(known)}")
        _check_headers(checks.given(self.custom_headers) or {})
        _check_auth(self.endpoint_auth)
        shown: Json = msgspec.to_builtins(self)
        return shown


def _check_url(text: str) -> None:
    """Https, or http to this machine: a sandbox's receiver is at hand."""
    wrong = bad_body(f"endpointUrl: {text[:200]!r} is not valid: use https://…, or http:// to this machine")
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise wrong from None
    plain = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts))
    if not plain or not parts.hostname or parts.username or parts.fragment or not re.fullmatch(r"[\x21-\x7e]+", text):
        raise wrong


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_headers(headers: dict[str, str]) -> None:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise bad_body(f"customHeaders: {name[:80]!r} can't be sent as a header")
        if name.lower() in _TAKEN or name.lower().startswith("webhook-"):
            raise bad_body(f"customHeaders: {name[:80]!r} is set by the delivery itself")


def _check_auth(auth: EndpointAuth) -> None:
    known = checks.given(auth.credentials) or Credentials()
    if auth.type == "BASIC" and (known.username is UNSET or known.password is UNSET):
        raise bad_body("endpointAuth: type BASIC needs credentials.username and credentials.password")


def _wanted(call: Call) -> Json:
    """The body, when the caller's scopes reach its events. Raises PleoError 400, 403."""
    scopes = {call.sandbox.rules.event_spelled(event_type): scope for event_type, scope in EVENT_SCOPES.items()}
    wanted = call.body(SubscriptionRequest).checked(scopes)
    for event_type in wanted["eventTypes"]:
        if scopes[event_type] not in call.credential.scopes:
            raise forbidden(f"the scope {scopes[event_type]} is missing for {event_type}")
    return wanted


def _admitted(work: Callable[[Call], Response]) -> Callable[[Call], Response]:
    """Work that needs a permission of its own where this Pleo has one: no client has it, for its name is not known."""

    def checked(call: Call) -> Response:
        if call.sandbox.rules.subscriptions_need_scope:
            raise forbidden("a scope is missing for subscriptions")
        return work(call)

    return checked


def _subscription(call: Call) -> Subscription:
    return call.sandbox.subscriptions.find(call.credential, call.path_uuid("id"))


def list_subscriptions(call: Call) -> Response:
    call.only("status", "event_types", paged=True)
    wanted = call.window()
    status = checks.single(call.query, "status")
    if status not in (None, *STATUSES):
        raise bad_parameter("status", status, f"one of {STATUSES}")
    events = frozenset(_no_twins("event_types", call.query.get("event_types", [])))

    def keep(each: Subscription) -> bool:
        if each.deleted or not owned(each, call.credential) or status not in (None, each.wanted["status"]):
            return False
        return not events or not events.isdisjoint(each.wanted["eventTypes"])

    return reply(paging.page(call.sandbox.subscriptions.all, wanted, Subscription.as_json, keep=keep))


def _no_twins(name: str, values: Iterable[str]) -> list[str]:
    known = list(values)
    if len(set(known)) != len(known):
        raise bad_parameter(name, ", ".join(known), "a value is given twice")
    return known


def create(call: Call) -> Response:
    call.only()
    return reply({"data": call.sandbox.subscriptions.create(call.credential, _wanted(call)).as_json()})


def get(call: Call) -> Response:
    call.only()
    return reply({"data": _subscription(call).as_json()})


def update(call: Call) -> Response:
    call.only()
    wanted = _wanted(call)
    return reply({"data": call.sandbox.subscriptions.change(_subscription(call), call.credential, wanted).as_json()})


def delete(call: Call) -> Response:
    call.only()
    call.sandbox.subscriptions.remove(_subscription(call), call.credential)
    return empty(204)


def list_activities(call: Call) -> Response:
    call.only("operation_types", paged=True)
    wanted = call.window()
    _no_twins("operation_types", call.query.get("operation_types", []))
    steps = checks.choices(call.query, "operation_types", Step)
    known = call.sandbox.subscriptions.activities[_subscription(call).id]
    return reply(paging.page(known, wanted, Activity.as_json, keep=lambda each: not steps or each.step in steps))


def get_secret(call: Call) -> Response:
    call.only()
    return reply({"data": {"secretKey": _subscription(call).secret}})


_ALL, _ONE = "/v1/subscriptions", "/v1/subscriptions/{id}"
OPERATIONS = (
    Operation("GET", _ALL, _admitted(list_subscriptions)),
    Operation("POST", _ALL, _admitted(create)),
    Operation("GET", _ONE, _admitted(get)),
    Operation("PUT", _ONE, _admitted(update)),
    Operation("DELETE", _ONE, _admitted(delete)),
    Operation("GET", _ONE + "/activities", _admitted(list_activities)),
    Operation("GET", _ONE + "/secret", _admitted(get_secret)),
)
