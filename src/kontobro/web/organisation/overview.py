"""The first page: what waits for a person across all companies, then the companies, then what was booked day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import JobRow
from kontobro.store.read.pages import Day
from kontobro.web.connect.setup import open_setups
from kontobro.web.connection.ended import ended_logins
from kontobro.web.lists.leaf import leaf_of
from kontobro.web.organisation.companies import Listed, by_cause, listed_companies, people
from kontobro.web.organisation.finding import FindForm, found
from kontobro.web.process import process
from kontobro.web.site.bars import BarChart, bar_chart
from kontobro.web.tenancy import Member, connection_ids, of_organisation, owned_ids

DAYS = 30
"""Days that the chart shows."""

AT_ONCE = 200
"""Companies up to which the page has its chart at once; that of more is fetched by the page, which is there before."""

CHARTED = {"booked": _("booked"), "failed": _("needs attention"), "uncertain": _("unconfirmed")}
"""The figures of a day that the chart shows, and their words."""


class Lately(NamedTuple):
    """The days of the chart, the chart, and how many expenses were booked in them."""

    days: Sequence[Day]
    chart: BarChart
    booked: int


@require_safe
@of_organisation()
def overview(request: HttpRequest, member: Member) -> HttpResponse:
    known = people(member)
    companies = listed_companies(member, known)
    form = FindForm(request.GET, companies, known)
    page = leaf_of(request, found(companies, form.wanted, owned_ids(member)))
    shown = {
        "companies": len(companies),
        "form": form,
        "rows": _rows(list(page)),
        "page": page,
        "people": known,
        "causes": by_cause(companies),
        "lately": lately(member) if len(companies) <= AT_ONCE else None,
        "totals": totals(companies),
        "setups": open_setups(member.user, member.organisation),
        "ended": ended_logins(_ended(companies), process.overview),
        "may_reconnect": member.may("bookkeeper"),
    }
    return render(request, "organisation/overview.html", shown)


@require_safe
@of_organisation()
def days(request: HttpRequest, member: Member) -> HttpResponse:
    """A part of the page: the days of an organisation of many companies."""
    return render(request, "organisation/days.html", {"lately": lately(member), "apart": True})


def lately(member: Member) -> Lately:
    """What happened in the days of the chart, by now."""
    now = process.app.clock.now()
    days = filled(process.overview.days(connection_ids(member), now - timedelta(days=DAYS)), now.date())
    return Lately(days, chart(days), sum(day.booked for day in days))


def _ended(companies: Sequence[Listed]) -> Sequence[Connection]:
    """The connections whose login has ended."""
    ended = [one.company.id for one in companies if one.company.status == "reconnect"]
    return process.overview.connections(ended) if ended else ()


def _rows(listed: Sequence[Listed]) -> list[tuple[Listed, Connection, JobRow | None]]:
    """These companies, in this order, and what each exported last."""
    ids = [one.company.id for one in listed]
    known = {connection.id: connection for connection in process.overview.connections(ids)}
    last = process.overview.last_jobs(ids)
    return [(one, known[id], last.get(id)) for one, id in zip(listed, ids, strict=True) if id in known]


def filled(days: Sequence[Day], today: date) -> list[Day]:
    """Every day of the chart, also those on which nothing happened."""
    known = {day.day: day for day in days}
    first = today - timedelta(days=DAYS - 1)
    every = [first + timedelta(days=number) for number in range(DAYS)]
    return [known.get(day, Day(day=day)) for day in every]


def chart(days: Sequence[Day]) -> BarChart:
    """A column a day: from below what was booked, what needs attention, what is unconfirmed."""
    words = {kind: str(text) for kind, text in CHARTED.items()}
    return bar_chart([(day.day, {kind: getattr(day, kind) for kind in CHARTED}) for day in days], words)


def totals(companies: Sequence[Listed]) -> dict[str, int]:
    """The figures on top: what waits now."""
    return {
        "waiting": sum(one.waits.get("failed", 0) for one in companies),
        "uncertain": sum(one.waits.get("uncertain", 0) for one in companies),
    }
