"""The first page: how each connection fares, what was booked day by day, what waits for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.core.model.connection import Connection
from kontobro.export.documents.waiting import LATE
from kontobro.store.read.pages import Day, Health, RunState
from kontobro.web.connect.setup import open_setups
from kontobro.web.connection.ended import ended_logins
from kontobro.web.process import process
from kontobro.web.site.bars import BarChart, bar_chart
from kontobro.web.tenancy import Member, connection_ids, of_organisation

SHOWN = 100
"""Connections a page."""

DAYS = 30
"""Days that the chart shows."""

CHARTED = {"booked": "booked", "failed": "needs attention", "uncertain": "unconfirmed"}
"""The figures of a day that the chart shows, and their words."""


@require_safe
@of_organisation()
def overview(request: HttpRequest, member: Member) -> HttpResponse:
    ids = connection_ids(member)
    unsolved = process.overview.unsolved(ids)
    names = process.overview.names(ids)
    listed = urgent_first(names, process.overview.statuses(ids), unsolved)
    page = Paginator(listed, SHOWN).get_page(request.GET.get("page"))
    today = process.app.clock.now().date()
    days = filled(process.overview.days(ids, process.app.clock.now() - timedelta(days=DAYS)), today)
    shown = {
        "rows": _rows(list(page)),
        "page": page,
        "days": days,
        "chart": chart(days),
        "totals": totals(days, unsolved),
        "waiting": [(one, names.get(one, ""), kind) for one, kind in process.overview.waiting_plans(ids)],
        "documents": _documents(ids, names),
        "setups": open_setups(member.user, member.organisation),
        "ended": ended_logins(_ended(ids), process.overview),
        "may_reconnect": member.may("bookkeeper"),
    }
    return render(request, "organisation/overview.html", shown)


def _ended(ids: Sequence[str]) -> Sequence[Connection]:
    """The connections whose login has ended."""
    statuses = process.overview.statuses(ids)
    return process.overview.connections([one for one, status in statuses.items() if status == "reconnect"])


DOCUMENTS = {
    "unsure": "may have been sent; check whether they arrived",
    "sealed": "are sealed and not delivered yet",
    "delivered": "are delivered and not marked as imported",
}
"""What a person should know of documents that wait, by their state."""


def _documents(ids: Sequence[str], names: Mapping[str, str]) -> list[tuple[str, str, int, str]]:
    """Connection, its name, how many of its documents wait, and what of them."""
    found = process.overview.waiting_documents(ids, process.app.clock.now() - LATE)
    return [
        (id, names.get(id, ""), found[id, state], words)
        for state, words in DOCUMENTS.items()
        for id in ids
        if (id, state) in found
    ]


def urgent_first(
    names: Mapping[str, str], statuses: Mapping[str, str], unsolved: Mapping[tuple[str, RunState], int]
) -> list[str]:
    """Connections by name, before them those that need a person: to connect again, or with items to fix."""
    needy = {one for one, status in statuses.items() if status == "reconnect"}
    needy |= {one for one, outcome in unsolved if outcome == "failed"}
    return sorted(names, key=lambda one: (one not in needy, names[one].casefold(), one))


def _rows(ids: Sequence[str]) -> list[tuple[Connection, Health | None]]:
    """These connections, in this order, and how each fares."""
    known = {connection.id: connection for connection in process.overview.connections(ids)}
    health = {one.connection_id: one for one in process.overview.health(ids)}
    return [(known[one], health.get(one)) for one in ids if one in known]


def filled(days: Sequence[Day], today: date) -> list[Day]:
    """Every day of the chart, also those on which nothing happened."""
    known = {day.day: day for day in days}
    first = today - timedelta(days=DAYS - 1)
    every = [first + timedelta(days=number) for number in range(DAYS)]
    return [known.get(day, Day(day=day)) for day in every]


def chart(days: Sequence[Day]) -> BarChart:
    """A column a day: from below what was booked, what needs attention, what is unconfirmed."""
    return bar_chart([(day.day, {kind: getattr(day, kind) for kind in CHARTED}) for day in days], CHARTED)


def totals(days: Sequence[Day], unsolved: Mapping[tuple[str, RunState], int]) -> dict[str, int]:
    """The figures on top: what happened in these days, what waits now."""
    return {
        "booked": sum(day.booked for day in days),
        "waiting": sum(number for (_, outcome), number in unsolved.items() if outcome == "failed"),
        "uncertain": sum(number for (_, outcome), number in unsolved.items() if outcome == "uncertain"),
    }
