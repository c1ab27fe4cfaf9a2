"""What the service's pages read: many connections at once, bounded, paged, a constant number of queries.

Whose connections a reader may see is decided by the caller, who names them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any, TypeVar, cast

from django.db.models import Count, F, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Replace

from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.connection import Connection, name_at_pleo
from kontobro.core.model.history import BookingState, JobRow
from kontobro.core.ports import Store
from kontobro.store import models
from kontobro.store.database import Database
from kontobro.store.django_store import DjangoStore
from kontobro.store.read.among import Ids, among, fetched
from kontobro.store.read.filters import bookings_of, short
from kontobro.store.read.lists import BookingList, JobList, owned
from kontobro.store.read.pages import (
    ALL,
    NEWEST_DATE,
    BookingFilter,
    ConnectionBooking,
    ConnectionJob,
    Day,
    Health,
    JobCounts,
    JobFilter,
    Mark,
    Order,
    Page,
    ProblemGroup,
    ProblemPage,
    RunState,
    Search,
    SyncNote,
    mark_of,
)
from kontobro.store.read.problems import problem_groups, problem_page
from kontobro.store.rows import connection_of, job_of

MOST = 500
"""Rows a page at most, whatever it is asked for."""

R = TypeVar("R", models.Booking, models.Job)


class Hour(Func):
    """The UTC hour of an instant, as the database can group by it without asking Python. PostgreSQL counts it off from
    a midnight: looking up the time zone of each row takes as long as reading it."""

    output_field = TextField()
    unit, characters = "hour", 13

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return super().as_sql(
            compiler, connection, template=f"substr(%(expressions)s, 1, {self.characters})", **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = f"date_bin('1 {self.unit}', %(expressions)s, timestamptz '2000-01-01 00:00+00')"
        return super().as_sql(compiler, connection, template=template, **context)


class DayInUtc(Hour):
    """The UTC day of an instant: its first hour."""

    unit, characters = "day", 10


def overview_of(store: Store) -> Overview:
    """The overview of an open store of this package."""
    if not isinstance(store, DjangoStore):
        raise TypeError(f"{type(store).__name__} has no overview")
    return Overview(store.database)


class Overview:
    """Reads over all the connections that are named. Times are aware UTC, amounts decimal text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def alias(self) -> str:
        """The database's name within Django, for tests that count its queries."""
        return self._database.alias

    def connections(self, connection_ids: Ids) -> Sequence[Connection]:
        """Those of these that exist, by id."""
        with self._database.reading():
            return [
                connection_of(row)
                for row in self._rows(models.Connection).filter(among("id", connection_ids)).order_by("id")
            ]

    def names(self, connection_ids: Ids) -> Mapping[str, str]:
        """What the companies of those of these that exist are called at Pleo."""
        rows = self._rows(models.Connection).filter(among("id", connection_ids))
        with self._database.reading():
            found = list(rows.values_list("id", "company_name", "company_id"))
        return {id: name_at_pleo(name, company_id) for id, name, company_id in found}

    def both_names(self, connection_ids: Ids) -> Mapping[str, tuple[str, str]]:
        """What the companies of those of these that exist are called at Pleo, and in their accounting systems."""
        rows = self._rows(models.Connection).filter(among("id", connection_ids))
        columns = ("id", "company_name", "company_id", "erp_company_name", "erp_company")
        with self._database.reading():
            found = list(rows.values_list(*columns))
        return {id: (name_at_pleo(name, company), books or number) for id, name, company, books, number in found}

    def waiting_items(self, connection_ids: Sequence[str]) -> Mapping[str, int]:
        """Expenses that are not booked, as far as we know: of jobs that have not ended those that are not booked yet,
        of the others those that failed or are uncertain."""
        jobs = self._rows(models.Job).filter(among("connection_id", connection_ids), finished_at=None)
        bookings = self._bookings(connection_ids)
        waiting: Counter[str] = Counter()
        with self._database.reading():
            open_jobs = list(jobs.values_list("connection_id", "job_id", "items"))
            for owner, job_id, items in open_jobs:
                booked = bookings.filter(connection_id=owner, job_id=job_id, outcome="booked")
                waiting[owner] += max(0, items - booked.exclude(reference__endswith="/pay").count())
            unsolved = bookings.filter(outcome__in=("failed", "uncertain"))
            unsolved = unsolved.exclude(job_id__in=[job_id for _, job_id, _ in open_jobs])
            for owner, _, number in _unsolved_by(unsolved, "connection_id"):
                waiting[owner] += number
        return waiting

    def unsolved(self, connection_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """Items that failed in their last run or whose outcome is not known, by connection and `RunState`: no entry for
        none."""
        rows = self._bookings(connection_ids).filter(outcome__in=("failed", "uncertain"))
        found: dict[str, dict[str, int]] = {}
        with self._database.reading() as session:
            for owner, outcome, number in fetched(session.cursor, _unsolved_by(rows, "connection_id")):
                found.setdefault(owner, {})[outcome] = number
        return found

    def waiting_plans(self, connection_ids: Ids) -> Sequence[tuple[str, MasterKind]]:
        """Connections and kinds whose latest sync waits for a person's decision."""
        rows = self._rows(models.Sync).filter(among("connection_id", connection_ids), outcome="waiting")
        with self._database.reading():
            return list(rows.order_by("connection_id", "kind").values_list("connection_id", "kind"))

    def waiting_documents(self, connection_ids: Ids, late: datetime) -> Mapping[tuple[str, str], int]:
        """How many documents of a connection wait for its place or a person: by `unsure`, `sealed`, and `delivered` for
        those that were delivered before `late` and are not marked as imported."""
        rows = self._rows(models.Document).filter(among("connection_id", connection_ids))
        is_late = Q(state="delivered", imported_at=None, delivered_at__lt=late)
        waiting = rows.filter(Q(state__in=("unsure", "sealed")) | is_late)
        with self._database.reading():
            return {
                (id, state): number
                for id, state, number in waiting.values_list("connection_id", "state").annotate(number=Count("id"))
            }

    def days(self, connection_ids: Sequence[str], since: datetime, zone: tzinfo = UTC) -> Sequence[Day]:
        """Items by the day of their last news, oldest first, days of nothing left out. A zone's hours are whole."""
        unit = DayInUtc if zone is UTC else Hour  # a twentieth of the rows
        rows = self._bookings(connection_ids).filter(updated_at__gte=since).annotate(hour=unit("updated_at"))
        counts: Counter[tuple[date, str]] = Counter()
        with self._database.reading():
            for hour, outcome, number in _items_by(rows, "hour"):
                counts[_instant(hour).astimezone(zone).date(), outcome] += number
        days = sorted({day for day, _ in counts})
        names: tuple[RunState, ...] = ("booked", "failed", "uncertain")
        return [Day(day=day, **{name: counts[day, name] for name in names}) for day in days]

    def health(self, connection_ids: Sequence[str]) -> Sequence[Health]:
        """Each connection that exists, by id."""
        with self._database.reading():
            ends = list(_last_jobs(self._rows(models.Connection).filter(among("id", connection_ids)).order_by("id")))
            jobs = self._rows(models.Job).in_bulk([job for _, job, _ in ends if job])
            unsolved = self._bookings(connection_ids).filter(outcome__in=("failed", "uncertain"))
            counts = {(owner, outcome): number for owner, outcome, number in _unsolved_by(unsolved, "connection_id")}
            syncs = _syncs(self._rows(models.Sync).filter(among("connection_id", connection_ids)))
        return [
            Health(
                connection_id=owner,
                last_job=job_of(jobs[job]) if job in jobs else None,
                last_finished=finished,
                waiting=counts.get((owner, "failed"), 0),
                uncertain=counts.get((owner, "uncertain"), 0),
                syncs=syncs.get(owner, {}),
            )
            for owner, job, finished in ends
        ]

    def last_jobs(self, connection_ids: Sequence[str]) -> Mapping[str, JobRow]:
        """The job that each of these began last; no entry for one that never did."""
        with self._database.reading():
            ends = list(_last_jobs(self._rows(models.Connection).filter(among("id", connection_ids))))
            jobs = self._rows(models.Job).in_bulk([job for _, job, _ in ends if job])
        return {owner: job_of(jobs[job]) for owner, job, _ in ends if job in jobs}

    def jobs(self, connection_ids: Sequence[str], *, before: str | None = None, limit: int = 50) -> Page[ConnectionJob]:
        """The newest first. `before`: the `next` of the page before."""
        rows = self._rows(models.Job).filter(among("connection_id", connection_ids))
        with self._database.reading():
            found, mark = _page(rows, "started_at", before, limit)
        return Page(tuple(ConnectionJob(connection_id=row.connection_id, job=job_of(row)) for row in found), mark)

    def ended_jobs(self, connection_ids: Sequence[str], since: datetime, until: datetime) -> Sequence[ConnectionJob]:
        """Jobs of these connections that ended in between, the oldest first."""
        rows = self._rows(models.Job).filter(among("connection_id", connection_ids), finished_at__range=(since, until))
        with self._database.reading():
            found = rows.order_by("finished_at", "id")[:MOST]
            return [ConnectionJob(connection_id=row.connection_id, job=job_of(row)) for row in found]

    def job(self, connection_id: str, job_id: str) -> JobRow | None:
        """One job of a connection."""
        with self._database.reading():
            row = self._rows(models.Job).filter(connection_id=connection_id, job_id=short(job_id)).first()
        return None if row is None else job_of(row)

    def job_counts(self, connection_id: str, job_id: str) -> JobCounts:
        """How far a job is. Cheap: a page asks each second."""
        rows = self._bookings([connection_id]).filter(job_id=short(job_id)).order_by()
        states: Counter[BookingState] = Counter()
        outcomes: Counter[RunState] = Counter()
        with self._database.reading():
            for state, outcome, number in rows.values_list("state", "outcome").annotate(number=Count("pk")):
                states[cast(BookingState, state)] += number
                if outcome:
                    outcomes[cast(RunState, outcome)] += number
        return JobCounts(states=states, outcomes=outcomes)

    def bookings(
        self,
        connection_ids: Sequence[str],
        only: BookingFilter = ALL,
        *,
        before: str | None = None,
        limit: int = 50,
    ) -> Page[ConnectionBooking]:
        """The newest first. Those of one connection have an index; of many, all are read to find the newest."""
        rows = bookings_of(self._bookings(connection_ids), only)
        with self._database.reading():
            found, mark = _page(rows, "updated_at", before, limit)
        return Page(tuple(map(owned, found)), mark)

    def booking_list(
        self, connection_id: str, only: BookingFilter, order: Order = NEWEST_DATE, incoming: Collection[str] = ()
    ) -> BookingList:
        """One connection's bookings to leaf through."""
        return BookingList(
            database=self._database, connection_id=connection_id, only=only, order=order, incoming=incoming
        )

    def job_list(self, connection_ids: Sequence[str], only: JobFilter) -> JobList:
        """These connections' jobs to leaf through."""
        return JobList(database=self._database, connection_ids=connection_ids, only=only)

    def problems(self, connection_ids: Sequence[str], *, limit: int = 100, items: int = 20) -> Sequence[ProblemGroup]:
        """What stops items, as their last run told it, by cause: those that stop most first."""
        with self._database.reading() as session:
            return problem_groups(session.cursor, connection_ids, min(limit, MOST), min(items, MOST))

    def problem_page(self, connection_ids: Sequence[str], search: Search, part: slice, items: int) -> ProblemPage:
        """A part of the causes that a search means, those that stop most first."""
        wanted = replace(search, text=short(search.text).strip())
        with self._database.reading() as session:
            return problem_page(session.cursor, connection_ids, wanted, part, items)

    def _bookings(self, connection_ids: Sequence[str]) -> QuerySet[models.Booking]:
        return self._rows(models.Booking).filter(among("connection_id", connection_ids))

    def _rows(self, model: type[Any]) -> QuerySet[Any]:
        return cast(QuerySet[Any], model.objects.using(self._database.alias))


def _items_by(rows: QuerySet[models.Booking], column: str) -> Iterator[tuple[Any, str, int]]:
    """Items of each outcome by a column. A booked item counts by its first entry."""
    booked = rows.filter(outcome="booked").exclude(reference__endswith="/pay").order_by()
    for value, number in booked.values_list(column).annotate(number=Count("*")):  # no column that an index may lack
        yield value, "booked", number
    yield from _unsolved_by(rows.filter(outcome__in=("failed", "uncertain")), column)


def _unsolved_by(rows: QuerySet[models.Booking], column: str) -> QuerySet[Any]:
    """An item counts once, whichever of its entries failed."""
    item = Replace(F("reference"), Value("/pay"), Value(""))  # `journal.reference_of`
    return rows.order_by().values_list(column, "outcome").annotate(number=Count(item, distinct=True))


def _last_jobs(rows: QuerySet[models.Connection]) -> QuerySet[Any]:
    """Of each connection: its id, the number of its last job, when one last finished."""
    jobs = models.Job.objects.using(rows.db).filter(connection=OuterRef("pk"))
    last = jobs.order_by("-started_at", "-id").values("pk")[:1]
    finished = jobs.filter(finished_at__isnull=False).order_by("-finished_at").values("finished_at")[:1]
    return rows.values_list("id", Subquery(last), Subquery(finished))


def _syncs(rows: QuerySet[models.Sync]) -> Mapping[str, Mapping[MasterKind, SyncNote]]:
    found: dict[str, dict[MasterKind, SyncNote]] = {}
    for row in rows:
        note = SyncNote(at=row.at, outcome=row.outcome, digest=row.digest)
        found.setdefault(row.connection_id, {})[cast(MasterKind, row.kind)] = note
    return found


def _page(rows: QuerySet[R], column: str, before: str | None, limit: int) -> tuple[list[R], str | None]:
    """The next rows, newest first, and the mark after them. Only their numbers are sorted, then whole rows read."""
    limit = max(1, min(limit, MOST))
    if mark := mark_of(before):
        earlier = Q(**{f"{column}__lt": mark.at}) | Q(id__lt=mark.number)
        rows = rows.filter(earlier, **{f"{column}__lte": mark.at})
    numbers = list(rows.order_by(f"-{column}", "-id").values_list("pk", flat=True)[: limit + 1])
    found = rows.model.objects.using(rows.db).in_bulk(numbers[:limit])
    listed = [found[number] for number in numbers[:limit] if number in found]
    more = len(numbers) > limit and listed
    return listed, str(Mark(getattr(listed[-1], column), listed[-1].pk)) if more else None


def _instant(hour: Any) -> datetime:
    """SQLite's text of a day or an hour, or PostgreSQL's instant."""
    return hour if isinstance(hour, datetime) else datetime.fromisoformat(f"{hour[:10]} {hour[11:] or '00'}:00+00:00")
