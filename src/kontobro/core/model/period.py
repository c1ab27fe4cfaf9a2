"""Which day may be booked: periods open, closed and locked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kontobro.core.model.masterdata import Period


def period_of(day: date, periods: Sequence[Period]) -> Period | None:
    """The period of a day, or None when the accounting system names none for it."""
    return next((period for period in periods if period.start <= day <= period.end), None)


def is_open(day: date, periods: Sequence[Period]) -> bool:
    """True when entries can be booked on that day. No periods at all: every day is open."""
    if not periods:
        return True
    period = period_of(day, periods)
    return period is not None and period.state == "open"


def next_open_day(day: date, periods: Sequence[Period]) -> date | None:
    """The first open day on or after `day`, or None when there is none (`posting-rules.md` §8, `next_open`)."""
    if is_open(day, periods):
        return day
    starts = sorted(period.start for period in periods if period.state == "open" and period.end >= day)
    return max(starts[0], day) if starts else None
