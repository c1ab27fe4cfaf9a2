"""A month's end: Pleo's total of the exported expenses = booked + failed + waiting, per wallet and currency. Pure.

Amounts are exact and carry Pleo's signs: what is spent is positive. An item booked as a bill and its payment is two
entries here, as in the tie-out: one on the payables, one on the wallet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kontobro.core.tieout.compare import FINE, ZERO, Side, TiedEntry


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """What a line of the table is about. `wallet` is empty for what moves no wallet's money."""

    side: Side
    wallet: str
    currency: str


@dataclass(slots=True)
class MonthLine:
    """One line of the table. `booked` is what the accounting system holds of this month now, drafts included;
    `drafts` is the part of it that waits to be posted."""

    pleo: Decimal = ZERO
    booked: Decimal = ZERO
    drafts: Decimal = ZERO
    failed: Decimal = ZERO
    waiting: Decimal = ZERO
    entries: int = 0

    @property
    def difference(self) -> Decimal:
        """What the right side of the equation holds more, or, negative, less than Pleo."""
        return self.booked + self.failed + self.waiting - self.pleo

    @property
    def is_equal(self) -> bool:
        return not self.difference


@dataclass(slots=True)
class MonthSums:
    """The lines of one month and how many entries are in each state. `undated`: items whose day can't be read; they
    belong to no month and are in no line. `differing`: booked, but otherwise than Pleo says; `unseen`: booked, and
    the accounting system can't be asked for them."""

    first: dt.date
    lines: dict[LineKey, MonthLine] = field(default_factory=dict)
    entries: int = 0
    failed: int = 0
    waiting: int = 0
    drafts: int = 0
    differing: int = 0
    undated: int = 0
    unseen: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether the equation holds in every line and no entry is booked otherwise than Pleo says."""
        return not self.differing and all(line.is_equal for line in self.lines.values())

    def sorted_lines(self) -> Sequence[tuple[LineKey, MonthLine]]:
        """Wallets first, then what is owed."""
        order = ("wallet", "employee", "payable", "other")
        return sorted(self.lines.items(), key=lambda one: (order.index(one[0].side), one[0]))

    def add(self, tied: TiedEntry) -> None:
        if tied.pleo.date is None:
            self.undated += 1
            return
        key = LineKey(tied.pleo.side, tied.pleo.wallet, tied.pleo.currency)
        line = self.lines.setdefault(key, MonthLine())
        line.pleo += tied.pleo.amount
        line.entries += 1
        self.entries += 1
        if tied.verdict in ("not_booked", "uncertain"):
            self._add_unbooked(tied, line)
        else:
            self._add_booked(tied, line)

    def _add_unbooked(self, tied: TiedEntry, line: MonthLine) -> None:
        """Nothing is booked: it failed, or what becomes of it is not decided yet."""
        amount = tied.pleo.amount
        if tied.verdict == "uncertain" or (tied.pleo.state == "planned" and not tied.pleo.problems):
            line.waiting += amount
            self.waiting += 1
        else:
            line.failed += amount
            self.failed += 1

    def _add_booked(self, tied: TiedEntry, line: MonthLine) -> None:
        """It should be booked: what the accounting system holds of it counts in the month in which it is there."""
        if tied.verdict == "cannot_look":
            line.booked += tied.pleo.amount
            self.unseen += 1
            return
        self.drafts += tied.verdict == "draft"
        self.differing += tied.verdict not in FINE
        if tied.booked_on is None or (tied.booked_on.year, tied.booked_on.month) == (self.first.year, self.first.month):
            line.booked += tied.books + tied.drafts
            line.drafts += tied.drafts


def month_sums(first: dt.date, tied: Iterable[TiedEntry]) -> MonthSums:
    """The table of the month that begins on that day; memory does not grow with the number of entries."""
    sums = MonthSums(first)
    for entry in tied:
        sums.add(entry)
    return sums


def month_after(first: dt.date) -> dt.date:
    """The first day of the next month."""
    return dt.date(first.year + first.month // 12, first.month % 12 + 1, 1)


def month_before(first: dt.date) -> dt.date:
    return (first - dt.timedelta(days=1)).replace(day=1)


def last_day(first: dt.date) -> dt.date:
    return month_after(first) - dt.timedelta(days=1)
