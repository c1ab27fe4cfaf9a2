"""Bookings in batches: the statements that do all the writing, and what is read of bookings.

`bulk_create` and `bulk_update` cost several times as much as these; it is plain SQL that SQLite and PostgreSQL
both take. The guards (`guards.py`) judge each row.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

from kontobro.core.history import Move, Plan
from kontobro.core.journal import Reference, entry_id_of
from kontobro.core.ports import ImpossibleMove
from kontobro.store import models
from kontobro.store.codec import invoice_key_to, plain, problems_to

CHUNK = 500
"""References a query: databases limit the parameters of one."""

_KEY = ("connection_id", "reference")
_FACTS = (
    "job_id",
    "run",
    "kind",
    "item_type",
    "currency",
    "total",
    "date",
    "fingerprint",
    "payee",
    "pleo_url",
    "settles_vendor",
    "settles_number",
    "settles_currency",
    "account",
    "role",
    "amount",
    "updated_at",
)
_BLANK: Mapping[str, str] = {
    "state": "'planned'",
    "erp_id": "NULL",
    "erp_url": "NULL",
    "posting": "NULL",
    "receipts": "0",
    "settled": "NULL",
    "problems": "'[]'",
    "outcome": "NULL",
}

# `intent_at` is not named: it outlives a plan until the write is resolved. The same plan told twice in one run
# (a page fetched again) changes nothing; a booking that has moved on in this run is refused by the guard.
PLAN = f"""
    INSERT INTO kontobro_booking ({", ".join((*_KEY, *_FACTS, *_BLANK))})
    VALUES ({", ".join(["%s"] * len((*_KEY, *_FACTS)))}, {", ".join(_BLANK.values())})
    ON CONFLICT ({", ".join(_KEY)}) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in (*_FACTS, *_BLANK))}
    WHERE kontobro_booking.run <> excluded.run OR kontobro_booking.state <> 'planned'
"""  # noqa: S608 - names from this file only

# A write under way: `booking` begins it, `uncertain` is the last sign of it, what stands or was refused ends it.
# An item rejected before its find was made says nothing of an earlier write: `planned` to `rejected` keeps it.
MOVE = """
    UPDATE kontobro_booking
    SET state = %s,
        updated_at = %s,
        intent_at = CASE
            WHEN %s IN ('booking', 'uncertain') THEN %s
            WHEN state IN ('planned', 'rejected') AND %s IN ('rejected', 'reported') THEN intent_at
            ELSE NULL END,
        outcome = CASE %s
            WHEN 'rejected' THEN 'failed' WHEN 'uncertain' THEN 'uncertain'
            WHEN 'reported' THEN outcome WHEN 'booking' THEN NULL
            ELSE 'booked' END,
        erp_id = coalesce(%s, erp_id),
        erp_url = coalesce(%s, erp_url),
        posting = coalesce(%s, posting),
        receipts = coalesce(%s, receipts),
        settled = coalesce(%s, settled),
        problems = coalesce(%s, problems)
    WHERE connection_id = %s AND reference = %s
"""

PAYLOAD = """
    INSERT INTO kontobro_payload (connection_id, entry_id, content) VALUES (%s, %s, %s)
    ON CONFLICT (connection_id, entry_id) DO UPDATE SET content = excluded.content
"""


def write_plans(
    database: BaseDatabaseWrapper, connection_id: str, job_id: str, run: str, plans: Sequence[Plan], now: datetime
) -> None:
    """Insert or begin anew, and keep the payloads."""
    at = database.ops.adapt_datetimefield_value(now)
    payloads = {entry_id_of(plan.reference): plan.raw for plan in plans if plan.raw}
    _for_each(database, PLAN, [_plan_values(connection_id, job_id, run, plan, at) for plan in plans])
    kept = [(connection_id, entry_id, zlib.compress(raw, 1)) for entry_id, raw in payloads.items()]
    _for_each(database, PAYLOAD, kept)


def _plan_values(connection_id: str, job_id: str, run: str, plan: Plan, at: Any) -> tuple[Any, ...]:
    texts = (
        plan.kind,
        plan.item_type,
        plan.currency,
        plan.total,
        plan.date,
        plan.fingerprint,
        plan.payee,
        plan.pleo_url,
        *invoice_key_to(plan.settles),
        plan.account,
        plan.role,
        plan.amount,
    )
    return (connection_id, plan.reference, job_id, run, *(text and plain(text) for text in texts), at)


def write_moves(database: BaseDatabaseWrapper, connection_id: str, moves: Sequence[Move], now: datetime) -> None:
    """Move each booking. Raises ImpossibleMove when a reference was never planned."""
    at = database.ops.adapt_datetimefield_value(now)
    moved = _for_each(database, MOVE, [_move_values(connection_id, move, at) for move in moves])
    if moved != len(moves):
        raise ImpossibleMove(f"{len(moves) - moved} of {len(moves)} bookings were never planned")


def _for_each(database: BaseDatabaseWrapper, statement: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Run a statement for each row; answers how many rows it touched.

    PostgreSQL gets many in one journey (psycopg's `executemany` makes one for each); SQLite makes none.
    """
    touched = 0
    with database.cursor() as cursor:
        if database.vendor != "postgresql":
            cursor.executemany(statement, rows)
            return cursor.rowcount if rows else 0
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            cursor.execute(";".join([statement] * len(chunk)), [value for row in chunk for value in row])
            touched += cursor.rowcount
            while cursor.nextset():
                touched += cursor.rowcount
    return touched


def _move_values(connection_id: str, move: Move, at: Any) -> tuple[Any, ...]:
    return (
        move.to,
        at,
        move.to,
        at,
        move.to,
        move.to,
        move.erp_id and plain(move.erp_id),
        move.erp_url and plain(move.erp_url),
        move.posting,
        move.receipts,
        move.settled,
        None if move.problems is None else problems_to(move.problems),
        connection_id,
        move.reference,
    )


def rows_of(rows: QuerySet[models.Booking], references: Sequence[Reference]) -> Iterator[models.Booking]:
    """The bookings of these references among the rows, in no order."""
    for start in range(0, len(references), CHUNK):
        yield from rows.filter(reference__in=references[start : start + CHUNK])


def open_payments(rows: QuerySet[models.Booking]) -> QuerySet[models.Booking]:
    """Payments that stand, name a bill and are not settled."""
    return rows.filter(settles_vendor__isnull=False, outcome="booked").exclude(settled=True)
