"""A store as large as a partner's: 100,000 bookings of 500 connections over a year, filled by the database itself.

The guards are put aside while it is filled: they would write 300,000 events that no page reads.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tests.support.examples import rows
from tests.support.store_contract.case import connection

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from kontobro.store import DjangoStore

BOOKINGS = 100_000
"""And a job for each 20; `rows` of both in the fast run."""
END = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
YEAR = 365 * 24 * 3600


def named(number: int) -> list[str]:
    """The ids of so many connections."""
    return [f"conn-{one:05}" for one in range(number)]


CONNECTIONS = named(500)

WORDS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "owner": "'conn-' || printf('%05d', i % {owners})",
        "instant": "strftime('%Y-%m-%d %H:%M:%f000', '{end}', '-' || ({ago}) || ' seconds')",
        "day": "date('{end}', '-' || ({ago}) || ' seconds')",
    },
    "postgresql": {
        "owner": "'conn-' || lpad((i % {owners})::text, 5, '0')",
        "instant": "timestamptz '{end}+00' - ({ago}) * interval '1 second'",
        "day": "to_char(timestamptz '{end}+00' - ({ago}) * interval '1 second', 'YYYY-MM-DD')",
    },
}

# One in 20 failed, for one of 60 causes; one in 500 is uncertain.
FILL_BOOKINGS = """
    WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < {most})
    INSERT INTO kontobro_booking (connection_id, reference, job_id, run, state, outcome, kind, item_type, currency,
        total, date, fingerprint, payee, pleo_url, receipts, problems, updated_at)
    SELECT {owner}, 'ref-' || i, 'job-' || (i % {jobs}), 'run',
        CASE WHEN i % 501 = 0 THEN 'uncertain' ELSE 'reported' END,
        CASE WHEN i % 501 = 0 THEN 'uncertain' WHEN i % 19 = 0 THEN 'failed' ELSE 'booked' END,
        'journal', 'CARD_PURCHASE', 'DKK', '100.50', {day}, 'f', 'Payee ' || (i % 5000), '', 1,
        {problems}, {instant}
    FROM numbers
"""

FILL_JOBS = """
    WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < {most})
    INSERT INTO kontobro_job (connection_id, job_id, run, status, items, started_at, finished_at)
    SELECT {owner}, 'job-' || i, 'run', 'completed', 20, {instant}, {instant} FROM numbers
"""

FAULT = """{"code": "no_account", "field": "account", "message": "m", "remedy": "r", "reason": "account_unknown"}"""


def fill(store: DjangoStore, owners: int = 500, bookings: int | None = None, end: dt.datetime = END) -> None:
    """Fill an empty store with so many connections, to be read only after: on SQLite its guards are gone. `end` is its
    newest row's instant; 20 bookings to a job, so 20 of them at least for each connection."""
    from django.db import connections

    number = rows(BOOKINGS) if bookings is None else bookings
    ids = named(owners)
    store.save_connection(connection(ids[0]))
    _copies(store.alias, ids)
    database = connections[store.alias]
    _guards(database, "DISABLE")
    with database.cursor() as cursor:
        cursor.execute(_sql(database.vendor, FILL_BOOKINGS, number, owners, end))
        cursor.execute(_sql(database.vendor, FILL_JOBS, number // 20, owners, end))
        if database.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")  # as its autovacuum does; SQLite has to do without
    _guards(database, "ENABLE")


def _copies(alias: str, ids: Sequence[str]) -> None:
    """The other connections like the first, each of its own Pleo company."""
    from kontobro.store.models import Connection

    first = Connection.objects.using(alias).values().get(id=ids[0])
    others = [Connection(**first | {"id": id, "company_id": f"company of {id}"}) for id in ids[1:]]
    Connection.objects.using(alias).bulk_create(others, batch_size=500)


def fill_one(store: DjangoStore, connection_id: str, bookings: int, end: dt.datetime = END) -> None:
    """The same for one connection that exists."""
    from django.db import connections

    database = connections[store.alias]
    _guards(database, "DISABLE")
    with database.cursor() as cursor:
        for template, most in ((FILL_BOOKINGS, bookings), (FILL_JOBS, bookings // 20)):
            cursor.execute(_sql(database.vendor, template, most, 1, end, owner=f"'{connection_id}'"))
    _guards(database, "ENABLE")


def _sql(vendor: str, template: str, most: int, owners: int, end: dt.datetime, **other: str) -> str:
    """A statement that makes `most` rows, spread over a year; bookings and jobs of a number have one owner."""
    jobs = most // 20
    words = {
        name: word.format(end=f"{end:%Y-%m-%d %H:%M:%S}", ago=f"(i * {YEAR / most:.3f})", owners=owners)
        for name, word in (WORDS[vendor] | other).items()
    }
    quoted = FAULT[:-1].replace("'", "''")
    problem = f"'[{quoted}, \"value\": \"' || (i % 60) || '\"}}]'"
    cast = "::jsonb" if vendor == "postgresql" else ""
    problems = f"(CASE WHEN i % 19 = 0 THEN {problem} ELSE '[]' END){cast}"
    return template.format(most=most - 1, jobs=jobs, problems=problems, **words)


def _guards(database: BaseDatabaseWrapper, verb: str) -> None:
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE kontobro_booking {verb} TRIGGER USER")
        elif verb == "DISABLE":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'kontobro_booking'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
