"""Members and roles: invite by a link, change, remove. The last owner stays."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.mail import send_mail
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kontobro.core.errors import Misconfigured, NotAllowed
from kontobro.core.words import Name, worded
from kontobro.service.config import config
from kontobro.web.members.accounts import INVITED
from kontobro.web.members.rights import as_owner, change_role, lock_members, open_invitation
from kontobro.web.models import Invitation, Membership, Organisation, User
from kontobro.web.tenancy import ROLE_WORDS, Member, of_organisation

VALID = timedelta(days=7)
COULD_SIGN = gettext_lazy(
    "This owner could read the secret that signs your webhook. Create a new one under Notifications."
)
CHOICES = (
    ("owner", gettext_lazy("Owner: can do everything, including members and disconnecting")),
    ("bookkeeper", gettext_lazy("Bookkeeper: can export, change settings and approve plans")),
    ("readonly", gettext_lazy("Read-only: can see everything and change nothing")),
)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=CHOICES)


class InvitationForm(RoleForm):
    email = forms.EmailField(label=gettext_lazy("Email address"))
    field_order = ("email", "role")


@require_safe
@of_organisation()
def members(request: HttpRequest, member: Member) -> HttpResponse:
    """Who is in, who is invited; an owner can change it."""
    return _members_page(request, member, InvitationForm(initial={"role": "bookkeeper"}))


def _members_page(
    request: HttpRequest, member: Member, form: InvitationForm, *, link: str = "", status: int = 200
) -> HttpResponse:
    known = Membership.objects.select_related("user").filter(organisation=member.organisation).order_by("user__email")
    open_ones = Invitation.objects.filter(organisation=member.organisation, expires_at__gt=timezone.now())
    shown: dict[str, Any] = {
        "memberships": known,
        "invitations": open_ones.order_by("email"),
        "form": form,
        "choices": CHOICES,
        "link": link,
    }
    return render(request, "members/members.html", shown, status=status)


@require_POST
@of_organisation("owner")
def invite(request: HttpRequest, member: Member) -> HttpResponse:
    """Make an invitation: the link is mailed, and shown once to whoever made it."""
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _members_page(request, member, form, status=400)
    secret = secrets.token_urlsafe(32)
    email, role = form.cleaned_data["email"], form.cleaned_data["role"]
    with as_owner(member) as mine:
        if Membership.objects.filter(organisation=member.organisation, user__email__iexact=email).exists():
            raise Misconfigured(
                _("%(email)s is already a member.") % {"email": email}, _("Change the role in the list.")
            )
        Invitation.objects.filter(organisation=member.organisation, email__iexact=email).delete()
        Invitation.objects.create(
            organisation=member.organisation,
            email=email,
            role=role,
            secret_hash=_hash(secret),
            sender=mine,
            expires_at=timezone.now() + VALID,
        )
        member.note("member invited", worded("audit_invited", email=email, role=Name(role)))
    link = config().public_url.rstrip("/") + reverse("accept_invitation", args=[secret])
    _send(member.organisation, email, link)
    return _members_page(request, member, InvitationForm(initial={"role": "bookkeeper"}), link=link)


def _send(organisation: Organisation, email: str, link: str) -> None:
    """In the language of who is invited, if it is known here, else of who invites."""
    known = User.objects.filter(email__iexact=email).exclude(language="").first()
    with translation.override(known.language if known else translation.get_language()):
        text = _("You are invited to %(organisation)s in Kontobro. Open this link within 7 days:")
        subject = _("Kontobro: you are invited")
    text = text % {"organisation": organisation.name}
    send_mail(subject, f"{text}\n\n{link}\n", None, [email], fail_silently=False)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@require_POST
@of_organisation("owner")
def demand(request: HttpRequest, member: Member) -> HttpResponse:
    """Demand two-factor sign-in of all members, or no longer. Who demands it has to have it."""
    wanted = "demand" in request.POST
    if wanted and not is_mfa_enabled(member.user):
        raise NotAllowed(
            _("You have not set up two-factor authentication yourself yet."),
            _("Set it up first, under your name in the menu."),
        )
    with as_owner(member):
        Organisation.objects.filter(id=member.organisation.id).update(demands_mfa=wanted)
        member.note("two-factor authentication required" if wanted else "two-factor authentication no longer required")
    return redirect("members", member.organisation.id)


@require_POST
@of_organisation("owner")
def withdraw(request: HttpRequest, member: Member, invitation: uuid.UUID) -> HttpResponse:
    """Withdraw an invitation: its link opens nothing any more."""
    with as_owner(member):
        found = get_object_or_404(Invitation, id=invitation, organisation=member.organisation)
        found.delete()
        member.note("invitation withdrawn", found.email)
    return redirect("members", member.organisation.id)


def _moved(email: str, before: Name, after: str) -> str:
    """From which role to which, as the trail has it; none when the person goes."""
    if after:
        return worded("audit_role", email=email, before=before, after=Name(after))
    return worded("audit_role_gone", email=email, before=before)


@require_POST
@of_organisation("owner")
def change(request: HttpRequest, member: Member, membership: int) -> HttpResponse:
    """Give a member another role, or none (`remove`). The last owner can't be lost."""
    with as_owner(member):  # two owners must not remove each other
        found = Membership.objects.select_related("user").filter(organisation=member.organisation, id=membership)
        target = found.first()
        if target is None:
            raise Http404
        remove = "remove" in request.POST
        form = RoleForm(request.POST)
        if not remove and not form.is_valid():
            raise Misconfigured(_("This is not a valid role."), _("Choose one from the list."))
        role = "" if remove else form.cleaned_data["role"]
        knew_secret = target.role == "owner" != role and bool(member.organisation.hook_url)
        before, email = Name(target.role), target.user.email
        change_role(target, role)
        member.note("member removed" if remove else "role changed", _moved(email, before, role))
    told = _("%(email)s was removed.") if remove else _("%(email)s now has the role %(role)s.")
    messages.success(request, told % {"email": target.user.email, "role": ROLE_WORDS.get(role, role)})
    if knew_secret:
        messages.warning(request, COULD_SIGN)
    return redirect(
        "home" if remove and target.user == member.user else reverse("members", args=[member.organisation.id])
    )


@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Open an invitation: sign in or up first, then join by pressing the button."""
    invitation = open_invitation(_hash(secret))
    if invitation is None:
        raise Http404
    request.session[INVITED] = invitation.email
    if request.method == "GET" or not request.user.is_authenticated:
        return render(
            request, "members/accept_invitation.html", {"invitation": invitation, "role": ROLE_WORDS[invitation.role]}
        )
    return _join(request, invitation)


@login_required
def _join(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    if request.user.email.casefold() != invitation.email.casefold():  # type: ignore[union-attr]
        raise Misconfigured(
            _("The invitation is for another email address, not the one you signed in with."),
            _("Sign in as %(email)s, or ask for an invitation to your own address.") % {"email": invitation.email},
        )
    with transaction.atomic():
        lock_members(invitation.organisation)
        stored = open_invitation(invitation.secret_hash)
        if stored is None:  # withdrawn, or its sender removed, while the button was pressed
            raise Http404
        Membership.objects.get_or_create(
            organisation=invitation.organisation, user=request.user, defaults={"role": stored.role}
        )
        stored.delete()
        Member(request.user, invitation.organisation, "readonly").note(  # type: ignore[arg-type]
            "member joined", worded("audit_joined", role=Name(stored.role))
        )
    request.session.pop(INVITED, None)
    return redirect("overview", invitation.organisation_id)
