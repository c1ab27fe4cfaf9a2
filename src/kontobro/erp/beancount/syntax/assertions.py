"""What the ledger's balance assertions say of an entry that is older than they are. Pure.

An entry before an assertion on one of its accounts makes it fail; where a `pad` feeds the assertion, the pad takes
the entry in, and no balance changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from beancount.core.data import Balance, Directive, Pad
from beancount.ops.balance import get_balance_tolerance

from kontobro.core.errors import Note, Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Entry, Reference, entry_id_of
from kontobro.core.words import Fact
from kontobro.erp.beancount.syntax.places import place_of


@dataclass(frozen=True, slots=True)
class Assertion:
    """A `balance` directive: it holds at the beginning of `day`. `pad` is the place of the `pad` that feeds it."""

    account: str
    currency: str
    day: date
    tolerance: Decimal
    place: str
    pad: str | None


Assertions = Mapping[str, Sequence[Assertion]]
"""By account, the oldest first."""


def assertions_of(directives: Iterable[Directive], options: Mapping[str, object], root: str) -> Assertions:
    """The assertions of a loaded ledger, whose directives are in Beancount's order."""
    found: dict[str, list[Assertion]] = {}
    pads: dict[str, Pad] = {}
    fed: dict[str, set[str]] = {}
    for directive in directives:
        if isinstance(directive, Pad):
            pads[directive.account], fed[directive.account] = directive, set()
        elif isinstance(directive, Balance):
            account, currency = directive.account, directive.amount.currency
            pad = pads.get(account) if currency not in fed.get(account, ()) else None
            fed.setdefault(account, set()).add(currency)  # a pad feeds the first assertion after it
            tolerance = Decimal(get_balance_tolerance(directive, options))  # type: ignore[no-untyped-call]
            place, padded = place_of(directive.meta, root), place_of(pad.meta, root) if pad else None
            found.setdefault(account, []).append(Assertion(account, currency, directive.date, tolerance, place, padded))
    return found


def broken_by(entries: Sequence[Entry], assertions: Assertions) -> dict[Reference, list[Problem]]:
    """What each item's entries do together to the assertions: a bill and its payment may balance each other.

    A problem where an assertion would fail; where a pad takes the entry in, one that is a note.
    """
    if not assertions:
        return {}
    items: dict[str, list[Entry]] = {}
    for entry in entries:
        items.setdefault(entry_id_of(entry.reference), []).append(entry)
    found = {}
    for item in items.values():
        problems = list(_broken_by_item(item, assertions))
        found.update({entry.reference: problems for entry in item if problems})
    return found


def pads_of(entry: Entry, assertions: Assertions) -> list[str]:
    """A note for each pad that takes the entry in."""
    found = broken_by([entry], assertions).get(entry.reference, [])
    return [problem.message for problem in found if isinstance(problem, Note)]


def _broken_by_item(entries: Sequence[Entry], assertions: Assertions) -> Iterator[Problem]:
    sums: dict[Assertion, Decimal] = {}
    days: dict[Assertion, date] = {}
    for entry in entries:
        for line in entry.lines:
            for assertion in _next_of(line.account, entry, assertions):
                sums[assertion] = sums.get(assertion, Decimal(0)) + line.amount
                days[assertion] = entry.date
    for assertion, amount in sums.items():
        if abs(amount) > assertion.tolerance:
            yield _absorbed(assertion, amount) if assertion.pad else _failing(assertion, amount, days[assertion])


def _next_of(account: str, entry: Entry, assertions: Assertions) -> Iterator[Assertion]:
    """The next assertion after the entry on the account and on each account above it: it counts those below too."""
    for name in with_those_above(account):
        for assertion in assertions.get(name, ()):
            if assertion.currency == entry.currency and assertion.day > entry.date:
                yield assertion
                break


def with_those_above(account: str) -> list[str]:
    """The account and each above it, the nearest first: a balance of one counts those below it."""
    parts = account.split(":")
    return [":".join(parts[:depth]) for depth in range(len(parts), 0, -1)]


def _failing(assertion: Assertion, amount: Decimal, day: date) -> Problem:
    return problem(
        "breaks_ledger.balance",
        "date",
        assertion.place,
        day=day,
        amount=amount,
        currency=assertion.currency,
        account=assertion.account,
        asserted=assertion.day,
    )


def _absorbed(assertion: Assertion, amount: Decimal) -> Problem:
    facts: dict[str, Fact] = {
        "account": assertion.account,
        "amount": amount,
        "currency": assertion.currency,
        "day": assertion.day,
        "place": assertion.place,
    }
    return Note.of("pad_absorbs", "date", assertion.pad or "", "accounting_system_validation_failure", facts)
