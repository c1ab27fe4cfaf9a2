"""Where Pleo's webhooks arrive. A delivery is a hint to look: it only asks the worker, facts come from Pleo."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.pleo.documented.news import WEBHOOK
from kontobro.pleo.webhooks import (
    BadSignature,
    Delivery,
    TooOld,
    Unreadable,
    WebhookRejected,
    seen_of,
    verify_and_read,
)
from kontobro.service.metrics.counters import WebhookOutcome, count_webhook
from kontobro.web.connect.subscribing import SECRET
from kontobro.web.models import WebhookDelivery
from kontobro.web.process import process

log = logging.getLogger(__name__)

LARGEST = 64 * 1024
"""Bytes of a delivery. Pleo's are some hundred."""

REMEMBERED = timedelta(days=3)
"""How long a delivery's id is kept. The signature alone refuses what is older than five minutes."""


OUTCOMES: tuple[tuple[type[KontobroError], WebhookOutcome], ...] = (
    (BadSignature, "bad_signature"),
    (TooOld, "too_old"),
    (Unreadable, "unreadable"),
)
"""What a refusal is counted as; any other is of a subscription that we don't have."""


@csrf_exempt
@require_POST
def pleo(request: HttpRequest, connection: str) -> HttpResponse:
    """Take a delivery: 204 when it is Pleo's (also when there is nothing to do), else 400 or 413 without a reason."""
    try:
        body = request.read(LARGEST + 1)
    except UnreadablePostError:  # whoever sent it is gone
        return _answer("unreadable", 400)
    if len(body) > LARGEST:
        return _answer("too_large", 413)
    try:
        found, delivery = _verified(request, connection, body)
    except (WebhookRejected, Misconfigured) as refused:
        log.warning("webhook refused", extra={"connection": connection[:64], "why": type(refused).__name__})
        return _answer(next((word for kind, word in OUTCOMES if isinstance(refused, kind)), "unknown"), 400)
    return _take(found, delivery)


def _answer(outcome: WebhookOutcome, status: int) -> HttpResponse:
    count_webhook(outcome)
    return HttpResponse(status=status)


def _take(connection: Connection, delivery: Delivery) -> HttpResponse:
    """Do what it hints at, once. 503 when that can't be asked for now: Pleo then delivers again."""
    if not _is_first(connection, delivery):
        return _answer("repeated", 204)
    try:
        _ask(connection, delivery)
    except BaseException as fault:
        WebhookDelivery.objects.filter(connection_id=connection.id, delivery_id=delivery.delivery_id).delete()
        if not isinstance(fault, KontobroError):
            raise
        log.warning("webhook put off", extra={"connection": connection.id, "why": type(fault).__name__})
        return HttpResponse(status=503)
    return _answer("taken", 204)


def _verified(request: HttpRequest, connection_id: str, body: bytes) -> tuple[Connection, Delivery]:
    """The connection and its delivery. A stranger can't tell an unknown connection from a bad signature."""
    store = process.app.store
    found = store.connection(connection_id)
    secret = store.secret(found, SECRET) if found else None
    if found is None or secret is None:
        raise WebhookRejected("This subscription does not exist.")
    delivery = verify_and_read(request.headers, body, secret, process.app.clock.now())
    if delivery.company_id and delivery.company_id != found.company_id:
        raise WebhookRejected("The webhook belongs to another company.")
    process.app.watch().note(WEBHOOK, seen_of(delivery))
    return found, delivery


def _is_first(connection: Connection, delivery: Delivery) -> bool:
    """Remember the delivery; False when it was taken before. What is too old to come again is forgotten."""
    WebhookDelivery.objects.filter(at__lt=process.app.clock.now() - REMEMBERED).delete()
    try:
        with transaction.atomic():
            WebhookDelivery.objects.create(connection_id=connection.id, delivery_id=delivery.delivery_id)
    except IntegrityError:
        return False
    return True


def _ask(connection: Connection, delivery: Delivery) -> None:
    if connection.status != "connected" or connection.trial:
        return
    if delivery.kind == "export-job.created":
        process.runner.export(connection.id)
    elif delivery.kind == "vendor.created" and "vendors" in connection.settings.sync:
        process.runner.sync(connection.id, ("vendors",))
    log.info("webhook taken", extra={"connection": connection.id, "event": delivery.kind})
