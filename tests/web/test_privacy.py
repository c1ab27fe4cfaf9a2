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
def owner(office: ConnectedSite) -> Client:
    """An owner's browser; both items were exported."""
    office.export()
    return office.site.browser(office.site.member(office.organisation, "owner", "olga.owner@example.com"))


def path_of(office: ConnectedSite, part: str = "") -> str:
    return f"/c/{office.connection.id}/privacy/{part}"


def kept_items(office: ConnectedSite) -> dict[str, bytes]:
    store = office.site.home.store
    rows = store.bookings_page(office.connection.id, first=None, last=None, after=None, limit=10)
    return dict(store.payloads(office.connection.id, [row.reference for row in rows]))


def an_employee(office: ConnectedSite) -> str:
    """The id at Pleo of whoever paid for what was exported."""
    return str(json.loads(next(iter(kept_items(office).values())))["user"]["id"])


def disconnected(office: ConnectedSite) -> None:
    office.site.home.store.save_connection(replace(office.connection, status="disconnected"))


def test_the_page_says_how_long_names_are_kept(office: ConnectedSite, owner: Client) -> None:
    connection = replace(office.connection, settings=replace(office.connection.settings, retention_days=14))
    office.site.home.store.save_connection(connection)
    page = owner.get(path_of(office)).text
    assert "14 days after their export is finished" in page
    assert "Disconnect the company first" in page
    assert path_of(office) in owner.get(f"/c/{office.connection.id}/").text
    assert path_of(office) in owner.get(f"/c/{office.connection.id}/settings/").text


@pytest.mark.parametrize("part", ["", "export/", "find/", "erase/", "delete/"])
def test_only_an_owner_gets_there(office: ConnectedSite, part: str) -> None:
    bookkeeper = office.browser
    ask = bookkeeper.post if part else bookkeeper.get
    assert ask(path_of(office, part)).status_code == 403
    assert path_of(office) not in bookkeeper.get(f"/c/{office.connection.id}/").text


def test_everything_goes_out_as_a_zip_without_secrets_and_members(office: ConnectedSite, owner: Client) -> None:
    owner.post(f"/c/{office.connection.id}/test/")
    answer = owner.post(path_of(office, "export/"))
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
    tokens = office.site.home.store.tokens(office.connection)
    assert tokens
    assert not [name for name, text in texts.items() if tokens.access in text or "olga.owner" in text]
    assert AuditEvent.objects.latest("at").action == "personal data exported"


def test_a_person_is_counted_first_and_then_erased(office: ConnectedSite, owner: Client) -> None:
    who = an_employee(office)
    asked = owner.post(path_of(office, "find/"), {"who": who}).text
    assert "2 expenses" in asked
    assert len(kept_items(office)) == 2
    told = owner.post(path_of(office, "erase/"), {"who": who}, follow=True).text
    assert "2 expenses were erased from Kontobro" in told
    assert kept_items(office) == {}
    assert "No expense stored here names" in owner.post(path_of(office, "find/"), {"who": who}).text


def test_the_trail_never_has_the_name(office: ConnectedSite, owner: Client) -> None:
    owner.post(path_of(office, "find/"), {"who": NAME})
    owner.post(path_of(office, "erase/"), {"who": NAME})
    events = list(AuditEvent.objects.filter(connection_id=office.connection.id).values_list("action", "detail"))
    assert [action for action, _ in events] == ["person searched for", "person erased"]
    assert not [detail for _, detail in events if NAME in detail]


@pytest.mark.parametrize("who", ["", "   ", "x" * 201])
def test_nobody_named_is_told(office: ConnectedSite, owner: Client, who: str) -> None:
    answer = owner.post(path_of(office, "find/"), {"who": who})
    assert answer.status_code == 400
    assert "The name is empty or too long" in answer.text


def test_a_connected_company_is_not_deleted(office: ConnectedSite, owner: Client) -> None:
    answer = owner.post(path_of(office, "delete/"), {"name": office.connection.name})
    assert answer.status_code == 400
    assert "is not disconnected" in answer.text
    assert office.site.home.store.connection(office.connection.id) is not None


def test_a_wrong_name_deletes_nothing(office: ConnectedSite, owner: Client) -> None:
    disconnected(office)
    assert owner.post(path_of(office, "delete/"), {"name": "Other"}).status_code == 400
    assert office.site.home.store.connection(office.connection.id) is not None


def test_a_deleted_company_is_gone_and_its_trail_stays(office: ConnectedSite, owner: Client) -> None:
    disconnected(office)
    name = office.connection.name
    WebhookDelivery.objects.create(connection_id=office.connection.id, delivery_id="1")
    ToldNotice.objects.create(connection_id=office.connection.id, cause="reconnect", day="2026-03-01")
    assert "Type “" in owner.get(path_of(office)).text
    told = owner.post(path_of(office, "delete/"), {"name": name}, follow=True).text
    assert "was deleted from Kontobro" in told
    assert office.site.home.store.connection(office.connection.id) is None
    left = (ConnectionOwner, WebhookDelivery, ToldNotice)
    assert [model.objects.filter(connection_id=office.connection.id).count() for model in left] == [0, 0, 0]
    assert AuditEvent.objects.latest("at").action == "company deleted"
    assert owner.get(path_of(office)).status_code == 404
    assert owner.get(f"/o/{office.organisation.id}/audit/").status_code == 200
