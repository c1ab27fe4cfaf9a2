"""Problems grouped by their cause: one place to mend each."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.store.pages import ProblemGroup
from kontobro.web.places import places
from kontobro.web.tenancy import Member, connection_ids, of_organisation

REFERENCES = 8
"""Items of a cause that the page leads to; all of them are counted."""


@require_safe
@of_organisation()
def problems(request: HttpRequest, member: Member) -> HttpResponse:
    groups = places.overview.problems(connection_ids(member), references=REFERENCES)
    names = places.overview.names(list({owner for group in groups for owner, _ in group.references}))
    shown = [(group, _where(group, names)) for group in groups]
    return render(request, "kontobro/problems.html", {"groups": shown, "items": sum(g.count for g in groups)})


def _where(group: ProblemGroup, names: Mapping[str, str]) -> list[tuple[str, str, list[str]]]:
    """The connections whose items this stops, by id and name, with the first references of each."""
    found: dict[str, list[str]] = {}
    for connection_id, reference in group.references:
        found.setdefault(connection_id, []).append(reference)
    return [(one, names[one], references) for one, references in found.items() if one in names]
