"""Who may see and do what: the one place where a URL's id and a person become a connection, or 404.

A stranger is told 404, as of what does not exist; a member whose role does not suffice gets 403 with the reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, Literal

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kontobro.core.errors import NotAllowed
from kontobro.core.model.connection import Connection
from kontobro.core.words import Fact, Phrase, phrase, worded
from kontobro.service.config import config
from kontobro.web.models import ROLES, AuditEvent, ConnectionOwner, Membership, Organisation, Setup, User
from kontobro.web.process import process

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Role = Literal["owner", "bookkeeper", "readonly"]

LONGEST_DETAIL: Final = 2000
"""Characters of the changes that the audit trail keeps of one act."""

UNSET: Final = "–"


@dataclass(frozen=True, slots=True)
class Member:
    """A person in an organisation."""

    user: User
    organisation: Organisation
    role: Role

    def may(self, role: Role) -> bool:
        """Whether this role includes that one."""
        return ROLES.index(self.role) <= ROLES.index(role)

    def require(self, role: Role) -> None:
        if not self.may(role):
            raise NotAllowed(
                _("Your role in %(organisation)s is %(yours)s; this needs %(needed)s.")
                % {"organisation": self.organisation.name, "yours": ROLE_WORDS[self.role], "needed": ROLE_WORDS[role]},
                _("Ask an owner of the organisation."),
            )

    def note(self, action: str, detail: str = "", connection_id: str = "") -> None:
        """Write what was done into the audit trail."""
        AuditEvent.objects.create(
            organisation=self.organisation,
            connection_id=connection_id,
            actor=self.user,
            actor_name=self.user.email,
            action=action,
            detail=detail,
        )


ROLE_WORDS: dict[str, StrOrPromise] = {
    "owner": gettext_lazy("owner"),
    "bookkeeper": gettext_lazy("bookkeeper"),
    "readonly": gettext_lazy("read-only"),
}


def change_said(place: Fact, before: Fact, after: Fact) -> Phrase:
    """What became of one thing; what is not set is a dash."""
    return phrase("change_value", place=place, before=before or UNSET, after=after or UNSET)


def changes_noted(changes: Sequence[Phrase]) -> str:
    """The changes in each reader's language, as many as the trail keeps of one act."""
    lengths = accumulate(len(str(one)) for one in changes)
    kept = [one for one, length in zip(changes, lengths, strict=True) if length <= LONGEST_DETAIL]
    return worded("audit_changes", changes=tuple(kept)) if kept else ""


def of_organisation(role: Role = "readonly") -> Callable[[Callable[..., HttpResponseBase]], Any]:
    """For a view whose URL has `organisation` (a UUID): it gets a `Member` instead."""

    def wrap(view: Callable[..., HttpResponseBase]) -> Any:
        @login_required
        @wraps(view)
        def checked(request: HttpRequest, organisation: uuid.UUID, *args: Any, **kwargs: Any) -> HttpResponseBase:
            member = member_of(request.user, organisation)
            member.require(role)
            request.member = member  # type: ignore[attr-defined]
            return view(request, member, *args, **kwargs)

        return checked

    return wrap


def of_connection(role: Role = "readonly") -> Callable[[Callable[..., HttpResponseBase]], Any]:
    """For a view whose URL has `connection` (its id): it gets a `Member` and the `Connection` instead."""

    def wrap(view: Callable[..., HttpResponseBase]) -> Any:
        @login_required
        @wraps(view)
        def checked(request: HttpRequest, connection: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            owner = ConnectionOwner.objects.filter(connection_id=connection).first()
            if owner is None:
                raise Http404
            member = member_of(request.user, owner.organisation_id)
            member.require(role)
            found = process.app.store.connection(connection)
            if found is None:
                raise Http404
            request.member, request.connection = member, found  # type: ignore[attr-defined]
            return view(request, member, found, *args, **kwargs)

        return checked

    return wrap


def member_of(user: Any, organisation: uuid.UUID) -> Member:
    """That person in that organisation. Raises Http404 for anybody else, NotAllowed when a two-factor authentication
    is due."""
    found = Membership.objects.select_related("organisation").filter(organisation_id=organisation, user=user).first()
    if found is None:
        raise Http404
    if found.organisation.demands_mfa and not is_mfa_enabled(user):
        raise NotAllowed(
            _("%(organisation)s requires two-factor authentication, and you have not set it up yet.")
            % {"organisation": found.organisation.name},
            _("Set it up in the menu under your name: Two-factor authentication."),
        )
    return Member(user, found.organisation, found.role)  # type: ignore[arg-type]


def require_now(member: Member) -> None:
    """Before what a page asked for is done, for it may have waited: raises Http404 for who was removed since the page
    began, NotAllowed for who got a lower role."""
    member_of(member.user, member.organisation.id).require(member.role)


def is_operator(user: Any) -> bool:
    """A configured address, and verified: anybody may sign up with an address that is not theirs."""
    addresses = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return any(address.casefold() in config().operator_addresses for address in addresses)


def memberships(user: Any) -> Sequence[Membership]:
    """A person's organisations, by name; with the demo company of each that has one."""
    mine = Membership.objects.select_related("organisation", "organisation__democompany")
    return list(mine.filter(user=user).order_by("organisation__name"))


def connection_ids(member: Member) -> Sequence[str]:
    """The ids of the organisation's connections."""
    return list(owned_ids(member))


def owned_ids(member: Member) -> QuerySet[ConnectionOwner, str]:
    """The same as a question, for statements that name all of them."""
    return ConnectionOwner.objects.filter(organisation=member.organisation).values_list("connection_id", flat=True)


def connections_of(member: Member) -> Sequence[Connection]:
    """The organisation's connections, by name."""
    return sorted(process.overview.connections(connection_ids(member)), key=lambda c: (c.pleo_name.casefold(), c.id))


_owners: dict[str, str] = {}


def organisation_of(connection_id: str) -> str:
    """The id of the organisation that a connection belongs to, for ever, or whose setup it is to come of; its own
    while no organisation has it."""
    if connection_id not in _owners:
        owner = ConnectionOwner.objects.filter(connection_id=connection_id).first()
        if owner is None:
            setup = Setup.objects.filter(connection_id=connection_id).first()
            return str(setup.organisation_id) if setup else connection_id
        _owners[connection_id] = str(owner.organisation_id)
    return _owners[connection_id]
