"""Problems grouped by their cause: one place to mend each."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.core.connection import Connection
from kontobro.store.pages import ProblemGroup
from kontobro.web.places import places
from kontobro.web.tenancy import Member, connections_of, of_organisation


@require_safe
@of_organisation()
def problems(request: HttpRequest, member: Member) -> HttpResponse:
    connections = {connection.id: connection for connection in connections_of(member)}
    groups = places.overview.problems(list(connections))
    shown = [(group, _where(group, connections)) for group in groups]
    return render(request, "kontobro/problems.html", {"groups": shown, "items": sum(g.count for g in groups)})


def _where(group: ProblemGroup, connections: Mapping[str, Connection]) -> list[tuple[Connection, list[str]]]:
    """The connections whose items this stops, with the first references of each."""
    found: dict[str, list[str]] = {}
    for connection_id, reference in group.references:
        found.setdefault(connection_id, []).append(reference)
    return [(connections[one], references) for one, references in found.items() if one in connections]
