"""The way out of mails, from the mail itself: no one signs in. Looking changes nothing (programs fetch links ahead);
the button does, and so does the mail program's own (RFC 8058)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from kontobro.web.mails.letters import SALT
from kontobro.web.mails.tables import WaitingMail
from kontobro.web.models import Membership
from kontobro.web.tenancy import Member


def memberships_of(token: str) -> list[Membership]:
    """Whose mails this link stops; empty where no one is a member any more. Raises Http404 for no link of ours."""
    try:
        membership, user, all_of_them = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError):
        raise Http404 from None
    mine = Membership.objects.select_related("organisation", "user").filter(user_id=user)
    return list(mine if all_of_them else mine.filter(id=membership))


@csrf_exempt  # mail programs post without a page of ours; the signed link is the guard
@login_not_required
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    found = memberships_of(token)
    mailed = [one for one in found if one.mailed]
    if request.method == "POST":
        for one in mailed:
            stop(one)
        mailed = []
    return render(request, "mails/unsubscribe.html", {"organisations": [one.organisation for one in mailed]})


def stop(membership: Membership) -> None:
    """No more mails of this organisation, also none of those that wait."""
    with transaction.atomic():
        Membership.objects.filter(id=membership.id).update(mailed=False)
        WaitingMail.objects.filter(membership=membership).delete()
        Member(membership.user, membership.organisation, membership.role).note("emails stopped from an email")  # type: ignore[arg-type]
