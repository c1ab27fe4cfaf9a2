"""The companies that a person ticked in a list, for what is done to all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from kontobro.core.errors import Misconfigured
from kontobro.web.models import ConnectionOwner
from kontobro.web.tenancy import Member

MOST = 500
"""Companies that something is done to in one go."""


def ticked(request: HttpRequest, member: Member) -> Sequence[ConnectionOwner]:
    """The companies that were ticked. Raises Misconfigured for none, Http404 where one is not the organisation's."""
    wanted = sorted(set(request.POST.getlist("company")))
    if not wanted:
        raise Misconfigured(_("No company is ticked."), _("Go back and tick the companies that you mean."))
    if len(wanted) > MOST:
        raise Misconfigured(
            _("More than %(most)d companies are ticked.") % {"most": MOST}, _("Go back and tick fewer of them.")
        )
    owners = ConnectionOwner.objects.select_related("in_charge__user")
    found = list(owners.filter(organisation=member.organisation, connection_id__in=wanted).order_by("connection_id"))
    if len(found) != len(wanted):
        raise Http404
    return found
