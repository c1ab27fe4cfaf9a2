"""What a firm of many companies is told at once, and that PostgreSQL reads an index for it, not the bookings."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from kontobro.core.model.history import BookingState
from kontobro.store import open_store
from kontobro.store.read.pages import ProblemGroup, Search
from tests.support.big_store import END, fill, named
from tests.support.brought import bring
from tests.support.postgres import KEY
from tests.support.store_contract.case import DAY, ELSEWHERE, HERE, NOW, PROBLEM, connection, job

if TYPE_CHECKING:
    from kontobro.store import DjangoStore
    from kontobro.store.read.firm import Firm
    from kontobro.store.read.overview import Overview

QUOTED = 'the "third" \\ one, {NULL}'
ALL = [HERE, ELSEWHERE, QUOTED]
IN_MARCH = "2026-03-05"
MARCH = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))
APRIL = (dt.date(2026, 4, 1), dt.date(2026, 4, 30))


@pytest.fixture
def opened(any_store: DjangoStore) -> DjangoStore:
    for name in ALL:
        any_store.save_connection(connection(name))
    return any_store


@pytest.fixture
def firm(opened: DjangoStore) -> Firm:
    from kontobro.store.read.firm import firm_of

    return firm_of(opened)


# --------------------------------------------------------------------------------------------------- months


@pytest.mark.parametrize(
    ("state", "open_month"), [("planned", True), ("rejected", True), ("uncertain", True), ("verified", False)]
)
def test_a_month_is_unready_while_something_of_it_is_not_booked(
    opened: DjangoStore, firm: Firm, state: BookingState, open_month: bool
) -> None:
    bring(opened, "a", "verified", date=IN_MARCH)
    bring(opened, "b", state, date=IN_MARCH)
    bring(opened, "c", state, owner=QUOTED, date=IN_MARCH)
    assert firm.unready([HERE, ELSEWHERE], *MARCH) == ({HERE} if open_month else set())
    assert firm.unready([QUOTED], *MARCH) == ({QUOTED} if open_month else set())
    assert firm.unready(ALL, *APRIL) == set()
    assert firm.with_any([HERE, ELSEWHERE], *MARCH) == {HERE}
    counts = firm.month(ALL, *MARCH)
    assert {owner for owner, one in counts.items() if one.failed or one.waiting} == firm.unready(ALL, *MARCH)


def test_news_of_a_month_is_what_was_changed_after_its_closing(opened: DjangoStore, firm: Firm) -> None:
    bring(opened, "a", "verified", now=NOW, date=IN_MARCH)
    bring(opened, "b", "verified", owner=ELSEWHERE, now=NOW + DAY, date=IN_MARCH)
    bring(opened, "c", "verified", owner=QUOTED, now=NOW + 9 * DAY, date="2026-04-01")
    assert firm.changed_since(dict.fromkeys(ALL, NOW), *MARCH) == {ELSEWHERE}
    assert firm.changed_since({HERE: NOW - DAY, ELSEWHERE: NOW + DAY}, *MARCH) == {HERE}
    assert firm.changed_since({}, *MARCH) == set()


def test_companies_are_told_by_a_list_of_ids_or_by_the_question_for_them(opened: DjangoStore, firm: Firm) -> None:
    from kontobro.store import models

    question = models.Connection.objects.using(opened.alias).exclude(id=HERE).values_list("id")
    assert {one.id for one in firm.companies(question)} == {ELSEWHERE, QUOTED}
    assert {one.id for one in firm.companies([QUOTED, "unknown"])} == {QUOTED}
    assert firm.companies([]) == []
    opened.begin_job(QUOTED, job("job-1"), "run", NOW)
    opened.begin_job(ELSEWHERE, job("job-2"), "run", NOW - dt.timedelta(microseconds=250_000))
    last = firm.last_exports(ALL)
    assert sorted(last, key=lambda one: last[one]) == [ELSEWHERE, QUOTED]


# ------------------------------------------------------------------------------------------------- problems


def test_a_search_for_everything_finds_what_no_search_finds(opened: DjangoStore, overview: Overview) -> None:
    for number in range(30):
        told = (
            replace(PROBLEM, value=f"Value {number % 4}", message=f"Told in way {number % 3}"),
            replace(PROBLEM, code="other", field=f"field {number % 2}", message="Told too"),
        )
        owner, now = ALL[number % 3], NOW + number // 2 * DAY
        state: BookingState = "verified" if number % 7 == 3 else "rejected"
        bring(opened, f"ref-{number}", state, owner=owner, problems=told[: 1 + number % 2], now=now)
        if number % 5 == 0 or number % 7 == 3:
            bring(opened, f"ref-{number}/pay", "rejected", owner=owner, problems=told[1:], now=now)
    for part in (slice(0, 3), slice(3, 20)):
        alike = overview.problem_page(ALL, Search(), part, 3)
        assert alike == overview.problem_page(ALL, Search("told"), part, 3)
        assert alike.groups
    assert overview.problem_page([ELSEWHERE], Search(), slice(0, 9), 3) == overview.problem_page(
        [ELSEWHERE], Search("TOLD"), slice(0, 9), 3
    )


# ---------------------------------------------------------------------------------------------------- plans


@pytest.fixture(scope="module")
def big(request: pytest.FixtureRequest) -> Iterator[DjangoStore]:
    from django.db import connections

    with open_store(request.getfixturevalue("module_postgres_url"), key=KEY) as store:
        with connections[store.alias].cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")  # else the vacuum comes before what it is to see is written
        fill(store)
        yield store


READS: dict[str, tuple[str, Callable[[Any, Any, Sequence[str]], object]]] = {
    "unsolved": ("kontobro_not_booked", lambda overview, firm, ids: overview.unsolved(ids)),
    "unready": ("kontobro_not_booked", lambda overview, firm, ids: firm.unready(ids, *_month())),
    "problems": ("kontobro_told_alike", lambda overview, firm, ids: overview.problems(ids, limit=20, items=5)),
    "search": ("kontobro_told_alike", lambda overview, firm, ids: _found(overview, ids, "PAYEE 17")),
    "search for a value": ("kontobro_told_alike", lambda overview, firm, ids: _found(overview, ids, "m")),
}


def _found(overview: Overview, ids: Sequence[str], text: str) -> Sequence[ProblemGroup]:
    return overview.problem_page(ids, Search(text), slice(0, 20), 5).groups


def _month() -> tuple[dt.date, dt.date]:
    return END.date() - 31 * DAY, END.date()


@pytest.mark.parametrize("name", READS)
def test_all_of_a_firm_are_counted_by_an_index_alone(big: DjangoStore, name: str) -> None:
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    from kontobro.store.read.firm import firm_of
    from kontobro.store.read.overview import overview_of

    index, read = READS[name]
    with CaptureQueriesContext(connections[big.alias]) as captured:
        assert read(overview_of(big), firm_of(big), named(500))
    (query,) = captured.captured_queries
    with connections[big.alias].cursor() as cursor:
        cursor.execute(f"EXPLAIN {query['sql']}")
        plan = "\n".join(str(row[0]) for row in cursor.fetchall())
    assert f"Index Only Scan using {index}" in plan, plan
    assert not re.search(r"(Seq|Heap) Scan on kontobro_booking", plan), plan


@pytest.fixture
def on_postgresql(postgres_url: str, service_key: None) -> Iterator[DjangoStore]:
    with open_store(postgres_url) as store:
        for name in ALL:
            store.save_connection(connection(name))
        yield store


def test_the_database_itself_tells_what_is_alike(on_postgresql: DjangoStore) -> None:
    from django.db import connections

    bring(on_postgresql, "a", "rejected")
    bring(on_postgresql, "b", "rejected", owner=ELSEWHERE)
    bring(on_postgresql, "c", "rejected", problems=(replace(PROBLEM, value="Bo"),))
    bring(on_postgresql, "d", "verified")

    def alike() -> dict[str, int | None]:
        with connections[on_postgresql.alias].cursor() as cursor:
            cursor.execute("SELECT reference, alike FROM kontobro_booking")
            return dict(cursor.fetchall())

    found = alike()
    assert found["a"] == found["b"]
    assert len({found["a"], found["c"], None}) == 3
    assert found["d"] is None
    with connections[on_postgresql.alias].cursor() as cursor:
        cursor.execute("UPDATE kontobro_booking SET problems = '[]' WHERE reference = 'a'")
    assert alike()["a"] not in (None, found["a"])


def test_a_step_that_was_interrupted_is_taken_again(on_postgresql: DjangoStore) -> None:
    from django.db import connections

    from kontobro.store.read.overview import overview_of
    from kontobro.store.schema.counting import add_payees, create_counting, drop_counting, drop_payees

    bring(on_postgresql, "a", "rejected")
    back = (drop_payees, drop_payees, drop_counting, drop_counting)
    with connections[on_postgresql.alias].schema_editor(atomic=False) as editor:
        for step in (create_counting, *back, create_counting, add_payees, add_payees):
            step(None, editor)
    counts = [one.count for one in overview_of(on_postgresql).problems(ALL)]
    assert (counts, [type(count) for count in counts]) == ([1], [int])


def test_an_empty_table_is_not_said_to_be_empty(on_postgresql: DjangoStore) -> None:
    """PostgreSQL would plan to read all of it for each move of the first exports."""
    from django.db import connections

    with connections[on_postgresql.alias].cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'kontobro_booking'")
        assert cursor.fetchone() == (-1,)
