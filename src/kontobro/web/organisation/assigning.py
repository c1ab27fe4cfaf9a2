"""Putting a member in charge of companies, one or many at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from kontobro.web.firm.ticked import ticked
from kontobro.web.models import AuditEvent, ConnectionOwner, Membership
from kontobro.web.organisation.finding import FindForm
from kontobro.web.tenancy import Member, of_organisation


@require_POST
@of_organisation("bookkeeper")
def assign(request: HttpRequest, member: Member) -> HttpResponse:
    """Put a member in charge of the ticked companies, or no one."""
    with transaction.atomic():
        person = _person(member, request.POST.get("to", ""))
        changed = _assign(member, ticked(request, member), person)
    if person:
        text = ngettext(
            "%(person)s is now in charge of %(count)d company.",
            "%(person)s is now in charge of %(count)d companies.",
            len(changed),
        )
    else:
        text = ngettext(
            "No one is in charge of %(count)d company any more.",
            "No one is in charge of %(count)d companies any more.",
            len(changed),
        )
    messages.success(request, text % {"person": person.user.email if person else "", "count": len(changed)})
    return redirect(back_to_overview(member, request.POST.get("back", "")))


def _person(member: Member, wanted: str) -> Membership | None:
    """The member who was chosen; None for no one. Raises Http404 for who is none of this organisation."""
    if not wanted:
        return None
    found = Membership.objects.select_related("user").filter(organisation=member.organisation)
    person = found.filter(id=wanted).first() if wanted.isdecimal() and len(wanted) < 19 else None
    if person is None:
        raise Http404
    return person


def _assign(member: Member, owners: Sequence[ConnectionOwner], person: Membership | None) -> list[str]:
    """Change those that are somebody else's by now, with a note of from whom to whom; their ids."""
    changed = [one for one in owners if one.in_charge_id != (person.id if person else None)]
    ConnectionOwner.objects.filter(id__in=[one.id for one in changed]).update(in_charge=person)
    to = person.user.email if person else "no one"
    AuditEvent.objects.bulk_create(
        AuditEvent(
            organisation=member.organisation,
            connection_id=one.connection_id,
            actor=member.user,
            actor_name=member.user.email,
            action="person in charge changed",
            detail=f"{one.in_charge.user.email if one.in_charge else 'no one'} → {to}",
        )
        for one in changed
    )
    return [one.connection_id for one in changed]


def back_to_overview(member: Member, query: str) -> str:
    """The overview as it was filtered: of a query that a page sent along, what the overview knows."""
    given, kept = QueryDict(query[:1000]), QueryDict(mutable=True)
    for name in (*FindForm.base_fields, "page"):
        if given.get(name):
            kept[name] = given[name]
    address = reverse("overview", args=[member.organisation.id])
    return f"{address}?{kept.urlencode()}" if kept else address
