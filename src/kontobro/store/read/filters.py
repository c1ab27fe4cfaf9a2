"""From a page's filter to the rows that it means."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Case, F, FloatField, Func, Q, QuerySet, Value, When

from kontobro.store import models
from kontobro.store.read.pages import BookingFilter, BookingSort, JobFilter, Order
from kontobro.store.read.problems import has_cause, has_code
from kontobro.store.secrets.codec import plain

TEXT = 100
"""Characters of a search that count."""

NOTHING = ("", "0", "-0", "0.0", "0.00", "-0.00", "0.000", "0.0000")
"""How an amount of nothing is stored."""

SORTS: dict[BookingSort, str] = {"date": "date", "news": "updated_at", "payee": "payee", "state": "outcome"}


def bookings_of(rows: QuerySet[models.Booking], only: BookingFilter) -> QuerySet[models.Booking]:
    given = {
        "job_id": short(only.job_id),
        "state": only.state,
        "outcome": only.outcome,
        "currency": short(only.currency),
        "item_type": short(only.item_type),
        "posting": short(only.posting),
    }
    rows = _dated(rows.filter(**{name: value for name, value in given.items() if value}), only)
    if only.unfinished:
        rows = rows.filter(outcome__isnull=True)
    if code := short(only.problem_code):
        rows = rows.filter(has_code(code), outcome="failed")
    if only.problem:
        rows = rows.filter(has_cause(*(plain(part) for part in only.problem)), outcome="failed")
    if text := short(only.search).strip():
        rows = rows.filter(_matching(text, only.amounts, rows.db))
    return rows


def jobs_of(rows: QuerySet[models.Job], only: JobFilter) -> QuerySet[models.Job]:
    if text := short(only.search).strip():
        rows = rows.filter(job_id__startswith=text)
    if status := short(only.status):
        rows = rows.filter(status=status)
    if only.since:
        rows = rows.filter(started_at__gte=_midnight(only.since))
    if only.until and only.until < date.max:
        rows = rows.filter(started_at__lt=_midnight(only.until + timedelta(days=1)))
    return rows


def sorted_bookings(
    rows: QuerySet[models.Booking], order: Order, incoming: Collection[str]
) -> QuerySet[models.Booking]:
    """By one column, then as they came: the same order whenever it is asked."""
    sign = "-" if order.descending else ""
    if order.by == "amount":
        size = signed_size(incoming)
        return rows.order_by(size.desc() if order.descending else size.asc(), f"{sign}id")
    return rows.order_by(f"{sign}{SORTS[order.by]}", f"{sign}id")


def signed_size(incoming: Collection[str]) -> Case:
    """What an amount is sorted by: Pleo's sign, and no arithmetic is done with it."""
    return Case(
        When(Q(amount__isnull=False) & ~Q(amount__in=NOTHING), then=_Size(F("amount")) * Value(-1.0)),
        When(item_type__in=sorted(incoming), then=_Size(F("total")) * Value(-1.0)),
        default=_Size(F("total")),
        output_field=FloatField(),
    )


class _Size(Func):
    """A stored amount as a number to sort by; what is no amount is 0."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return super().as_sql(compiler, connection, template="CAST(%(expressions)s AS REAL)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            r"(CASE WHEN %(expressions)s ~ '^-?[0-9]+(\.[0-9]+)?$' THEN (%(expressions)s)::double precision ELSE 0 END)"
        )
        return super().as_sql(compiler, connection, template=template, **context)


def _dated(rows: QuerySet[models.Booking], only: BookingFilter) -> QuerySet[models.Booking]:
    if only.undated:
        return rows.filter(date="")
    if only.since:
        rows = rows.filter(date__gte=only.since.isoformat())
    return rows.filter(date__lte=only.until.isoformat(), date__gt="") if only.until else rows


def _matching(text: str, amounts: Sequence[str], alias: str) -> Q:
    named = models.Binding.objects.using(alias).filter(kind="accounts", code=text).values("erp_id")
    figures = (text, *amounts)
    return (
        Q(payee__icontains=text)
        | Q(reference__startswith=text)
        | Q(total__in=figures)
        | Q(amount__in=figures)
        | Q(erp_id=text)
        | Q(account=text)
        | Q(account__in=named)
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def short(text: str) -> str:
    """A stranger's text, as much of it as counts."""
    return plain(text)[:TEXT]
