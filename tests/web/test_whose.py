"""Whose company it is: its name, its one set of books, moved or taken over, and a login that has ended."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import Elsewhere
from kontobro.service.config import config
from kontobro.web.connect.taken import WAIT
from kontobro.web.models import AuditEvent, ConnectionOwner, Setup, Takeover
from tests.service.test_mail import Mailbox, a_server
from tests.support.site import Site
from tests.web.connecting import PleoServer, Traveller, demo_ledger, serve_pleo, traveller


@pytest.fixture
def pleo() -> Iterator[PleoServer]:
    with serve_pleo() as opened:
        yield opened


@pytest.fixture
def anna(site: Site, pleo: PleoServer, tmp_path: Path) -> Traveller:
    return traveller(site, pleo, tmp_path / "ledger", role="owner")


def nameless(pleo: PleoServer) -> None:
    """Pleo's client may not ask for names, and no installation of ours noted one."""
    known = replace(pleo.client, scopes=pleo.client.scopes - {"companies:read"})
    pleo.sandbox.access.clients[pleo.client.client_id] = known


def allow_all(anna: Traveller, level: int = 1) -> str:
    """Consent, also where Pleo does not know the first way of asking; the page that the browser ends on."""
    anna.post("level", level=level)
    for _ in range(3):
        page = str(anna.browser.get(anna.pleo.consent(anna.leave()), follow=True).text)
        if "ask once more" not in page:
            return page
    raise AssertionError("Pleo knows no way of asking")


def connections(anna: Traveller) -> list[Connection]:
    return list(anna.site.app.store.connections())


def test_the_name_at_pleo_is_on_the_way_back_on_every_page_and_beside_it_the_books(anna: Traveller) -> None:
    anna.begin()
    name = "Fjord &amp; Bro ApS"
    assert f"Pleo granted access to {name}" in allow_all(anna)
    anna.give_ledger()
    anna.accept()
    anna.approve()
    (connection,) = connections(anna)
    assert (connection.pleo_name, bool(connection.books_name)) == ("Fjord & Bro ApS", True)
    for page in ("", "jobs/", "master-data/", "settings/", "tie-out/", "privacy/", "disconnect/"):
        shown = anna.browser.get(f"/c/{connection.id}/{page}").text
        assert f"<strong>{name}</strong>" in shown, page
        assert f"→ Beancount: {connection.books_name.replace('&', '&amp;')}" in shown, page
    assert f">{name}</a>" in anna.browser.get(f"/o/{anna.organisation.id}/").text


def test_a_name_that_pleo_does_not_give_is_asked_of_the_person_once(anna: Traveller, pleo: PleoServer) -> None:
    nameless(pleo)
    anna.begin()
    assert "What is the company called?" in allow_all(anna)
    assert anna.post("name", name="  ").status_code == 400
    assert "Where should expenses be booked?" in anna.post("name", name="Fjord & Bro ApS").text
    anna.give_ledger()
    anna.accept()
    anna.approve()
    (connection,) = connections(anna)
    assert connection.pleo_name == "Fjord & Bro ApS"
    anna.browser.post(f"/c/{connection.id}/reconnect/")
    page = anna.browser.get(anna.pleo.consent(anna.leave()), follow=True)
    assert "Connected again" in page.text  # and was not asked a second time
    assert connections(anna)[0].pleo_name == "Fjord & Bro ApS"


def test_a_connection_of_an_older_version_is_named_on_its_page(site: Site) -> None:
    organisation = site.organisation()
    browser = site.browser(site.member(organisation, "bookkeeper"))
    connection = site.connection(
        organisation, "Odoo's company", company_name="", company_id="5f1c2b6e-0d5b-4c1e-9a65-1c"
    )
    page = browser.get(f"/c/{connection.id}/").text
    assert "Pleo company 5f1c2b6e" in page
    assert "What is this company called in Pleo?" in page
    browser.post(f"/c/{connection.id}/name/", {"name": "Bäckerei Schröder"})
    page = browser.get(f"/c/{connection.id}/").text
    assert "<strong>Bäckerei Schröder</strong>" in page
    assert "What is this company called" not in page
    assert browser.post(f"/c/{connection.id}/name/", {"name": "Other"}).status_code == 400
    reader = site.browser(site.member(organisation, "readonly"))
    assert reader.post(f"/c/{connection.id}/name/", {"name": "Other"}).status_code == 403
    stranger = site.browser(site.member(site.organisation("Other")))
    assert stranger.post(f"/c/{connection.id}/name/", {"name": "Other"}).status_code == 404


def test_books_of_another_name_are_asked_about(anna: Traveller, pleo: PleoServer) -> None:
    nameless(pleo)
    anna.begin()
    allow_all(anna)
    anna.post("name", name="Bäckerei Schröder")
    page = anna.give_ledger().text
    assert "Bäckerei Schröder → books of " in page
    assert "is that right?" in page
    assert not connections(anna)
    assert "Path of the ledger" in anna.post("differs", wrong="1").text
    anna.post("access", ledger=str(anna.ledger))
    anna.post("differs", right="1")
    (connection,) = connections(anna)
    assert connection.pleo_name == "Bäckerei Schröder"
    assert anna.setup.step == "settings"
    assert AuditEvent.objects.filter(action="books of another name confirmed").exists()


# ---------------------------------------------------------------------------------- one set of books


def other_ledger(folder: Path, name: str = "Second books") -> Path:
    """Books of another company."""
    path = demo_ledger(folder)
    for part in folder.glob("*.beancount"):
        part.write_text(part.read_text().replace("Fjord & Bro ApS", name))
    return path


def test_a_second_time_in_one_organisation_is_refused_by_name_and_moves(anna: Traveller, tmp_path: Path) -> None:
    first = anna.connect(1)
    anna.begin()
    page = allow_all(anna)
    assert "Fjord &amp; Bro ApS is already connected" in page
    assert "Move it to other books" in page
    assert anna.setup.step == "taken"
    anna.post("taken", move="1")
    anna.post("erp", erp="beancount")
    anna.post("access", ledger=str(other_ledger(tmp_path / "second")))
    anna.post("differs", right="1")
    assert {one.id: one.status for one in connections(anna)}[first] == "disconnected"
    (new,) = [one for one in connections(anna) if one.is_in_use]
    assert new.id != first
    assert ConnectionOwner.objects.filter(organisation=anna.organisation).count() == 2
    assert AuditEvent.objects.filter(action="moved to other books", connection_id=first).exists()
    store = anna.site.app.store
    assert store.tokens(connections(anna)[0]) is None or connections(anna)[0].id == new.id
    anna.accept()
    anna.approve()
    with anna.site.app.visit() as app:  # the first one's end took no login away
        assert app.pleo_for(new).introspect().company_id == new.company_id


def test_a_bookkeeper_can_t_move_but_may_try(site: Site, pleo: PleoServer, tmp_path: Path) -> None:
    bo = traveller(site, pleo, tmp_path / "ledger")
    first = bo.connect(1)
    bo.begin()
    assert "Only an owner" in allow_all(bo)
    assert "this needs owner" in bo.post("taken", move="1").text
    assert bo.setup.step == "taken"
    bo.post("taken", trial="1")
    bo.post("erp", erp="beancount")
    bo.post("access", ledger=str(other_ledger(tmp_path / "second")))
    bo.post("differs", right="1")
    bo.accept()
    bo.approve()
    (trial,) = [one for one in connections(bo) if one.trial]
    assert {one.id: one.status for one in connections(bo)} == {first: "connected", trial.id: "connected"}
    page = bo.browser.get(f"/c/{trial.id}/").text
    assert "This is a trial" in page
    assert "Export now" not in page
    assert not trial.settings.sync
    owner = site.browser(site.member(bo.organisation))
    assert "The login itself stays" in owner.get(f"/c/{trial.id}/disconnect/").text
    owner.post(f"/c/{trial.id}/disconnect/")
    with site.app.visit() as app:
        real = app.store.connection(first)
        assert real is not None
        assert app.pleo_for(real).introspect().company_id == real.company_id
    assert "The login itself stays" not in owner.get(f"/c/{first}/disconnect/").text


def test_two_setups_at_once_make_one_connection(anna: Traveller, tmp_path: Path) -> None:
    """The second was past the question when the first was joined: the last look and the database refuse it."""
    bo = traveller(anna.site, anna.pleo, tmp_path / "bo", role="owner", name="Rival ApS")
    for one in (anna, bo):
        one.begin()
        allow_all(one)
    anna.give_ledger()
    page = bo.give_ledger()
    assert "already connected elsewhere in this service" in page.text
    assert anna.user.email not in page.text
    assert len(connections(anna)) == 1


# ------------------------------------------------------------------------------------------ takeover


def asking(bo: Traveller) -> str:
    bo.begin()
    page = allow_all(bo)
    assert "connected elsewhere in this service" in page
    return page


def begun(bo: Traveller, first: str, *, hours: float = 0) -> Takeover:
    """A takeover as it is after its mail was sent."""
    asked = timezone.now() - dt.timedelta(hours=hours)
    return Takeover.objects.create(setup=bo.setup, former_id=first, asked_at=asked)


@pytest.fixture
def bo(anna: Traveller, tmp_path: Path) -> Traveller:
    anna.connect(1)
    return traveller(anna.site, anna.pleo, tmp_path / "bo", role="owner", name="Rival ApS")


def test_nothing_is_told_of_another_organisation(anna: Traveller, bo: Traveller) -> None:
    page = asking(bo)
    (connection,) = connections(anna)
    for told in (
        anna.user.email,
        "Demo ApS",
        connection.id,
        f"Beancount: {connection.books_name}",
        "Open this connection",
    ):
        assert told not in page
    assert bo.browser.get(f"/c/{connection.id}/").status_code == 404


def test_without_mail_nothing_is_started(anna: Traveller, bo: Traveller) -> None:
    assert "KONTOBRO_MAIL_URL" not in os.environ
    asking(bo)
    assert "No email could be sent" in bo.post("taken", takeover="1").text
    assert not Takeover.objects.exists()


def test_the_former_owners_get_a_mail_in_their_language(
    anna: Traveller, bo: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna.user.language, anna.user.time_zone = "de", "Europe/Berlin"
    anna.user.save()
    anna.site.member(anna.organisation, "bookkeeper", "clerk@example.com")
    asking(bo)
    (old,) = connections(anna)
    mailbox = Mailbox()
    with a_server(mailbox) as port:
        monkeypatch.setenv("KONTOBRO_MAIL_URL", f"smtp://127.0.0.1:{port}")
        monkeypatch.setenv("KONTOBRO_MAIL_FROM", "Kontobro <k@example.com>")
        config.cache_clear()
        bo.post("taken", takeover="1")
        bo.post("taken", takeover="1")
    ((_, _, to, sent),) = mailbox.taken
    text = email.message_from_string(sent, policy=email.policy.default).get_content()
    effective = (Takeover.objects.get().asked_at + WAIT).astimezone(ZoneInfo("Europe/Berlin"))
    assert to == (anna.user.email,)
    assert f"{effective:%Y-%m-%d %H:%M %Z}" in text
    assert f"/c/{old.id}/" in text
    assert "Jemand mit Zugang zu" in text
    assert bo.user.email not in sent
    anna.browser.post(f"/c/{old.id}/let-go/")
    assert "Where should expenses be booked?" in bo.browser.get(bo.at(""), follow=True).text


def test_a_takeover_waits_for_an_owner_or_three_days(anna: Traveller, bo: Traveller) -> None:
    asking(bo)
    (old,) = connections(anna)
    taken = begun(bo, old.id, hours=71)
    page = bo.page()
    assert "at the latest on" in page
    assert bo.setup.step == "taken"
    assert "wants to connect it" in anna.browser.get(f"/c/{old.id}/").text
    taken.asked_at = timezone.now() - WAIT
    taken.save()
    assert "Where should expenses be booked?" in bo.browser.get(bo.at(""), follow=True).text
    bo.post("erp", erp="beancount")
    assert connections(anna)[0].status == "connected"  # until it is joined
    bo.post("access", ledger=str(bo.ledger))
    assert {one.id: one.status for one in connections(anna)}[old.id] == "disconnected"
    (new,) = [one for one in connections(anna) if one.is_in_use]
    assert ConnectionOwner.objects.get(connection_id=new.id).organisation == bo.organisation
    assert new.id != old.id
    assert bo.browser.get(f"/c/{old.id}/").status_code == 404
    assert anna.browser.get(f"/c/{new.id}/").status_code == 404
    assert AuditEvent.objects.filter(organisation=anna.organisation, action__startswith="taken over").exists()


def test_an_owner_confirms_and_no_one_else(anna: Traveller, bo: Traveller) -> None:
    asking(bo)
    (old,) = connections(anna)
    begun(bo, old.id)
    clerk = anna.site.browser(anna.site.member(anna.organisation, "bookkeeper"))
    assert clerk.post(f"/c/{old.id}/let-go/").status_code == 403
    assert bo.browser.post(f"/c/{old.id}/let-go/").status_code == 404
    assert bo.setup.step == "taken"
    anna.browser.post(f"/c/{old.id}/let-go/")
    assert "Where should expenses be booked?" in bo.browser.get(bo.at(""), follow=True).text


def test_a_takeover_is_of_one_setup_and_one_connection(anna: Traveller, bo: Traveller, tmp_path: Path) -> None:
    asking(bo)
    (old,) = connections(anna)
    begun(bo, old.id, hours=100)
    cleo = traveller(anna.site, anna.pleo, tmp_path / "cleo", role="owner", name="Third ApS")
    asking(cleo)
    assert "connected elsewhere" in cleo.page()
    Takeover.objects.update(former_id="another")
    assert "connected elsewhere" in bo.page()


def test_a_job_under_way_is_never_taken_over(anna: Traveller, bo: Traveller) -> None:
    asking(bo)
    (old,) = connections(anna)
    begun(bo, old.id, hours=100)
    bo.browser.get(bo.at(""), follow=True)
    bo.post("erp", erp="beancount")
    with anna.site.app.store.lock(f"export-{old.id}"):
        assert "is exporting right now" in bo.post("access", ledger=str(bo.ledger)).text
    assert connections(anna)[0].status == "connected"
    assert len(connections(anna)) == 1
    bo.post("access", ledger=str(bo.ledger))
    assert [one.id for one in connections(anna) if one.is_in_use] != [old.id]


# --------------------------------------------------------------------------- elsewhere, ended logins


def test_an_expense_that_is_booked_elsewhere_is_decided_on_the_page(site: Site) -> None:
    organisation = site.organisation()
    connection = site.connection(organisation)
    store = site.app.store
    found = [Elsewhere(entry_id="e1", system="odoo", number="4711"), Elsewhere(entry_id="e2", number="X-1")]
    store.note_elsewhere(connection.id, found, site.now())  # type: ignore[attr-defined]
    browser = site.browser(site.member(organisation, "bookkeeper"))
    page = browser.get(f"/c/{connection.id}/").text
    assert "Booked elsewhere" in page
    assert "as 4711" in page
    assert "known to Pleo as X-1" in page
    stranger = site.browser(site.member(site.organisation("Other")))
    reader = site.browser(site.member(organisation, "readonly"))
    url = f"/c/{connection.id}/elsewhere/"
    assert stranger.post(url, {"entry": "e1"}).status_code == 404
    assert reader.post(url, {"entry": "e1"}).status_code == 403
    assert "Book it here" not in reader.get(f"/c/{connection.id}/").text
    assert browser.post(url, {"entry": "unknown"}).status_code == 404
    assert "Confirmed" in browser.post(url, {"entry": "e1"}, follow=True).text
    decided = {one.entry_id for one in store.elsewhere(connection.id) if one.decided_at}  # type: ignore[attr-defined]
    assert decided == {"e1"}
    assert AuditEvent.objects.filter(action="booking here confirmed").exists()


def test_a_login_that_has_ended_comes_first_and_nothing_says_connected(site: Site) -> None:
    organisation = site.organisation()
    connection = site.connection(organisation, "Bäckerei Schröder")
    site.app.store.mark_reconnect(connection.id, dt.datetime(2026, 11, 3, 9, 30, tzinfo=dt.UTC))
    browser = site.browser(site.member(organisation, "bookkeeper"))
    for url in (f"/o/{organisation.id}/", f"/c/{connection.id}/", f"/c/{connection.id}/settings/"):
        page = browser.get(url).text
        assert ">connected<" not in page, url
    for url in (f"/o/{organisation.id}/", f"/c/{connection.id}/"):
        page = browser.get(url).text
        content = page[page.index('<div class="page-body">') :]
        assert content.index("Pleo no longer lets us in since") < content.index("Connect again")
        assert "2026-11-03T09:30" in content
        first = re.search(r'class="alert alert-(\w+)"', content)
        assert first
        assert first[1] == "danger"


def test_disconnecting_a_moved_company_s_first_connection_is_nothing_more(anna: Traveller) -> None:
    first = anna.connect(1)
    Setup.objects.all().delete()
    page = anna.browser.get(f"/c/{first}/disconnect/").text
    assert "Pleo revokes it at once" in page
    assert "not booked a second time" in page
