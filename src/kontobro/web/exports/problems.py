"""Problems grouped by their cause: one place to fix each."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.store.read.pages import ProblemGroup, Stopped
from kontobro.web.process import process
from kontobro.web.tenancy import Member, connection_ids, of_organisation

ITEMS = 8
"""Items of a cause that the page leads to; all of them are counted."""


@require_safe
@of_organisation()
def problems(request: HttpRequest, member: Member) -> HttpResponse:
    groups = process.overview.problems(connection_ids(member), items=ITEMS)
    names = process.overview.names(list({one.connection_id for group in groups for one in group.items}))
    shown = [(group, _where(group, names)) for group in groups]
    return render(request, "exports/problems.html", {"groups": shown, "items": sum(g.count for g in groups)})


def _where(group: ProblemGroup, names: Mapping[str, str]) -> list[tuple[str, str, list[Stopped]]]:
    """The connections whose items this stops, by id and name, with the newest items of each."""
    found: dict[str, list[Stopped]] = {}
    for one in group.items:
        found.setdefault(one.connection_id, []).append(one)
    return [(owner, names[owner], items) for owner, items in found.items() if owner in names]
