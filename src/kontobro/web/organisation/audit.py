"""Who did what, and when."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.web.models import AuditEvent
from kontobro.web.process import process
from kontobro.web.tenancy import Member, of_organisation


@require_safe
@of_organisation()
def trail(request: HttpRequest, member: Member) -> HttpResponse:
    """The organisation's trail, newest first."""
    events = AuditEvent.objects.filter(organisation=member.organisation).order_by("-at", "-id")
    shown = Paginator(events, 50).get_page(request.GET.get("page"))
    names = process.overview.names(list({event.connection_id for event in shown}))
    rows = [(event, names.get(event.connection_id, "")) for event in shown]
    return render(request, "organisation/audit.html", {"page": shown, "rows": rows})
