"""Rights that are taken away take along what was handed out under them; and who acts now, whatever a page saw before.

Removed: the membership's invitations and API tokens (the database's own cascade), invitations to the person's address,
and set-ups with their secrets and states. A lower role loses what only the higher one could hand out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kontobro.core.errors import Misconfigured, NotAllowed
from kontobro.web.models import ApiToken, Invitation, Membership, Organisation, Setup, User
from kontobro.web.tenancy import Member, Role

GONE = gettext_lazy("This setup was cancelled, or your role in the organisation has changed.")


@contextmanager
def as_owner(member: Member) -> Iterator[Membership]:
    """One change of rights at a time in an organisation, by who is an owner at that very moment.

    Raises NotAllowed for who was one when the page began. The block is one transaction.
    """
    with transaction.atomic():
        lock_members(member.organisation)
        mine = Membership.objects.filter(organisation=member.organisation, user=member.user, role="owner").first()
        if mine is None:
            raise NotAllowed(
                _("You are no longer an owner of this organisation."), _("Ask an owner of the organisation.")
            )
        yield mine


def lock_members(organisation: Organisation) -> None:
    """Within a transaction: no one else changes who is a member, or is invited, until it ends."""
    Organisation.objects.select_for_update().get(id=organisation.id)


def change_role(target: Membership, role: str) -> None:
    """Give a membership another role, or none, in the caller's transaction. Raises Misconfigured for the last owner."""
    others = Membership.objects.filter(organisation_id=target.organisation_id, role="owner").exclude(id=target.id)
    if target.role == "owner" and role != "owner" and not others.exists():
        raise Misconfigured(_("This is the last owner."), _("Make another member an owner first."))
    if role != "owner":
        Invitation.objects.filter(sender=target).delete()
        ApiToken.objects.filter(maker=target).delete()
    if role not in ("owner", "bookkeeper"):
        Setup.objects.filter(organisation_id=target.organisation_id, user=target.user).delete()
    if role:
        target.role = role
        target.save(update_fields=["role"])
    else:
        theirs = addresses_of(target.user)
        for invitation in Invitation.objects.filter(organisation_id=target.organisation_id):
            if invitation.email.casefold() in theirs:
                invitation.delete()
        target.delete()


def addresses_of(user: User) -> frozenset[str]:
    """All mail addresses by which a person may sign in, in lower case."""
    others = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return frozenset(address.casefold() for address in (user.email, *others))


def open_invitation(secret_hash: str) -> Invitation | None:
    """The invitation of that link, while it is in time and who sent it is an owner."""
    found = Invitation.objects.select_related("organisation").filter(secret_hash=secret_hash, **_open())
    return found.first()


def is_invited(email: str) -> bool:
    """Whether an open invitation is for this address."""
    return bool(email) and Invitation.objects.filter(email__iexact=email, **_open()).exists()


def _open() -> dict[str, Any]:
    return {"expires_at__gt": timezone.now(), "sender__role": "owner"}


def require_still(setup: Setup, role: Role = "bookkeeper") -> None:
    """Raises NotAllowed when the person may not connect (any more), or the setup was cancelled while it worked."""
    found = Membership.objects.filter(organisation_id=setup.organisation_id, user=setup.user).first()
    may = found is not None and Member(found.user, setup.organisation, found.role).may(role)  # type: ignore[arg-type]
    if not may or not Setup.objects.filter(id=setup.id).exists():
        raise NotAllowed(str(GONE), _("Start again, or ask an owner of the organisation."))
