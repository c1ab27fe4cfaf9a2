"""What a firm with hundreds of companies reads of all of them at once: what each is, when it last exported.

Whose connections a reader may see is decided by the caller, who names them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Replace

from kontobro.core.model.connection import name_at_pleo
from kontobro.core.ports import Store
from kontobro.store import models
from kontobro.store.database import Database
from kontobro.store.django_store import DjangoStore
from kontobro.store.read.among import Ids, among, fetched


class Company(NamedTuple):
    """A connection as a list shows it. `handle` is the command line's name for it; people read `pleo_name`."""

    id: str
    handle: str
    company_name: str
    company_id: str
    status: str
    erp: str
    erp_company: str
    erp_company_name: str
    environment: str

    @property
    def pleo_name(self) -> str:
        return name_at_pleo(self.company_name, self.company_id)

    @property
    def books_name(self) -> str:
        return self.erp_company_name or self.erp_company


@dataclass(frozen=True, slots=True)
class MonthCounts:
    """A connection's expenses of one month by how their last run went, and when the last of them changed."""

    booked: int = 0
    failed: int = 0
    waiting: int = 0
    changed_at: datetime | None = None


NOT_BOOKED = Q(outcome=None) | Q(outcome__in=("failed", "uncertain"))
"""As the index `kontobro_not_booked` has it."""

COLUMNS = tuple("name" if field == "handle" else field for field in Company._fields)


def firm_of(store: Store) -> Firm:
    """The firm's reads of an open store of this package."""
    if not isinstance(store, DjangoStore):
        raise TypeError(f"{type(store).__name__} has no overview")
    return Firm(store.database)


class Firm:
    """Reads over all the connections that are named, each one question to the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def companies(self, connection_ids: Ids) -> Sequence[Company]:
        """Those of these that exist, by name."""
        rows = self._rows(models.Connection).filter(among("id", connection_ids)).values_list(*COLUMNS)
        with self._database.reading() as session:
            found = map(Company._make, fetched(session.cursor, rows))
        return sorted(found, key=lambda one: (one.pleo_name.casefold(), one.id))

    def last_exports(self, connection_ids: Ids) -> Mapping[str, str]:
        """When each last began an export job, as a text that sorts as the instant does; no entry for one that never
        did."""
        jobs = models.Job.objects.using(self._database.alias).filter(connection=OuterRef("pk"))
        last = Subquery(jobs.order_by("-started_at", "-id").values("started_at")[:1])
        rows = self._rows(models.Connection).filter(among("id", connection_ids))
        rows = rows.values_list("id", Cast(last, TextField()))
        with self._database.reading() as session:
            return {owner: at for owner, at in fetched(session.cursor, rows) if at is not None}

    def month(self, connection_ids: Sequence[str], first: date, last: date) -> Mapping[str, MonthCounts]:
        """What is booked for these days, by connection; no entry where there is nothing."""
        item = Replace(F("reference"), Value("/pay"), Value(""))  # `journal.reference_of`
        by_outcome = self._dated(connection_ids, first, last).order_by().values_list("connection_id", "outcome")
        counted = by_outcome.annotate(number=Count(item, distinct=True), at=Max("updated_at"))
        found: dict[str, MonthCounts] = {}
        with self._database.reading():
            for owner, outcome, number, at in counted:
                found[owner] = _with(found.get(owner, MonthCounts()), outcome, number, at)
        return found

    def unready(self, connection_ids: Sequence[str], first: date, last: date) -> Set[str]:
        """Those of these that have something for these days that is not booked: it failed, or it waits."""
        return self._with_any(self._dated(connection_ids, first, last).filter(NOT_BOOKED))

    def with_any(self, connection_ids: Sequence[str], first: date, last: date) -> Set[str]:
        """Those of these that have anything for these days."""
        return self._with_any(self._dated(connection_ids, first, last))

    def changed_since(self, since: Mapping[str, datetime], first: date, last: date) -> Set[str]:
        """Those of these connections of which anything for these days was changed after the instant of each."""
        if not since:
            return set()
        rows = self._dated(list(since), first, last).filter(updated_at__gt=min(since.values())).order_by()
        latest = rows.values_list("connection_id").annotate(at=Max("updated_at"))
        with self._database.reading():
            return {owner for owner, at in latest if at > since[owner]}

    def _with_any(self, rows: QuerySet[models.Booking]) -> Set[str]:
        with self._database.reading():
            return set(rows.order_by().values_list("connection_id", flat=True).distinct())

    def _dated(self, connection_ids: Sequence[str], first: date, last: date) -> QuerySet[models.Booking]:
        days = {"date__gte": first.isoformat(), "date__lte": last.isoformat()}
        return self._rows(models.Booking).filter(among("connection_id", connection_ids), **days)

    def _rows(self, model: type[Any]) -> QuerySet[Any]:
        return cast(QuerySet[Any], model.objects.using(self._database.alias))


def _with(counts: MonthCounts, outcome: str | None, number: int, at: datetime) -> MonthCounts:
    """What is under way and what is not known are both waiting."""
    name = outcome if outcome in ("booked", "failed") else "waiting"
    number += getattr(counts, name)
    return replace(counts, **{name: number}, changed_at=max(at, counts.changed_at or at))
