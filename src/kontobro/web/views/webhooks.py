"""Where Pleo's webhooks arrive. A delivery is a hint to look: it only asks the worker, facts come from Pleo."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kontobro.core.connection import Connection
from kontobro.core.errors import Misconfigured
from kontobro.pleo.webhooks import Delivery, WebhookRejected, verify_and_read
from kontobro.web.models import WebhookDelivery
from kontobro.web.places import places

log = logging.getLogger(__name__)

LARGEST = 64 * 1024
"""Bytes of a delivery. Pleo's are some hundred."""

REMEMBERED = timedelta(days=3)
"""How long a delivery's id is kept. The signature alone refuses what is older than five minutes."""

SECRET = "webhook"  # noqa: S105 - the secret's name in the store


@csrf_exempt
@require_POST
def pleo(request: HttpRequest, connection: str) -> HttpResponse:
    """Take a delivery: 204 when it is Pleo's (also when there is nothing to do), else 400 or 413 without a reason."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return HttpResponse(status=413)
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return HttpResponse(status=413)
    try:
        found, delivery = _verified(request, connection, body)
    except (WebhookRejected, Misconfigured) as refused:
        log.warning("webhook refused", extra={"connection": connection[:64], "why": type(refused).__name__})
        return HttpResponse(status=400)
    if _is_first(found, delivery):
        _ask_or_forget(found, delivery)
    return HttpResponse(status=204)


def _verified(request: HttpRequest, connection_id: str, body: bytes) -> tuple[Connection, Delivery]:
    """The connection and its delivery. A stranger can't tell an unknown connection from a bad signature."""
    store = places.home.store
    found, secret = store.connection(connection_id), store.secret(connection_id, SECRET)
    if found is None or secret is None:
        raise WebhookRejected("There is no such subscription.")
    delivery = verify_and_read(request.headers, body, secret, places.home.clock.now())
    if delivery.company_id and delivery.company_id != found.company_id:
        raise WebhookRejected("The webhook is of another company.")
    return found, delivery


def _is_first(connection: Connection, delivery: Delivery) -> bool:
    """Remember the delivery; False when it was taken before. What is too old to come again is forgotten."""
    WebhookDelivery.objects.filter(at__lt=places.home.clock.now() - REMEMBERED).delete()
    try:
        with transaction.atomic():
            WebhookDelivery.objects.create(connection_id=connection.id, delivery_id=delivery.delivery_id)
    except IntegrityError:
        return False
    return True


def _ask_or_forget(connection: Connection, delivery: Delivery) -> None:
    """A delivery that could not be passed on was not taken: Pleo sends it again."""
    try:
        _ask(connection, delivery)
    except BaseException:
        WebhookDelivery.objects.filter(connection_id=connection.id, delivery_id=delivery.delivery_id).delete()
        raise


def _ask(connection: Connection, delivery: Delivery) -> None:
    if connection.status != "connected":
        return
    if delivery.kind == "export-job.created":
        places.runner.export(connection.id)
    elif delivery.kind == "vendor.created" and "vendors" in connection.settings.sync:
        places.runner.sync(connection.id, ("vendors",))
    log.info("webhook taken", extra={"connection": connection.id, "event": delivery.kind})
