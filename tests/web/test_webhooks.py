"""Pleo's deliveries: those that are not its own are refused without a word, its own start work, once."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.http import HttpResponse
from prometheus_client import REGISTRY
from standardwebhooks import Webhook

from kontobro.core.errors import Busy
from kontobro.core.model.connection import Connection
from kontobro.core.model.settings import Settings
from kontobro.web.connect.subscribing import SECRET, subscribe
from kontobro.web.connection.webhooks import LARGEST
from kontobro.web.models import WebhookDelivery
from kontobro.web.process import process
from pleo_sandbox.state.deliveries import DeliveryFault, Trouble
from tests.support.pleo_company import an_item
from tests.support.site import AskedFor, Site
from tests.web.connected_site import ConnectedSite
from tests.web.live import open_to_pleo, wait_for

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
LATE = dt.timedelta(minutes=6)


@dataclass
class Letter:
    """A delivery as Pleo sends it; each field can be spoiled."""

    connection: Connection
    event: str = "v1.export-job.created"
    key: str = KEY
    id: str = field(default_factory=lambda: f"msg_{uuid.uuid4().hex}")
    sent: dt.timedelta = dt.timedelta()
    company: str | None = None
    body: bytes | None = None

    def text(self) -> bytes:
        if self.body is not None:
            return self.body
        company = self.connection.company_id if self.company is None else self.company
        facts = {"id": str(uuid.uuid4()), "companyId": company}
        return json.dumps({"data": facts, "eventType": self.event, "eventId": "e"}).encode()

    def send(self, site: Site, to: str | None = None, **more: Any) -> HttpResponse:
        body, at = self.text(), site.now() + self.sent
        signature = Webhook(self.key).sign(self.id, at, body.decode())
        headers = {
            "webhook-id": self.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }
        extra = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        path = f"/webhooks/pleo/{to or self.connection.id}/"
        answer = site.browser().generic("POST", path, body, "application/json", **{**extra, **more})
        assert isinstance(answer, HttpResponse)
        return answer


@pytest.fixture
def subscribed(site: Site) -> Connection:
    return subscribed_one(site)


def subscribed_one(site: Site, **other: Any) -> Connection:
    connection = site.connection(site.organisation(), **other)
    site.app.store.save_secret(connection, SECRET, KEY)
    return connection


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("kontobro_webhooks_total", {"outcome": outcome}) or 0


def test_a_delivery_starts_work_once(site: Site, subscribed: Connection) -> None:
    letter = Letter(subscribed)
    taken, repeated = counted("taken"), counted("repeated")
    assert [letter.send(site).status_code for _ in range(3)] == [204, 204, 204]
    assert site.runner.asked == [("export", subscribed.id, None, False)]
    assert (counted("taken"), counted("repeated")) == (taken + 1, repeated + 2)


def test_deliveries_in_another_order_are_harmless(site: Site, subscribed: Connection) -> None:
    letters = [Letter(subscribed, sent=dt.timedelta(seconds=-n)) for n in (0, 200, 100)]
    assert [letter.send(site).status_code for letter in letters] == [204, 204, 204]
    assert site.runner.asked == [("export", subscribed.id, None, False)] * 3


def test_a_new_vendor_starts_a_sync_where_vendors_are_kept_in_step(site: Site) -> None:
    told = subscribed_one(site, settings=Settings(sync=("accounts", "tax-codes", "vendors")))
    deaf = subscribed_one(site, settings=Settings(sync=("accounts",)))
    for connection in (told, deaf):
        assert Letter(connection, event="v1.vendor.created").send(site).status_code == 204
    assert site.runner.asked == [("sync", told.id, ("vendors",), None)]


def test_an_event_that_we_do_not_know_is_taken_and_does_nothing(site: Site, subscribed: Connection) -> None:
    assert Letter(subscribed, event="v9.moon.rose").send(site).status_code == 204
    assert site.runner.asked == []


REFUSED: Sequence[tuple[str, dict[str, Any]]] = (
    ("bad_signature", {"key": OTHER}),
    ("bad_signature", {"id": "a\u00e6\u2028b"}),
    ("bad_signature", {"id": "x" * 300}),
    ("too_old", {"sent": -LATE}),
    ("too_old", {"sent": LATE}),
    ("unknown", {"company": str(uuid.uuid4())}),
    ("unreadable", {"body": b"{}"}),
    ("unreadable", {"body": b"[" * 10_000}),
    ("unreadable", {"body": b'{"data": {"id": "a\\u0000b"}, "eventType": "v1.export-job.created"}'}),
)


@pytest.mark.parametrize(("outcome", "spoiled"), REFUSED)
def test_what_is_not_pleo_s_is_refused_without_a_word(
    site: Site, subscribed: Connection, outcome: str, spoiled: dict[str, Any]
) -> None:
    before = counted(outcome)
    answer = Letter(subscribed, **spoiled).send(site)
    assert (answer.status_code, answer.content) == (400, b"")
    assert site.runner.asked == []
    assert not WebhookDelivery.objects.exists()
    assert counted(outcome) == before + 1


def test_a_stranger_cannot_tell_which_connections_there_are(site: Site, subscribed: Connection) -> None:
    silent = site.connection(site.organisation("Other ApS"))
    letter = Letter(subscribed, key=OTHER)
    answers = [letter.send(site, to=name) for name in (subscribed.id, silent.id, "nobody", "%F0%9F%A7%BE")]
    assert {(one.status_code, one.content, tuple(sorted(one.headers))) for one in answers} == {
        (400, b"", tuple(sorted(answers[0].headers)))
    }
    assert site.runner.asked == []


def test_a_delivery_to_one_connection_is_none_to_another(site: Site, subscribed: Connection) -> None:
    other = subscribed_one(site)
    site.app.store.save_secret(other, SECRET, OTHER)
    assert Letter(subscribed).send(site, to=other.id).status_code == 400
    assert site.runner.asked == []


def test_headers_that_are_missing_or_broken_are_refused(site: Site, subscribed: Connection) -> None:
    for name in ("ID", "TIMESTAMP", "SIGNATURE"):
        for value in ("", "\0", "NaN", "-1", "9" * 40, "v1,", "v1," + "=" * 9, "\u0660", " ".join(["v1,x"] * 5000)):
            answer = Letter(subscribed).send(site, **{f"HTTP_WEBHOOK_{name}": value})
            assert (answer.status_code, answer.content) == (400, b"")
    assert site.runner.asked == []


def test_a_body_too_large_is_refused(site: Site, subscribed: Connection) -> None:
    before = counted("too_large")
    answer = Letter(subscribed, body=b"x" * 1_000_000).send(site)
    assert (answer.status_code, answer.content) == (413, b"")
    assert Letter(subscribed, body=b"x" * (LARGEST + 1)).send(site).status_code == 413
    assert Letter(subscribed, body=b"x" * LARGEST).send(site).status_code == 400
    assert counted("too_large") == before + 2


@pytest.mark.parametrize(
    ("length", "status"), [*((one, 400) for one in ("", "0", "abc", "-1", "1e9", "\u0663")), ("9" * 5000, 413)]
)
def test_a_length_that_is_not_the_body_s_is_refused(
    site: Site, subscribed: Connection, length: str, status: int
) -> None:
    for body in (None, b"x" * 1_000_000):
        answer = Letter(subscribed, body=body).send(site, CONTENT_LENGTH=length)
        assert answer.status_code == status
        assert answer.content == b"" or status == 413
    assert site.runner.asked == []


def test_other_methods_are_refused(site: Site, subscribed: Connection) -> None:
    browser = site.browser()
    for method in ("get", "put", "delete", "patch", "options"):
        answer = getattr(browser, method)(f"/webhooks/pleo/{subscribed.id}/")
        assert (answer.status_code, answer.content) == (405, b"")


def test_a_disconnected_connection_starts_nothing(site: Site, subscribed: Connection) -> None:
    store = site.app.store
    store.save_connection(replace(subscribed, status="disconnected"))
    assert Letter(subscribed).send(site).status_code == 204
    store.forget_tokens(subscribed.id)
    assert Letter(subscribed).send(site).status_code == 400
    assert site.runner.asked == []


class Away(AskedFor):
    """A runner whose queue can't be written to."""

    def export(self, connection_id: str, *, job_id: str | None = None, take_over: bool = False) -> str:
        raise Busy("The queue is locked.", "Try again.")


def test_a_delivery_that_could_not_be_passed_on_counts_when_it_comes_again(site: Site, subscribed: Connection) -> None:
    letter = Letter(subscribed)
    process.use(site.app, Away())
    answer = letter.send(site)
    assert (answer.status_code, answer.content) == (503, b"")
    process.use(site.app, site.runner)
    assert letter.send(site).status_code == 204
    assert site.runner.asked == [("export", subscribed.id, None, False)]


# ------------------------------------------------------------------------------- with Pleo in a box


@dataclass
class Subscribed:
    """An office that Pleo can reach, its first export done."""

    connected: ConnectedSite

    def press(self, number: int) -> None:
        """A new expense, and Export pressed."""
        connected = self.connected.connected
        connected.sandbox.add_expense(connected.company_id, an_item(number))
        connected.sandbox.press_export(connected.company_id)

    def deliveries(self) -> list[dict[str, Any]]:
        return self.connected.connected.sandbox.deliveries

    def settled(self) -> bool:
        """Pleo has nothing more to send at once."""
        return all(one["state"] in ("delivered", "lost") for one in self.deliveries())


def subscribed_company(connected: ConnectedSite) -> Subscribed:
    connected.export()
    with process.app.visit() as app:
        subscribe(connected.connection, app)
    return Subscribed(connected)


def test_pressing_export_in_pleo_asks_the_worker(connected: ConnectedSite) -> None:
    with open_to_pleo():
        there = subscribed_company(connected)
        there.press(7)
        wait_for(lambda: connected.site.runner.asked)
        assert connected.site.runner.asked == [("export", connected.connection.id, None, False)]
        wait_for(there.settled)
        (delivery,) = there.deliveries()
        assert [attempt["status"] for attempt in delivery["attempts"]] == [204]
        assert connected.job.status == "pending"


def test_pleo_s_troubles_lose_nothing_and_repeat_nothing(connected: ConnectedSite) -> None:
    sandbox = connected.connected.sandbox
    with open_to_pleo():
        there = subscribed_company(connected)
        sandbox.add_delivery_fault(DeliveryFault(Trouble.REPEAT))
        there.press(7)
        wait_for(there.settled)
        assert [attempt["status"] for attempt in there.deliveries()[0]["attempts"]] == [204, 204]
        assert connected.site.runner.asked == [("export", connected.connection.id, None, False)]


@pytest.mark.parametrize("trouble", [Trouble.BAD_SIGNATURE, Trouble.OLD_TIMESTAMP])
def test_a_delivery_that_pleo_spoils_is_refused(connected: ConnectedSite, trouble: Trouble) -> None:
    connected.connected.sandbox.add_delivery_fault(DeliveryFault(trouble))
    with open_to_pleo():
        there = subscribed_company(connected)
        there.press(7)
        wait_for(lambda: there.deliveries() and there.deliveries()[0]["attempts"])
        assert there.deliveries()[0]["attempts"][0]["status"] == 400
        assert connected.site.runner.asked == []


@pytest.mark.parametrize(
    ("rules", "taken"),
    [
        ({"webhook_body": "merged"}, True),
        ({"unknown_fields": True}, True),
        ({"repeats_webhooks": False}, True),
        ({"signs_webhooks": False}, False),
        ({"signs_webhooks": False, "repeats_webhooks": False}, False),
    ],
)
def test_each_way_in_which_pleo_may_deliver(connected: ConnectedSite, rules: dict[str, Any], taken: bool) -> None:
    """What is not signed is refused, and polling finds the job."""
    connected.connected.sandbox.set_rules(rules)
    with open_to_pleo():
        there = subscribed_company(connected)
        there.press(7)
        wait_for(lambda: there.deliveries() and there.deliveries()[0]["attempts"])
        assert there.deliveries()[0]["attempts"][0]["status"] == (204 if taken else 400)
        gives_up = not taken and "repeats_webhooks" in rules
        wait_for(
            lambda: there.deliveries()[0]["state"] == ("delivered" if taken else "given_up" if gives_up else "waiting")
        )
        assert connected.site.runner.asked == [("export", connected.connection.id, None, False)] * taken
