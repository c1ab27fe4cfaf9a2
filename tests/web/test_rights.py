"""Rights that were taken away take along what was handed out under them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone

from kontobro.core.errors import NotAllowed
from kontobro.service.config import config
from kontobro.web.connect import setup as flow
from kontobro.web.members.rights import as_owner, open_invitation, require_still
from kontobro.web.models import AuditEvent, Invitation, Membership, Organisation, Setup, User
from kontobro.web.tenancy import Member, organisation_of
from tests.support.site import PASSWORD, Site


def invited(owner: Client, organisation: Organisation, email: str, role: str = "owner") -> str:
    """Invite, and the link's path."""
    page = owner.post(f"/o/{organisation.id}/invitations/", {"email": email, "role": role}).text
    found = re.search(r"http://127\.0\.0\.1:8765(/invitations/[^<]+)", page)
    assert found
    return found[1]


def change(owner: Client, organisation: Organisation, user: User, **form: str) -> Any:
    membership = Membership.objects.get(organisation=organisation, user=user)
    return owner.post(f"/o/{organisation.id}/members/{membership.id}/", form)


@pytest.mark.parametrize("form", [{"remove": "1"}, {"role": "bookkeeper"}, {"role": "readonly"}])
def test_an_invitation_ends_with_the_right_to_invite(site: Site, form: dict[str, str]) -> None:
    organisation = site.organisation()
    anna = site.browser(site.member(organisation))
    bad = site.member(organisation)
    link = invited(site.browser(bad), organisation, "friend@example.com")
    friend = site.browser(site.user("friend@example.com"))
    assert friend.get(link).status_code == 200
    assert change(anna, organisation, bad, **form).status_code == 302
    assert friend.post(link).status_code == 404
    assert not Membership.objects.filter(user__email="friend@example.com").exists()
    assert not Invitation.objects.exists()


def test_an_owner_who_was_removed_has_no_way_back(site: Site) -> None:
    """Not by an invitation to the own address, nor by one that another owner sent before."""
    organisation = site.organisation()
    anna, bad = site.browser(site.member(organisation)), site.member(organisation, email="bad@example.com")
    for sender in (anna, site.browser(bad)):
        page = sender.post(f"/o/{organisation.id}/invitations/", {"email": "BAD@example.com", "role": "owner"})
        assert "is already a member" in page.text
    mine = Membership.objects.exclude(user=bad).get()
    for email in ("bad@example.com", "Bad@Example.com"):
        Invitation.objects.create(
            organisation=organisation,
            email=email,
            role="owner",
            secret_hash=flow.hashed(email),
            sender=mine,
            expires_at=timezone.now() + dt.timedelta(days=1),
        )
    change(anna, organisation, bad, remove="1")
    assert not Invitation.objects.exists()
    for email in ("bad@example.com", "Bad@Example.com"):
        assert site.browser(bad).post(f"/invitations/{email}/").status_code == 404
    assert not Membership.objects.filter(user=bad).exists()


def test_an_invitation_to_another_address_of_theirs_is_no_way_back_either(site: Site) -> None:
    organisation = site.organisation()
    anna, bad = site.browser(site.member(organisation)), site.member(organisation, email="bad@example.com")
    EmailAddress.objects.create(user=bad, email="Private@example.com", verified=True)
    link = invited(anna, organisation, "private@EXAMPLE.com")
    stays = invited(anna, organisation, "bo@example.com")
    change(anna, organisation, bad, remove="1")
    User.objects.filter(id=bad.id).update(email="private@example.com")
    assert site.browser(bad).post(link).status_code == 404
    assert site.browser(site.user("bo@example.com")).post(stays).status_code == 302


def test_a_ledger_of_a_connection_on_its_way_is_its_organisation_s(site: Site) -> None:
    organisation = site.organisation()
    setup = flow.begin(Member(site.member(organisation), organisation, "owner"), "api_key sandbox")
    assert organisation_of(setup.connection_id) == str(organisation.id)
    assert organisation_of("made on the command line") == "made on the command line"


def test_another_owner_s_invitation_to_somebody_else_stays(site: Site) -> None:
    organisation, elsewhere = site.organisation(), site.organisation("Elsewhere")
    anna, bad = site.browser(site.member(organisation)), site.member(organisation)
    Membership.objects.create(organisation=elsewhere, user=bad, role="owner")
    link = invited(anna, organisation, "bo@example.com", "bookkeeper")
    there = invited(site.browser(bad), elsewhere, "carl@example.com")
    change(anna, organisation, bad, remove="1")
    bo, carl = site.user("bo@example.com"), site.user("carl@example.com")
    site.browser(bo).post(link)
    site.browser(carl).post(there)
    assert Membership.objects.get(user=bo).role == "bookkeeper"
    assert Membership.objects.get(user=carl).organisation == elsewhere


def test_an_invitation_whose_sender_is_nobody_s_owner_opens_nothing(site: Site) -> None:
    """Also when the row is there all the same."""
    organisation = site.organisation()
    sender = Membership.objects.get(user=site.member(organisation, "bookkeeper"))
    for number, of in enumerate((None, sender)):
        Invitation.objects.create(
            organisation=organisation,
            email="bo@example.com",
            role="owner",
            secret_hash=flow.hashed(str(number)),
            sender=of,
            expires_at=timezone.now() + dt.timedelta(days=1),
        )
        assert open_invitation(flow.hashed(str(number))) is None
    assert site.browser(site.user("bo@example.com")).post("/invitations/0/").status_code == 404


@pytest.mark.parametrize(("form", "stays"), [({"remove": "1"}, 0), ({"role": "readonly"}, 0), ({"role": "owner"}, 1)])
def test_a_setup_ends_with_the_right_to_connect(site: Site, form: dict[str, str], stays: int) -> None:
    organisation = site.organisation()
    anna = site.browser(site.member(organisation))
    bo = site.member(organisation, "bookkeeper")
    setup = flow.begin(Member(bo, organisation, "bookkeeper"), "api_key sandbox")
    setup.seal(tokens={"access": "a-key"})
    setup.go_to("key")
    change(anna, organisation, bo, **form)
    assert Setup.objects.count() == stays
    if not stays:
        with pytest.raises(NotAllowed, match="cancelled"):
            setup.go_to("erp")  # a page that was at work meanwhile
        with pytest.raises(NotAllowed):
            require_still(setup)
        assert site.browser(bo).get(f"/connect/{setup.id}/").status_code == 404
        assert not Setup.objects.exists()


def test_who_was_an_owner_when_the_page_began_changes_nothing_after(site: Site) -> None:
    organisation = site.organisation()
    site.member(organisation)
    bad = site.member(organisation)
    before = Member(bad, organisation, "owner")
    Membership.objects.filter(user=bad).update(role="bookkeeper")
    with pytest.raises(NotAllowed, match="no longer an owner"), as_owner(before):
        pytest.fail("the block was entered")


def test_whoever_signs_up_by_an_invitation_needs_it_still(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = site.organisation()
    owner = site.browser(site.member(organisation))
    link = invited(owner, organisation, "bo@example.com")
    monkeypatch.setenv("KONTOBRO_SIGNUP", "false")
    config.cache_clear()
    try:
        guest = site.browser()
        guest.get(link)
        owner.post(f"/o/{organisation.id}/invitations/{Invitation.objects.get().id}/")
        assert not Invitation.objects.exists()
        guest.post("/accounts/signup/", {"email": "bo@example.com", "password1": PASSWORD, "password2": PASSWORD})
        assert not User.objects.filter(email="bo@example.com").exists()
    finally:
        config.cache_clear()


def test_a_new_password_ends_the_other_sessions(site: Site) -> None:
    organisation = site.organisation()
    user = site.member(organisation)
    here, elsewhere = site.browser(user), site.browser(user)
    form = {"oldpassword": PASSWORD, "password1": "another horse staple", "password2": "another horse staple"}
    assert here.post("/accounts/password/change/", form).status_code == 302
    assert here.get(f"/o/{organisation.id}/").status_code == 200
    assert elsewhere.get(f"/o/{organisation.id}/").status_code == 302


def test_a_removed_owner_s_knowledge_of_the_webhook_s_secret_is_told(site: Site) -> None:
    organisation = site.organisation()
    Organisation.objects.update(hook_url="https://one.example/hook")
    anna = site.browser(site.member(organisation))
    bad = site.member(organisation)
    membership = Membership.objects.get(user=bad)
    page = anna.post(f"/o/{organisation.id}/members/{membership.id}/", {"remove": "1"}, follow=True)
    assert "could read the secret that signs your webhook" in page.text


@pytest.mark.parametrize("role", ["owner", "readonly"])
def test_invitations_of_an_older_service_get_their_sender_from_the_trail(site: Site, role: str) -> None:
    organisation = site.organisation()
    anna = site.member(organisation, role)
    facts = {"organisation": organisation, "role": "owner", "expires_at": timezone.now() + dt.timedelta(days=1)}
    for email in ("known@example.com", "unknown@example.com"):
        Invitation.objects.create(email=email, secret_hash=flow.hashed(email), **facts)
    AuditEvent.objects.create(
        organisation=organisation,
        actor=anna,
        actor_name=anna.email,
        action="member invited",
        detail="known@example.com as owner",
    )
    migration = MigrationExecutor(database).loader.get_migration("kontobro_web", "0005_senders")
    from django.apps import apps

    migration.operations[1].code(apps, database.schema_editor())
    left = list(Invitation.objects.values_list("email", "sender__user__email"))
    assert left == ([("known@example.com", anna.email)] if role == "owner" else [])
