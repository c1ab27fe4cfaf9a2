"""Sealed documents beside what the accounting system really holds: its own journal, exported to a file. Pure.

An accounting system that takes files never tells us what it made of them. Its journal does: an entry is recognised by
Pleo's ID in one of its texts, else by its day and its amounts, account by account.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.documents import SealedVoucher

ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:/pay)?", re.IGNORECASE)
"""A reference, as `journal.reference_of` writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedEntry:
    """One entry of an accounting system's journal. `amounts` sum by account, debit positive, zero sums left out; `text`
    is all that it says in words; `name` is what a person finds it by there."""

    name: str
    date: date
    amounts: Mapping[str, Decimal]
    text: str = ""

    @property
    def references(self) -> set[str]:
        return {found.lower() for found in ID.findall(self.text)}


@dataclass(frozen=True, slots=True)
class Difference:
    """A voucher whose entry is there with another day or other amounts."""

    voucher: SealedVoucher
    posted: PostedEntry


@dataclass(slots=True)
class JournalTieOut:
    """How each voucher was found. `doubled`: more than one entry says the same reference, or one holds its amounts
    several times, as where a journal's rows have no other bond than the reference."""

    found: list[SealedVoucher] = field(default_factory=list)
    missing: list[SealedVoucher] = field(default_factory=list)
    different: list[Difference] = field(default_factory=list)
    doubled: list[SealedVoucher] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        return not (self.missing or self.different or self.doubled)


def tie_to_journal(vouchers: Iterable[SealedVoucher], posted: Iterable[PostedEntry]) -> JournalTieOut:
    """Find each voucher among the posted entries. Those that no voucher asks for are someone else's, and left alone."""
    named: dict[str, list[PostedEntry]] = defaultdict(list)
    nameless: dict[tuple[date, frozenset[tuple[str, Decimal]]], int] = defaultdict(int)
    for entry in posted:
        if references := entry.references:
            for reference in references:
                named[reference].append(entry)
        else:
            nameless[_key(entry.date, entry.amounts)] += 1
    result = JournalTieOut()
    for voucher in vouchers:
        booking = voucher.booking
        key = _key(booking.date, booking.line_sums)
        if there := named.get(booking.reference.lower()):
            _take(result, voucher, there, key)
        elif nameless[key] > 0:
            nameless[key] -= 1
            result.found.append(voucher)
        else:
            result.missing.append(voucher)
    return result


def _take(
    result: JournalTieOut,
    voucher: SealedVoucher,
    there: list[PostedEntry],
    key: tuple[date, frozenset[tuple[str, Decimal]]],
) -> None:
    if len(there) > 1 or _is_several(there[0], voucher):
        result.doubled.append(voucher)
    elif _key(there[0].date, there[0].amounts) == key:
        result.found.append(voucher)
    else:
        result.different.append(Difference(voucher, there[0]))


def _is_several(posted: PostedEntry, voucher: SealedVoucher) -> bool:
    """Whether every amount is there twice, or more often."""
    sums = {account: amount for account, amount in voucher.booking.line_sums.items() if amount}
    there = {account: amount for account, amount in posted.amounts.items() if amount}
    if not sums or there.keys() != sums.keys():
        return False
    times = {there[account] / amount for account, amount in sums.items()}
    return len(times) == 1 and (most := times.pop()) > 1 and most == int(most)


def _key(day: date, amounts: Mapping[str, Decimal]) -> tuple[date, frozenset[tuple[str, Decimal]]]:
    return day, frozenset((account, amount.normalize()) for account, amount in amounts.items() if amount)
