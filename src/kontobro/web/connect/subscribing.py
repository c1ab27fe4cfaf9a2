"""Pleo's webhooks for a connection: they start work within a second; polling does it where they fail."""

from __future__ import annotations

import logging
from contextlib import closing

from django.urls import reverse

from kontobro.bootstrap import App
from kontobro.core.errors import KontobroError
from kontobro.core.model.connection import Connection
from kontobro.pleo.subscriptions import Subscriptions, open_subscriptions
from kontobro.service.config import config

ID = "webhook_id"
"""Under which Pleo's id of the subscription is kept, beside its secret."""

log = logging.getLogger(__name__)


def can_subscribe(connection: Connection) -> bool:
    """Whether Pleo can reach us: from the internet, or a Pleo-in-a-box on this machine."""
    return not config().local or connection.environment == "sandbox"


def is_subscribed(connection: Connection, app: App) -> bool:
    """Whether there is a subscription as far as we know; Pleo is not asked."""
    return app.store.secret(connection, SECRET) is not None


def subscribe(connection: Connection, app: App) -> None:
    """Ask Pleo for this connection's webhooks: again and again, it is one subscription. Raises what Pleo raises."""
    known = app.store.secret(connection, ID)
    with closing(_opened(connection, app)) as opened:
        made = opened.subscribe(_address(connection), known)
    app.store.save_secret(connection, SECRET, made.secret)
    app.store.save_secret(connection, ID, made.id)


def try_to_subscribe(connection: Connection, app: App) -> bool:
    """The same where it is no more than a comfort: a refusal is logged, and polling does the work."""
    if not can_subscribe(connection):
        return False
    try:
        subscribe(connection, app)
    except KontobroError as fault:
        log.warning("webhooks not subscribed", extra={"connection": connection.id, "fault": type(fault).__name__})
        return False
    return True


def unsubscribe(connection: Connection, app: App) -> None:
    """End the deliveries before the access ends; what Pleo refuses then is over anyway."""
    known = app.store.secret(connection, ID)
    if known is None:
        return
    try:
        with closing(_opened(connection, app)) as opened:
            opened.unsubscribe(_address(connection), known)
    except KontobroError as fault:
        log.info("webhooks not unsubscribed", extra={"connection": connection.id, "fault": type(fault).__name__})


def _opened(connection: Connection, app: App) -> Subscriptions:
    return open_subscriptions(connection, app.store, app.clock, app.ways(connection))


def _address(connection: Connection) -> str:
    return config().public_url.rstrip("/") + reverse("webhook", args=[connection.id])


SECRET = "webhook"  # noqa: S105 - the secret's name in the store
