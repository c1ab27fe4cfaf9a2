"""Connect from Pleo: the whole way in process, and every way of leaving it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kontobro.core.level import level_of, scopes_of
from kontobro.web.connect import setup as flow
from kontobro.web.models import ConnectionOwner, Membership, Setup
from tests.support.site import PASSWORD, Site
from tests.web.connecting import PleoServer, Traveller, query_of, serve_pleo, traveller


@pytest.fixture
def pleo() -> Iterator[PleoServer]:
    with serve_pleo() as opened:
        yield opened


@pytest.fixture
def anna(site: Site, pleo: PleoServer, tmp_path: Path) -> Traveller:
    return traveller(site, pleo, tmp_path / "ledger")


def test_the_whole_way_ends_activated_at_pleo(anna: Traveller, pleo: PleoServer) -> None:
    anna.begin()
    assert "Choose the level" in anna.page()
    page = anna.post("level", level=4)
    assert "sync the vendors in Pleo" in page.text
    address = anna.leave()
    asked = query_of(address)
    assert set(asked["scope"].split()) == scopes_of(4) | {"companies:read"}
    assert asked["code_challenge_method"] == "S256"
    page = anna.browser.get(pleo.consent(address), follow=True)
    assert "Where should expenses be booked?" in page.text
    assert "Path of the ledger" in anna.post("erp", erp="beancount").text
    page = anna.post("access", ledger=str(anna.ledger))
    assert "Accounts payable" in page.text
    page = anna.accept()
    assert "These changes would be made in Pleo" in page.text
    assert pleo.sandbox.installations.all()[0].status != "ACTIVATED"
    page = anna.approve()
    assert "Connected and activated" in page.text
    assert pleo.sandbox.installations.all()[0].status == "ACTIVATED"
    (connection,) = anna.site.app.store.connections()
    assert level_of(connection.settings) == 4
    assert ConnectionOwner.objects.get().organisation == anna.organisation
    assert not Setup.objects.exists()
    assert anna.browser.get(f"/c/{connection.id}/").status_code == 200


def test_a_stranger_signs_up_on_the_way_and_names_the_organisation(
    site: Site, pleo: PleoServer, open_signup: None
) -> None:
    browser = site.browser()
    begun = "/connect/pleo/start?environment=sandbox"
    assert "Sign up" in browser.get(begun).text
    form = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD, "next": begun}
    page = browser.post("/accounts/signup/", form, follow=True)
    assert "Name of your company" in page.text
    assert 'value="oauth sandbox" selected' in page.text
    page = browser.post(begun, {"way": "oauth sandbox", "name": "Fjord ApS"}, follow=True)
    assert "Choose the level" in page.text
    assert Membership.objects.get().role == "owner"


def test_only_environments_with_a_client_are_offered(anna: Traveller) -> None:
    page = anna.browser.get("/connect/pleo/start").text
    assert "Sign in to Pleo (sandbox)" in page
    assert "Sign in to Pleo (production)" not in page
    assert "API key of a single company (production)" in page


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_pleo_is_asked_for_exactly_what_the_level_needs(anna: Traveller, level: int) -> None:
    anna.begin()
    anna.post("level", level=level)
    assert set(query_of(anna.leave())["scope"].split()) == scopes_of(level) | {"companies:read"}


def test_the_company_s_name_is_asked_for_and_gone_without(anna: Traveller, pleo: PleoServer) -> None:
    """A client that is not registered for that permission connects without it, and the next one is not asked again."""
    known = pleo.client.scopes - {"companies:read"}
    pleo.sandbox.access.clients[pleo.client.client_id] = replace(pleo.client, scopes=known)
    anna.begin()
    anna.post("level", level=4)
    assert "see the name of your company" in anna.page()
    page = anna.browser.get(pleo.consent(anna.leave()), follow=True)
    assert "ask once more" in page.text
    assert "see the name of your company" not in page.text
    assert "What is the company called?" in anna.browser.get(pleo.consent(anna.leave()), follow=True).text
    assert "Where should expenses be booked?" in anna.post("name", name="Fjord & Bro ApS").text
    anna.give_ledger()
    anna.accept()
    anna.approve()
    anna.begin()
    anna.post("level", level=4)
    assert set(query_of(anna.leave())["scope"].split()) == scopes_of(4)


def test_a_denied_consent_is_told_in_words_and_can_be_asked_again(anna: Traveller) -> None:
    anna.begin()
    anna.post("level", level=1)
    page = anna.browser.get(anna.pleo.consent(anna.leave(), "deny"), follow=True)
    assert "Access was denied in Pleo" in page.text
    assert "Go to Pleo" in page.text
    assert "Where should expenses be booked?" in anna.allow(1).text


def test_the_other_name_of_the_tag_permissions_is_offered_once_and_remembered(
    anna: Traveller, pleo: PleoServer
) -> None:
    pleo.sandbox.set_rules({"tag_scope": "tag-group"})
    anna.begin()
    anna.post("level", level=4)
    first = anna.leave()
    assert "tag-groups:read" in query_of(first)["scope"]
    for _ in ("without the company's name", "in the other spelling"):
        page = anna.browser.get(pleo.consent(first), follow=True)
        assert "ask once more" in page.text
        assert "Go to Pleo" in page.text
        first = anna.leave()
    second = first
    assert "tag-group:read" in query_of(second)["scope"]
    assert "What is the company called?" in anna.browser.get(pleo.consent(second), follow=True).text
    assert "Where should expenses be booked?" in anna.post("name", name="Fjord & Bro ApS").text
    anna.give_ledger()
    anna.accept()
    anna.approve()
    anna.begin()
    anna.post("level", level=2)
    assert "tag-group:read" in query_of(anna.leave())["scope"]


def test_permissions_that_pleo_knows_by_neither_name_are_told_in_words(anna: Traveller, pleo: PleoServer) -> None:
    known = {scope for scope in pleo.client.scopes if not scope.startswith("tag")}
    pleo.sandbox.access.clients[pleo.client.client_id] = replace(pleo.client, scopes=frozenset(known))
    anna.begin()
    anna.post("level", level=2)
    for told in ("ask once more", "ask once more", "does not know a permission"):
        assert told in anna.browser.get(pleo.consent(anna.leave()), follow=True).text
    pleo.sandbox.access.clients[pleo.client.client_id] = replace(
        pleo.client, scopes=frozenset(known - {"vendors:read"})
    )
    anna.post("back")
    anna.post("level", level=1)
    assert "Where should expenses be booked?" in anna.browser.get(pleo.consent(anna.leave()), follow=True).text


def test_an_unknown_scope_with_a_state_of_nobody_changes_nothing(anna: Traveller) -> None:
    anna.begin()
    anna.post("level", level=2)
    anna.leave()
    answer = anna.browser.get("/connect/pleo/callback", {"error": "invalid_scope", "state": "x"})
    assert answer.status_code == 400
    assert "tag-groups:read" in query_of(anna.leave())["scope"]


def test_an_answer_of_pleo_works_once(anna: Traveller) -> None:
    anna.begin()
    anna.post("level", level=1)
    way_back = anna.pleo.consent(anna.leave())
    anna.browser.get(way_back)
    page = anna.browser.get(way_back)
    assert page.status_code == 400
    assert "can&#x27;t be used" in page.text or "can't be used" in page.text
    assert anna.setup.step == "erp"


def test_an_answer_with_another_state_is_refused(anna: Traveller) -> None:
    anna.begin()
    anna.post("level", level=1)
    code = query_of(anna.pleo.consent(anna.leave()))["code"]
    for state in ("", "x", "é", "0" * 5000):
        answer = anna.browser.get("/connect/pleo/callback", {"code": code, "state": state})
        assert answer.status_code == 400
    assert anna.setup.step == "consent"


def test_another_browser_can_t_bring_the_answer(anna: Traveller) -> None:
    anna.begin()
    anna.post("level", level=1)
    way_back = anna.pleo.consent(anna.leave())
    mine_elsewhere = anna.site.browser(anna.user)
    stranger = anna.site.browser(anna.site.member(anna.organisation, email="bo@example.com"))
    assert mine_elsewhere.get(way_back).status_code == 400
    assert stranger.get(way_back).status_code == 400
    assert anna.browser.get(way_back).status_code == 302


def test_an_expired_code_is_told_and_pleo_is_asked_again(anna: Traveller) -> None:
    anna.begin()
    anna.post("level", level=1)
    way_back = anna.pleo.consent(anna.leave())
    anna.pleo.sandbox.clock.move(dt.timedelta(seconds=61))
    page = anna.browser.get(way_back, follow=True)
    assert "authorisation has ended" in page.text
    assert anna.setup.step == "consent"
    assert "Where should expenses be booked?" in anna.allow(1).text


def test_of_two_tabs_the_newer_leave_counts(anna: Traveller) -> None:
    anna.begin()
    anna.post("level", level=1)
    first, second = anna.leave(), anna.leave()
    assert anna.browser.get(anna.pleo.consent(first)).status_code == 400
    assert anna.browser.get(anna.pleo.consent(second)).status_code == 302


def test_a_step_that_was_done_in_another_tab_leads_to_where_it_stands(anna: Traveller) -> None:
    anna.begin()
    anna.allow(1)
    anna.post("erp", erp="beancount")
    page = anna.post("level", level=4)
    assert "This step is already done" in page.text
    assert anna.setup.level == 1
    assert anna.setup.step == "access"


def test_nobody_else_sees_or_moves_a_setup(anna: Traveller) -> None:
    anna.begin()
    other = anna.site.browser(anna.site.member(anna.organisation))
    steps = ["", "pleo/", "level/", "key/", "erp/", "access/", "company/", "settings/", "plan/", "back/", "drop/"]
    steps += ["name/", "taken/", "differs/"]
    for step in steps:
        url = f"/connect/{anna.setup.id}/{step}"
        assert 404 in {other.get(url).status_code, other.post(url).status_code}
        assert other.get(url, follow=True).status_code in (404, 405)
    assert anna.setup.step == "level"


def test_who_became_a_reader_can_t_go_on(anna: Traveller) -> None:
    anna.begin()
    Membership.objects.filter(user=anna.user).update(role="readonly")
    assert anna.browser.get(anna.at("")).status_code == 403
    assert anna.browser.post(anna.at("level"), {"level": "1"}).status_code == 403
    form = {"way": "oauth sandbox", "organisation": str(anna.organisation.id)}
    assert anna.browser.post("/connect/pleo/start", form).status_code == 400


def test_no_secret_stands_in_the_setup_or_the_session(anna: Traveller) -> None:
    anna.begin()
    anna.post("level", level=1)
    address = anna.leave()
    kept = anna.setup.secrets()
    asked = query_of(address)
    assert kept["verifier"] not in address
    anna.browser.get(anna.pleo.consent(address))
    held = anna.setup.tokens()
    told = json.dumps([str(vars(anna.setup)), dict(anna.browser.session)])
    for secret in (asked["state"], kept["verifier"], held.access, held.refresh, anna.pleo.client.secret):
        assert secret
        assert secret not in told


def test_what_is_left_goes_on_later_and_in_another_browser(anna: Traveller) -> None:
    anna.begin()
    anna.allow(1)
    later = anna.site.browser(anna.user)
    page = later.get(f"/o/{anna.organisation.id}/")
    assert "Continue setup" in page.text
    assert "Where should expenses be booked?" in later.get(anna.at("")).text


def test_a_setup_that_nobody_went_on_with_is_deleted_after_a_week(anna: Traveller) -> None:
    anna.begin()
    anna.allow(1)
    now = anna.site.now()
    Setup.objects.update(updated_at=now - dt.timedelta(days=6))
    assert flow.purge() == 0
    Setup.objects.update(updated_at=now - dt.timedelta(days=8))
    assert flow.purge() == 1


def test_tokens_that_ran_out_on_the_way_are_renewed_and_kept(anna: Traveller) -> None:
    anna.begin()
    anna.allow(1)
    before = anna.setup.tokens()
    anna.pleo.sandbox.clock.move(dt.timedelta(hours=1))
    setup = anna.setup
    setup.seal(tokens={**setup.secrets()["tokens"], "expires_at": None})
    setup.save()
    page = anna.give_ledger()
    assert "Accounts payable" in page.text
    (connection,) = anna.site.app.store.connections()
    held = anna.site.app.store.tokens(connection)
    assert held is not None
    assert held.access != before.access


def test_giving_up_deletes_what_was_typed(anna: Traveller) -> None:
    anna.begin()
    anna.allow(1)
    assert "was cancelled" in anna.post("drop").text
    assert not Setup.objects.exists()
    assert not anna.site.app.store.connections()


def test_a_wrong_ledger_is_told_and_nothing_is_made(anna: Traveller) -> None:
    anna.begin()
    anna.allow(1)
    anna.post("erp", erp="beancount")
    page = anna.post("access", ledger=str(anna.ledger.parent / "missing.beancount"))
    assert page.status_code == 400
    assert "missing.beancount" in page.text
    assert not anna.site.app.store.connections()
    assert not ConnectionOwner.objects.exists()
    assert anna.post("access", ledger=str(anna.ledger)).status_code == 200


def test_the_way_to_pleo_is_a_link(anna: Traveller) -> None:
    """A browser lets no form end on a foreign host under our policy, not even by a redirect."""
    anna.begin()
    page = anna.post("level", level=2)
    assert f'href="{anna.at("pleo")}"' in page.text
    assert f'action="{anna.at("pleo")}"' not in page.text
    assert "form-action 'self'" in page["Content-Security-Policy"]
