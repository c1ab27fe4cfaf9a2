"""Who may read: a request's token becomes an organisation, or an answer that says no, always as JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from kontobro.core.errors import KontobroError
from kontobro.web.api.tokens import spend, token_for
from kontobro.web.models import Organisation
from kontobro.web.process import process

View = Callable[..., dict[str, Any]]


class BadQuery(Exception):
    """A parameter that can't be read. The message names it."""


def answers(view: View) -> Callable[..., HttpResponse]:
    """For a view that gets an `Organisation` and gives what is answered. Reads only: no other method, no cookie."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return refusal(405, "method_not_allowed", "Only GET is possible here.", Allow="GET, HEAD")
        found = _organisation(request)
        if isinstance(found, HttpResponse):
            return found
        try:
            return JsonResponse(view(request, found, *args, **kwargs))
        except BadQuery as fault:
            return refusal(400, "bad_query", str(fault))
        except Http404:
            return refusal(404, "not_found", "There is nothing of this organisation under this address.")
        except KontobroError as fault:
            return refusal(503, "unavailable", str(fault))

    return answered


def _organisation(request: HttpRequest) -> Organisation | HttpResponse:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    now = process.app.clock.now()
    token = token_for(secret.strip(), now) if scheme.lower() == "bearer" else None
    if token is None:
        text = "The token is missing, unknown, revoked or expired. Send it as: Authorization: Bearer kbt_…"
        return refusal(401, "no_token", text, **{"WWW-Authenticate": 'Bearer realm="Kontobro"'})
    if not spend(token, now):
        wait = {"Retry-After": str(60 - now.second)}
        return refusal(429, "too_many_requests", "The token has sent too many requests in this minute.", **wait)
    return token.organisation


def refusal(status: int, code: str, message: str, **headers: str) -> HttpResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status, headers=headers)
