"""Lists as a person leafs through them: a page of a filter in an order, its totals, and all of its rows as a stream."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar, cast

from django.db.models import QuerySet

from kontobro.store import models
from kontobro.store.database import Database
from kontobro.store.read.among import among
from kontobro.store.read.filters import NOTHING, bookings_of, jobs_of, sorted_bookings
from kontobro.store.read.pages import (
    NEWEST_DATE,
    BookingFilter,
    ConnectionBooking,
    ConnectionJob,
    JobFilter,
    Order,
    RunState,
    Total,
)
from kontobro.store.rows import booking_of, job_of

T = TypeVar("T")

CHUNK = 500
"""Rows of a stream that are read together."""

LONGEST = 14
"""Characters of an amount that is added up: sums of any number of them that a table can hold fit into 64 bits."""

# Whole numbers of the smallest unit, so that no database rounds them. `places` is how many decimals they have.
WORDS = {
    "sqlite": {"at": "instr(figure, '.')", "good": "figure NOT GLOB '*[^0-9.-]*' AND figure <> ''"},
    "postgresql": {"at": "strpos(figure, '.')", "good": r"figure ~ '^-?[0-9]+(\.[0-9]+)?$'"},
}
TOTALS = """
    WITH chosen (currency, reference, item_type, amount, total) AS ({chosen}), signed AS (
        SELECT currency, reference LIKE '%%/pay' AS payments,
            CASE WHEN amount IS NULL OR amount IN ({nothing}) THEN total ELSE amount END AS figure,
            CASE WHEN NOT (amount IS NULL OR amount IN ({nothing})) OR item_type IN ({incoming})
                THEN -1 ELSE 1 END AS sign
        FROM chosen
    ), counted AS (
        SELECT currency, payments, sign, figure, {good} AND length(figure) <= {longest} AS good,
            CASE WHEN {at} > 0 THEN length(figure) - {at} ELSE 0 END AS places
        FROM signed
    )
    SELECT currency, payments, places, count(*), sum(CASE WHEN good THEN 0 ELSE 1 END),
        sum(CASE WHEN good THEN sign * CAST(replace(figure, '.', '') AS bigint) ELSE 0 END)
    FROM counted GROUP BY currency, payments, places ORDER BY currency, payments, places
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingList:
    """The bookings of one connection that a filter means, in an order. `incoming` are the types of expenses that bring
    money in: what one without an entry counts as."""

    database: Database
    connection_id: str
    only: BookingFilter
    order: Order = NEWEST_DATE
    incoming: Collection[str] = ()

    def count(self) -> int:
        with self.database.reading():
            return self._rows().order_by().count()

    def totals(self) -> Sequence[Total]:
        """By currency, the first entries before the payments. Their entries are all that the filter means."""
        chosen = self._rows().values_list("currency", "reference", "item_type", "amount", "total").order_by()
        with self.database.reading() as session:
            vendor = session.cursor.db.vendor
            sql, values = chosen.query.get_compiler(using=self.database.alias).as_sql()
            incoming = sorted(self.incoming) or [""]
            session.cursor.execute(_totals(vendor, sql, len(incoming)), [*values, *incoming])
            return _added(session.cursor.fetchall())

    def undated(self) -> int:
        """How many have no date, whatever days the filter names."""
        rows = models.Booking.objects.using(self.database.alias)
        with self.database.reading():
            return rows.filter(connection_id=self.connection_id, date="").count()

    def page(self, first: int, last: int) -> Sequence[ConnectionBooking]:
        """The rows from number `first` up to `last`, counted from 0."""
        with self.database.reading():
            return self._whole(list(self._numbers()[first:last]))

    def each(self) -> Iterator[ConnectionBooking]:
        """All of them, a few at a time."""
        return _each(self.database, self._numbers(), self._whole)

    def _rows(self) -> QuerySet[models.Booking]:
        rows = models.Booking.objects.using(self.database.alias).filter(connection_id=self.connection_id)
        return bookings_of(rows, self.only)

    def _numbers(self) -> Any:
        return sorted_bookings(self._rows(), self.order, self.incoming).values_list("pk", flat=True)

    def _whole(self, numbers: Sequence[int]) -> list[ConnectionBooking]:
        found = models.Booking.objects.using(self.database.alias).in_bulk(numbers)
        return [owned(found[number]) for number in numbers if number in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """The jobs of these connections that a filter means, in its order."""

    database: Database
    connection_ids: Sequence[str]
    only: JobFilter

    def count(self) -> int:
        with self.database.reading():
            return self._rows().count()

    def page(self, first: int, last: int) -> Sequence[ConnectionJob]:
        with self.database.reading():
            return self._whole(list(self._numbers()[first:last]))

    def each(self) -> Iterator[ConnectionJob]:
        return _each(self.database, self._numbers(), self._whole)

    def _rows(self) -> QuerySet[models.Job]:
        rows = models.Job.objects.using(self.database.alias).filter(among("connection_id", self.connection_ids))
        return jobs_of(rows, self.only)

    def _numbers(self) -> Any:
        sign = "-" if self.only.descending else ""
        column = "started_at" if self.only.by == "started" else "items"
        return self._rows().order_by(f"{sign}{column}", f"{sign}id").values_list("pk", flat=True)

    def _whole(self, numbers: Sequence[int]) -> list[ConnectionJob]:
        found = models.Job.objects.using(self.database.alias).in_bulk(numbers)
        known = [found[number] for number in numbers if number in found]
        return [ConnectionJob(connection_id=row.connection_id, job=job_of(row)) for row in known]


def _each(database: Database, numbers: Any, whole: Callable[[Sequence[int]], Sequence[T]]) -> Iterator[T]:
    """The rows of these primary keys, CHUNK at a time; which they are is settled when it begins: eight bytes each."""
    with database.reading():
        kept = array("q", numbers.iterator(chunk_size=10_000))
    for at in range(0, len(kept), CHUNK):
        with database.reading():
            rows = whole(kept[at : at + CHUNK].tolist())
        yield from rows


def owned(row: models.Booking) -> ConnectionBooking:
    return ConnectionBooking(
        connection_id=row.connection_id, outcome=cast("RunState | None", row.outcome), booking=booking_of(row)
    )


def _totals(vendor: str, chosen: str, incoming: int) -> str:
    nothing = ", ".join(f"'{text}'" for text in NOTHING)
    places = ", ".join(["%s"] * incoming)
    return TOTALS.format(chosen=chosen, nothing=nothing, incoming=places, longest=LONGEST, **WORDS[vendor])


def _added(rows: Sequence[Sequence[Any]]) -> list[Total]:
    """The sums of each number of decimals together."""
    found: dict[tuple[str, bool], tuple[int, int, Decimal]] = {}
    for currency, payments, places, entries, unread, whole in rows:
        key = (currency, bool(payments))
        had = found.get(key, (0, 0, Decimal(0)))
        amount = Decimal(int(whole)).scaleb(-int(places))
        found[key] = (had[0] + entries, had[1] + int(unread), had[2] + amount)
    return [
        Total(currency=currency, payments=payments, entries=entries, unread=unread, amount=amount)
        for (currency, payments), (entries, unread, amount) in sorted(found.items())
    ]
