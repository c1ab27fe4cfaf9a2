"""Privacy: what is kept is said, taken out, erased and deleted; the trail tells it without a name."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.test import Client

from kontobro.web.models import AuditEvent, ConnectionOwner, ToldNotice, WebhookDelivery
from tests.web.connected_site import ConnectedSite

NAME = "Anna Andersen"


@pytest.fixture
def owner(connected: ConnectedSite) -> Client:
    """An owner's browser; both items were exported."""
    connected.export()
    return connected.site.browser(connected.site.member(connected.organisation, "owner", "olga.owner@example.com"))


def path_of(connected: ConnectedSite, part: str = "") -> str:
    return f"/c/{connected.connection.id}/privacy/{part}"


def kept_items(connected: ConnectedSite) -> dict[str, bytes]:
    store = connected.site.app.store
    rows = store.bookings_page(connected.connection.id, first=None, last=None, after=None, limit=10)
    return dict(store.payloads(connected.connection.id, [row.reference for row in rows]))


def an_employee(connected: ConnectedSite) -> str:
    """The id at Pleo of whoever paid for what was exported."""
    return str(json.loads(next(iter(kept_items(connected).values())))["user"]["id"])


def disconnected(connected: ConnectedSite) -> None:
    connected.site.app.store.save_connection(replace(connected.connection, status="disconnected"))


def test_the_page_says_how_long_names_are_kept(connected: ConnectedSite, owner: Client) -> None:
    connection = replace(connected.connection, settings=replace(connected.connection.settings, retention_days=14))
    connected.site.app.store.save_connection(connection)
    page = owner.get(path_of(connected)).text
    assert "14 days after their export is finished" in page
    assert "Disconnect the company first" in page
    assert path_of(connected) in owner.get(f"/c/{connected.connection.id}/").text
    assert path_of(connected) in owner.get(f"/c/{connected.connection.id}/settings/").text


@pytest.mark.parametrize("part", ["", "export/", "find/", "erase/", "delete/"])
def test_only_an_owner_gets_there(connected: ConnectedSite, part: str) -> None:
    bookkeeper = connected.browser
    ask = bookkeeper.post if part else bookkeeper.get
    assert ask(path_of(connected, part)).status_code == 403
    assert path_of(connected) not in bookkeeper.get(f"/c/{connected.connection.id}/").text


def test_everything_goes_out_as_a_zip_without_secrets_and_members(connected: ConnectedSite, owner: Client) -> None:
    owner.post(f"/c/{connected.connection.id}/test/")
    answer = owner.post(path_of(connected, "export/"))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    answer.close()
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {"connection.json", "jobs.json", "bookings.jsonl", "audit.json", "notices.json", "webhooks.json"} <= set(
        texts
    )
    assert sum(name.startswith("items/") for name in texts) == 2
    assert json.loads(texts["audit.json"])[0]["action"] == "connection tested"
    tokens = connected.site.app.store.tokens(connected.connection)
    assert tokens
    assert not [name for name, text in texts.items() if tokens.access in text or "olga.owner" in text]
    assert AuditEvent.objects.latest("at").action == "personal data exported"


def test_a_person_is_counted_first_and_then_erased(connected: ConnectedSite, owner: Client) -> None:
    who = an_employee(connected)
    asked = owner.post(path_of(connected, "find/"), {"who": who}).text
    assert "2 expenses" in asked
    assert len(kept_items(connected)) == 2
    told = owner.post(path_of(connected, "erase/"), {"who": who}, follow=True).text
    assert "2 expenses were erased from Kontobro" in told
    assert kept_items(connected) == {}
    assert "No expense stored here names" in owner.post(path_of(connected, "find/"), {"who": who}).text


def test_the_trail_never_has_the_name(connected: ConnectedSite, owner: Client) -> None:
    owner.post(path_of(connected, "find/"), {"who": NAME})
    owner.post(path_of(connected, "erase/"), {"who": NAME})
    events = list(AuditEvent.objects.filter(connection_id=connected.connection.id).values_list("action", "detail"))
    assert [action for action, _ in events] == ["person searched for", "person erased"]
    assert not [detail for _, detail in events if NAME in detail]


@pytest.mark.parametrize("who", ["", "   ", "x" * 201])
def test_nobody_named_is_told(connected: ConnectedSite, owner: Client, who: str) -> None:
    answer = owner.post(path_of(connected, "find/"), {"who": who})
    assert answer.status_code == 400
    assert "The name is empty or too long" in answer.text


def test_a_connected_company_is_not_deleted(connected: ConnectedSite, owner: Client) -> None:
    answer = owner.post(path_of(connected, "delete/"), {"name": connected.connection.pleo_name})
    assert answer.status_code == 400
    assert "is not disconnected" in answer.text
    assert connected.site.app.store.connection(connected.connection.id) is not None


def test_a_wrong_name_deletes_nothing(connected: ConnectedSite, owner: Client) -> None:
    disconnected(connected)
    assert owner.post(path_of(connected, "delete/"), {"name": "Other"}).status_code == 400
    assert connected.site.app.store.connection(connected.connection.id) is not None


def test_a_deleted_company_is_gone_and_its_trail_stays(connected: ConnectedSite, owner: Client) -> None:
    disconnected(connected)
    name = connected.connection.pleo_name
    WebhookDelivery.objects.create(connection_id=connected.connection.id, delivery_id="1")
    ToldNotice.objects.create(connection_id=connected.connection.id, cause="reconnect", day="2026-03-01")
    assert "Type “" in owner.get(path_of(connected)).text
    told = owner.post(path_of(connected, "delete/"), {"name": name}, follow=True).text
    assert "was deleted from Kontobro" in told
    assert connected.site.app.store.connection(connected.connection.id) is None
    left = (ConnectionOwner, WebhookDelivery, ToldNotice)
    assert [model.objects.filter(connection_id=connected.connection.id).count() for model in left] == [0, 0, 0]
    assert AuditEvent.objects.latest("at").action == "company deleted"
    assert owner.get(path_of(connected)).status_code == 404
    assert owner.get(f"/o/{connected.organisation.id}/audit/").status_code == 200
