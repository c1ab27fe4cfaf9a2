"""A stored secret goes only where it was given for, whatever is typed on the pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from kontobro.core.errors import LoginFailed
from kontobro.core.model.connection import Connection
from kontobro.service.config import config
from kontobro.web.connect import setup as flow
from kontobro.web.models import Organisation
from kontobro.web.organisation.notices import target
from kontobro.web.tenancy import Member
from tests.support.site import Site

KEY = "the-stored-key"


@contextmanager
def listening(answer: int = 500, location: str = "") -> Iterator[tuple[str, list[str]]]:
    """A server on loopback: its address, and whatever it was sent."""
    heard: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            heard.append(f"{self.path}\n{self.headers}\n{body}")
            self.send_response(answer)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def connected(site: Site, organisation: Organisation, erp: str, **options: str) -> Connection:
    connection = site.connection(organisation, erp=erp, erp_options=options, erp_company="1")
    site.app.store.save_secret(connection, "api_key" if erp == "odoo" else "password", KEY)
    return connection


@pytest.mark.parametrize(
    ("erp", "changed"),
    [("odoo", "url"), ("odoo", "database"), ("tryton", "url"), ("tryton", "database"), ("tryton", "user")],
)
def test_a_changed_access_without_the_secret_sends_nothing(site: Site, erp: str, changed: str) -> None:
    organisation = site.organisation()
    with listening() as (home, _), listening() as (evil, heard):
        options = {"url": home, "database": "books"} | ({"user": "kontobro"} if erp == "tryton" else {})
        connection = connected(site, organisation, erp, **options)
        browser = site.browser(site.member(organisation, "bookkeeper"))
        typed = {**options, "url": evil} if changed == "url" else {**options, "url": home, changed: "other"}
        page = browser.post(f"/c/{connection.id}/access/", typed)
    assert page.status_code == 400
    assert "is not sent there" in page.text
    assert not heard
    assert site.app.store.connection(connection.id) == connection


def test_the_same_place_is_asked_with_the_stored_secret(site: Site) -> None:
    organisation = site.organisation()
    with listening() as (home, heard):
        connection = connected(site, organisation, "odoo", url=home)
        browser = site.browser(site.member(organisation, "bookkeeper"))
        page = browser.post(f"/c/{connection.id}/access/", {"url": f"{home}/"})
    assert "is not sent there" not in page.text
    assert any(KEY in request for request in heard)


def test_a_given_secret_goes_to_the_new_address_and_the_old_one_nowhere(site: Site) -> None:
    organisation = site.organisation()
    with listening() as (home, _), listening() as (other, heard):
        connection = connected(site, organisation, "odoo", url=home)
        browser = site.browser(site.member(organisation, "bookkeeper"))
        browser.post(f"/c/{connection.id}/access/", {"url": other, "secret_api_key": "the-new-key"})
    assert any("the-new-key" in request for request in heard)
    assert not any(KEY in request for request in heard)


@pytest.mark.parametrize("erp", ["odoo", "tryton"])
def test_a_redirect_takes_no_secret_elsewhere(site: Site, erp: str) -> None:
    organisation = site.organisation()
    with listening() as (evil, heard), listening(307, f"{evil}/json/2") as (home, asked):
        options = {"url": home, "database": "books"} | ({"user": "kontobro"} if erp == "tryton" else {})
        connection = connected(site, organisation, erp, **options)
        browser = site.browser(site.member(organisation, "bookkeeper"))
        browser.post(f"/c/{connection.id}/access/", options)
    assert asked
    assert not heard


def test_a_connection_that_was_moved_by_hand_has_no_secret(site: Site) -> None:
    """Also when the row itself was changed: the secret knows where it belongs."""
    organisation = site.organisation()
    with listening() as (home, _), listening() as (evil, heard):
        connection = connected(site, organisation, "odoo", url=home)
        site.app.store.save_connection(replace(connection, erp_options={"url": evil}, api_url=evil, auth_url=evil))
        browser = site.browser(site.member(organisation, "bookkeeper"))
        assert browser.post(f"/c/{connection.id}/test/").status_code == 200
    assert not heard


def test_connecting_again_takes_the_secret_only_to_where_it_was_given_for(site: Site) -> None:
    organisation = site.organisation()
    connection = connected(site, organisation, "odoo", url="https://odoo.example")
    setup = flow.begin_again(Member(site.member(organisation), organisation, "owner"), connection)
    setup.seal(erp={"api_key": "typed"}, tokens={"access": "pleo-key"})
    assert setup.secrets()["erp"] == {"api_key": "typed"}
    setup.options = {**setup.options, "company": "2"}
    assert setup.secrets()["erp"] == {"api_key": "typed"}
    setup.options = {"url": "https://evil.example"}
    assert "erp" not in setup.secrets()
    assert setup.tokens().access == "pleo-key"


def test_a_setup_keeps_pleo_s_tokens_from_another_pleo(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = site.organisation()
    connection = site.connection(organisation)
    setup = flow.begin_again(Member(site.member(organisation), organisation, "owner"), connection)
    setup.seal(tokens={"access": "pleo-key"}, verifier="v")
    assert set(setup.secrets()) == {"tokens", "verifier"}
    monkeypatch.setenv("KONTOBRO_SANDBOX_URL", "http://127.0.0.1:9")
    config.cache_clear()
    try:
        assert setup.secrets() == {}
    finally:
        config.cache_clear()


def test_pleo_s_code_is_not_taken_to_another_pleo(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = site.organisation()
    monkeypatch.setenv("KONTOBRO_SANDBOX_CLIENT_ID", "client")
    monkeypatch.setenv("KONTOBRO_SANDBOX_CLIENT_SECRET", "the-client-secret")
    config.cache_clear()
    try:
        setup = flow.begin(Member(site.member(organisation), organisation, "owner"), "oauth sandbox")
        flow.leave_for_pleo(setup, "session")
        with listening() as (evil, heard):
            monkeypatch.setenv("KONTOBRO_SANDBOX_URL", evil)
            config.cache_clear()
            with pytest.raises(LoginFailed, match="Pleo's answer can't be used"):
                flow.exchange(setup, "the-code")
        assert not heard
    finally:
        config.cache_clear()


def test_another_webhook_address_is_signed_with_another_secret(site: Site) -> None:
    organisation = site.organisation()
    connection = site.connection(organisation)
    browser = site.browser(site.member(organisation))

    def given(url: str) -> str:
        browser.post(f"/o/{organisation.id}/notifications/webhook/", {"url": url})
        found = target(config(), connection.id)
        return found[1] if found else ""

    first = given("https://one.example/hook")
    assert first
    assert given("https://one.example/hook") == first
    second = given("https://two.example/hook")
    assert given("") == ""
    assert len({first, second, given("https://one.example/hook")}) == 3
