"""OAuth inside Tryton: from the wizard over a browser to Pleo and back, who may not come back, tokens that expire."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from playwright.sync_api import Page

from erp_lab.places import sql
from kontobro.core.errors import NotAllowed
from kontobro.erp.kit.http import Refused
from kontobro.erp.tryton.api import Api
from tests.addons.tryton.browser import Browser, a_browser
from tests.addons.tryton.harness import TrytonHarness, a_harness
from tests.addons.tryton.installation import ModuleServer, Person, Place, wait_for
from tests.addons.tryton.test_demo import cron_until_done, due
from tests.erp_real.tryton.installation import password_of
from tests.support.chromium import CHROMIUM, PATIENCE, open_chromium
from tests.support.page_watch import DESK, Watch

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]

REFUSED = (Refused, NotAllowed)


class Way:
    """Connecting by OAuth in one office: its client at Pleo, and the wizard with it filled in."""

    def __init__(self, harness: TrytonHarness, database: str, port: int) -> None:
        self.harness, self._database, self._port = harness, database, port
        self.redirect = self.form()["redirect"]
        self.client = harness.sandbox.register_client([self.redirect], name="Kontobro in Tryton")

    def form(self) -> dict[str, Any]:
        """The wizard's form as it opens."""
        (shown,) = self.harness.bookkeeper.wizard("kontobro.connect")
        return dict(shown["view"]["defaults"])

    def ask(self, person: Person | None = None, **changes: Any) -> str:
        """Fill the wizard in; the address that Tryton's client opens."""
        (user,) = self.harness.admin.rows("res.user", "login", domain=[["login", "=", "accountant"]])
        form = {
            "company": 1,
            "book_as": user["id"],
            "environment": "sandbox",
            "url": self.harness.url,
            "method": "oauth",
            "client_id": self.client.client_id,
            "client_secret": self.client.secret,
            "level": "1",
        }
        who = person or self.harness.bookkeeper
        *_, answer = who.wizard("kontobro.connect", ("connect", {"start": form | changes}))
        ((action, _),) = answer["actions"]
        assert action["type"] == "ir.action.url"
        return str(action["url"])

    def walk(self, browser: Browser) -> str:
        """All the way to what Pleo sends the browser back with."""
        return browser.decide(browser.to_pleo(self.ask()), self.harness.sandbox.company_id)

    def count(self, table: str) -> str:
        return self.said(f"select count(*) from {table}")

    def said(self, statement: str) -> str:
        return sql(self._port, statement, self._database)


@pytest.fixture
def harness(admin: Person, bookkeeper: Person) -> Iterator[TrytonHarness]:
    with a_harness(admin, bookkeeper) as harness:
        yield harness


@pytest.fixture
def way(harness: TrytonHarness, database: str, port: int) -> Way:
    return Way(harness, database, port)


def test_a_person_connects_by_oauth_and_nobody_else_can(way: Way, server: ModuleServer, database: str) -> None:
    """One walk, with every wrong turn of it: a Tryton takes long to start."""
    assert way.redirect == f"{server.url}/{database}/r/kontobro/callback"
    refuse_bad_forms(way, server, database)
    with a_browser() as browser:
        address = leave(way, browser)
        refuse_strangers(way, address)
        done = browser.get(address)
        assert (done.status_code, "is connected to" in done.text) == (200, True), done.text
        assert way.said("select status, auth from kontobro_connection") == "connected|oauth"
        assert way.count("kontobro_setup") == "1"  # the stranger's own
        assert_refused(browser.get(address))
        refuse_old_ones(way, browser)
        deny(way, browser)
        ask_by_the_other_name(way, browser)
        connect_again(way, browser)
        lose_rights(way, browser)


def refuse_bad_forms(way: Way, server: ModuleServer, database: str) -> None:
    """Tryton's own error, in the wizard; nothing is kept of it."""
    with pytest.raises(Refused, match="client is missing"):
        way.ask(client_secret=" ")
    for address in ("http://pleo.example", "http://127.0.0.1;script-src *", "ftp://127.0.0.1"):
        with pytest.raises(Refused, match="sandbox's address"):
            way.ask(url=address)
    seen = httpx2.Client(base_url=server.url, headers={"Host": "tryton.example.org"}, timeout=120)
    person = Person(server.url, database, "bookkeeper")
    person.api = Api(seen, database, "bookkeeper", password_of("bookkeeper"), 1)
    with seen, pytest.raises(Refused, match=r"(?s)http://tryton\.example\.org/.*hostname under \[web\]"):
        way.ask(person)
    admin = way.harness.admin
    (party,) = admin.api.write("model.party.party.create", [{"name": "Another ApS"}])
    other = {"party": party, "currency": admin.id_of("currency.currency", "DKK")}
    (company,) = admin.api.write("model.company.company.create", [other])
    for method in ("oauth", "api_key"):
        with pytest.raises(Refused, match="has no access to Another ApS"):
            way.ask(company=company, method=method, api_key=way.harness.sandbox.api_key)
    with pytest.raises(REFUSED):
        way.ask(Person(server.url, database, "accountant"))
    with pytest.raises(REFUSED):
        admin.rows("kontobro.setup", "sealed")
    assert way.count("kontobro_setup") == "0"


def leave(way: Way, browser: Browser) -> str:
    """Over the start page, which is good once; what Pleo answers."""
    start = way.ask()
    (ticket,) = parse_qs(urlsplit(start).query)["ticket"]
    for secret in (way.client.secret, ticket):
        for table in ("kontobro_setup", "ir_session_wizard"):
            assert way.count(f"{table} where {table}::text like '%{secret}%'") == "0"
    page = browser.get(start)
    assert page.status_code == 200
    (user,) = way.harness.admin.rows("res.user", "rec_name", domain=[["login", "=", "bookkeeper"]])
    (company,) = way.harness.admin.rows("company.company", "rec_name", domain=[["id", "=", 1]])
    told = f"In Tryton, {user['rec_name']} asked to connect {company['rec_name']} to Pleo"
    assert escape(told) in page.text
    look_at_headers(page)
    assert browser.post(start, {"ticket": ticket}, "https://evil.example").is_error  # Tryton's own refusal: no page
    assert_refused(browser.post(start, {"ticket": ticket}, None))
    sent = browser.press(page, "start")
    assert sent.status_code == 303
    cookie = sent.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", f"Path={urlsplit(way.redirect).path}"))
    assert "Secure" not in cookie  # loopback by http: Secure is for https, as the module's own tests show
    assert_refused(browser.press(page, "start"))
    assert_refused(browser.get(start))
    return browser.decide(browser.get(sent.headers["location"]), way.harness.sandbox.company_id)


def look_at_headers(page: httpx2.Response) -> None:
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"
    assert '<html lang="en">' in page.text


def refuse_strangers(way: Way, address: str) -> None:
    """Pleo's answer in any browser but the one that left: another cookie, or none. It uses nothing up."""
    with a_browser() as stranger:
        assert_refused(stranger.get(address))
        stranger.to_pleo(way.ask())
        assert_refused(stranger.get(address))
    assert way.count("kontobro_connection") == "0"


def refuse_old_ones(way: Way, browser: Browser) -> None:
    """A state that no one gave, a ticket and a state that are too old."""
    assert_refused(browser.get(f"{way.redirect}?code=x&state=invented"))
    assert_refused(browser.get(way.redirect))
    old = "update kontobro_setup set expires_at = now() at time zone 'utc' - interval '1 second'"
    start = way.ask()
    way.said(old)
    assert_refused(browser.get(start))
    address = way.walk(browser)
    way.said(old)
    assert_refused(browser.get(address))
    way.ask()
    assert way.count("kontobro_setup") == "1"  # those that were too old went


def deny(way: Way, browser: Browser) -> None:
    """Denied at Pleo: said in words, and what is connected stays."""
    address = browser.decide(browser.to_pleo(way.ask()), way.harness.sandbox.company_id, "deny")
    page = browser.get(address)
    assert (page.status_code, "Access was denied in Pleo" in page.text) == (400, True)
    assert_refused(browser.get(address))
    assert way.harness.connection["status"] == "connected"


def ask_by_the_other_name(way: Way, browser: Browser) -> None:
    """Pleo knows the permissions for tags by their other name: one more consent is offered, by a button."""
    sandbox = way.harness.sandbox
    sandbox.set_rules({"tag_scope": "tag-group"})
    refused = browser.to_pleo(way.ask(level="2"))
    for _ in ("without the company's name", "in the other spelling"):
        assert "error=invalid_scope" in refused.headers["location"]
        page = browser.get(refused.headers["location"])
        assert (page.status_code, "ask once more" in page.text) == (200, True), page.text
        assert_refused(browser.get(refused.headers["location"]))
        sent = browser.press(page, "start")
        refused = browser.get(sent.headers["location"])
    assert "tag-group%3Aread" in sent.headers["location"]
    done = browser.get(browser.decide(refused, sandbox.company_id))
    assert (done.status_code, "is connected to" in done.text) == (200, True), done.text
    third = browser.press(browser.get(way.ask(level="2")), "start")  # what worked comes first from now on
    assert "tag-group%3Aread" in third.headers["location"]
    sandbox.set_rules({"tag_scope": "tag-groups"})
    assert browser.get(way.walk(browser)).status_code == 200


def connect_again(way: Way, browser: Browser) -> None:
    """Settings and the connection itself stay; the tokens are new."""
    way.harness.set_up()
    kept = "select key, settings from kontobro_connection"
    before, tokens = way.said(kept), way.said("select sealed from kontobro_secret")
    assert browser.get(way.walk(browser)).status_code == 200
    assert way.said(kept) == before
    assert way.said("select sealed from kontobro_secret") != tokens


def lose_rights(way: Way, browser: Browser) -> None:
    """Between the wizard and Pleo's answer: the group, the company, the login; or the booking user the company."""
    write, admin = way.harness.admin.api.write, way.harness.admin
    users = {row["login"]: row["id"] for row in admin.rows("res.user", "login")}
    (group,) = admin.rows("res.group", "name", domain=[["name", "=", "Pleo Administration"]])
    losses: list[tuple[str, str, Any, Any]] = [
        ("bookkeeper", "groups", [["remove", [group["id"]]]], [["add", [group["id"]]]]),
        ("bookkeeper", "active", False, True),
        ("accountant", "companies", [["remove", [1]]], [["add", [1]]]),
        ("bookkeeper", "companies", [["remove", [1]]], [["add", [1]]]),
    ]
    tokens = way.said("select sealed from kontobro_secret")
    for login, field, loss, gain in losses:
        address = way.walk(browser)
        kept = {"company": None} if field == "companies" else {}
        write("model.res.user.write", [users[login]], {field: loss, **kept})
        page = browser.get(address)
        assert (page.status_code, "no longer has the right" in page.text) == (400, True), (login, field)
        write("model.res.user.write", [users[login]], {field: gain, **dict.fromkeys(kept, 1)})
    assert way.said("select sealed from kontobro_secret") == tokens


def assert_refused(page: httpx2.Response) -> None:
    assert (page.status_code, "can&#x27;t be used" in page.text) == (400, True), page.text


def test_tokens_that_expire_on_the_way_are_renewed(
    place: Place, database: str, port: int, harness: TrytonHarness, way: Way
) -> None:
    """Tryton's own cron exports; Pleo's access token is too old at the start, and once more in the middle."""
    with a_browser() as browser:
        assert browser.get(way.walk(browser)).status_code == 200
    harness.set_up()
    first = way.said("select sealed from kontobro_secret")
    harness.sandbox.clock.move(timedelta(minutes=16))
    due(port, database)
    cron = place.cron(database, "--once")
    wait_for(lambda: way.said("select sealed from kontobro_secret") != first, "new tokens")
    second = way.said("select sealed from kontobro_secret")
    harness.sandbox.clock.move(timedelta(minutes=16))
    assert cron.wait(240) == 0
    job = cron_until_done(place, database, port, harness)
    assert way.said("select sealed from kontobro_secret") not in (first, second)
    assert (job["status"], harness.entry_counts()["duplicates"]) == ("completed_with_errors", 0)
    assert (harness.connection["status"], harness.connection["last_fault"]) == ("connected", "")


@pytest.fixture
def german(place: Place, database: str) -> None:
    """Before the server starts: this Tryton has German."""
    place.admin(database, "-l", "de", "-u", "kontobro")


@pytest.mark.usefixtures("german")
def test_a_real_browser_walks_over_the_pages_in_its_users_language(way: Way, server: ModuleServer) -> None:
    """Chromium sends what no plain client does: origins by the page's policy, forms held to `form-action`."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"{CHROMIUM} is not here: apt-get install chromium")
    speak_german(way.harness.admin)
    watch = Watch(frozenset(urlsplit(url).netloc for url in (server.url, way.harness.url)))
    with open_chromium() as chromium:
        context = chromium.new_context(viewport=DESK, locale="de-DE")
        context.set_default_timeout(PATIENCE)
        watch.over(context)
        walk_in_german(way, context.new_page(), watch)
        stranger = chromium.new_context(viewport=DESK, locale="de-DE").new_page()
        stranger.goto(f"{way.redirect}?state=invented&code=x")
        assert stranger.get_by_role("heading").inner_text() == "Diese Adresse gilt nicht"
    assert watch.faults == []
    assert way.harness.connection["status"] == "connected"


def speak_german(admin: Person) -> None:
    (language,) = admin.rows("ir.lang", "code", domain=[["code", "=", "de"]])
    (user,) = admin.rows("res.user", "login", domain=[["login", "=", "bookkeeper"]])
    admin.api.write("model.res.user.write", [user["id"]], {"language": language["id"]})


def walk_in_german(way: Way, page: Page, watch: Watch) -> None:
    page.goto(way.ask())
    watch.examine(page, "start")
    assert "möchte in Tryton" in page.inner_text("main")
    page.get_by_role("button", name="Weiter zu Pleo").click()
    page.select_option("#company", way.harness.sandbox.company_id)
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="Verbunden").wait_for()
    assert page.get_attribute("html", "lang") == "de"
    watch.examine(page, "connected")
