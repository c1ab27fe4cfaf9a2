"""A store as large as a partner's: 100,000 bookings of 500 connections over a year, filled by the database itself.

The guards are put aside while it is filled: they would write 300,000 events that no page reads.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.support.examples import rows
from tests.support.store_contract.case import connection

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from kontobro.store import DjangoStore

CONNECTIONS = [f"conn-{number:03}" for number in range(500)]
BOOKINGS = 100_000
"""And a job for each 20; `rows` of both in the fast run."""
END = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
YEAR = 365 * 24 * 3600

WORDS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "owner": "'conn-' || printf('%03d', i % 500)",
        "instant": "strftime('%Y-%m-%d %H:%M:%f000', '{end}', '-' || ({ago}) || ' seconds')",
        "day": "date('{end}', '-' || ({ago}) || ' seconds')",
    },
    "postgresql": {
        "owner": "'conn-' || lpad((i % 500)::text, 3, '0')",
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


def fill(store: DjangoStore) -> None:
    """Fill an empty store, to be read only after: on SQLite its guards are gone. END is its newest row's instant."""
    from django.db import connections

    for name in CONNECTIONS:
        store.save_connection(connection(name))
    database = connections[store.alias]
    _guards(database, "DISABLE")
    with database.cursor() as cursor:
        bookings = rows(BOOKINGS)
        cursor.execute(_sql(database.vendor, FILL_BOOKINGS, bookings, bookings // 20))
        cursor.execute(_sql(database.vendor, FILL_JOBS, bookings // 20, bookings // 20))
        if database.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")  # as its autovacuum does; SQLite has to do without
    _guards(database, "ENABLE")


def _sql(vendor: str, template: str, most: int, jobs: int) -> str:
    words = {
        name: word.format(end=f"{END:%Y-%m-%d %H:%M:%S}", ago=f"i * {YEAR // most}")
        for name, word in WORDS[vendor].items()
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
