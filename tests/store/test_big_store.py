"""100,000 bookings of 500 connections: no page reads the whole table, none asks once for each row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kontobro.store import open_store
from kontobro.store.read.pages import BookingFilter
from tests.support.big_store import CONNECTIONS, END, fill
from tests.support.postgres import KEY

if TYPE_CHECKING:
    from kontobro.store.read.overview import Overview

SOME = CONNECTIONS[:50]
JUNE = (dt.date(2025, 6, 1), dt.date(2025, 6, 30))
DAY = dt.timedelta(days=1)
FULL = {
    "sqlite": re.compile(r"\bSCAN (kontobro_booking|booking|first)\b"),
    "postgresql": re.compile(r"Seq Scan on kontobro_booking\b"),
}

Read = Callable[["Overview", list[str]], Any]
READS: dict[str, tuple[int, Read]] = {
    "days": (2, lambda it, ids: it.days(ids, END - 30 * DAY)),
    "health": (4, lambda it, ids: it.health(ids)),
    "last_jobs": (2, lambda it, ids: it.last_jobs(ids)),
    "connections": (1, lambda it, ids: it.connections(ids)),
    "names": (1, lambda it, ids: it.names(ids)),
    "unsolved": (1, lambda it, ids: it.unsolved(ids)),
    "waiting_plans": (1, lambda it, ids: it.waiting_plans(ids) == []),
    "jobs": (2, lambda it, ids: it.jobs(ids)),
    "job": (1, lambda it, ids: it.job(ids[7], "job-7")),
    "bookings of a job": (2, lambda it, ids: it.bookings([ids[7]], BookingFilter(job_id="job-7")).rows),
    "job_counts": (1, lambda it, ids: it.job_counts(ids[7], "job-7")),
    "bookings": (2, lambda it, ids: it.bookings(ids[7:8])),  # no page asks for those of several connections
    "next bookings": (2, lambda it, ids: it.bookings(ids, before="1750000000000000-1")),
    "failed": (2, lambda it, ids: it.bookings(ids, BookingFilter(outcome="failed"))),
    "by problem": (2, lambda it, ids: it.bookings(ids, BookingFilter(problem_code="no_account"))),
    "by date": (2, lambda it, ids: it.bookings(ids, BookingFilter(since=JUNE[0], until=JUNE[1]))),
    "problems": (1, lambda it, ids: it.problems(ids)),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def big(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Overview]:
    where: Path | str = tmp_path_factory.mktemp("big") / "kontobro.sqlite"
    if request.param == "postgresql":
        where = request.getfixturevalue("module_postgres_url")
    with open_store(where, key=KEY) as store:
        from kontobro.store.read.overview import overview_of

        fill(store)
        yield overview_of(store)


def asked(overview: Overview, read: Callable[[], object]) -> list[str]:
    """The statements that a read sends."""
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connections[overview.alias]) as captured:
        assert read()
    return [query["sql"] for query in captured.captured_queries]


def query_plan(overview: Overview, statement: str) -> str:
    from django.db import connections

    database = connections[overview.alias]
    with database.cursor() as cursor:
        cursor.execute(f"{'EXPLAIN QUERY PLAN' if database.vendor == 'sqlite' else 'EXPLAIN'} {statement}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.mark.parametrize("connections", [SOME, CONNECTIONS], ids=["some", "all"])
@pytest.mark.parametrize("name", READS)
def test_a_page_takes_few_queries_and_no_full_scan(big: Overview, name: str, connections: list[str]) -> None:
    from django.db import connections as databases

    most, read = READS[name]
    statements = asked(big, lambda: read(big, connections))
    assert len(statements) <= most
    full = FULL[databases[big.alias].vendor]
    scanned = [plan for plan in (query_plan(big, statement) for statement in statements) if full.search(plan)]
    assert scanned == []


@pytest.mark.parametrize("filters", [{"search": "Payee 7"}, {"currency": "DKK"}, {"state": "uncertain"}])
def test_a_filter_without_an_index_reads_only_the_connections_it_may(big: Overview, filters: dict[str, Any]) -> None:
    from django.db import connections as databases

    statements = asked(big, lambda: big.bookings(SOME, BookingFilter(**filters)).rows)
    full = FULL[databases[big.alias].vendor]
    assert not any(full.search(query_plan(big, statement)) for statement in statements)
