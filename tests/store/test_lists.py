"""Lists of one company's bookings and jobs, on both databases: filters, orders, exact totals, streams."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from kontobro.core.model.bindings import Binding
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Reference
from kontobro.store.read.pages import BookingFilter, BookingSort, JobFilter, Order
from kontobro.store.schema.moves import route
from tests.support.store_contract.case import ELSEWHERE, HERE, NOW, PROBLEM, connection, job, planned

if TYPE_CHECKING:
    from kontobro.store import DjangoStore
    from kontobro.store.read.lists import BookingList
    from kontobro.store.read.overview import Overview

INCOMING = frozenset(["WALLET_TOPUP"])


@pytest.fixture
def opened(any_store: DjangoStore) -> DjangoStore:
    for name in (HERE, ELSEWHERE):
        any_store.save_connection(connection(name))
    return any_store


def put(store: DjangoStore, reference: str, *, owner: str = HERE, job_id: str = "job-1", **facts: Any) -> None:
    store.plan(owner, job_id, "run", [planned(Reference(reference), **facts)], NOW)


def chosen(overview: Overview, order: Order | None = None, **only: Any) -> BookingList:
    return overview.booking_list(HERE, BookingFilter(**only), order or Order(), INCOMING)


def names(found: BookingList) -> list[str]:
    page = [one.booking.reference for one in found.page(0, 100)]
    assert page == [one.booking.reference for one in found.each()], "a file has other rows than the page"
    assert found.count() == len(page)
    return page


def figures(found: BookingList) -> dict[tuple[str, bool], tuple[int, str]]:
    return {(one.currency, one.payments): (one.entries, f"{one.amount}") for one in found.totals()}


def test_totals_are_exact_and_have_pleo_s_sign(opened: DjangoStore, overview: Overview) -> None:
    put(opened, "spent", amount="-0.10", total="0.10")
    put(opened, "spent-2", amount="-0.20", total="0.20")
    put(opened, "refund", amount="1000.05", total="1000.05")
    put(opened, "bill", amount="-7.125", total="7.125", currency="KWD", kind="bill")
    put(opened, "bill/pay", amount="-7.125", total="7.125", currency="KWD", kind="payment")
    put(opened, "yen", amount="-1500", total="1500", currency="JPY")
    assert figures(chosen(overview)) == {
        ("DKK", False): (3, "-999.75"),
        ("JPY", False): (1, "1500"),
        ("KWD", False): (1, "7.125"),
        ("KWD", True): (1, "7.125"),
    }


def test_what_was_never_booked_counts_by_its_type_and_what_can_t_be_read_as_nothing(
    opened: DjangoStore, overview: Overview
) -> None:
    put(opened, "failed", kind="item", total="12.00")
    put(opened, "topped-up", kind="item", total="500.00", item_type="WALLET_TOPUP")
    put(opened, "odd", kind="item", total="")
    put(opened, "odder", kind="item", total="x1.00")
    found = chosen(overview).totals()
    assert [(one.entries, one.unread, one.amount) for one in found] == [(4, 2, Decimal("-488.00"))]


def test_cents_of_large_sums_are_not_lost(opened: DjangoStore, overview: Overview) -> None:
    for number in range(30):
        put(opened, f"large-{number}", amount="-9999999999.99", total="9999999999.99")
    assert figures(chosen(overview))["DKK", False] == (30, "299999999999.70")


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ({"search": "berg"}, {"anna"}),
        ({"search": "100%"}, {"odd"}),
        ({"search": "ann"}, {"anna"}),
        ({"search": "80.00"}, {"anna"}),
        ({"search": "77,5", "amounts": ("77.50", "-77.50")}, {"anna"}),
        ({"search": "2870"}, {"odd"}),
        ({"search": "acc-9"}, {"odd"}),
        ({"search": "nothing"}, set()),
        ({"currency": "SEK"}, {"odd"}),
        ({"item_type": "MILEAGE"}, {"odd"}),
        ({"since": dt.date(2026, 2, 1)}, {"anna"}),
        ({"until": dt.date(2026, 1, 31)}, {"odd"}),
        ({"undated": True}, {"none"}),
        ({"unfinished": True}, {"none", "anna"}),
        ({"outcome": "failed"}, {"odd"}),
        ({"problem": ("no_account", "account", "Anna Berg")}, {"odd"}),
        ({"problem": ("no_account", "account", "another")}, set()),
        ({"job_id": "job-2"}, {"none"}),
    ],
)
def test_a_filter_finds_what_it_says(
    opened: DjangoStore, overview: Overview, only: dict[str, Any], expected: set[str]
) -> None:
    opened.bind(HERE, [Binding("accounts", "acc-9", "p", "created", "2870")])
    put(opened, "anna", payee="Anna Berg", amount="-77.50", total="80.00", date="2026-02-01")
    put(opened, "odd", payee="100% Odd", currency="SEK", date="2026-01-31", account="acc-9", item_type="MILEAGE")
    put(opened, "none", payee="Nobody", date="", job_id="job-2")
    put(opened, "stranger", owner=ELSEWHERE, payee="Anna Berg", amount="-77.50", date="2026-02-01")
    for step in route("rejected"):
        told = (PROBLEM,) if step == "rejected" else None
        opened.move(HERE, [Move(reference=Reference("odd"), to=step, problems=told)], NOW)
    assert set(names(chosen(overview, **only))) == expected


@pytest.mark.parametrize(
    ("by", "rising"),
    [("date", "abc"), ("payee", "bca"), ("amount", "cab"), ("news", "abc")],
)
def test_an_order_is_the_same_both_ways(opened: DjangoStore, overview: Overview, by: BookingSort, rising: str) -> None:
    put(opened, "a", date="2026-01-01", payee="Zebra", amount="-9.00", total="9.00")
    put(opened, "b", date="2026-01-02", payee="Ape", amount="-10.00", total="10.00")
    put(opened, "c", date="2026-01-03", payee="Bear", amount="10.00", total="10.00")
    assert names(chosen(overview, Order(by, descending=False))) == list(rising)
    assert names(chosen(overview, Order(by, descending=True))) == list(rising)[::-1]


def test_every_page_is_reached_and_no_row_is_on_two(opened: DjangoStore, overview: Overview) -> None:
    for number in range(7):
        put(opened, f"ref-{number}", date="2026-01-01")
    found = chosen(overview)
    pages = [[one.booking.reference for one in found.page(at, at + 3)] for at in (0, 3, 6)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({name for page in pages for name in page}) == 7


def test_a_stream_keeps_its_rows_when_others_come_meanwhile(opened: DjangoStore, overview: Overview) -> None:
    for number in range(3):
        put(opened, f"ref-{number}", date="2026-01-01")
    stream = chosen(overview).each()
    seen = [next(stream).booking.reference]
    put(opened, "newer", date="2026-01-02")
    assert seen + [one.booking.reference for one in stream] == ["ref-2", "ref-1", "ref-0"]


def test_jobs_are_found_by_id_state_and_day(opened: DjangoStore, overview: Overview) -> None:
    for number, owner in enumerate((HERE, ELSEWHERE, HERE)):
        at = NOW + dt.timedelta(days=number)
        opened.begin_job(owner, job(f"job-{number}", items=10 - number), "run", at)
        opened.end_job(owner, f"job-{number}", "completed" if number else "failed", None, at)

    def found(ids: tuple[str, ...] = (HERE, ELSEWHERE), **only: Any) -> list[str]:
        jobs = overview.job_list(ids, JobFilter(**only))
        page = [one.job.job_id for one in jobs.page(0, 10)]
        assert page == [one.job.job_id for one in jobs.each()]
        assert jobs.count() == len(page)
        return page

    assert found() == ["job-2", "job-1", "job-0"]
    assert found((HERE,)) == ["job-2", "job-0"]
    assert found(by="items", descending=True) == ["job-0", "job-1", "job-2"]
    assert found(search="job-1") == ["job-1"]
    assert found(status="failed") == ["job-0"]
    assert found(since=NOW.date() + dt.timedelta(days=1), until=NOW.date() + dt.timedelta(days=1)) == ["job-1"]
    assert found(until=dt.date.max) == ["job-2", "job-1", "job-0"]
