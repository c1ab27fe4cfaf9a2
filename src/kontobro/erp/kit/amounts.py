"""What every accounting system says of an entry's amounts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Entry


def too_long(amount: Decimal, account: str, system: str, digits: int) -> Problem:
    """An amount of more digits than the system keeps exactly."""
    return problem(
        "amount_invalid.digits", "amount", amount, amount=amount, account=account, system=system, digits=digits
    )


def imbalance(entry: Entry) -> Iterator[Problem]:
    """Debits and credits that differ, or that there are none of."""
    difference = entry.difference
    if not entry.lines:
        yield problem("unbalanced.empty", "lines", difference)
    elif difference:
        yield problem("unbalanced", "lines", difference, difference=difference, currency=entry.currency)
