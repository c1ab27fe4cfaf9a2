"""An entry's lines as pairs of a debit and a credit account, for formats that know nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from kontobro.core.model.journal import Entry, EntryLine, money_line


@dataclass(frozen=True, slots=True)
class Pair:
    """One line against one other account. `amount` is the line's own, debit positive, never zero: the debit is on the
    line's account where it is above zero, on `contra` where it is below."""

    line: EntryLine
    contra: str
    amount: Decimal

    @property
    def debit(self) -> str:
        return self.line.account if self.amount > 0 else self.contra

    @property
    def credit(self) -> str:
        return self.contra if self.amount > 0 else self.line.account


def pairs_of(entry: Entry, clearing: str | None = None) -> Iterator[Pair]:
    """A pair for each line but the money line (`money_line`), which is the other side of all of them.

    An entry without a money line is booked over the account `clearing`, which sums to zero; without one it has no
    pairs (`can_pair` says so before). Lines are never paired with each other by guess.
    """
    money = money_line(entry)
    contra = money.account if money else clearing
    if contra is None:
        return
    for line in entry.lines:
        if line is not money and line.amount:
            yield Pair(line, contra, line.amount)


def can_pair(entry: Entry, clearing: str | None = None) -> bool:
    """Whether an entry can be written as pairs."""
    return clearing is not None or money_line(entry) is not None
