"""Who did what, and when: from what to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.web.lists.fields import FilterForm, OfCompanies, filled, query_of
from kontobro.web.lists.files import BOTH, Row, file_of
from kontobro.web.lists.leaf import leaf_of
from kontobro.web.models import AuditEvent
from kontobro.web.organisation.acts import act_words
from kontobro.web.process import process
from kontobro.web.telling import told
from kontobro.web.tenancy import Member, connection_ids, of_organisation

COLUMNS = ("when", "who", "action", *BOTH, "details")

CHUNK = 500
"""Rows of a file that are read together."""


class TrailForm(OfCompanies, FilterForm):
    """What the trail can be asked for."""

    field_order = ("q", "company", "first", "last")


@require_safe
@of_organisation()
def trail(request: HttpRequest, member: Member) -> HttpResponse:
    """The organisation's trail, newest first unless it is asked for otherwise."""
    names = process.overview.names(connection_ids(member))
    form = filled(TrailForm, request, companies=names)
    page = leaf_of(request, _events(member, form))
    shown = {
        "page": page,
        "rows": [
            (event, act_words(event.action), names.get(event.connection_id, ""), told(request, event.detail))
            for event in page
        ],
        "form": form,
        "query": query_of(request),
        "count": page.paginator.count,
        "usual": "-at",
    }
    return render(request, "organisation/audit.html", shown, status=200 if form.is_valid() else 400)


@require_safe
@of_organisation()
def trail_file(request: HttpRequest, member: Member, form: str) -> StreamingHttpResponse | FileResponse:
    """The same as a file."""
    ids = connection_ids(member)
    asked, names = filled(TrailForm, request, companies=process.overview.names(ids)), process.overview.both_names(ids)
    return file_of(member, form, "audit-trail", COLUMNS, lambda: _rows(request, _events(member, asked), names))


def _events(member: Member, form: TrailForm) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.filter(organisation=member.organisation)
    if text := form.value_of("q", ""):
        events = events.filter(Q(actor_name__icontains=text) | Q(action__icontains=text) | Q(detail__icontains=text))
    if form.value_of("company"):
        events = events.filter(connection_id__in=form.chosen())
    if first := form.value_of("first"):
        events = events.filter(at__gte=datetime.combine(first, time(), UTC))
    last = form.value_of("last")
    if last and last.year < 9999:
        events = events.filter(at__lt=datetime.combine(last + timedelta(days=1), time(), UTC))
    return events.order_by("at", "id") if form.order == ("at", False) else events.order_by("-at", "-id")


def _rows(request: HttpRequest, events: QuerySet[AuditEvent], names: Mapping[str, tuple[str, str]]) -> Iterator[Row]:
    """Page by page: no query stays open while a reader takes the file."""
    known = list(events.values_list("pk", flat=True))
    for at in range(0, len(known), CHUNK):
        found = AuditEvent.objects.in_bulk(known[at : at + CHUNK])
        for number in known[at : at + CHUNK]:
            if event := found.get(number):
                both = names.get(event.connection_id, ("", ""))
                yield [event.at, event.actor_name, act_words(event.action), *both, told(request, event.detail)]
