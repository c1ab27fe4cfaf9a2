"""Every address as the wrong person: as no one, as a member of another organisation, with too low a role.

The addresses come from Django's own resolver: one that is added and not told here fails the first test.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from kontobro.web.models import Invitation, Membership, Setup
from tests.support.site import Site
from tests.web.connected_site import ConnectedSite, a_connected_site

METHODS = ("get", "post", "put", "delete", "head")

OPEN = {
    "healthz": "answers anybody, and tells nothing",
    "readyz": "answers anybody, and tells nothing",
    "metrics": "asks for a token, or for this machine",
    "webhook": "is for Pleo: the signature is its guard",
    "first_visit": "the link's secret is its guard",
    "accept_invitation": "the link's secret is its guard",
    "unsubscribe": "the signed link in a mail is its guard",
    "connect_pleo": "the page on which somebody from Pleo arrives",
    "api_document": "describes the API, and holds no figure",
    "api_companies": "asks for a token (tests/web/test_api.py)",
    "api_company": "asks for a token",
    "api_jobs": "asks for a token",
    "api_problems": "asks for a token",
    "api_month": "asks for a token",
}
"""Addresses that no one in particular may ask."""

OWN = {
    "aside": "the ticket's own reader",
    "aside_page": "the ticket's own reader",
    "home": "one's own organisations",
    "new_organisation": "makes one's own",
    "my_language": "one's own choice",
    "doctor": "this machine's, or its operators'",
    "connect_callback": "bound to the session that left for Pleo",
    "pleo_settings": "leads to one's own connection",
}
"""Addresses of whoever is signed in: no object of anybody is named in them."""

OWNERS_ONLY = frozenset({"demo_start", "demo_remove"}) | frozenset(
    {"demand_mfa", "invite", "withdraw_invitation", "change_member", "hook", "disconnect", "privacy", "privacy_export"}
    | {"privacy_find", "privacy_erase", "privacy_delete", "release_document", "documents_last"}
)

EVERYBODYS = frozenset({"notifications"})
"""Where each member chooses for themselves alone."""


@dataclass
class WholeSite:
    """Two organisations. Ours has one of everything."""

    connected: ConnectedSite
    ids: dict[str, Any]
    names: tuple[str, ...]

    @property
    def site(self) -> Site:
        return self.connected.site


@pytest.fixture
def whole(site: Site) -> Iterator[WholeSite]:
    with a_connected_site(site) as connected:
        organisation = connected.organisation
        job = connected.export()
        invitation = Invitation.objects.create(
            organisation=organisation,
            email="invited@ours.example",
            role="readonly",
            secret_hash="0" * 64,
            expires_at=site.now() + timedelta(days=1),
        )
        setup = Setup.objects.create(
            organisation=organisation,
            user=Membership.objects.get(organisation=organisation).user,
            connection_id=uuid.uuid4().hex,
            step="level",
            environment="sandbox",
            auth="oauth",
        )
        ids = {
            "organisation": organisation.id,
            "membership": Membership.objects.get(organisation=organisation).id,
            "invitation": invitation.id,
            "connection": connected.connection.id,
            "setup": setup.id,
            "job": job,
            "reference": site.app.store.bookings(connected.connection.id)[0].reference,
            "kind": "accounts",
            "month": "2026-10",
            "form": "csv",
            "number": 1,
            "name": "document-0001.jsonl",
            "secret": "guessed",
            "ticket": "guessed",
            "token": 1,
        }
        yield WholeSite(
            connected, ids, (organisation.name, "1,234.50", "invited@ours.example", connected.connection.company_id)
        )


def patterns() -> dict[str, URLPattern]:
    """Our own addresses by name; allauth's are its own."""
    found: dict[str, URLPattern] = {}
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            assert str(pattern.pattern) == "accounts/", f"{pattern.pattern}: walk through it too"
            continue
        assert pattern.name
        found[pattern.name] = pattern
    return found


def path_of(pattern: URLPattern, ids: dict[str, Any]) -> str:
    """The address with ids in it. A parameter that the house has none of fails here."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(ids[found[1]]), str(pattern.pattern))


def named(kind: str) -> dict[str, URLPattern]:
    """The addresses that name an object of an organisation."""
    every = patterns()
    guarded = {name: pattern for name, pattern in every.items() if name not in OPEN and name not in OWN}
    return {name: pattern for name, pattern in guarded.items() if f":{kind}>" in str(pattern.pattern)}


def rows() -> dict[str, list[dict[str, Any]]]:
    """All that the pages' tables hold, but what each request touches of itself."""
    passing = {"Session", "ContentType", "Permission"}
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in apps.get_models()
        if model.__name__ not in passing and model._meta.app_label == "kontobro_web"
    }


def ask(browser: Client, method: str, path: str) -> HttpResponse:
    answer = getattr(browser, method)(path)
    assert isinstance(answer, HttpResponse) or answer.streaming
    return finished(browser, answer)


def finished(browser: Client, answer: HttpResponse) -> HttpResponse:
    """The page itself, of one that is asked aside."""
    while answer.status_code == 202:
        ticket = answer.text.partition('hx-get="/working/')[2].partition('/"')[0]
        time.sleep(0.05)
        answer = browser.get(f"/working/{ticket}/")  # type: ignore[assignment]
        if answer.status_code == 302:
            answer = browser.get(answer["Location"])  # type: ignore[assignment]
    return answer


def test_each_address_is_guarded_or_says_why_not() -> None:
    every = patterns()
    assert set(OPEN) | set(OWN) <= set(every)
    objects = {":organisation>", ":connection>", ":setup>"}
    for name, pattern in every.items():
        if name not in OPEN and name not in OWN:
            assert any(kind in str(pattern.pattern) for kind in objects), f"{name} names no object that is guarded"


@pytest.mark.parametrize("method", METHODS)
def test_nobody_is_sent_to_sign_in_and_told_nothing(whole: WholeSite, method: str) -> None:
    browser = whole.site.browser()
    before = rows()
    for name, pattern in patterns().items():
        if name in OPEN:
            continue
        answer = ask_on(browser, method, path_of(pattern, whole.ids))
        assert answer.status_code in (302, 404, 405), (name, answer.status_code)
        if answer.status_code == 302:
            assert answer["Location"].startswith("/accounts/login/"), (name, answer["Location"])
        assert_tells_nothing(whole, name, answer)
    assert rows() == before
    assert whole.site.runner.asked == []


@pytest.mark.parametrize("role", ["owner", "readonly"])
@pytest.mark.parametrize("method", METHODS)
def test_a_member_of_another_organisation_finds_nothing(whole: WholeSite, method: str, role: str) -> None:
    browser = whole.site.browser(whole.site.member(whole.site.organisation("Strangers"), role))
    before = rows()
    for kind in ("organisation", "connection", "setup"):
        for name, pattern in named(kind).items():
            answer = ask_on(browser, method, path_of(pattern, whole.ids))
            assert answer.status_code in (404, 405), (name, answer.status_code)
            assert_tells_nothing(whole, name, answer)
    assert rows() == before
    assert whole.site.runner.asked == []


@pytest.mark.parametrize("role", ["owner", "readonly"])
def test_ids_of_others_don_t_work_under_an_own_address(whole: WholeSite, role: str) -> None:
    """My organisation with their membership, my connection with their job: nothing is told, nothing changes."""
    site = whole.site
    mine = site.organisation("Mine")
    browser = site.browser(site.member(mine, role))
    ids = whole.ids | {"organisation": mine.id, "connection": site.connection(mine, "My own").id}
    before = rows()
    for kind in ("membership", "invitation", "job", "reference"):
        for name, pattern in named(kind).items():
            for method in ("get", "post"):
                answer = ask_on(browser, method, path_of(pattern, ids))
                own_page = method == "get" and answer.request["PATH_INFO"] != path_of(pattern, ids)
                assert own_page or answer.status_code in (400, 403, 404, 405, 503), (name, answer.status_code)
                assert_tells_nothing(whole, name, answer)
    assert rows() == before
    assert site.runner.asked == []


@pytest.mark.parametrize(("role", "may_not"), [("readonly", "bookkeeper"), ("bookkeeper", "owner")])
def test_too_low_a_role_changes_nothing(whole: WholeSite, role: str, may_not: str) -> None:
    """Every POST that a reader may make leaves everything as it was; owners' matters stay owners' matters."""
    browser = whole.site.browser(whole.site.member(whole.connected.organisation, role))
    before, settings = rows(), whole.site.app.store.connections()
    refused = set()
    for kind in ("organisation", "connection", "setup"):
        for name, pattern in named(kind).items():
            if name in EVERYBODYS or (may_not == "owner" and name not in OWNERS_ONLY):
                continue
            answer = ask(browser, "post", path_of(pattern, whole.ids))
            assert answer.status_code in (400, 403, 404, 405), (name, answer.status_code)
            refused |= {name} if answer.status_code == 403 else set()
    assert rows() == before
    assert whole.site.app.store.connections() == settings
    assert whole.site.runner.asked == []
    assert refused >= (OWNERS_ONLY & set(patterns()) if may_not == "owner" else {"export", "settings", "sync_approve"})


def test_no_form_works_without_its_token(whole: WholeSite) -> None:
    owner = whole.site.member(whole.connected.organisation, "owner")
    browser = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1", SERVER_PORT=8765)
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    before = rows()
    for name, pattern in patterns().items():
        if name in ("webhook", "unsubscribe"):  # of programs, which have no page of ours
            continue
        answer = ask(browser, "post", path_of(pattern, whole.ids))
        assert answer.status_code in (403, 405), (name, answer.status_code)
    assert rows() == before
    assert whole.site.runner.asked == []


def test_every_page_keeps_its_headers_and_no_page_tells_a_secret(whole: WholeSite) -> None:
    site = whole.site
    site.app.store.save_secret(whole.connected.connection, "webhook", "whsec_dGhlLXNlY3JldA==")
    site.app.store.save_secret(whole.connected.connection, "password", "the-erp-password")
    secrets = (whole.connected.connected.key, "whsec_dGhl", "the-erp-password")
    browser = site.browser(site.member(whole.connected.organisation, "owner"))
    for name, pattern in patterns().items():
        answer = ask(browser, "get", path_of(pattern, whole.ids))
        assert answer.status_code < 500 or name == "jobs_waiting", (name, answer.status_code)
        assert answer["X-Content-Type-Options"] == "nosniff", name
        assert answer["Referrer-Policy"] == "same-origin", name
        assert answer["X-Frame-Options"] == "DENY", name
        assert "unsafe" not in answer["Content-Security-Policy"], name
        assert "no-store" in answer["Cache-Control"], name
        text = body_of(answer)
        assert not re.search(r"<script(?![^>]*(?:src=|application/json))", text), f"{name}: a script in the page"
        assert not re.search(r"<[^>]+\s(?:style|onclick|onload|onsubmit)=", text), f"{name}: style or handler inline"
        assert [secret for secret in secrets if secret in text] == [], name


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(site: Site, target: str) -> None:
    site.user("anna@example.com")
    form = {"login": "anna@example.com", "password": "correct horse battery staple", "next": target}
    answer = site.browser().post("/accounts/login/", form)
    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_asking_for_a_new_password_does_not_tell_who_has_an_account(site: Site) -> None:
    site.user("anna@example.com")
    answers = [
        site.browser().post("/accounts/password/reset/", {"email": email}, follow=True)
        for email in ("anna@example.com", "nobody@example.com")
    ]
    assert answers[0].status_code == answers[1].status_code == 200
    assert without_tokens(answers[0].text) == without_tokens(answers[1].text)


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)


def body_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return bytes(content).decode(errors="replace")


def ask_on(browser: Client, method: str, path: str) -> Any:
    """The answer, or that of the page to which an address that takes a form alone leads back."""
    answer = ask(browser, method, path)
    leads_back = method == "get" and answer.status_code == 302
    if leads_back and not answer["Location"].startswith("/accounts/login/"):
        return ask_on(browser, method, answer["Location"])
    return answer


def assert_tells_nothing(whole: WholeSite, name: str, answer: HttpResponse) -> None:
    text = body_of(answer)
    assert [word for word in whole.names if word in text] == [], f"{name} tells a stranger"
