"""Deleting all that is kept of a disconnected company, here and in the store. The organisation's audit trail stays."""

from __future__ import annotations

from kontobro.core.model.connection import Connection
from kontobro.core.ports import Store
from kontobro.export.personal.data import delete_company
from kontobro.web.mails.tables import WaitingMail
from kontobro.web.models import ConnectionOwner, MonthClose, Setup, ToldNotice, WebhookDelivery


def forget_connection(connection: Connection, store: Store) -> None:
    """Raises Misconfigured while it is connected, Busy during an export."""
    delete_company(connection, store)
    for model in (WebhookDelivery, ToldNotice, WaitingMail, Setup, MonthClose, ConnectionOwner):
        model.objects.filter(connection_id=connection.id).delete()  # type: ignore[attr-defined]
