"""The first page: how each connection fares, what was booked day by day, what waits for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.store.pages import Day, Health
from kontobro.web.places import places
from kontobro.web.setup import open_setups
from kontobro.web.tenancy import Member, connections_of, of_organisation

DAYS = 30
"""Days that the chart shows."""

COLOURS = {"booked": "#2fb344", "to mend": "#d63939", "outcome unknown": "#f59f00"}


@require_safe
@of_organisation()
def overview(request: HttpRequest, member: Member) -> HttpResponse:
    connections = connections_of(member)
    ids = [connection.id for connection in connections]
    health = {one.connection_id: one for one in places.overview.health(ids)}
    today = places.home.clock.now().date()
    days = filled(places.overview.days(ids, places.home.clock.now() - timedelta(days=DAYS)), today)
    shown = {
        "rows": [(connection, health.get(connection.id)) for connection in connections],
        "days": days,
        "chart": chart(days),
        "totals": totals(days, health.values()),
        "waiting": waiting_of(list(health.values()), {connection.id: connection.name for connection in connections}),
        "setups": open_setups(member.user, member.organisation),
    }
    return render(request, "kontobro/overview.html", shown)


def filled(days: Sequence[Day], today: date) -> list[Day]:
    """Every day of the chart, also those on which nothing happened."""
    known = {day.day: day for day in days}
    first = today - timedelta(days=DAYS - 1)
    every = [first + timedelta(days=number) for number in range(DAYS)]
    return [known.get(day, Day(day=day)) for day in every]


def chart(days: Sequence[Day]) -> dict[str, Any]:
    """ECharts' option: a stacked bar a day."""
    columns = {
        "booked": [day.booked for day in days],
        "to mend": [day.failed for day in days],
        "outcome unknown": [day.uncertain for day in days],
    }
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0},
        "grid": {"left": 8, "right": 8, "top": 16, "bottom": 36, "containLabel": True},
        "xAxis": {"type": "category", "data": [day.day.isoformat() for day in days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"name": name, "type": "bar", "stack": "items", "data": values, "itemStyle": {"color": COLOURS[name]}}
            for name, values in columns.items()
        ],
    }


def totals(days: Sequence[Day], health: Any) -> dict[str, int]:
    """The figures on top: what happened in these days, what waits now."""
    known = list(health)
    return {
        "booked": sum(day.booked for day in days),
        "waiting": sum(one.waiting for one in known),
        "uncertain": sum(one.uncertain for one in known),
    }


def waiting_of(health: Sequence[Health], names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Master data whose plan waits for a decision: the connection's id and name, and the kind."""
    return [
        (one.connection_id, names[one.connection_id], kind)
        for one in health
        for kind, note in one.syncs.items()
        if note.outcome == "waiting"
    ]
