"""The tie-out's core: of any bookings, exactly those that were changed are reported, and the sums say the rest."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Reference
from kontobro.core.tieout.compare import MOST_DIFFERING, PleoSide, TiedEntry, Verdict, tie, tie_out

DAY = dt.date(2026, 10, 5)
WALLET = "Assets:Pleo"
PROBLEM = Problem("account_missing", "account", "", "No account.", "Choose one.", "missing_configuration")


def left(number: int = 1, amount: str = "100.00", **other: object) -> PleoSide:
    facts: dict[str, object] = {
        "reference": Reference(f"ref-{number:06}"),
        "kind": "journal",
        "item_type": "card_purchase",
        "state": "reported",
        "side": "wallet",
        "wallet": "5810 Pleo wallet DKK",
        "currency": "DKK",
        "amount": Decimal(amount),
        "total": abs(Decimal(amount)),
        "date": DAY,
        "source": "pleo",
        "account": WALLET,
        "on_account": -Decimal(amount),
        "erp_id": f"E{number}",
    }
    return PleoSide(**(facts | other))  # type: ignore[arg-type]


def standing(pleo: PleoSide, **other: object) -> Booking:
    """The booking as it was made."""
    facts: dict[str, object] = {
        "reference": pleo.reference,
        "id": "E1",
        "status": "posted",
        "date": pleo.date,
        "currency": pleo.currency,
        "total": pleo.total,
        "line_sums": {WALLET: -pleo.amount, "Expenses": pleo.amount},
    }
    return Booking(**(facts | other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "verdict", "difference"),
    [
        ({}, "equal", "0"),
        ({"status": "draft"}, "draft", "0"),
        ({"status": "void"}, "voided", "-100.00"),
        ({"date": dt.date(2026, 11, 1)}, "date_moved", "0"),
        (
            {"line_sums": {WALLET: Decimal(-80), "X": Decimal(80)}, "total": Decimal(80)},
            "amount_differs",
            "-20.00",
        ),
        ({"line_sums": {WALLET: Decimal(-80), "Y": Decimal(-20)}}, "amount_differs", "-20.00"),
        ({"line_sums": {"Assets:Bank": Decimal(-100), "X": Decimal(100)}}, "account_differs", "0"),
        ({"line_sums": {}, "total": Decimal(120)}, "amount_differs", "20.00"),
        ({"currency": "EUR"}, "amount_differs", "-100.00"),
    ],
)
def test_each_change_has_its_name(change: dict[str, object], verdict: Verdict, difference: str) -> None:
    pleo = left()
    tied = tie(pleo, standing(pleo, **change))
    assert (tied.verdict, tied.difference) == (verdict, Decimal(difference))


def test_an_entry_that_was_booked_wrongly_from_the_start_differs() -> None:
    """Pleo's amount against what the account holds: what we sent ourselves is no witness."""
    pleo = left(amount="100.00", on_account=Decimal(-90), total=Decimal(90))
    books = standing(pleo, line_sums={WALLET: Decimal(-90), "X": Decimal(90)}, total=Decimal(90))
    tied = tie(pleo, books)
    assert (tied.verdict, tied.books, tied.difference) == ("amount_differs", Decimal(90), Decimal(-10))


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ({}, "missing"),
        ({"state": "verified"}, "missing"),
        ({"state": "uncertain"}, "uncertain"),
        ({"state": "booking"}, "uncertain"),
        ({"state": "planned", "erp_id": None}, "not_booked"),
        ({"state": "rejected"}, "not_booked"),
        ({"state": "reported", "problems": (PROBLEM,)}, "not_booked"),
        ({"state": "reported", "erp_id": None}, "not_booked"),
    ],
)
def test_what_does_not_stand_is_told_apart(row: dict[str, object], verdict: Verdict) -> None:
    assert tie(left(**row), None).verdict == verdict  # type: ignore[arg-type]


def test_where_nothing_can_be_looked_up_nothing_is_called_missing() -> None:
    assert tie(left(), None, can_look=False).verdict == "cannot_look"


def test_without_a_known_account_totals_are_compared_and_it_is_said() -> None:
    pleo = left(account=None, on_account=Decimal(0), source="history")
    assert tie(pleo, standing(pleo)).by_totals
    assert tie(pleo, standing(pleo, total=Decimal(130))).difference == Decimal("30.00")


def test_a_moved_entry_leaves_its_month_and_comes_to_another() -> None:
    pleo = left()
    result = tie_out([tie(pleo, standing(pleo, date=dt.date(2026, 11, 2)))])
    found = {key.month: (one.pleo, one.books, one.difference) for key, one in result.sums.items()}
    assert found == {
        "2026-10": (Decimal("100.00"), 0, Decimal("-100.00")),
        "2026-11": (0, Decimal("100.00"), Decimal("100.00")),
    }
    ((key, whole),) = result.totals().items()
    assert (key.month, whole.difference, whole.entries, whole.differing) == ("", 0, 1, 1)


def test_memory_is_bounded_and_all_is_counted() -> None:
    many = (tie(left(number), None) for number in range(MOST_DIFFERING + 500))
    result = tie_out(many)
    assert len(result.differing) == MOST_DIFFERING
    assert result.verdicts["missing"] == MOST_DIFFERING + 500
    assert not result.equal


AMOUNTS = st.integers(-(10**12), 10**12).filter(bool).map(lambda minor: Decimal(minor).scaleb(-2))
EDITS = st.sampled_from(["none", "amount", "date", "void", "delete", "draft"])
SHOWS: dict[str, Verdict] = {
    "none": "equal",
    "amount": "amount_differs",
    "date": "date_moved",
    "void": "voided",
    "delete": "missing",
    "draft": "draft",
}


def edited(pleo: PleoSide, edit: str, by: Decimal) -> Booking | None:
    """What a person makes of a booking."""
    booking = standing(pleo)
    if edit == "amount":
        amount = pleo.amount + by
        return replace(booking, total=abs(amount), line_sums={WALLET: -amount, "Expenses": amount})
    if edit == "date":
        return replace(booking, date=DAY + dt.timedelta(days=40))
    if edit in ("void", "draft"):
        return replace(booking, status="void" if edit == "void" else "draft")
    return None if edit == "delete" else booking


@given(st.lists(st.tuples(AMOUNTS, st.sampled_from(["DKK", "EUR"]), EDITS, AMOUNTS), max_size=30))
def test_exactly_the_edited_ones_are_reported_and_the_sums_add_up(
    cases: list[tuple[Decimal, str, str, Decimal]],
) -> None:
    ties: list[TiedEntry] = []
    for number, (amount, currency, edit, by) in enumerate(cases):
        pleo = left(number, str(amount), currency=currency)
        ties.append(tie(pleo, edited(pleo, edit, by)))
    result = tie_out(ties)
    assert [tied.verdict for tied in ties] == [SHOWS[edit] for _, _, edit, _ in cases]
    told = {tied.pleo.reference for tied in result.differing}
    assert told == {f"ref-{n:06}" for n, case in enumerate(cases) if case[2] not in ("none", "draft")}
    assert result.equal == (not told)
    assert [tied.verdict for tied in result.drafted] == ["draft"] * sum(case[2] == "draft" for case in cases)
    for currency in ("DKK", "EUR"):
        ours = [one for key, one in result.sums.items() if key.currency == currency]
        assert sum(one.pleo for one in ours) == sum(case[0] for case in cases if case[1] == currency)
        assert sum(one.difference for one in ours) == sum(t.difference for t in ties if t.pleo.currency == currency)
        gone = sum((case[0] for case in cases if case[1] == currency and case[2] in ("void", "delete")), Decimal(0))
        moved = sum((case[3] for case in cases if case[1] == currency and case[2] == "amount"), Decimal(0))
        assert sum(one.difference for one in ours) == moved - gone
