"""Where the address of a form leads that was opened by Enter in the address bar, or sent after the session ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils.translation import gettext as _

ELSEWHERE: Final[Mapping[str, tuple[str, str]]] = {
    "invite": ("members", "organisation"),
    "withdraw_invitation": ("members", "organisation"),
    "sync_approve": ("sync", "connection"),
}
"""Addresses whose form is on another page than the one above them: that page, and what its address needs."""


class BackToPage:
    """A GET of what only takes a POST is answered with the way to its page. What other programs call stays as it is."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._respond(request)
        match = request.resolver_match
        if response.status_code != 405 or request.method != "GET" or match is None:
            return response
        if getattr(match.func, "csrf_exempt", False):
            return response
        messages.info(request, _("Nothing was done: the address that you opened belongs to a form on this page."))
        return redirect(page_of(request.path, match))


class SignedOut:
    """A form that was sent after the session ended saves nothing: the page to sign in says so. A part of a page that is
    asked for then has the whole page loaded again, which leads there; else the way to sign in would stand in its place.
    """

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._respond(request)
        leads = response.get("Location", "").startswith(f"{reverse('account_login')}?")
        if not leads or request.user.is_authenticated:
            return response
        if request.method == "POST":
            messages.warning(request, _("You were signed out, so nothing was saved. Sign in and try again."))
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Refresh": "true"})
        return response


def page_of(path: str, match: ResolverMatch) -> str:
    """The page that a form's address belongs to: the nearest one above it, unless its form is elsewhere."""
    if elsewhere := ELSEWHERE.get(match.url_name or ""):
        name, needed = elsewhere
        return reverse(name, kwargs={needed: match.kwargs[needed]})
    above = path
    while above := above.rstrip("/").rpartition("/")[0]:
        try:
            resolve(f"{above}/")
        except Resolver404:
            continue
        return f"{above}/"
    return reverse("home")
