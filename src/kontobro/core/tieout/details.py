"""Which dimensions and tax codes of an entry are booked differently. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import TypeVar

from kontobro.core.model.journal import Booking, DimensionKey, Entry, TaxCodeKey, dimension_sums, tax_code_sums
from kontobro.core.words import Phrase

K = TypeVar("K", bound=Hashable)

ZERO = Decimal(0)


def details(entry: Entry, booking: Booking) -> list[Phrase]:
    """What was sent and is not there, each as a phrase for a bookkeeper. What the accounting system adds by its own
    rules is no difference, and what it does not give back is not compared."""
    dimensions: list[tuple[DimensionKey, Decimal, Decimal]] = _missing(dimension_sums(entry), booking.dimension_sums)
    codes: list[tuple[TaxCodeKey, Decimal, Decimal]] = _missing(tax_code_sums(entry), booking.tax_code_sums)
    return [
        Phrase("differs_dimension", {"value": value, "account": account, "there": there, "sent": sent})
        for (account, _, value), there, sent in dimensions
    ] + [
        Phrase("differs_tax_code", {"code": code, "account": account, "there": there, "sent": sent})
        for (account, code), there, sent in codes
    ]


def _missing(sent: Mapping[K, Decimal], there: Mapping[K, Decimal] | None) -> list[tuple[K, Decimal, Decimal]]:
    if there is None:
        return []
    missing = [(key, there.get(key, ZERO), amount) for key, amount in sent.items() if there.get(key, ZERO) != amount]
    return sorted(missing, key=lambda found: str(found[0]))
