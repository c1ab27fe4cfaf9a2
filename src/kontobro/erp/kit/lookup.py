"""What counts under a key, of the documents that were read back. Pure.

A connector's `pick` gives the document under one key among those that may be; several may be under one reference (void
ones), and under one invoice number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Protocol, TypeVar

from kontobro.core.model.journal import (
    Booking,
    Entry,
    EntryKey,
    InvoiceKey,
    PostingStatus,
    Reference,
    TwinKey,
    dimension_sums,
    line_sums,
    tax_code_sums,
)


class Referenced(Protocol):
    """What was read back, as far as it says which entry it is."""

    @property
    def reference(self) -> Reference: ...


class Document(Referenced, Protocol):
    """The same, with what became of it."""

    @property
    def status(self) -> PostingStatus: ...


D = TypeVar("D")
K = TypeVar("K", bound=EntryKey)
T = TypeVar("T", bound=Referenced)
Doc = TypeVar("Doc", bound=Document)
Pick = Callable[[EntryKey, Iterable[T]], T | None]


def best(
    key: EntryKey,
    under: Iterable[D],
    preference: Callable[[D], tuple[bool | int, ...]],
    owes: Callable[[D], tuple[str, Decimal | None]],
) -> D | None:
    """The one that counts of those under a key: the lowest `preference`. Under an invoice key one of its currency comes
    before any other, then one that still owes something: `owes` is currency, and what is open."""

    def order(one: D) -> tuple[bool | int, ...]:
        if not isinstance(key, InvoiceKey):
            return preference(one)
        currency, left = owes(one)
        return currency != key.currency, left == 0, *preference(one)

    return min(under, key=order, default=None)


def picked(keys: Iterable[K], read: Sequence[T], pick: Pick[T]) -> dict[K, T]:
    """What counts under each key; keys without anything are left out."""
    by_reference: dict[EntryKey, list[T]] = {}
    for one in read:
        by_reference.setdefault(one.reference, []).append(one)
    found = {
        key: pick(key, read if isinstance(key, InvoiceKey | TwinKey) else by_reference.get(key, ()))
        for key in dict.fromkeys(keys)
    }
    return {key: one for key, one in found.items() if one}


def live(references: Iterable[Reference], read: Sequence[Doc], pick: Pick[Doc]) -> dict[Reference, Doc]:
    """What counts under each reference; void ones left out."""
    found = picked(references, read, pick)
    return {one.reference: one for one in found.values() if one.status != "void"}


def booking_of(entry: Entry, id: str, status: PostingStatus) -> Booking:
    """The booking of an entry that was read back line by line, with their roles, dimensions and tax codes.

    Receipts and what is settled or open are the connector's to add (`dataclasses.replace`).
    """
    return Booking(
        reference=entry.reference,
        id=id,
        status=status,
        date=entry.date,
        currency=entry.currency,
        total=entry.total,
        tax=entry.tax,
        line_sums=line_sums(entry),
        dimension_sums=dimension_sums(entry),
        tax_code_sums=tax_code_sums(entry),
        fingerprint=entry.fingerprint or None,
    )
