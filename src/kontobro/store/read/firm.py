"""What a firm with hundreds of companies reads of all of them at once: what each is, when it last exported.

Whose connections a reader may see is decided by the caller, who names them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import OuterRef, QuerySet, Subquery

from kontobro.core.ports import Store
from kontobro.store import models
from kontobro.store.database import Database
from kontobro.store.django_store import DjangoStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A connection as a list shows it."""

    id: str
    name: str
    company_name: str
    status: str
    erp: str
    environment: str


COLUMNS = ("id", "name", "company_name", "status", "erp", "environment")


def firm_of(store: Store) -> Firm:
    """The firm's reads of an open store of this package."""
    if not isinstance(store, DjangoStore):
        raise TypeError(f"{type(store).__name__} has no overview")
    return Firm(store.database)


class Firm:
    """Reads over all the connections that are named, each one question to the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def companies(self, connection_ids: Sequence[str]) -> Sequence[Company]:
        """Those of these that exist, by name."""
        rows = self._rows(models.Connection).filter(id__in=connection_ids).values_list(*COLUMNS)
        with self._database.reading():
            found = [Company(**dict(zip(COLUMNS, row, strict=True))) for row in rows]
        return sorted(found, key=lambda one: (one.name.casefold(), one.id))

    def last_exports(self, connection_ids: Sequence[str]) -> Mapping[str, datetime]:
        """When each last began an export job; no entry for one that never did."""
        jobs = models.Job.objects.using(self._database.alias).filter(connection=OuterRef("pk"))
        last = Subquery(jobs.order_by("-started_at", "-id").values("started_at")[:1])
        rows = self._rows(models.Connection).filter(id__in=connection_ids).values_list("id", last)
        with self._database.reading():
            return {owner: at for owner, at in rows if at is not None}

    def _rows(self, model: type[Any]) -> QuerySet[Any]:
        return cast(QuerySet[Any], model.objects.using(self._database.alias))
