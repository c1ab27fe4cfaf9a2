"""A month's end: of any entries the equation holds exactly where the books hold what Pleo says."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Reference
from kontobro.core.tieout.compare import PleoSide, TiedEntry, tie
from kontobro.core.tieout.month import last_day, month_after, month_before, month_sums

OCTOBER = dt.date(2026, 10, 1)
WALLET = "Assets:Pleo"
PROBLEM = Problem("account_missing", "account", "", "No account.", "Choose one.", "missing_configuration")


def spent(amount: str = "100.00", **other: object) -> PleoSide:
    """A purchase: money out of the wallet."""
    facts: dict[str, object] = {
        "reference": Reference("ref-1"),
        "kind": "journal",
        "item_type": "card_purchase",
        "state": "reported",
        "side": "wallet",
        "wallet": "5810",
        "currency": "DKK",
        "amount": Decimal(amount),
        "total": abs(Decimal(amount)),
        "date": dt.date(2026, 10, 31),
        "source": "pleo",
        "account": WALLET,
        "on_account": -Decimal(amount),
        "erp_id": "E1",
    }
    return PleoSide(**(facts | other))  # type: ignore[arg-type]


def booked(pleo: PleoSide, **other: object) -> TiedEntry:
    facts: dict[str, object] = {
        "reference": pleo.reference,
        "id": "E1",
        "status": "posted",
        "date": pleo.date,
        "currency": pleo.currency,
        "total": pleo.total,
        "line_sums": {WALLET: -pleo.amount, "Expenses": pleo.amount},
    }
    return tie(pleo, Booking(**(facts | other)))  # type: ignore[arg-type]


FAILED = tie(spent("20.00", state="rejected", erp_id=None, problems=(PROBLEM,)), None)
UNDER_WAY = tie(spent("3.00", state="planned", erp_id=None), None)
UNCERTAIN = tie(spent("0.40", state="uncertain", erp_id=None), None)


def test_spend_is_positive_as_in_pleo_and_each_state_has_its_place() -> None:
    entries = [booked(spent()), booked(spent("7.00"), status="draft"), FAILED, UNDER_WAY, UNCERTAIN]
    sums = month_sums(OCTOBER, entries)
    (line,) = sums.lines.values()
    figures = (line.pleo, line.booked, line.drafts, line.failed, line.waiting)
    assert figures == tuple(map(Decimal, ("130.40", "107.00", "7.00", "20.00", "3.40")))
    assert (sums.entries, sums.failed, sums.waiting, sums.drafts) == (5, 1, 2, 1)
    assert sums.is_equal
    assert line.difference == 0


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"status": "void"}, "-100.00"),
        ({"date": dt.date(2026, 11, 1)}, "-100.00"),
        ({"currency": "EUR"}, "-100.00"),
        ({"line_sums": {WALLET: Decimal(-110), "X": Decimal(110)}, "total": Decimal(110)}, "10.00"),
    ],
)
def test_what_the_books_hold_otherwise_breaks_the_equation(change: dict[str, object], difference: str) -> None:
    sums = month_sums(OCTOBER, [booked(spent(), **change)])
    (line,) = sums.lines.values()
    assert (line.difference, line.is_equal, sums.is_equal) == (Decimal(difference), False, False)


def test_an_entry_that_is_gone_breaks_it_too() -> None:
    sums = month_sums(OCTOBER, [tie(spent(), None)])
    assert [line.difference for line in sums.lines.values()] == [Decimal(-100)]


def test_another_day_of_the_month_or_another_account_is_not_equal_though_the_sums_are() -> None:
    for change in ({"date": dt.date(2026, 10, 2)}, {"line_sums": {"Assets:Bank": Decimal(-100), "X": Decimal(100)}}):
        sums = month_sums(OCTOBER, [booked(spent(), **change)])
        assert all(line.is_equal for line in sums.lines.values())
        assert not sums.is_equal


def test_what_has_no_day_is_in_no_line() -> None:
    sums = month_sums(OCTOBER, [tie(spent(state="rejected", date=None, erp_id=None), None)])
    assert (sums.undated, sums.lines, sums.entries) == (1, {}, 0)


def test_what_cannot_be_looked_up_counts_as_booked_and_is_counted() -> None:
    sums = month_sums(OCTOBER, [tie(spent(), None, can_look=False)])
    (line,) = sums.lines.values()
    assert (line.booked, sums.unseen, sums.is_equal) == (Decimal(100), 1, True)


def test_lines_are_apart_by_side_wallet_and_currency_wallets_first() -> None:
    bill = booked(spent(side="payable", wallet=""))
    euro = booked(spent(currency="EUR", wallet="5820"))
    sums = month_sums(OCTOBER, [bill, euro, booked(spent())])
    assert [(key.side, key.wallet, key.currency) for key, _ in sums.sorted_lines()] == [
        ("wallet", "5810", "DKK"),
        ("wallet", "5820", "EUR"),
        ("payable", "", "DKK"),
    ]


amounts = st.decimals(min_value=-9_999, max_value=9_999, places=2).filter(bool)


@given(st.lists(st.tuples(amounts, st.sampled_from(["booked", "draft", "failed", "waiting"]))))
def test_the_equation_is_exact_for_any_entries(given_entries: list[tuple[Decimal, str]]) -> None:
    made = {
        "booked": booked,
        "draft": lambda pleo: booked(pleo, status="draft"),
        "failed": lambda pleo: tie(replace(pleo, state="rejected", erp_id=None, problems=(PROBLEM,)), None),
        "waiting": lambda pleo: tie(replace(pleo, state="uncertain", erp_id=None), None),
    }
    sums = month_sums(OCTOBER, [made[state](spent(str(amount))) for amount, state in given_entries])
    assert sums.is_equal
    assert sum((line.pleo for line in sums.lines.values()), Decimal(0)) == sum(
        (amount for amount, _ in given_entries), Decimal(0)
    )


@pytest.mark.parametrize(
    ("first", "before", "after", "last"),
    [("2026-12-01", "2026-11-01", "2027-01-01", 31), ("2028-02-01", "2028-01-01", "2028-03-01", 29)],
)
def test_months_follow_each_other(first: str, before: str, after: str, last: int) -> None:
    day = dt.date.fromisoformat(first)
    assert (f"{month_before(day)}", f"{month_after(day)}", last_day(day).day) == (before, after, last)
