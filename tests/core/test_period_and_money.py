"""Days and minor units."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.model.masterdata import Period
from kontobro.core.model.money import EXPONENTS, Money, exact_sum, exponent, is_whole, scaled, to_major
from kontobro.core.model.period import is_open, next_open_day, period_of
from kontobro.core.rules.dates import day_in
from kontobro.testing.factories import PERIODS

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-11-10T09:30:00+00:00", "2026-11-10"),
        ("2026-11-10T23:30:00+00:00", "2026-11-11"),
        ("2026-11-10T00:00:00+00:00", "2026-11-10"),
        ("2026-11-10T01:00:00+01:00", "2026-11-10"),
        ("2026-07-31T22:30:00+00:00", "2026-08-01"),
        ("2026-12-31T23:00:00+00:00", "2027-01-01"),
        ("2026-11-10T00:00:00.001+00:00", "2026-11-10"),
        ("9999-12-31T23:30:00+00:00", "9999-12-31"),
        ("0001-01-01T00:30:00+14:00", "0001-01-01"),
    ],
)
def test_the_day_is_the_companys_and_midnight_utc_is_a_plain_day(instant: str, day: str) -> None:
    assert day_in(dt.datetime.fromisoformat(instant), COPENHAGEN) == dt.date.fromisoformat(day)


def test_midnight_utc_is_a_plain_day_west_of_greenwich_too() -> None:
    midnight = dt.datetime(2026, 11, 10, tzinfo=dt.UTC)
    assert day_in(midnight, ZoneInfo("America/New_York")) == dt.date(2026, 11, 10)
    assert day_in(midnight + dt.timedelta(seconds=1), ZoneInfo("America/New_York")) == dt.date(2026, 11, 9)


def test_without_periods_every_day_is_open() -> None:
    assert is_open(dt.date(1999, 1, 1), ())
    assert next_open_day(dt.date(1999, 1, 1), ()) == dt.date(1999, 1, 1)


def test_a_day_outside_all_periods_is_not_open() -> None:
    assert not is_open(dt.date(2025, 12, 31), PERIODS)
    assert period_of(dt.date(2025, 12, 31), PERIODS) is None


def test_the_next_open_day_is_the_first_of_the_next_open_period() -> None:
    assert next_open_day(dt.date(2026, 3, 5), PERIODS) == dt.date(2026, 9, 1)
    assert next_open_day(dt.date(2026, 10, 5), PERIODS) == dt.date(2026, 10, 5)
    assert next_open_day(dt.date(2027, 1, 1), PERIODS) is None


def test_the_next_open_period_is_found_whatever_their_order() -> None:
    later = Period("b", dt.date(2028, 1, 1), dt.date(2028, 12, 31), "open")
    assert next_open_day(dt.date(2026, 3, 5), (later, *reversed(PERIODS))) == dt.date(2026, 9, 1)


@pytest.mark.parametrize(
    ("minor", "currency", "major"),
    [
        ("89696", "SEK", "896.96"),
        ("1500", "JPY", "1500"),
        ("1500", "KWD", "1.500"),
        ("-5", "DKK", "-0.05"),
        ("0", "EUR", "0.00"),
    ],
)
def test_minor_units(minor: str, currency: str, major: str) -> None:
    assert str(to_major(Decimal(minor), currency)) == major


@given(st.integers(-(10**60), 10**60), st.sampled_from(sorted(EXPONENTS)))
def test_no_digit_is_lost_at_any_size(minor: int, currency: str) -> None:
    major = to_major(Decimal(minor), currency)
    assert is_whole(Decimal(minor))
    assert Fraction(major) * 10 ** EXPONENTS[currency] == minor
    assert -int(major.as_tuple().exponent) == EXPONENTS[currency]


@given(st.lists(st.integers(-(10**60), 10**60)))
def test_sums_are_exact_at_any_size(minors: list[int]) -> None:
    assert Fraction(exact_sum(scaled(minor, 2) for minor in minors)) == Fraction(sum(minors), 100)


@pytest.mark.parametrize("minor", ["1.5", "NaN", "Infinity", "-Infinity", "1E+1000", "1E+999999999", "0.1"])
def test_what_is_no_whole_amount(minor: str) -> None:
    assert not is_whole(Decimal(minor))


def test_undefined_is_no_currency() -> None:
    assert exponent("UNDEFINED") is None
    assert exponent("") is None


@pytest.mark.parametrize(
    "wrong", [lambda one: one + one, lambda one: one * 2, lambda one: one < one, lambda one: sorted([one, one])]
)
def test_money_has_no_sum_and_no_order(wrong: Callable[[Money], object]) -> None:
    with pytest.raises(TypeError):
        wrong(Money(Decimal(89696), "SEK"))
