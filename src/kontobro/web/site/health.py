"""For machines: is the process alive, can it serve, what are its figures."""

from __future__ import annotations

import hmac
from functools import partial

from django.contrib.auth.decorators import login_not_required, login_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.core.errors import KontobroError
from kontobro.health.findings import worst
from kontobro.health.installation import examine
from kontobro.service.config import config
from kontobro.service.listening import is_loopback
from kontobro.service.metrics.counters import metrics_page
from kontobro.service.metrics.current import figures_of
from kontobro.service.metrics.vitals import Vitals
from kontobro.store.django_store import DjangoStore
from kontobro.web.process import process
from kontobro.web.site.aside import OPERATOR, ask
from kontobro.web.tenancy import is_operator
from kontobro.worker.asking import ClientRunner
from kontobro.worker.vitals import look


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


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' page: what happened in all processes, what is in the database, how the work goes."""
    if not may_measure(request):
        raise PermissionDenied
    store = process.app.store
    content, kind = metrics_page(figures_of(store, _vitals()) if isinstance(store, DjangoStore) else None)
    return HttpResponse(content, content_type=kind)


def _vitals() -> Vitals | None:
    """How the work goes; None where it can't be asked: then its figures are missing, which is an alarm too."""
    runner = process.runner
    try:
        return look(config(), process.app, runner) if isinstance(runner, ClientRunner) else None
    except KontobroError:
        return None


@require_safe
@login_required
def doctor(request: HttpRequest) -> HttpResponse:
    """The whole installation on one page: on a local service for everyone, else for its operators."""
    if not config().local and not is_operator(request.user):
        raise Http404
    return ask(request, OPERATOR, _examined)


def _examined(request: HttpRequest) -> HttpResponse:
    runner = process.runner
    findings = examine(config(), look=partial(look, config()) if isinstance(runner, ClientRunner) else None)
    return render(request, "site/doctor.html", {"findings": findings, "verdict": worst(findings)})


def may_measure(request: HttpRequest) -> bool:
    """Whoever has the token; without one configured, this machine alone."""
    token = config().metrics_token.get_secret_value()
    if token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    forwarded = "X-Forwarded-For" in request.headers
    return not forwarded and is_loopback(request.META.get("REMOTE_ADDR", ""))
