"""Signed deliveries: to whom, how often, in which order, and how they go wrong on command."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.testclient import TestClient

from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.deliveries import BACKOFF, sign
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories

Json = dict[str, Any]
JOBS, VENDORS = "v1.export-job.created", "v1.vendor.created"
PATIENCE = 10.0


@dataclass
class Receiver:
    """A web server that notes what it is sent, and answers as told: 204 when nothing is left to say."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: queue.Queue[tuple[dict[str, str], bytes]] = field(default_factory=queue.Queue)

    def next(self) -> tuple[dict[str, str], bytes]:
        return self.got.get(timeout=PATIENCE)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.got.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(told.answers.pop(0) if told.answers else 204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/webhooks"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


Subscribe = Callable[..., Webhook]


@pytest.fixture
def subscribe(pleo: TestClient, receiver: Receiver) -> Subscribe:
    """Subscribe the receiver: what verifies its deliveries."""

    def work(*events: str, **more: Any) -> Webhook:
        wanted = {"endpointUrl": receiver.url, "eventTypes": list(events) or [JOBS], **more}
        made = pleo.post("/v1/subscriptions", json=wanted)
        assert made.status_code == 200, made.text
        return Webhook(pleo.get(f"/v1/subscriptions/{made.json()['data']['id']}/secret").json()["data"]["secretKey"])

    return work


def settled(sandbox: Sandbox) -> list[Json]:
    """The deliveries when nothing waits any more: then the sender's thread has ended."""
    assert sandbox.webhooks.settle(PATIENCE)
    return sandbox.deliveries


def press(sandbox: Sandbox, acme: SandboxCompany) -> str:
    """Press Export, after what ran before was cancelled."""
    for job in sandbox.jobs:
        if job.is_open:
            sandbox.cancel_job(job.id)
    sandbox.queue(acme.id)
    return sandbox.press_export(acme.id)


def test_the_published_vector_is_signed_so(shared: Path) -> None:
    vector = json.loads((shared / "pleo" / "samples" / "webhook_signature_vector.json").read_text(encoding="utf-8"))
    headers = vector["headers"]
    signed = sign(vector["secret"], headers["webhook-id"], int(headers["webhook-timestamp"]), vector["body"].encode())
    assert signed == headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_pressing_export_tells_the_subscriber(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe
) -> None:
    verifier = subscribe()
    job_id = sandbox.press_export(acme.id)
    headers, body = receiver.next()
    event = verifier.verify(body, headers)
    assert (event["eventType"], set(event)) == (JOBS, {"data", "eventType", "eventId"})
    told = event["data"]
    assert (told["id"], told["companyId"], told["status"]) == (job_id, acme.id, "pending")
    assert (told["numberOfItems"], told["expiresIn"]) == (3, 3600)
    (delivery,) = settled(sandbox)
    assert delivery["id"] == headers["webhook-id"]
    assert delivery["id"].startswith("msg_")
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [204]


def test_a_vendor_made_in_pleo_is_told(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe
) -> None:
    verifier = subscribe(VENDORS)
    vendor_id = sandbox.create_draft_vendor(acme.id, "Malermester Holm", "DKK", country="DK")
    headers, body = receiver.next()
    told = verifier.verify(body, headers)["data"]
    assert (told["id"], told["state"], told["code"], told["country"]) == (vendor_id, "DRAFT", None, "DK")
    assert told["companyId"] == acme.id
    assert len(told["createdAt"]) == len("2026-01-31T12:00:00.123000000Z")


def test_headers_and_basic_auth_of_the_subscriber_go_along(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe
) -> None:
    auth = {"type": "BASIC", "credentials": {"username": "pleo", "password": "s3cret"}}
    subscribe(customHeaders={"X-Tenant": "acme"}, endpointAuth=auth)
    press(sandbox, acme)
    headers, _ = receiver.next()
    assert headers["x-tenant"] == "acme"
    assert headers["authorization"] == "Basic cGxlbzpzM2NyZXQ="


def test_the_merged_shape_and_the_old_name_are_switches(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe
) -> None:
    verifier = subscribe()
    sandbox.set_rules({"webhook_body": "merged", "event_name": "v1.export.job-created"})
    press(sandbox, acme)
    headers, body = receiver.next()
    event = verifier.verify(body, headers)
    assert set(event) == {"payload"}
    assert event["payload"]["eventType"] == "v1.export.job-created"


def test_nothing_goes_to_others(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe, pleo: TestClient
) -> None:
    """Not to subscribers of another event, inactive or deleted ones, or those of another company."""
    subscribe(VENDORS)
    subscribe(status="INACTIVE")
    subscribe()
    last = pleo.get("/v1/subscriptions").json()["data"][-1]
    assert pleo.delete(f"/v1/subscriptions/{last['id']}").status_code == 204
    other = factories.company()
    sandbox.add_company(other)
    with factories.client(sandbox, sandbox.add_api_key(other.id)) as caller:
        caller.post("/v1/subscriptions", json={"endpointUrl": receiver.url, "eventTypes": [JOBS]})
    press(sandbox, acme)
    assert settled(sandbox) == []


def test_a_failed_delivery_is_tried_again_as_the_sandboxs_clock_goes(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe
) -> None:
    receiver.answers = [500, 302]
    verifier = subscribe()
    press(sandbox, acme)
    ids = []
    for number, seconds in enumerate((*BACKOFF[:2], 0), start=1):
        headers, body = receiver.next()
        verifier.verify(body, headers)
        ids.append(headers["webhook-id"])
        await_attempts(sandbox, number)
        sandbox.move_clock(timedelta(seconds=seconds))
    (delivery,) = settled(sandbox)
    assert ids == [delivery["id"]] * 3
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 302, 204]
    assert delivery["state"] == "delivered"


def await_attempts(sandbox: Sandbox, number: int) -> None:
    """Until the sender has noted that many answers: it does so just after the receiver has given one."""
    known = sandbox.webhooks.deliveries
    with sandbox.webhooks.changed:
        assert sandbox.webhooks.changed.wait_for(lambda: sum(len(d.attempts) for d in known) >= number, PATIENCE)


@pytest.fixture
def nobody() -> str:
    """An address of this machine where no one listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}/webhooks"


def test_it_gives_up_after_its_last_attempt(
    sandbox: Sandbox, acme: SandboxCompany, pleo: TestClient, nobody: str
) -> None:
    pleo.post("/v1/subscriptions", json={"endpointUrl": nobody, "eventTypes": [JOBS]})
    press(sandbox, acme)
    for number, seconds in enumerate(BACKOFF, start=1):
        await_attempts(sandbox, number)
        sandbox.move_clock(timedelta(seconds=seconds))
    (delivery,) = settled(sandbox)
    assert delivery["state"] == "given_up"
    assert len(delivery["attempts"]) == len(BACKOFF) + 1
    assert all("Refused" in attempt["error"] for attempt in delivery["attempts"])


def test_what_waits_is_dropped_with_its_subscription(
    sandbox: Sandbox, acme: SandboxCompany, pleo: TestClient, nobody: str
) -> None:
    made = pleo.post("/v1/subscriptions", json={"endpointUrl": nobody, "eventTypes": [JOBS]}).json()["data"]
    press(sandbox, acme)
    await_attempts(sandbox, 1)
    pleo.delete(f"/v1/subscriptions/{made['id']}")
    sandbox.move_clock(timedelta(seconds=BACKOFF[0]))
    (delivery,) = settled(sandbox)
    assert (delivery["state"], len(delivery["attempts"])) == ("dropped", 1)


def fault(pleo: TestClient, kind: str, **more: Any) -> None:
    answer = pleo.post("/_control/add_delivery_fault", json={"kind": kind, **more})
    assert answer.status_code == 200, answer.text


def test_a_lost_delivery_never_comes_and_is_seen(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe, pleo: TestClient
) -> None:
    subscribe()
    fault(pleo, "lose")
    press(sandbox, acme)
    second = press(sandbox, acme)
    _, body = receiver.next()
    assert json.loads(body)["data"]["id"] == second
    settled(sandbox)
    shown = pleo.get("/_control/state").json()["deliveries"]
    assert [each["state"] for each in shown] == ["lost", "delivered"]
    assert receiver.got.empty()


def test_a_repeated_delivery_comes_twice_under_one_id(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe, pleo: TestClient
) -> None:
    subscribe()
    fault(pleo, "repeat")
    press(sandbox, acme)
    (first, body), (second, again) = receiver.next(), receiver.next()
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    (delivery,) = settled(sandbox)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [204, 204]


def test_a_reordered_delivery_comes_after_the_next(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe, pleo: TestClient
) -> None:
    subscribe()
    fault(pleo, "reorder")
    first = press(sandbox, acme)
    assert sandbox.deliveries[0]["state"] == "held"
    second = press(sandbox, acme)
    came = [json.loads(receiver.next()[1])["data"]["id"] for _ in range(2)]
    assert came == [second, first]
    assert {each["state"] for each in settled(sandbox)} == {"delivered"}


def test_a_delayed_delivery_waits_for_the_sandboxs_clock(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe, pleo: TestClient
) -> None:
    subscribe()
    fault(pleo, "delay", seconds=1800)
    press(sandbox, acme)
    assert sandbox.deliveries[0]["attempts"] == []
    sandbox.move_clock(timedelta(seconds=1801))
    assert receiver.next()
    assert settled(sandbox)[0]["state"] == "delivered"


@pytest.mark.parametrize("kind", ["bad_signature", "old_timestamp"])
def test_a_bad_delivery_is_one_that_a_verifier_refuses(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe, pleo: TestClient, kind: str
) -> None:
    verifier = subscribe()
    fault(pleo, kind)
    press(sandbox, acme)
    headers, body = receiver.next()
    with pytest.raises(WebhookVerificationError):
        verifier.verify(body, headers)
    assert settled(sandbox)[0]["faults"] == [kind]


def test_a_fault_skips_and_chooses_by_event(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe, pleo: TestClient
) -> None:
    subscribe(JOBS, VENDORS)
    fault(pleo, "lose", event_type="v1.export-*", skip=1)
    press(sandbox, acme)
    sandbox.create_draft_vendor(acme.id, "Holm", "DKK")
    press(sandbox, acme)
    assert [each["state"] for each in settled(sandbox)] == ["delivered", "delivered", "lost"]


def test_the_control_publishes_any_facts(
    sandbox: Sandbox, acme: SandboxCompany, receiver: Receiver, subscribe: Subscribe, pleo: TestClient
) -> None:
    verifier = subscribe()
    order = {"event_type": JOBS, "company_id": acme.id, "facts": {"companyId": "another"}}
    assert pleo.post("/_control/publish", json=order).status_code == 200
    headers, body = receiver.next()
    assert verifier.verify(body, headers)["data"] == {"companyId": "another"}
    settled(sandbox)


def test_no_secret_is_shown_by_the_control(pleo: TestClient, subscribe: Subscribe) -> None:
    subscribe()
    assert "whsec_" not in pleo.get("/_control/state").text
