"""Subscribing, against Pleo in a box: one subscription whatever happens, and its secret reads its deliveries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import httpx2
import pytest

from kontobro.core.dialect import Dialect
from kontobro.core.errors import NotAllowed, Uncertain
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.settings import Settings
from kontobro.pleo import Ways
from kontobro.pleo.subscriptions import VENDOR_EVENT, Subscriptions, events_of, open_subscriptions
from kontobro.pleo.webhooks import BadSignature, verify_and_read
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.support.scripted_pleo import Clock, MemoryTokens, Stage, a_connection, page, reply

URL = "https://books.example.com/webhooks/pleo/c1"
ELSEWHERE = "https://new.example.com/webhooks/pleo/c1"
SCOPES = ("export-jobs:read", "vendors:read")


class Place:
    def __init__(self) -> None:
        company = SandboxCompany(name="Acme", currency="DKK", country="DK")
        self.sandbox = Sandbox(company, rate_limit=None)
        self.company_id = company.id
        self.clock = Clock()
        self.url = ""
        self.key = self.sandbox.add_api_key(company.id, SCOPES)

    def connection(self) -> Connection:
        return a_connection(
            api_url=self.url,
            auth_url=self.url,
            company_id=self.company_id,
            settings=Settings(sync=frozenset({"vendors"})),
        )

    def tokens(self, key: str | None = None) -> MemoryTokens:
        return MemoryTokens(Tokens(access=key or self.key))

    def open(self, key: str | None = None) -> Subscriptions:
        return open_subscriptions(self.connection(), self.tokens(key), self.clock)

    @property
    def standing(self) -> list[tuple[str, frozenset[str], str]]:
        return [
            (each.wanted["endpointUrl"], frozenset(each.wanted["eventTypes"]), each.wanted["status"])
            for each in self.sandbox.subscriptions.all
            if not each.deleted
        ]


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place()
    with serve(place.sandbox) as url:
        place.url = url
        yield place


BOTH = frozenset({Dialect().event_name, VENDOR_EVENT})


def test_twice_is_once(place: Place) -> None:
    first, second = place.open().subscribe(URL), place.open().subscribe(URL)
    assert first == second
    assert first.secret.startswith("whsec_")
    assert first.secret not in repr(first)
    assert place.standing == [(URL, BOTH, "ACTIVE")]


def test_a_lost_answer_makes_no_second_one(place: Place) -> None:
    place.sandbox.lose_response("POST", "/v1/subscriptions")
    found = place.open().subscribe(URL)
    assert place.standing == [(URL, BOTH, "ACTIVE")]
    assert found.id == place.sandbox.subscriptions.all[0].id


def test_a_lost_request_is_told_as_uncertain_and_mended_by_the_next_try(place: Place) -> None:
    place.sandbox.lose_request("POST", "/v1/subscriptions")
    with pytest.raises(Uncertain):
        place.open().subscribe(URL)
    place.open().subscribe(URL)
    assert place.standing == [(URL, BOTH, "ACTIVE")]


def test_a_changed_address_and_switched_off_events_are_repaired(place: Place) -> None:
    first = place.open().subscribe(URL)
    place.sandbox.subscriptions.all[0].wanted |= {"eventTypes": [Dialect().event_name], "status": "INACTIVE"}
    assert place.open().subscribe(ELSEWHERE, known=first.id) == first
    assert place.standing == [(ELSEWHERE, BOTH, "ACTIVE")]


def test_spare_ones_with_our_address_are_removed_and_strangers_left(place: Place) -> None:
    with httpx2.Client(base_url=place.url, auth=(place.key, "")) as person:
        for url in (URL, URL, "https://somebody.example.com/hook"):
            made = person.post("/v1/subscriptions", json={"endpointUrl": url, "eventTypes": [Dialect().event_name]})
            assert made.status_code == 200
    place.open().subscribe(URL)
    assert sorted(url for url, _, _ in place.standing) == [URL, "https://somebody.example.com/hook"]


def test_unsubscribing_removes_ours_and_may_be_repeated(place: Place) -> None:
    place.open().subscribe(URL)
    assert place.open().unsubscribe(URL) == 1
    assert place.open().unsubscribe(URL) == 0
    assert place.standing == []


def test_is_subscribed_tells_what_stands(place: Place) -> None:
    assert place.open().is_subscribed(URL) is False
    place.open().subscribe(URL)
    assert place.open().is_subscribed(URL) is True
    place.sandbox.subscriptions.all[0].wanted |= {"status": "INACTIVE"}
    assert place.open().is_subscribed(URL) is False


def test_a_missing_scope_is_named(place: Place) -> None:
    key = place.sandbox.add_api_key(place.company_id, ("export-jobs:read",))
    with pytest.raises(NotAllowed, match="vendors:read"):
        place.open(key).subscribe(URL)


def test_vendors_are_watched_where_they_are_kept_in_step() -> None:
    assert events_of(Settings(), Dialect()) == (Dialect().event_name,)
    assert events_of(Settings(sync=frozenset({"vendors"})), Dialect()) == (Dialect().event_name, VENDOR_EVENT)


def test_deleted_ones_that_pleo_still_lists_are_none() -> None:
    gone = {"id": "s1", "endpointUrl": URL, "eventTypes": [Dialect().event_name], "deletedAt": "2026-01-01T00:00:00Z"}
    made = {"data": {"id": "s2", "endpointUrl": URL, "eventTypes": [Dialect().event_name], "status": "ACTIVE"}}
    stage = (
        Stage()
        .on("GET /v1/subscriptions", page([gone]))
        .on("POST /v1/subscriptions", reply(made))
        .on("GET /v1/subscriptions/s2/secret", reply({"data": {"secretKey": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}))
    )
    opened = open_subscriptions(a_connection(), stage.tokens, stage.clock, Ways(transport=httpx2.MockTransport(stage)))
    assert opened.subscribe(URL).id == "s2"
    assert stage.bodies("POST /v1/subscriptions") == [
        {"endpointUrl": URL, "eventTypes": [Dialect().event_name], "status": "ACTIVE"}
    ]


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is delivered."""

    got: Queue[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()
        self.got.put((dict(self.headers.items()), body))

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[str, Queue[tuple[dict[str, str], bytes]]]]:
    got: Queue[tuple[dict[str, str], bytes]] = Queue()
    server = HTTPServer(("127.0.0.1", 0), type("Kept", (Receiver,), {"got": got}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks", got
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.mark.parametrize("shape", ["event", "merged"])
def test_what_is_delivered_is_read_with_the_secret(
    place: Place, receiver: tuple[str, Queue[tuple[dict[str, str], bytes]]], shape: Any
) -> None:
    url, got = receiver
    place.sandbox.rules.webhook_body = shape
    found = place.open().subscribe(url)
    place.sandbox.create_draft_vendor(place.company_id, "Papir & Co", "DKK")
    headers, body = got.get(timeout=30)
    delivery = verify_and_read(headers, body, found.secret, datetime.now(UTC))
    assert (delivery.kind, delivery.company_id) == ("vendor.created", place.company_id)
    assert delivery.event_id
    with pytest.raises(BadSignature):
        verify_and_read(headers, body + b" ", found.secret, datetime.now(UTC))
