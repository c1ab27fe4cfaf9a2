"""A connection's page and its life: test, reconnect, level, access, other organisations, the end."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress

from kontobro.core.errors import Misconfigured
from kontobro.core.level import level_of, scopes_for
from kontobro.service.app import permit_of
from kontobro.service.config import config
from kontobro.web.connect import setup as flow
from kontobro.web.connect.erp import safe_options, systems
from kontobro.web.models import ConnectionOwner, Membership, Setup
from kontobro.web.tenancy import is_operator
from tests.support.outside import installed
from tests.support.scripted_pleo import a_connection
from tests.support.site import Site
from tests.web.connecting import PleoServer, Traveller, digests, proposed, query_of, serve_pleo, traveller


@pytest.fixture
def pleo() -> Iterator[PleoServer]:
    with serve_pleo() as opened:
        yield opened


@pytest.fixture
def anna(site: Site, pleo: PleoServer, tmp_path: Path) -> Traveller:
    """An owner whose company is connected at Level 1."""
    found = traveller(site, pleo, tmp_path / "ledger", role="owner")
    found.connect(level=1)
    return found


def the(anna: Traveller) -> str:
    (connection,) = anna.site.app.store.connections()
    return connection.id


def test_the_page_tells_how_the_connection_stands(anna: Traveller) -> None:
    page = anna.browser.get(f"/c/{the(anna)}/").text
    assert "Fjord &amp; Bro ApS" in page
    assert anna.pleo.sandbox.company_id in page
    assert "Level 1" in page
    assert "Level 2 adds dimensions as tags. It needs permission to read the tags in Pleo" in page
    assert "read the expenses of an export, with receipts" in page
    assert "subscribed: Pleo notifies Kontobro at once" in page
    assert "none yet: press Export in Pleo" in page


def test_the_test_button_says_what_is_wrong_and_how_to_mend_it(anna: Traveller) -> None:
    fine = anna.browser.post(f"/c/{the(anna)}/test/").text
    assert "reachable, logged in with oauth2" in fine
    assert "its status in Pleo is ACTIVATED" in fine
    shutil.rmtree(anna.ledger.parent)
    wrong = anna.browser.post(f"/c/{the(anna)}/test/").text
    assert "attention" in wrong
    assert "Traceback" not in wrong


def test_buttons_ask_the_worker(anna: Traveller) -> None:
    anna.browser.post(f"/c/{the(anna)}/export/")
    anna.browser.post(f"/c/{the(anna)}/settle/")
    assert [asked[0] for asked in anna.site.runner.asked] == ["export", "settle"]


def test_a_reader_looks_and_changes_nothing(anna: Traveller) -> None:
    reader = anna.site.browser(anna.site.member(anna.organisation, "readonly"))
    page = reader.get(f"/c/{the(anna)}/").text
    assert "Export now" not in page
    for action in ("test", "settle", "reconnect", "subscribe", "access", "disconnect"):
        assert reader.post(f"/c/{the(anna)}/{action}/").status_code == 403
    assert not anna.site.runner.asked
    assert not Setup.objects.exists()


def test_strangers_find_nothing(anna: Traveller) -> None:
    stranger = anna.site.browser(anna.site.member(anna.site.organisation("Other")))
    assert stranger.get(f"/c/{the(anna)}/").status_code == 404
    for action in ("test/", "settle/", "reconnect/", "subscribe/", "access/", "disconnect/"):
        assert stranger.post(f"/c/{the(anna)}/{action}").status_code == 404


def test_a_lost_login_is_renewed_with_settings_and_id_kept(anna: Traveller) -> None:
    store = anna.site.app.store
    before = the(anna)
    connection = store.connection(before)
    assert connection is not None
    store.save_connection(replace(connection, settings=replace(connection.settings, contra="1999")))
    store.mark_reconnect(before, anna.site.now())
    assert "Pleo no longer lets us in since" in anna.browser.get(f"/c/{before}/").text
    anna.browser.post(f"/c/{before}/reconnect/")
    page = anna.browser.get(anna.pleo.consent(anna.leave()), follow=True)
    assert "Connected again. Settings and history were kept." in page.text
    after = store.connection(the(anna))
    assert after is not None
    assert (after.id, after.status, after.settings.contra) == (before, "connected", "1999")
    assert not Setup.objects.exists()


def test_raising_the_level_asks_pleo_again_and_keeps_settings(anna: Traveller) -> None:
    store = anna.site.app.store
    before = store.connection(the(anna))
    assert before is not None
    anna.browser.post(f"/c/{before.id}/reconnect/", {"level": "1"})
    assert "Choose the level" in anna.page()
    page = anna.allow(2)
    assert "Dimensions that employees can choose as tags" in page.text
    anna.post("settings", **proposed(page.text), later="1")
    page = anna.approve()
    assert "Connected and activated" in page.text
    after = store.connection(before.id)
    assert after is not None
    assert level_of(after.settings) == 2
    assert after.settings.accounts_payable == before.settings.accounts_payable


def test_a_connection_of_the_older_level_3_keeps_what_it_has(anna: Traveller) -> None:
    """Its Level 3 was tags and tax codes: signing in again asks for both, and the page says both."""
    store = anna.site.app.store
    found = store.connection(the(anna))
    assert found is not None
    old = replace(found, settings=replace(found.settings, sync=("tax-codes", "dimensions")))
    store.save_connection(old)
    page = anna.browser.get(f"/c/{old.id}/").text
    assert "Exports with receipts, dimensions as tags, tax codes." in page
    assert "sync the tax codes in Pleo" in page
    anna.browser.post(f"/c/{old.id}/reconnect/")
    assert "sync the tax codes in Pleo" in anna.page()
    address = anna.leave()
    assert set(query_of(address)["scope"].split()) == scopes_for(old.settings) | {"companies:read"}
    anna.browser.get(anna.pleo.consent(address), follow=True)
    after = store.connection(old.id)
    assert after is not None
    assert after.settings.sync == old.settings.sync


def test_another_organisation_can_t_take_a_connected_company(anna: Traveller, tmp_path: Path) -> None:
    bo = traveller(anna.site, anna.pleo, tmp_path / "ledger", name="Rival ApS")
    bo.begin()
    page = bo.allow(1)
    assert "already connected elsewhere in this service" in page.text
    assert "Demo ApS" not in page.text
    assert anna.user.email not in page.text
    assert ConnectionOwner.objects.get().organisation == anna.organisation
    assert len(anna.site.app.store.connections()) == 1
    assert anna.pleo.sandbox.installations.all()  # what others have there is left alone


def test_a_company_that_was_let_go_can_be_connected_elsewhere(anna: Traveller, tmp_path: Path) -> None:
    old = the(anna)
    anna.browser.post(f"/c/{old}/disconnect/")
    bo = traveller(anna.site, anna.pleo, tmp_path / "ledger", name="Rival ApS")
    bo.begin()
    bo.allow(1)
    bo.give_ledger()
    bo.accept()
    bo.approve()
    new = ConnectionOwner.objects.get(organisation=bo.organisation).connection_id
    assert new != old
    assert bo.browser.get(f"/c/{old}/").status_code == 404
    anna.browser.post(f"/c/{old}/reconnect/")
    page = anna.browser.get(anna.pleo.consent(anna.leave()), follow=True)
    assert "already connected elsewhere in this service" in page.text


def test_a_crash_between_owner_and_connection_is_mended_by_going_on(
    site: Site, pleo: PleoServer, tmp_path: Path
) -> None:
    bo = traveller(site, pleo, tmp_path / "ledger")
    bo.begin()
    bo.allow(1)
    connection_id = bo.setup.connection_id
    flow.own(bo.setup.draft(), bo.organisation)  # and here the process died
    assert bo.browser.get(f"/c/{connection_id}/").status_code == 404
    bo.give_ledger()
    assert [one.id for one in site.app.store.connections()] == [connection_id]
    assert ConnectionOwner.objects.get().connection_id == connection_id


def test_joined_again_after_a_crash_it_is_one_connection(site: Site, pleo: PleoServer, tmp_path: Path) -> None:
    bo = traveller(site, pleo, tmp_path / "ledger")
    bo.begin()
    bo.allow(1)
    sealed = bo.setup.sealed
    bo.give_ledger()
    setup = bo.setup
    setup.step, setup.sealed = "access", sealed  # what was stored when the process died after joining
    setup.save()
    bo.post("access", ledger=str(bo.ledger))
    assert len(site.app.store.connections()) == 1
    assert ConnectionOwner.objects.count() == 1


def test_disconnecting_says_what_stays_and_revokes_at_pleo(anna: Traveller) -> None:
    page = anna.browser.get(f"/c/{the(anna)}/disconnect/").text
    assert "What is kept" in page
    assert anna.pleo.sandbox.installations.all()
    answer = anna.browser.post(f"/c/{the(anna)}/disconnect/", follow=True)
    assert "Disconnected. Settings, history and everything booked are kept." in answer.text
    assert not anna.pleo.sandbox.installations.all()
    store = anna.site.app.store
    connection = store.connection(the(anna))
    assert connection is not None
    assert store.tokens(connection) is None
    assert connection.status == "disconnected"


def test_disconnecting_with_a_login_that_had_ended_says_what_is_left(anna: Traveller) -> None:
    store = anna.site.app.store
    connection = store.connection(the(anna))
    assert connection is not None
    tokens = store.tokens(connection)
    assert tokens is not None
    for token in filter(None, (tokens.access, tokens.refresh)):
        anna.pleo.sandbox.revoke_token(token)
    answer = anna.browser.post(f"/c/{the(anna)}/disconnect/", follow=True)
    assert "so the integration may still be there" in answer.text
    assert "Disconnected. Settings, history and everything booked are kept." in answer.text
    assert anna.pleo.sandbox.installations.all()
    assert store.tokens(connection) is None


def test_only_an_owner_disconnects(anna: Traveller) -> None:
    Membership.objects.filter(user=anna.user).update(role="bookkeeper")
    assert anna.browser.post(f"/c/{the(anna)}/disconnect/").status_code == 403
    assert anna.pleo.sandbox.installations.all()


def test_access_can_be_changed_to_the_same_company_only(anna: Traveller, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(anna.ledger.parent, moved)
    url = f"/c/{the(anna)}/access/"
    page = anna.browser.post(url, {"ledger": str(moved / "nothing.beancount")})
    assert page.status_code == 400
    page = anna.browser.post(url, {"ledger": str(moved / "ledger.beancount")}, follow=True)
    assert "The new access works" in page.text
    connection = anna.site.app.store.connection(the(anna))
    assert connection is not None
    assert connection.erp_options["ledger"] == str(moved / "ledger.beancount")


def test_an_api_key_connects_a_single_company(site: Site, pleo: PleoServer, tmp_path: Path) -> None:
    bo = traveller(site, pleo, tmp_path / "ledger")
    bo.begin("api_key sandbox")
    page = bo.post("level", level=1)
    assert 'type="password"' in page.text
    page = bo.post("key", key="plp_wrong")
    assert bo.setup.step == "key"
    page = bo.post("key", key=pleo.sandbox.api_key)
    assert "Where should expenses be booked?" in page.text
    assert pleo.sandbox.api_key not in page.text
    bo.give_ledger()
    bo.accept()
    bo.approve()
    (connection,) = site.app.store.connections()
    assert connection.auth == "api_key"


def test_an_organisation_s_key_needs_the_company(site: Site, pleo: PleoServer, tmp_path: Path) -> None:
    bo = traveller(site, pleo, tmp_path / "ledger")
    key = pleo.sandbox.access.add_key(None, organization_id="11111111-1111-4111-8111-111111111111")
    bo.begin("api_key sandbox")
    bo.post("level", level=1)
    assert "a connection is for one company" in bo.post("key", key=key).text


def test_pleo_s_settings_link_opens_the_company_s_connection(anna: Traveller) -> None:
    answer = anna.browser.get("/connect/pleo/settings", {"company_id": anna.pleo.sandbox.company_id})
    assert answer["Location"] == f"/c/{the(anna)}/"
    assert anna.browser.get("/connect/pleo/settings")["Location"] == f"/c/{the(anna)}/"
    assert anna.browser.get("/connect/pleo/settings", {"company_id": "other"})["Location"] == "/"


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The configuration of a service on the internet."""
    monkeypatch.setenv("KONTOBRO_PUBLIC_URL", "https://books.example.com")
    config.cache_clear()
    yield
    monkeypatch.undo()
    config.cache_clear()


def test_a_hosted_service_offers_ledgers_only_where_its_operator_named_folders(
    site: Site, hosted: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = site.organisation()
    assert "beancount" not in dict(systems())
    with pytest.raises(Misconfigured, match="outside your organisation"):
        safe_options("beancount", {"ledger": "main.beancount"}, organisation)
    monkeypatch.setenv("KONTOBRO_LEDGER_FOLDERS", str(tmp_path))
    config.cache_clear()
    assert "beancount" in dict(systems())
    options = safe_options("beancount", {"ledger": "main.beancount"}, organisation)
    assert options["ledger"] == str(tmp_path.resolve() / str(organisation.id) / "main.beancount")


@pytest.mark.parametrize("url", ["http://127.0.0.1:5432", "http://localhost", "http://[::1]/", "javascript:1", "x"])
def test_a_hosted_service_reaches_nothing_on_its_own_machine(site: Site, hosted: None, url: str) -> None:
    with pytest.raises(Misconfigured):
        safe_options("odoo", {"url": url}, site.organisation())


def test_an_operator_is_known_by_a_verified_address_alone(
    site: Site, hosted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without mails anybody may sign up with any address."""
    monkeypatch.setenv("KONTOBRO_OPERATORS", "Ops@example.com")
    config.cache_clear()
    user = site.user("ops@example.com")
    assert not is_operator(user)
    EmailAddress.objects.create(user=user, email="ops@example.com", verified=True, primary=True)
    assert is_operator(user)


@pytest.mark.parametrize(
    "host", ["10.0.0.5", "192.168.1.1:8069", "169.254.169.254", "[fd00::1]", "[::ffff:10.0.0.5]", "localhost:5432"]
)
def test_a_hosted_service_reaches_into_no_private_network(site: Site, hosted: None, host: str) -> None:
    with pytest.raises(Misconfigured, match="private network"):
        safe_options("odoo", {"url": f"http://{host}"}, site.organisation())


def test_private_networks_are_open_where_the_operator_says_so(
    site: Site, hosted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KONTOBRO_PRIVATE_NETWORKS", "10.0.0.0/16, fd00::/8")
    config.cache_clear()
    assert safe_options("odoo", {"url": "http://10.0.0.5"}, site.organisation()) == {"url": "http://10.0.0.5"}
    with pytest.raises(Misconfigured, match="private network"):
        safe_options("odoo", {"url": "http://10.1.0.5"}, site.organisation())


def test_a_plan_that_changed_since_it_was_shown_is_not_carried_out(
    site: Site, pleo: PleoServer, tmp_path: Path
) -> None:
    bo = traveller(site, pleo, tmp_path / "ledger")
    bo.begin()
    bo.allow(2)
    bo.give_ledger()
    bo.accept()
    shown = digests(bo.page())
    page = bo.post("plan", **{name: f"{value[:-4]}0000" for name, value in shown.items()})
    assert "Nothing was done" in page.text
    assert bo.setup.step == "plan"
    assert pleo.sandbox.installations.all()[0].status != "ACTIVATED"


@pytest.fixture
def northbook() -> Iterator[None]:
    with installed():
        yield


def test_a_hosted_service_offers_the_packages_that_its_operator_named(
    northbook: None, site: Site, hosted: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "northbook" not in dict(systems())
    assert "kontobro_northbook" not in sys.modules
    monkeypatch.setenv("KONTOBRO_CONNECTORS", "kontobro-other, Kontobro.Northbook")
    config.cache_clear()
    assert dict(systems())["northbook"] == "NorthBook"
    organisation = site.organisation()
    books = {"server": "https://93.184.216.34", "region": "eu"}
    assert safe_options("northbook", books, organisation) == books
    with pytest.raises(Misconfigured, match="private network"):
        safe_options("northbook", {**books, "server": "http://10.0.0.5"}, organisation)
    with pytest.raises(Misconfigured, match="outside your organisation"):
        safe_options("northbook", {**books, "archive": "/etc"}, organisation)


def test_the_worker_of_a_hosted_service_opens_no_other_package_and_nothing_else_s_network(
    northbook: None, hosted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = {"server": "http://10.0.0.5", "region": "eu", "archive": "/etc"}
    connection = replace(a_connection(), erp="northbook", erp_options=books)
    with pytest.raises(Misconfigured, match="package kontobro-northbook is not one that this service may load"):
        permit_of(config(), str)(connection)
    assert "kontobro_northbook" not in sys.modules
    monkeypatch.setenv("KONTOBRO_CONNECTORS", "kontobro-northbook")
    config.cache_clear()
    with pytest.raises(Misconfigured, match="private network"):
        permit_of(config(), str)(connection)
    public = replace(connection, erp_options={**books, "server": "https://93.184.216.34"})
    with pytest.raises(Misconfigured, match="outside the folders"):
        permit_of(config(), str)(public)


def test_of_several_companies_one_is_chosen(northbook: None, site: Site, pleo: PleoServer, tmp_path: Path) -> None:
    bo = traveller(site, pleo, tmp_path / "ledger")
    bo.begin()
    bo.allow(1)
    page = bo.post("erp", erp="northbook")
    assert "As in your browser, without a path." in page.text
    books = {"server": "https://books.example.com", "region": "eu"}
    page = bo.post("access", **books, secret_token="wrong")
    assert "The access token is refused" in page.text
    assert "wrong" not in page.text
    page = bo.post("access", **books, secret_token="open sesame")
    assert "Choose the company in NorthBook" in page.text
    assert "open sesame" not in str(vars(bo.setup))
    assert "Choose one of the companies" in bo.post("company", company="3").text
    bo.post("company", company="2")
    (connection,) = site.app.store.connections()
    assert connection.erp_options == {**books, "company": "2"}
    assert site.app.store.secret(connection, "token") == "open sesame"
    assert bo.setup.sealed == ""
    noted = {**books, "note": "Pleo"}
    kept = bo.browser.post(f"/c/{connection.id}/access/", {**noted, "secret_token": "open sesame"}, follow=True)
    assert "The new access works" in kept.text
    changed = site.app.store.connection(connection.id)
    assert changed is not None
    assert changed.erp_options == {**noted, "company": "2"}
    moved = {**noted, "server": "https://evil.example.com"}
    refused = bo.browser.post(f"/c/{connection.id}/access/", moved, follow=True)
    assert "what is stored is not sent there: access token" in refused.text
    assert site.app.store.connection(connection.id) == changed


@pytest.mark.parametrize("text", ["~nobody-here/x", "a" * 490, "\x00", "é\u2028", "../..", "http://[", "C:\\x"])
def test_whatever_is_typed_is_answered(site: Site, pleo: PleoServer, tmp_path: Path, text: str) -> None:
    bo = traveller(site, pleo, tmp_path / "ledger")
    bo.begin("api_key sandbox")
    assert bo.post("level", level=text).status_code in (200, 400)
    bo.post("level", level=1)
    assert bo.post("key", key=text, company=text).status_code in (200, 400)
    bo.post("key", key=pleo.sandbox.api_key)
    assert bo.post("erp", erp=text).status_code in (200, 400)
    bo.post("erp", erp="beancount")
    assert bo.post("access", ledger=text, fava=text).status_code == 400
    assert bo.post("access", ledger=text).status_code == 400
    assert bo.post("access", ledger=str(bo.ledger), fava="http://[").status_code == 400
    bo.give_ledger()
    assert bo.post("settings", wallet=text, contra=text, tags=[text]).status_code in (200, 400)
    assert bo.post("settings", later="1").status_code == 200
