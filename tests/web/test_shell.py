"""Signing in, organisations, members, the trail, and what every page is told to browsers."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.http import HttpRequest, HttpResponse

from kontobro.service.config import config
from kontobro.web.models import AuditEvent, Invitation, Membership, Organisation, User
from tests.support.site import PASSWORD, Site


def test_a_stranger_is_sent_to_sign_in_and_back(site: Site) -> None:
    answer = site.browser().get("/o/new/")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/o/new/"


def test_signing_up_makes_an_account_and_leads_to_the_first_organisation(site: Site, open_signup: None) -> None:
    browser = site.browser()
    form = {"email": "anna@example.com", "password1": PASSWORD, "password2": PASSWORD}
    answer = browser.post("/accounts/signup/", form, follow=True)
    assert "Create an organisation" in answer.text
    browser.post("/o/new/", {"name": "Demo ApS"})
    organisation = Organisation.objects.get()
    assert Membership.objects.get(organisation=organisation).role == "owner"


def test_a_password_that_is_easy_is_refused(site: Site, open_signup: None) -> None:
    form = {"email": "anna@example.com", "password1": "password", "password2": "password"}
    answer = site.browser().post("/accounts/signup/", form)
    assert "too short" in answer.text
    assert answer.status_code == 200


def test_guessing_a_password_is_slowed_down(site: Site) -> None:
    site.user("anna@example.com")
    browser = site.browser()
    texts = [browser.post("/accounts/login/", {"login": "anna@example.com", "password": "x"}).text for _ in range(6)]
    assert "Too many failed login attempts" in texts[-1]
    assert "Too many failed login attempts" not in texts[0]


def test_every_page_forbids_foreign_scripts_frames_and_referrers(site: Site) -> None:
    answer = site.browser().get("/accounts/login/")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "<script>" not in answer.text
    assert " style=" not in answer.text


def shown_link(page: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:8765(/invitations/[^<]+)", page)
    assert found
    return found[1]


def test_an_invitation_is_for_one_address_and_works_once(site: Site) -> None:
    organisation = site.organisation()
    owner = site.browser(site.member(organisation))
    answer = owner.post(f"/o/{organisation.id}/invitations/", {"email": "bo@example.com", "role": "bookkeeper"})
    link = shown_link(answer.text)
    other = site.browser(site.user("carl@example.com"))
    assert "another email address" in other.post(link).text
    guest = site.browser(site.user("bo@example.com"))
    assert "You will join as" in guest.get(link).text
    guest.post(link)
    assert Membership.objects.get(user__email="bo@example.com").role == "bookkeeper"
    assert guest.post(link).status_code == 404
    assert not Invitation.objects.exists()


def test_an_invitation_s_secret_is_not_kept(site: Site) -> None:
    organisation = site.organisation()
    owner = site.browser(site.member(organisation))
    answer = owner.post(f"/o/{organisation.id}/invitations/", {"email": "bo@example.com", "role": "readonly"})
    secret = shown_link(answer.text).rstrip("/").rpartition("/")[2]
    assert secret not in str(vars(Invitation.objects.get()))


def test_the_last_owner_stays(site: Site) -> None:
    organisation = site.organisation()
    user = site.member(organisation)
    membership = Membership.objects.get()
    answer = site.browser(user).post(f"/o/{organisation.id}/members/{membership.id}/", {"role": "readonly"})
    assert "last owner" in answer.text
    assert answer.status_code == 400
    assert Membership.objects.get().role == "owner"


@pytest.mark.parametrize("role", ["bookkeeper", "readonly"])
def test_only_owners_change_members(site: Site, role: str) -> None:
    organisation = site.organisation()
    site.member(organisation)
    low = site.member(organisation, role)
    mine = Membership.objects.get(user=low)
    answer = site.browser(low).post(f"/o/{organisation.id}/members/{mine.id}/", {"role": "owner"})
    assert answer.status_code == 403
    assert "Ask an owner" in answer.text
    assert Membership.objects.get(user=low).role == role


@pytest.mark.parametrize("path", ["/c/a%00b/", "/o/new/?x=%00", "/c/a/items/%00/"])
def test_text_that_postgresql_can_t_hold_is_refused(site: Site, path: str) -> None:
    browser = site.browser(site.member(site.organisation()))
    assert browser.get(path).status_code == 400
    assert browser.post("/o/new/", {"name": "a\0b"}).status_code == 400


def test_the_trail_tells_who_did_what(site: Site) -> None:
    organisation = site.organisation()
    user = site.member(organisation, email="anna@example.com")
    browser = site.browser(user)
    browser.post(f"/o/{organisation.id}/invitations/", {"email": "bo@example.com", "role": "readonly"})
    page = browser.get(f"/o/{organisation.id}/audit/")
    assert "member invited" in page.text
    assert "anna@example.com" in page.text
    assert AuditEvent.objects.get().detail == "bo@example.com: Read-only"


def test_what_does_not_exist_and_what_is_not_mine_look_alike(site: Site) -> None:
    mine, theirs = site.organisation("Mine"), site.organisation("Theirs")
    browser = site.browser(site.member(mine))
    strange = browser.get(f"/o/{theirs.id}/audit/")
    missing = browser.get("/o/00000000-0000-4000-8000-000000000000/audit/")
    assert strange.status_code == missing.status_code == 404
    assert "Theirs" not in strange.text


def test_an_owner_may_demand_two_factors_of_everybody(site: Site) -> None:
    organisation = site.organisation()
    owner = site.browser(site.member(organisation))
    path = f"/o/{organisation.id}/members/two-factor/"
    assert "Set it up first" in owner.post(path, {"demand": "1"}).text  # no one locks themselves out
    assert not Organisation.objects.get().demands_mfa
    Organisation.objects.update(demands_mfa=True)
    reader = site.member(organisation, "readonly")
    answer = site.browser(reader).get(f"/o/{organisation.id}/")
    assert answer.status_code == 403
    assert "requires two-factor authentication" in answer.text
    TOTP.activate(reader, generate_totp_secret())
    assert site.browser(reader).get(f"/o/{organisation.id}/").status_code == 200


def test_where_strangers_may_not_sign_up_an_invitation_is_for_its_address_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = site.organisation()
    owner = site.browser(site.member(organisation))
    page = owner.post(f"/o/{organisation.id}/invitations/", {"email": "bo@example.com", "role": "readonly"}).text
    monkeypatch.setenv("KONTOBRO_SIGNUP", "false")
    config.cache_clear()
    try:
        guest = site.browser()
        form = {"email": "bo@example.com", "password1": PASSWORD, "password2": PASSWORD}
        guest.post("/accounts/signup/", form)
        assert not User.objects.filter(email="bo@example.com").exists()
        guest.get(shown_link(page))
        assert "another email address" in guest.post("/accounts/signup/", form | {"email": "eve@example.com"}).text
        guest.post("/accounts/signup/", form)
        assert User.objects.filter(email="bo@example.com").exists()
    finally:
        config.cache_clear()


def test_a_database_that_is_away_is_one_moment_and_no_mistake_of_ours(site: Site) -> None:
    """Whatever a page asks it first: the plain page asks it nothing more."""
    from kontobro.core.errors import StoreUnreachable
    from kontobro.web.middleware import FaultPages

    answer = FaultPages(lambda _: HttpResponse()).process_exception(HttpRequest(), StoreUnreachable("away", "later"))
    assert answer is not None
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "Nothing is lost" in answer.text
    assert "kontobro.css" in answer.text


def test_a_page_that_broke_looks_like_the_others_and_asks_nothing_of_the_database(site: Site) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from kontobro.web.site.errors import broken

    with CaptureQueriesContext(connection) as asked:
        answer = broken(HttpRequest())
    assert (answer.status_code, len(asked)) == (500, 0)
    assert "it booked nothing" in answer.text
    assert "kontobro.css" in answer.text
