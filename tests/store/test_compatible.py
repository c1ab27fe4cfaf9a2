"""What the store writes by SQL is what Django's models write: files and databases of either time are each other's."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from kontobro.core.model.bindings import Binding
from kontobro.core.model.history import Move
from kontobro.core.model.settings import Settings
from tests.support.store_contract.case import (
    BILL,
    HERE,
    NOW,
    PROBLEM,
    REF,
    connection,
    job,
    plan,
    planned,
    tokens,
)

if TYPE_CHECKING:
    from kontobro.store import DjangoStore

TABLES = ("connection", "secret", "job", "booking", "payload", "binding", "sync")
EVEN = NOW.replace(microsecond=0)


def fill(store: DjangoStore, now: dt.datetime) -> None:
    """A row in every table, with every kind of column."""
    facts: dict[str, Any] = {"erp_options": {"url": "https://æ.example"}, "scopes": frozenset({"b", "a"})}
    store.save_connection(connection(settings=Settings(wallet="1010"), **facts), tokens())
    store.begin_job(HERE, job(), "run-1", now)
    store.claim_job(HERE, "job-1", "in_progress", now)
    store.end_job(HERE, "job-1", "completed", None, now)
    plan(store, planned(kind="payment", settles=BILL, raw=b"{}", payee="Anna Bærg", date="2026-02-28"), now=now)
    told = Move(reference=REF, to="posted", settled=False, receipts=1, problems=(PROBLEM,), notes=("a note",))
    store.move(HERE, [told], now)
    store.bind(HERE, [Binding("vendors", "e1", None, "created", "V1", "name:0f")])
    store.note_sync(HERE, "vendors", "waiting", "digest", now)


def written(store: DjangoStore) -> dict[str, list[tuple[Any, ...]]]:
    """All rows as the database itself holds them: SQLite quotes each value by its type."""
    from django.db import connections

    database = connections[store.alias]
    found = {}
    with database.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM kontobro_{table} LIMIT 0")
            names = [column[0] for column in cursor.description]
            told = "quote({0})" if database.vendor == "sqlite" else "CAST({0} AS text)"
            columns = ", ".join(told.format(name) for name in names)
            cursor.execute(f"SELECT {columns} FROM kontobro_{table}")
            found[table] = cursor.fetchall()
    return found


@pytest.mark.parametrize("now", [NOW, EVEN], ids=["with microseconds", "without"])
def test_django_writes_every_row_as_it_is(any_store: DjangoStore, now: dt.datetime) -> None:
    from kontobro.store import models

    fill(any_store, now)
    before = written(any_store)
    kinds: list[Any] = [models.Connection, models.Secret, models.Job, models.Booking]
    for kind in (*kinds, models.Payload, models.Binding, models.Sync):
        for row in kind.objects.using(any_store.alias):
            row.save(force_update=True)
    assert {table: len(rows) for table, rows in before.items()} == dict.fromkeys(TABLES, 1)
    assert written(any_store) == before


def test_what_django_reads_is_what_the_store_reads(any_store: DjangoStore) -> None:
    from kontobro.store import models
    from kontobro.store.rows import booking_of, connection_of, job_of

    fill(any_store, EVEN)
    assert [connection_of(row) for row in models.Connection.objects.using(any_store.alias)] == any_store.connections()
    assert [job_of(row) for row in models.Job.objects.using(any_store.alias)] == any_store.jobs(HERE)
    assert [booking_of(row) for row in models.Booking.objects.using(any_store.alias)] == any_store.bookings(HERE)
