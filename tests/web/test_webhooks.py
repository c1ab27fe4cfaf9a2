"""Deliveries as they arrive: Pleo's start work once, all else is refused or harmless and is told nothing."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from standardwebhooks import Webhook

from kontobro.core.settings import Settings
from kontobro.pleo import subscriptions
from kontobro.web.models import WebhookDelivery
from kontobro.web.views.webhooks import LARGEST, SECRET
from pleo_sandbox.deliveries import DeliveryFault, Trouble
from tests.export.company import an_item
from tests.web.live import live
from tests.web.office import Office
from tests.web.site import Site

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANOTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
COMPANY = "6f1c2f44-0000-4000-8000-000000000001"
PATIENCE = 10.0
"""Seconds after which a test gives up waiting for the sandbox's sender."""


@dataclass
class Subscribed:
    """A connection with a webhook secret, and whoever sends to it."""

    site: Site
    id: str

    def deliver(self, event: str = "v1.export-job.created", id: str = "msg_1", **other: Any) -> HttpResponse:
        body = other.pop("body", None) or event_of(event, other.pop("company", COMPANY))
        at = self.site.now() + other.pop("off", timedelta())
        signature = Webhook(other.pop("key", KEY)).sign(id, at, body.decode())
        headers = {"Webhook-Id": id, "Webhook-Timestamp": str(int(at.timestamp())), "Webhook-Signature": signature}
        return self.post(body, headers | other.pop("headers", {}), **other)

    def post(self, body: bytes, headers: dict[str, str], to: str = "") -> HttpResponse:
        browser = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1")
        address = f"/webhooks/pleo/{to or self.id}/"
        return browser.post(address, body, content_type="application/json", headers=headers)  # type: ignore[return-value]


def event_of(event: str, company: str = COMPANY) -> bytes:
    return json.dumps({"data": {"id": "j1", "companyId": company}, "eventType": event, "eventId": "e1"}).encode()


@pytest.fixture
def subscribed(site: Site) -> Subscribed:
    settings = Settings(sync=("vendors",))
    connection = site.connection(site.organisation(), company_id=COMPANY, settings=settings)
    site.home.store.save_secret(connection.id, SECRET, KEY)
    return Subscribed(site, connection.id)


def test_pleos_deliveries_ask_the_worker(subscribed: Subscribed) -> None:
    assert subscribed.deliver().status_code == 204
    assert subscribed.deliver("v1.vendor.created", "msg_2").status_code == 204
    assert subscribed.deliver("v9.card.frozen", "msg_3").status_code == 204
    asked = [("export", subscribed.id, None, False), ("sync", subscribed.id, ("vendors",), None)]
    assert subscribed.site.runner.asked == asked


def test_a_delivery_that_comes_again_asks_nothing(subscribed: Subscribed) -> None:
    for id in ("msg_2", "msg_1", "msg_2", "msg_2", "msg_1"):
        assert subscribed.deliver(id=id).status_code == 204
    assert len(subscribed.site.runner.asked) == 2
    assert WebhookDelivery.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ANOTHER},
        {"off": timedelta(minutes=-6)},
        {"off": timedelta(minutes=6)},
        {"company": "6f1c2f44-0000-4000-8000-000000000002"},
        {"headers": {"Webhook-Signature": ""}},
        {"headers": {"Webhook-Signature": "v1,AAAA v1,\x7f"}},
        {"headers": {"Webhook-Timestamp": "9" * 400}},
        {"headers": {"Webhook-Timestamp": "-1"}},
        {"headers": {"Webhook-Id": "another"}},
        {"headers": {"Webhook-Id": "x" * 10_000}},
        {"body": b"[]"},
        {"body": b'{"data": {"companyId": "\\u0000"}, "eventType": "v1.export-job.created"}'},
        {"body": b"[" * 60_000},
        {"to": "0" * 32},
        {"to": "%00"},
        {"to": "x" * 3_000},
    ],
    ids=str,
)
def test_what_is_not_pleos_is_refused_without_a_reason(subscribed: Subscribed, wrong: dict[str, Any]) -> None:
    """An unknown connection looks exactly as a bad signature does; nothing is remembered of it."""
    answer = subscribed.deliver(**wrong)
    assert (answer.status_code, answer.content) == (400, b"")
    assert subscribed.site.runner.asked == []
    assert not WebhookDelivery.objects.exists()
    assert subscribed.deliver().status_code == 204, "the id of what was refused is not used up"


def test_a_connection_without_a_subscription_looks_as_an_unknown_one(subscribed: Subscribed) -> None:
    bare = subscribed.site.connection(subscribed.site.organisation("Bare"))
    known, unknown = subscribed.deliver(to=bare.id), subscribed.deliver(to="0" * 32)
    assert (known.status_code, known.content, known.headers) == (unknown.status_code, unknown.content, unknown.headers)


def test_a_disconnected_company_starts_no_work(subscribed: Subscribed) -> None:
    store = subscribed.site.home.store
    connection = store.connection(subscribed.id)
    assert connection
    store.save_connection(replace(connection, status="disconnected"))
    assert subscribed.deliver().status_code == 204
    assert subscribed.site.runner.asked == []


@pytest.mark.parametrize("length", [LARGEST + 1, 1_000_000])
def test_what_is_too_large_is_not_even_checked(subscribed: Subscribed, length: int) -> None:
    body = event_of("v1.export-job.created") + b" " * length
    answer = subscribed.deliver(body=body)
    assert (answer.status_code, answer.content) == (413, b"")
    assert subscribed.site.runner.asked == []


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch", "options"])
def test_only_a_post_delivers(subscribed: Subscribed, method: str) -> None:
    answer = getattr(subscribed.site.browser(), method)(f"/webhooks/pleo/{subscribed.id}/")
    assert (answer.status_code, answer.content) == (405, b"")


# ------------------------------------------------------------------------------------ over a real socket


def raw(url: str, path: str, head: str, body: bytes) -> int:
    """The status of a request that no HTTP client would send."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as line:
        line.sendall(f"POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{head}\r\n\r\n".encode())
        try:
            line.sendall(body)
            line.shutdown(socket.SHUT_WR)
            answer = line.recv(12)
        except (BrokenPipeError, ConnectionResetError):
            return 0
    return int(answer[9:12] or 0)


@pytest.mark.parametrize(
    ("head", "body", "statuses"),
    [
        ("Content-Length: 1000000", b"x" * 1_000_000, {0, 413}),
        ("Content-Length: 5000", b"x", {0, 400}),
        ("Content-Length: -5", b"x", {0, 400}),
        ("Content-Length: abc", b"x", {0, 400}),
        ("Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n", {0, 400}),
        ("Transfer-Encoding: chunked", b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n0\r\n\r\n", {0, 400, 413}),
    ],
    ids=["long", "cut off", "negative", "no number", "chunked", "long and chunked"],
)
def test_lengths_that_lie_break_nothing(subscribed: Subscribed, head: str, body: bytes, statuses: set[int]) -> None:
    """Refused, or hung up on; what comes next is answered."""
    path = f"/webhooks/pleo/{subscribed.id}/"
    with live() as url:
        assert raw(url, path, head, body) in statuses
        assert raw(url, path, "Content-Length: 2", b"{}") == 400
    assert subscribed.site.runner.asked == []


def subscribe(office: Office, url: str) -> None:
    """As the page does, but to the address that is served here."""
    home = office.site.home
    address = f"{url}/webhooks/pleo/{office.connection.id}/"
    made = subscriptions.subscribe(office.connection, address, home.store, home.clock, None)
    home.store.save_secret(office.connection.id, SECRET, made.secret)


def press_export(office: Office, number: int) -> str:
    office.export()  # while a job is open, Export can't be pressed again
    office.desk.sandbox.add_expense(office.desk.company_id, an_item(number))
    return office.desk.sandbox.press_export(office.desk.company_id)


def statuses(office: Office) -> list[list[int]]:
    """What each delivery was answered, attempt by attempt, when the sandbox's sender has nothing left to send."""
    for thread in threading.enumerate():
        if thread.name == "pleo-webhooks":
            thread.join(PATIENCE)
            assert not thread.is_alive()
    return [[attempt["status"] for attempt in each["attempts"]] for each in office.desk.sandbox.deliveries]


def test_pressing_export_at_pleo_asks_the_worker(office: Office) -> None:
    with live() as url:
        subscribe(office, url)
        press_export(office, 31)
        assert statuses(office) == [[204]]
    assert office.site.runner.asked == [("export", office.connection.id, None, False)]


def test_a_repeated_delivery_of_pleos_asks_once(office: Office) -> None:
    with live() as url:
        subscribe(office, url)
        office.desk.sandbox.add_delivery_fault(DeliveryFault(Trouble.REPEAT))
        press_export(office, 31)
        assert statuses(office) == [[204, 204]]
    assert len(office.site.runner.asked) == 1


@pytest.mark.parametrize("trouble", [Trouble.BAD_SIGNATURE, Trouble.OLD_TIMESTAMP])
def test_a_spoiled_delivery_is_refused_and_asks_nothing(office: Office, trouble: Trouble) -> None:
    with live() as url:
        subscribe(office, url)
        office.desk.sandbox.add_delivery_fault(DeliveryFault(trouble))
        press_export(office, 31)
        wait_for_an_answer(office)
    assert office.desk.sandbox.deliveries[0]["attempts"][0]["status"] == 400
    assert office.site.runner.asked == []


def wait_for_an_answer(office: Office) -> None:
    """The sandbox tries a refused one again later: wait for its first attempt alone."""
    webhooks = office.desk.sandbox.webhooks
    with webhooks.changed:
        assert webhooks.changed.wait_for(lambda: bool(webhooks.deliveries[0].attempts), PATIENCE)
        office.desk.sandbox.subscriptions.all[0].deleted = True
        webhooks.wake()
