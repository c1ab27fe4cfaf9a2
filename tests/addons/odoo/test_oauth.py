"""OAuth within Odoo: a browser leaves for Pleo and comes back; tokens are renewed in the middle of an export."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from erp_lab.demo import sandbox_by_codes
from erp_lab.demo_odoo import entry_counts
from erp_lab.places import cloned, running, sql
from kontobro.core.model.connection import Tokens
from kontobro.erp.kit.http import Refused
from kontobro.store.secrets import codec
from kontobro.store.secrets.given import TOKENS
from kontobro.store.secrets.vault import KeyRing, seal, unseal
from pleo_sandbox.company.oauth import OAuthClient
from pleo_sandbox.demo.load import DemoSandbox
from pleo_sandbox.server import serve
from tests.addons.odoo.administrator import Administrator, wait_until
from tests.addons.odoo.browser import Browser, consent, query_of, signed_in, words_of
from tests.addons.odoo.installation import AddonServer, configuration, key
from tests.addons.odoo.test_cron import WHOLE, is_finished
from tests.erp_real.odoo.installation import Company

pytestmark = pytest.mark.addon


@dataclass(frozen=True)
class OAuthHarness:
    """An Odoo, Pleo in a box that knows it as a client, and the bookkeeper's browser."""

    admin: Administrator
    server: AddonServer
    sandbox: DemoSandbox
    pleo: str
    client: OAuthClient
    browser: Browser
    postgres: int

    def sql(self, statement: str) -> str:
        return sql(self.postgres, statement, self.admin.company.database)

    def person(self, module: str, group: str) -> Browser:
        """Someone new with this group alone."""
        login = f"someone-{uuid.uuid4().hex[:8]}"
        vals = {"name": login, "login": login, "group_ids": [[6, 0, [self.admin.named(module, group)]]]}
        self.admin.api.write("res.users", "create", vals_list=[vals])
        return signed_in(self.admin, login)

    def wizard(self, **more: object) -> int:
        asked = {"way": "oauth", "environment": "sandbox", "url": self.pleo, "user_id": self.admin.user("accountant")}
        client = {"client_id": self.client.client_id, "client_secret": self.client.secret}
        return self.browser.wizard(**{**asked, **client, **more})

    def way_back(self, **more: object) -> str:
        """Leave, allow: the address that Pleo sends the browser to."""
        return consent(self.browser.leave(self.wizard(**more)), self.sandbox.company_id)

    def connect(self, **more: object) -> int:
        """The whole way; the connection's number."""
        landed = self.browser.visit(self.way_back(**more))
        assert landed.status_code == 303, landed.text
        return int(landed.headers["location"].rpartition("/")[2])

    def base(self, address: str) -> None:
        """Odoo's address as its administrator gives it."""
        self.admin.api.write("ir.config_parameter", "set_param", key="web.base.url", value=address)

    def connections(self) -> list[dict[str, Any]]:
        return list(
            self.admin.api.rows("kontobro.connection", [], ["key", "name", "auth", "status", "settings", "user_id"])
        )

    def said(self) -> str:
        return self.server.log.read_text()[-3000:]


@pytest.fixture(scope="module")
def harness(
    home: Path, postgres: int, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OAuthHarness]:
    """One for all: each test leaves the company connected or not, and none minds."""
    log = tmp_path_factory.mktemp("oauth") / "server.log"
    with cloned(postgres, template) as database, running(server_of(home, database, log)) as server:
        admin = Administrator(Company(server.url, database))
        admin.become_manager()
        sandbox = sandbox_by_codes()
        client = sandbox.register_client([f"{server.url}/kontobro/pleo/callback"], name="Our Odoo")
        with serve(sandbox) as url:
            browser = signed_in(admin, "bookkeeper")
            yield OAuthHarness(admin, server, sandbox, url, client, browser, postgres)
            browser.http.close()


def server_of(home: Path, database: str, log: Path) -> AddonServer:
    return AddonServer(configuration(home, cron_threads=1), database, log)


def stored(harness: OAuthHarness, home: Path) -> Tokens:
    """The tokens as Odoo keeps them, opened with its key."""
    (row,) = harness.connections()
    sealed = harness.sql("select sealed from kontobro_secret where name = 'pleo.tokens'")
    told = unseal(KeyRing(None, key(home).encode()).ciphers(), row["key"], TOKENS, sealed)
    assert isinstance(told, dict)
    return codec.tokens_from(told)


def test_the_demos_job_with_a_token_that_expires_on_the_way(harness: OAuthHarness, home: Path) -> None:
    number = harness.connect()
    settings = harness.admin.furnish_demo()
    harness.admin.apply(number, settings)
    before = stored(harness, home)
    harness.admin.press(number, "action_export_now")
    count = "select count(*) from account_move where kontobro_reference is not null"
    wait_until(lambda: int(harness.sql(count)) > 0, harness.said)
    harness.sandbox.move_clock(timedelta(minutes=16))
    with pytest.raises(Exception, match="expired"):
        harness.sandbox.access.by_access_token(before.access)
    wait_until(lambda: is_finished(harness.admin), harness.said)
    assert entry_counts(harness.admin.api) == WHOLE
    after = stored(harness, home)
    assert harness.sandbox.access.by_access_token(after.access).company_id == harness.sandbox.company_id
    assert after.refresh != before.refresh
    assert after.client_secret == harness.client.secret
    (row,) = harness.connections()
    assert (row["auth"], row["status"], row["name"]) == ("oauth", "connected", "Fjord & Bro ApS")
    log = harness.server.log.read_text()
    for secret in (before.access, after.access, after.refresh or "", harness.client.secret):
        assert secret not in log


def test_connected_again_by_oauth_it_keeps_its_settings(harness: OAuthHarness) -> None:
    number = harness.connect(level="2")
    form = {"sync_analytic": False, "sync_vendors": True, "retention_days": 77}
    harness.admin.api.write("kontobro.connection", "write", ids=[number], vals=form)
    (before,) = harness.connections()
    harness.sandbox.revoke_authorisations(harness.sandbox.company_id)
    harness.admin.press(number, "action_export_now")
    wait_until(lambda: harness.connections()[0]["status"] == "reconnect", harness.said)
    action = harness.browser.call("kontobro.connection", "action_connect_again", [number])
    known = {name.removeprefix("default_"): value for name, value in action["context"].items()}
    assert (known["way"], known["client_id"], known["url"]) == ("oauth", harness.client.client_id, harness.pleo)
    address = harness.browser.leave(harness.browser.wizard(**known, client_secret=harness.client.secret))
    asked = set(query_of(address)["scope"].split())
    assert "vendors:write" in asked
    assert "accounts:write" not in asked
    assert harness.browser.visit(consent(address, harness.sandbox.company_id)).status_code == 303
    (after,) = harness.connections()
    assert after == before
    assert after["status"] == "connected"
    assert harness.admin.press(number, "action_plan_sync")["res_model"] == "kontobro.sync.plan"


def test_another_company_of_pleos_is_not_taken_in_its_place(harness: OAuthHarness) -> None:
    number = harness.connect()
    other = replace(
        harness.sandbox.exports.companies[harness.sandbox.company_id], id=str(uuid.uuid4()), name="Other ApS"
    )
    harness.sandbox.add_company(other)
    for known, words in (({"connection_id": number}, "choose Fjord & Bro ApS"), ({}, "Disconnect that one first")):
        page = harness.browser.visit(consent(harness.browser.leave(harness.wizard(**known)), other.id))
        assert page.status_code == 400
        assert words in words_of(page)
    assert len(harness.connections()) == 1


def test_only_who_left_comes_back_and_once(harness: OAuthHarness) -> None:
    back, before = harness.way_back(), harness.connections()
    for stranger in (harness.browser.beside(), harness.person("kontobro_odoo", "group_manager")):
        refused = stranger.visit(back)
        assert refused.status_code == 400
        assert "This answer from Pleo can't be used" in words_of(refused)
    nobody = httpx2.Client(base_url=harness.server.url, trust_env=False).get(back.removeprefix(harness.server.url))
    assert nobody.headers["location"].startswith("/web/login")
    assert harness.connections() == before
    assert harness.browser.visit(back).status_code == 303
    again = harness.browser.visit(back)
    assert again.status_code == 400
    assert "This answer from Pleo can't be used" in words_of(again)
    assert again.headers["referrer-policy"] == "no-referrer"
    (row,) = harness.connections()
    assert (row["status"], row["user_id"][0]) == ("connected", harness.admin.user("accountant"))


def test_a_portal_user_and_a_user_who_is_no_manager_are_refused(harness: OAuthHarness) -> None:
    back, before = harness.way_back(), harness.connections()
    for group in (("base", "group_portal"), ("kontobro_odoo", "group_user")):
        browser = harness.person(*group)
        for path in (back, "/kontobro/pleo/start"):
            page = browser.visit(path)
            assert page.status_code == 403
            assert "Only a Pleo administrator" in words_of(page)
        with pytest.raises(AssertionError, match="not allowed"):
            browser.wizard(way="oauth")
    assert harness.connections() == before


def test_a_manager_who_is_none_any_more_by_the_time_is_refused(harness: OAuthHarness) -> None:
    browser, before = harness.person("kontobro_odoo", "group_manager"), harness.connections()
    another = replace(harness, browser=browser)
    back = another.way_back(user_id=harness.admin.user(browser.login))
    group = harness.admin.named("base", "group_user")
    user = harness.admin.user(browser.login)
    harness.admin.api.write("res.users", "write", ids=[user], vals={"group_ids": [[6, 0, [group]]]})
    assert browser.visit(back).status_code == 403
    assert harness.connections() == before


def test_nobody_else_sees_or_bends_a_wizard(harness: OAuthHarness) -> None:
    """Another manager could send the code and the secret elsewhere."""
    wizard = harness.wizard()
    other = harness.person("kontobro_odoo", "group_manager")
    for method, given in (
        ("read", [["client_id"]]),
        ("write", [{"url": "http://127.0.0.1:1"}]),
        ("action_connect", []),
    ):
        with pytest.raises(AssertionError, match="doesn't have"):
            other.call("kontobro.connect", method, [wizard], *given)
    (seen,) = harness.browser.call("kontobro.connect", "read", [wizard], ["client_secret", "redirect_address"])
    assert seen["client_secret"] is False
    assert seen["redirect_address"] == f"{harness.server.url}/kontobro/pleo/callback"


def test_what_pleo_refuses_is_said_and_connect_can_be_pressed_again(harness: OAuthHarness) -> None:
    wizard = harness.wizard()
    page = harness.browser.visit(consent(harness.browser.leave(wizard), harness.sandbox.company_id, "deny"))
    assert page.status_code == 400
    assert "Access was denied in Pleo" in words_of(page)
    assert f"/odoo/action-kontobro_odoo.connect_page_action/{wizard}" in page.text
    bent = consent(harness.browser.leave(wizard), harness.sandbox.company_id).replace("code=", "code=x")
    page = harness.browser.visit(bent)
    assert page.status_code == 400
    assert "Pleo" in words_of(page)
    older = consent(harness.browser.leave(wizard), harness.sandbox.company_id)
    newer = consent(harness.browser.leave(wizard), harness.sandbox.company_id)
    assert "This answer from Pleo can't be used" in words_of(harness.browser.visit(older))
    assert harness.browser.visit(newer).status_code == 303
    left = f"select sealed_secret, leaving, state_hash from kontobro_connect where id = {wizard}"
    assert harness.sql(left) == "||"


def test_the_other_name_of_the_tag_permissions_is_offered_once_and_remembered(harness: OAuthHarness) -> None:
    harness.sandbox.set_rules({"tag_scope": "tag-group"})
    try:
        wizard = harness.wizard(level="2")
        for _ in ("without the company's name", "in the other spelling"):
            page = harness.browser.visit(refused_at_once(harness.browser.leave(wizard)))
            assert (page.status_code, "ask once more" in words_of(page)) == (400, True)
        assert f"/odoo/action-kontobro_odoo.connect_page_action/{wizard}" in page.text
        second = harness.browser.leave(wizard)
        assert "tag-group:read" in query_of(second)["scope"].split()
        assert harness.browser.visit(consent(second, harness.sandbox.company_id)).status_code == 303
        assert "tag-group:read" in query_of(harness.browser.leave(harness.wizard(level="2")))["scope"].split()
    finally:
        harness.sandbox.set_rules({"tag_scope": "tag-groups"})


def refused_at_once(address: str) -> str:
    """Where Pleo sends the browser that brings a scope which it does not know."""
    back = httpx2.get(address, trust_env=False, follow_redirects=False).headers["location"]
    assert "error=invalid_scope" in back
    return str(back)


def test_an_answer_that_comes_late_or_without_a_state_is_refused(harness: OAuthHarness) -> None:
    for query in ("", "?state=", "?code=c", "?state=x&code=c", "?state=%C3%A9&error=<b>x</b>"):
        page = harness.browser.visit(f"/kontobro/pleo/callback{query}")
        assert page.status_code == 400
        assert "This answer from Pleo can't be used" in words_of(page)
    assert harness.browser.http.post("/kontobro/pleo/callback").status_code == 405
    back, before = harness.way_back(), harness.connections()
    foreign = harness.wizard()
    harness.browser.leave(foreign)
    # what another leave sealed fits no other row: neither does one row's time become another's
    theirs = f"(select leaving from kontobro_connect where id = {foreign})"
    harness.sql(f"update kontobro_connect set leaving = {theirs} where id < {foreign} and state_hash is not null")
    page = harness.browser.visit(back)
    assert page.status_code == 400
    assert "This answer from Pleo can't be used" not in words_of(page)
    assert harness.connections() == before


def test_pleos_connect_button_leads_to_the_wizard(harness: OAuthHarness) -> None:
    connected = harness.connect()
    landed = harness.browser.visit("/kontobro/pleo/start?environment=staging&redirect=https://evil.test&way=api_key")
    screen, _, number = landed.headers["location"].rpartition("/")
    assert screen == "/odoo/action-kontobro_odoo.connect_page_action"
    (seen,) = harness.browser.call("kontobro.connect", "read", [int(number)], ["way", "environment", "connection_id"])
    assert (seen["way"], seen["environment"], seen["connection_id"]) == ("oauth", "staging", False)
    landed = harness.browser.visit("/kontobro/pleo/start")
    number = landed.headers["location"].rpartition("/")[2]
    (seen,) = harness.browser.call("kontobro.connect", "read", [int(number)], ["way", "environment", "connection_id"])
    assert (seen["environment"], seen["connection_id"][0]) == ("sandbox", connected)
    nobody = httpx2.Client(base_url=harness.server.url, trust_env=False).get("/kontobro/pleo/start")
    assert nobody.headers["location"].startswith("/web/login?redirect=")


def test_the_way_back_is_by_https_or_stays_on_this_machine(harness: OAuthHarness) -> None:
    harness.base("http://erp.example.org")
    with pytest.raises(AssertionError, match=r"only to https addresses.*web\.base\.url\.freeze"):
        harness.browser.leave(harness.wizard())
    harness.base("https://erp.example.org/")
    asked = query_of(harness.browser.leave(harness.wizard(level="4")))
    assert asked["redirect_uri"] == "https://erp.example.org/kontobro/pleo/callback"
    assert "accounts:write" in asked["scope"].split()
    assert asked["code_challenge_method"] == "S256"
    harness.base(harness.server.url)


def test_what_is_missing_is_said_before_anybody_leaves(harness: OAuthHarness) -> None:
    for missing in ({"client_id": " "}, {"client_secret": ""}):
        with pytest.raises(AssertionError, match="client ID or its secret is missing"):
            harness.browser.leave(harness.wizard(**missing))
    over_the_api = harness.admin.api.write(
        "kontobro.connect",
        "create",
        vals_list=[
            {"way": "oauth", "environment": "sandbox", "url": harness.pleo, "client_id": "c", "client_secret": "s"}
        ],
    )
    with pytest.raises(Refused, match="in a browser"):
        harness.admin.api.write("kontobro.connect", "action_connect", ids=over_the_api)


def test_a_quarter_of_an_hour_is_waited_and_no_longer(harness: OAuthHarness, home: Path) -> None:
    wizard = harness.wizard()
    back, before = consent(harness.browser.leave(wizard), harness.sandbox.company_id), harness.connections()
    ciphers = KeyRing(None, key(home).encode()).ciphers()
    place = ("kontobro.connect", f"{wizard} leaving")
    kept = unseal(ciphers, *place, harness.sql(f"select leaving from kontobro_connect where id = {wizard}"))
    assert isinstance(kept, dict)
    left = datetime.fromisoformat(kept["value"]["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=10) < left <= timedelta(minutes=15)
    over = {**kept["value"], "expires_at": datetime.now(UTC).isoformat()}
    late = seal(ciphers, *place, {**kept, "value": over})
    harness.sql(f"update kontobro_connect set leaving = '{late}' where id = {wizard}")
    page = harness.browser.visit(back)
    assert page.status_code == 400
    assert "This answer from Pleo can't be used" in words_of(page)
    assert harness.connections() == before


def test_of_two_answers_at_once_one_is_exchanged(harness: OAuthHarness, home: Path) -> None:
    """Pleo takes an access back whose code comes twice."""
    back = harness.way_back()
    twin = replace(harness.browser, http=httpx2.Client(base_url=harness.server.url, trust_env=False, timeout=60))
    twin.http.cookies.update(harness.browser.http.cookies)
    with ThreadPoolExecutor(2) as both:
        statuses = list(both.map(lambda browser: browser.visit(back).status_code, (harness.browser, twin)))
    assert sorted(statuses) == [303, 400]
    (row,) = harness.connections()
    assert row["status"] == "connected"
    tokens = stored(harness, home)
    assert harness.sandbox.access.by_access_token(tokens.access).company_id == harness.sandbox.company_id


def test_what_fails_on_either_side_after_consent_is_said(harness: OAuthHarness) -> None:
    before = harness.connections()
    with serve(harness.sandbox) as gone:
        back = harness.way_back(url=gone)
    page = harness.browser.visit(back)
    assert page.status_code == 400
    assert "Pleo's login" in words_of(page)
    moved = harness.wizard()
    back = consent(harness.browser.leave(moved), harness.sandbox.company_id)
    harness.sql(f"update kontobro_connect set url = 'http://127.0.0.1:1' where id = {moved}")
    page = harness.browser.visit(back)
    assert page.status_code == 400
    assert "address or the client was changed" in words_of(page)
    page = harness.browser.visit(harness.way_back(user_id=harness.admin.user("stranger")))
    assert page.status_code == 400
    assert "Odoo" in words_of(page)
    assert harness.connections() == before
