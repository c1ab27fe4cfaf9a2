"""What the schedule reads of all connections, and of those whose turn it is: few statements, however many they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from django.db.models import Exists, OuterRef

from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Store
from kontobro.store import models
from kontobro.store.database import Database
from kontobro.store.django_store import DjangoStore
from kontobro.store.read.among import among
from kontobro.store.rows import connection_of
from kontobro.store.secrets.given import ERP

WEBHOOK = f"{ERP}webhook"
"""Under which the secret of a connection's subscription is kept."""

Noted = tuple[datetime, str, str]
"""A kind's latest sync, as `Store.syncs` has it: when, outcome, digest."""


class Schedule:
    """Reads over the connections that are alive: connected, and no trial."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def alive(self) -> Sequence[tuple[str, bool]]:
        """The ids of all of them, and whether Pleo sends webhooks for it."""
        rows = models.Connection.objects.using(self._database.alias).filter(status="connected", trial=False)
        secret = models.Secret.objects.using(self._database.alias).filter(connection=OuterRef("pk"), name=WEBHOOK)
        with self._database.reading():
            return list(rows.annotate(told=Exists(secret)).values_list("id", "told"))

    def statuses(self) -> Mapping[str, str]:
        """The status of each connection that is not disconnected, by its id."""
        rows = models.Connection.objects.using(self._database.alias).exclude(status="disconnected")
        with self._database.reading():
            return dict(rows.order_by("id").values_list("id", "status"))

    def connections(self, ids: Sequence[str]) -> Sequence[Connection]:
        """Those of these that are alive by now."""
        rows = models.Connection.objects.using(self._database.alias).filter(
            among("id", ids), status="connected", trial=False
        )
        with self._database.reading():
            return [connection_of(row) for row in rows]

    def unended(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of these with an export whose end was not noted."""
        rows = models.Job.objects.using(self._database.alias).filter(
            among("connection_id", ids), finished_at__isnull=True
        )
        with self._database.reading():
            return frozenset(rows.values_list("connection_id", flat=True))

    def syncs(self, ids: Sequence[str]) -> Mapping[str, Mapping[MasterKind, Noted]]:
        """The latest sync of each kind, of those of these that have any."""
        rows = models.Sync.objects.using(self._database.alias).filter(among("connection_id", ids))
        found: dict[str, dict[MasterKind, Noted]] = {}
        with self._database.reading():
            for id, kind, *noted in rows.values_list("connection_id", "kind", "at", "outcome", "digest"):
                found.setdefault(id, {})[cast(MasterKind, kind)] = cast(Noted, tuple(noted))
        return found


def schedule_of(store: Store) -> Schedule:
    """The schedule of an open store of this package."""
    if not isinstance(store, DjangoStore):
        raise TypeError(f"{type(store).__name__} has no schedule")
    return Schedule(store.database)
