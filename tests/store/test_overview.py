"""What the pages read of many connections, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import Problem
from kontobro.core.model.history import BookingState, Move
from kontobro.core.model.journal import Reference
from kontobro.store.read.pages import EPOCH, BookingFilter, Mark, Search, mark_of
from tests.support.brought import bring
from tests.support.store_contract.case import DAY, ELSEWHERE, HERE, NOW, PROBLEM, REF, connection, job, plan, planned

if TYPE_CHECKING:
    from kontobro.store import DjangoStore
    from kontobro.store.read.overview import Overview

BOTH = [HERE, ELSEWHERE]


@pytest.fixture
def opened(any_store: DjangoStore) -> DjangoStore:
    for name in BOTH:
        any_store.save_connection(connection(name))
    return any_store


def refuse(store: DjangoStore, reference: str, *problems: Problem, **other: Any) -> None:
    """Rejected and reported."""
    bring(store, reference, "rejected", problems=problems or (PROBLEM,), **other)
    owner, now = other.get("owner", HERE), other.get("now", NOW)
    store.move(owner, [Move(reference=Reference(reference), to="reported")], now)


def listed(overview: Overview, ids: Sequence[str] = BOTH, **asked: Any) -> list[str]:
    page = {name: asked.pop(name) for name in ("before", "limit") if name in asked}
    return [row.booking.reference for row in overview.bookings(ids, BookingFilter(**asked), **page).rows]


# ----------------------------------------------------------------------------------------------- outcomes


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("planned", None),
        ("booking", None),
        ("uncertain", "uncertain"),
        ("drafted", "booked"),
        ("attached", "booked"),
        ("posted", "booked"),
        ("verified", "booked"),
        ("rejected", "failed"),
    ],
)
def test_outcome_of_a_state(opened: DjangoStore, overview: Overview, state: BookingState, outcome: str | None) -> None:
    bring(opened, REF, state)
    assert [row.outcome for row in overview.bookings([HERE]).rows] == [outcome]


def test_a_report_keeps_the_outcome_and_another_run_begins_anew(opened: DjangoStore, overview: Overview) -> None:
    refuse(opened, "refused")
    plan(opened, planned(Reference("good")))
    for step in ("posted", "verified", "reported"):
        opened.move(HERE, [Move(reference=Reference("good"), to=step)], NOW)
    assert {row.booking.reference: row.outcome for row in overview.bookings([HERE]).rows} == {
        "refused": "failed",
        "good": "booked",
    }
    plan(opened, planned(Reference("refused")), run="later")
    assert listed(overview, outcome="failed") == []


# --------------------------------------------------------------------------------------------------- days


def test_days_count_items_by_outcome(opened: DjangoStore, overview: Overview) -> None:
    bring(opened, "bill", "posted")
    bring(opened, "bill/pay", "posted")
    refuse(opened, "worse")
    refuse(opened, "worse/pay")
    bring(opened, "lost", "uncertain", now=NOW + DAY)
    bring(opened, "theirs", "posted", owner=ELSEWHERE, now=NOW + DAY)
    bring(opened, "before", "posted", now=NOW - DAY)
    bring(opened, "under way", "planned")
    found = [(day.day, day.booked, day.failed, day.uncertain) for day in overview.days(BOTH, NOW)]
    assert found == [(NOW.date(), 1, 1, 0), ((NOW + DAY).date(), 1, 0, 1)]
    assert [day.booked for day in overview.days([ELSEWHERE], NOW)] == [1]
    assert overview.days([], NOW) == []


def test_days_are_those_of_the_zone(opened: DjangoStore, overview: Overview) -> None:
    late = NOW.replace(hour=23, minute=30)
    bring(opened, "late", "posted", now=late)
    assert [day.day for day in overview.days([HERE], NOW)] == [late.date()]
    assert [day.day for day in overview.days([HERE], NOW, ZoneInfo("Europe/Copenhagen"))] == [(late + DAY).date()]


# ------------------------------------------------------------------------------------------------- health


def test_health_of_each_connection(opened: DjangoStore, overview: Overview) -> None:
    opened.begin_job(HERE, job("old"), "run", NOW)
    opened.end_job(HERE, "old", "completed", None, NOW + DAY)
    opened.begin_job(HERE, job("new"), "run", NOW + 2 * DAY)
    refuse(opened, "a")
    refuse(opened, "a/pay")
    refuse(opened, "b/pay")
    bring(opened, "c", "uncertain")
    opened.note_sync(HERE, "vendors", "waiting", "digest", NOW)
    here, elsewhere = overview.health([ELSEWHERE, HERE, "nobody"])
    assert (here.connection_id, here.waiting, here.uncertain) == (HERE, 2, 1)
    assert here.last_job is not None
    assert (here.last_job.job_id, here.last_finished) == ("new", NOW + DAY)
    assert {kind: (note.at, note.outcome, note.digest) for kind, note in here.syncs.items()} == {
        "vendors": (NOW, "waiting", "digest")
    }
    assert elsewhere == replace(elsewhere, last_job=None, last_finished=None, waiting=0, uncertain=0, syncs={})


def test_what_a_list_of_connections_shows(opened: DjangoStore, overview: Overview) -> None:
    opened.save_connection(connection(ELSEWHERE, status="reconnect"))
    refuse(opened, "a")
    refuse(opened, "a/pay")
    bring(opened, "c", "uncertain", owner=ELSEWHERE)
    opened.note_sync(HERE, "vendors", "waiting", "digest", NOW)
    opened.note_sync(ELSEWHERE, "vendors", "in_step", "", NOW)
    asked = [*BOTH, "nobody"]
    assert [one.id for one in overview.connections(asked)] == sorted(BOTH)
    assert overview.names(asked) == {one.id: one.name for one in overview.connections(BOTH)}
    assert overview.unsolved(asked) == {HERE: {"failed": 1}, ELSEWHERE: {"uncertain": 1}}
    assert overview.waiting_plans(asked) == [(HERE, "vendors")]
    assert overview.unsolved([HERE]) == {HERE: {"failed": 1}}


# --------------------------------------------------------------------------------------------------- jobs


def test_jobs_of_several_connections_page_by_page(opened: DjangoStore, overview: Overview) -> None:
    for number in range(5):
        opened.begin_job(BOTH[number % 2], job(f"job-{number}"), "run", NOW + number // 2 * DAY)
    seen, before = [], None
    for _ in range(3):
        page = overview.jobs(BOTH, before=before, limit=2)
        seen += [(row.connection_id, row.job.job_id) for row in page.rows]
        before = page.next
    assert before is None
    assert seen == [(BOTH[number % 2], f"job-{number}") for number in (4, 3, 2, 1, 0)]
    assert [row.job.job_id for row in overview.jobs([ELSEWHERE]).rows] == ["job-3", "job-1"]


def test_one_job_and_its_items(opened: DjangoStore, overview: Overview) -> None:
    opened.begin_job(HERE, job("job-2"), "run", NOW)
    bring(opened, "a", "posted")
    bring(opened, "b", "posted", job_id="job-2")
    refuse(opened, "c", job_id="job-2")
    found = overview.job(HERE, "job-2")
    assert found
    assert (found.job_id, found.started_at) == ("job-2", NOW)
    assert overview.job(ELSEWHERE, "job-2") is None
    assert overview.job(HERE, "job\0-9") is None
    assert sorted(listed(overview, [HERE], job_id="job-2")) == ["b", "c"]
    assert listed(overview, [HERE], job_id="job-2", outcome="failed") == ["c"]


def test_progress_of_a_job(opened: DjangoStore, overview: Overview) -> None:
    refuse(opened, "a")
    bring(opened, "b", "verified")
    opened.move(HERE, [Move(reference=Reference("b"), to="reported")], NOW)
    bring(opened, "c", "planned")
    bring(opened, "d", "posted", job_id="job-2")
    counts = overview.job_counts(HERE, "job-1")
    assert counts.states == {"reported": 2, "planned": 1}
    assert counts.outcomes == {"failed": 1, "booked": 1}
    assert overview.job_counts(ELSEWHERE, "job-1").states == {}


# ----------------------------------------------------------------------------------------------- bookings


def test_pages_of_bookings_hold_each_once(opened: DjangoStore, overview: Overview) -> None:
    names = [f"ref-{number}" for number in range(7)]
    for number, name in enumerate(names):
        bring(opened, name, "planned", owner=BOTH[number % 2], now=NOW + number // 3 * DAY)
    seen, before = list[str](), None
    for _ in range(4):
        page = overview.bookings(BOTH, before=before, limit=2)
        seen += [row.booking.reference for row in page.rows]
        before = page.next
    assert (seen, before) == (names[::-1], None)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "posted"}, ["b"]),
        ({"outcome": "failed"}, ["a"]),
        ({"problem_code": "no_account"}, ["a"]),
        ({"problem_code": "another"}, []),
        ({"currency": "EUR"}, ["b"]),
        ({"since": dt.date(2026, 2, 2)}, ["b"]),
        ({"until": dt.date(2026, 2, 1)}, ["a"]),
        ({"since": dt.date(2026, 2, 1), "until": dt.date(2026, 2, 2)}, ["b", "a"]),
        ({"search": "aNNa"}, ["a"]),
        ({"search": " 7.10 "}, ["b"]),
        ({"search": "%"}, []),
        ({"search": "b"}, ["b", "a"]),  # begins a reference, and is part of a payee
        ({"search": "\0", "currency": "\0"}, ["b", "a"]),
        ({"before": "no mark of ours"}, ["b", "a"]),
        ({"limit": 0}, ["b"]),
    ],
)
def test_bookings_as_asked(opened: DjangoStore, overview: Overview, asked: dict[str, Any], found: list[str]) -> None:
    refuse(opened, "a", payee="Anna Berg", date="2026-02-01", currency="DKK")
    bring(opened, "b", "posted", date="2026-02-02", currency="EUR", total="7.10", now=NOW + DAY, owner=ELSEWHERE)
    assert listed(overview, **asked) == found
    assert listed(overview, ["nobody"], **asked) == []


@given(st.integers(0, 10**17 - 1), st.integers(0, 2**59))
def test_a_mark_goes_through_a_url(microseconds: int, number: int) -> None:
    mark = Mark(EPOCH + dt.timedelta(microseconds=microseconds), number)
    assert mark_of(str(mark)) == mark


@given(st.one_of(st.none(), st.text(), st.from_regex(r"\d+-\d+")))
def test_a_mark_of_a_stranger_never_breaks(text: str | None) -> None:
    mark = mark_of(text)
    assert mark is None or mark.number >= 0


# ----------------------------------------------------------------------------------------------- problems


def test_problems_by_their_cause(opened: DjangoStore, overview: Overview) -> None:
    other = replace(PROBLEM, value="Bo")
    refuse(opened, "a", PROBLEM, other)
    refuse(opened, "a/pay", PROBLEM)
    refuse(opened, "b", PROBLEM, owner=ELSEWHERE, now=NOW + DAY)
    refuse(opened, "solved", PROBLEM)
    bring(opened, "solved", "posted", run="later")
    first, second = overview.problems(BOTH)
    assert (first.code, first.field, first.value, first.count, first.newest) == (
        PROBLEM.code,
        PROBLEM.field,
        PROBLEM.value,
        2,
        NOW + DAY,
    )
    assert first.example == PROBLEM
    assert [(one.connection_id, one.reference) for one in first.items] == [(ELSEWHERE, "b"), (HERE, "a")]
    assert (second.value, second.count) == ("Bo", 1)
    (row,) = opened.bookings(HERE, references=[Reference("a")])
    (stopped,) = second.items
    assert (stopped.payee, stopped.date, stopped.total, stopped.currency) == (
        row.payee,
        row.date,
        row.total,
        row.currency,
    )
    assert [group.count for group in overview.problems([ELSEWHERE])] == [1]
    assert overview.problems([]) == []


def test_what_is_told_in_other_words_is_the_same_cause(opened: DjangoStore, overview: Overview) -> None:
    """Items that were told the same are counted together first, their causes after."""
    told = (PROBLEM, replace(PROBLEM, message="In other words."), replace(PROBLEM, message="In yet others."))
    for number in range(9):
        refuse(opened, f"ref-{number}", told[number % 3], payee=f"Payee {number}", now=NOW + number * DAY)
    refuse(opened, "two", PROBLEM, replace(PROBLEM, value="Bo"), payee="Two")
    page = overview.problem_page([HERE], Search(), slice(0, 1), 4)
    (group,) = page.groups
    assert (page.causes, page.items, group.count, group.newest) == (2, 11, 10, NOW + 8 * DAY)
    assert [one.reference for one in group.items] == ["ref-8", "ref-7", "ref-6", "ref-5"]
    assert (group.items[0].payee, group.example.message) == ("Payee 8", "In yet others.")
    found = {
        text: overview.problem_page([HERE], Search(text), slice(0, 9), 4)
        for text in ("payee 3", "other WORDS", "bo", "%")
    }
    counts = {text: [(one.value, one.count) for one in page.groups] for text, page in found.items()}
    value = PROBLEM.value
    assert counts == {"payee 3": [(value, 1)], "other WORDS": [(value, 3)], "bo": [("Bo", 1)], "%": []}
    in_words_of_the_reader = overview.problem_page([HERE], Search("anders", [PROBLEM.code]), slice(0, 9), 4)
    assert (in_words_of_the_reader.causes, in_words_of_the_reader.items) == (2, 11)


def test_problems_are_bounded(opened: DjangoStore, overview: Overview) -> None:
    for number in range(6):
        refuse(opened, f"ref-{number}", replace(PROBLEM, value=str(number // 3)), now=NOW + number * DAY)
    (group,) = overview.problems([HERE], limit=1, items=2)
    assert (group.value, group.count, [one.reference for one in group.items]) == ("1", 3, ["ref-5", "ref-4"])


def test_a_text_with_a_nul_is_kept_without_it(opened: DjangoStore, overview: Overview) -> None:
    refuse(opened, "a", replace(PROBLEM, value="x\0y"), payee="An\0na")
    (row,) = opened.bookings(HERE)
    assert (row.payee, row.problems[0].value) == ("Anna", "xy")
    assert [group.value for group in overview.problems([HERE])] == ["xy"]
