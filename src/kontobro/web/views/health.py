"""For machines: is the process alive, can it serve, what are its figures."""

from __future__ import annotations

import hmac
import ipaddress

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from kontobro.service.config import config


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: answers without asking anybody."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready: the database answers. 503 when it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "does not answer"}, status=503)
    return JsonResponse({"status": "ok"})


def may_measure(request: HttpRequest) -> bool:
    """Whoever has the token; without one configured, this machine alone."""
    token = config().metrics_token.get_secret_value()
    if token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    forwarded = "X-Forwarded-For" in request.headers
    return not forwarded and ipaddress.ip_address(request.META.get("REMOTE_ADDR", "0.0.0.0")).is_loopback  # noqa: S104
