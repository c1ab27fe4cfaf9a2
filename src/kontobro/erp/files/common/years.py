"""Fiscal years: which one a day is in, and what it is called. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.masterdata import Period
from kontobro.core.words import told

LONGEST_PERIOD: Final = timedelta(days=100)
"""A longer one of the master data is a fiscal year; months and quarters are parts of one."""


@dataclass(frozen=True, slots=True, order=True)
class FiscalYear:
    """Both days inclusive."""

    start: date
    end: date

    @property
    def name(self) -> str:
        """`2026`, or the days of a year that is not a calendar year: `20260701-20270630`."""
        whole = (self.start.month, self.start.day, self.end.month, self.end.day) == (1, 1, 12, 31)
        return f"{self.start:%Y}" if whole and self.start.year == self.end.year else self.days

    @property
    def days(self) -> str:
        return f"{self.start:%Y%m%d}-{self.end:%Y%m%d}"


def first_month(text: str) -> int:
    """The option `fiscal_year_start`: a month, 1 to 12. Raises Misconfigured for another text."""
    if text and not re.fullmatch(r"0?[1-9]|1[0-2]", text, re.ASCII):
        raise Misconfigured(
            *told("fiscal_year_start_wrong", given=shown(text)),
            "invalid_configuration",
        )
    return int(text or 1)


def year_of(day: date, periods: Sequence[Period], month: int = 1) -> FiscalYear:
    """The fiscal year of a day: what the master data say, else twelve months from the first of `month`."""
    for period in periods:
        if period.start <= day <= period.end and period.end - period.start > LONGEST_PERIOD:
            return FiscalYear(period.start, period.end)
    start = date(day.year if day.month >= month else day.year - 1, month, 1)
    return FiscalYear(start, _next_year(start) - timedelta(days=1))


def _next_year(start: date) -> date:
    return date(start.year + 1, start.month, 1) if start.year < date.max.year else date.max
