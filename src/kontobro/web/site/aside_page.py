"""How work that was asked aside goes: still under way, or its result."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kontobro.web.site.aside import Kept, kept_of, page_of, result_of, still


@require_safe
@login_required
def progress(request: HttpRequest, ticket: str) -> HttpResponse:
    """Asked for again and again by the page that waits; by hand where there is no script."""
    kept = kept_of(request, ticket)
    if kept is None:
        return _gone(request)
    if "status" not in kept:
        return still(request, ticket, kept, part=bool(request.htmx))  # type: ignore[attr-defined]
    if kept["part"] and request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(kept["content"], content_type=kept["kind"] or None)
    where = _place(request, kept, ticket)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(where)
    answer = HttpResponse()
    answer["HX-Redirect"] = where
    return answer


def _place(request: HttpRequest, kept: Kept, ticket: str) -> str:
    """Where the result is: where it leads itself, with its messages; else a page of it."""
    if not kept["location"]:
        return kept["page"] or reverse("aside_page", args=[ticket])
    for level, text, tags in kept["messages"]:
        messages.add_message(request, level, text, tags)
    return kept["location"]


@require_safe
@login_required
def page(request: HttpRequest, ticket: str) -> HttpResponse:
    """The page that a form led to."""
    kept = result_of(request, ticket)
    return _gone(request) if kept is None else page_of(kept)


def _gone(request: HttpRequest) -> HttpResponse:
    """Too old, someone else's, or lost with the process that worked on it."""
    name = "site/gone_part.html" if request.htmx else "site/gone.html"  # type: ignore[attr-defined]
    return render(request, name, status=200 if request.htmx else 404)  # type: ignore[attr-defined]
