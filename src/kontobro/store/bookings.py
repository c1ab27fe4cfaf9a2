"""Bookings in batches through Django: the statements of `statements.py`, and what is read of bookings.

`bulk_create` and `bulk_update` cost several times as much as these. The guards (`schema/guards.py`) judge each row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

from kontobro.core.errors import ImpossibleMove
from kontobro.core.model.export import ExportJob
from kontobro.core.model.history import ClaimState, Move, Plan
from kontobro.core.model.journal import Reference
from kontobro.store import models
from kontobro.store.statements import (
    BEGIN_JOB,
    CLAIM_JOB,
    MOVE,
    PAYLOAD,
    PLAN,
    begin_job_values,
    claim_job_values,
    move_values,
    payload_values,
    plan_values,
)

CHUNK = 500
"""References a query: databases limit the parameters of one."""


def write_job(database: BaseDatabaseWrapper, connection_id: str, job: ExportJob, run: str, now: datetime) -> None:
    """Insert or begin again."""
    at = database.ops.adapt_datetimefield_value(now)
    _for_each(database, BEGIN_JOB, [begin_job_values(connection_id, job, run, at)])


def write_claim(
    database: BaseDatabaseWrapper, connection_id: str, job_id: str, state: ClaimState, moment: datetime
) -> None:
    """Note how far the claim is. Raises ImpossibleMove for a job that was not begun."""
    at = database.ops.adapt_datetimefield_value(moment)
    if not _for_each(database, CLAIM_JOB, [claim_job_values(connection_id, job_id, state, at)]):
        raise ImpossibleMove(f"the job {job_id} was not begun")


def write_plans(
    database: BaseDatabaseWrapper, connection_id: str, job_id: str, run: str, plans: Sequence[Plan], now: datetime
) -> None:
    """Insert or begin anew, and keep the payloads."""
    at = database.ops.adapt_datetimefield_value(now)
    _for_each(database, PLAN, [plan_values(connection_id, job_id, run, plan, at) for plan in plans])
    _for_each(database, PAYLOAD, payload_values(connection_id, plans))


def write_moves(database: BaseDatabaseWrapper, connection_id: str, moves: Sequence[Move], now: datetime) -> None:
    """Move each booking. Raises ImpossibleMove when a reference was never planned."""
    at = database.ops.adapt_datetimefield_value(now)
    moved = _for_each(database, MOVE, [move_values(connection_id, move, at) for move in moves])
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


def rows_of(rows: QuerySet[models.Booking], references: Sequence[Reference]) -> Iterator[models.Booking]:
    """The bookings of these references among the rows, in no order."""
    for start in range(0, len(references), CHUNK):
        yield from rows.filter(reference__in=references[start : start + CHUNK])


def open_payments(rows: QuerySet[models.Booking]) -> QuerySet[models.Booking]:
    """Payments that stand, name a bill and are not settled."""
    return rows.filter(settles_vendor__isnull=False, outcome="booked").exclude(settled=True)
