"""Where nothing can be found (`reference` none), our own history says what was written (design §5).

It is the one thing that our store alone knows: with the history lost every entry is left uncertain, for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import cast

from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import Booking, EntryKey, PostingStatus, Reference
from kontobro.export.job.run import Run

STOOD = ("drafted", "posted")
"""Moves that say: the accounting system confirmed it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`bookings`: as we remember them; `written`: what exists, and we know no more of it."""

    bookings: Mapping[EntryKey, Booking] = field(default_factory=dict)
    written: Set[Reference] = frozenset()


def manifest(run: Run, references: Sequence[Reference]) -> Manifest:
    """What earlier runs wrote of these. To be read before a new plan: that begins each reference again."""
    if run.ports.connector.capabilities.reference != "none":
        return Manifest()
    rows = run.ports.store.bookings(run.connection.id, references=references)
    bookings: dict[EntryKey, Booking] = {r.reference: _booking(r) for r in rows if r.erp_id and r.posting}
    written = {row.reference for row in rows if row.reference not in bookings and _stood(run, row)}
    return Manifest(bookings, written)


def _booking(row: BookingRow) -> Booking:
    return Booking(
        reference=row.reference,
        id=row.erp_id or "",
        status=cast(PostingStatus, row.posting),
        date=date.fromisoformat(row.date),
        currency=row.currency,
        total=Decimal(row.total),
        fingerprint=row.fingerprint or None,
        url=row.erp_url,
        settled=row.settled,
    )


def _stood(run: Run, row: BookingRow) -> bool:
    """Whether it was ever confirmed to exist; a run killed right after its plan has forgotten all else."""
    events = run.ports.store.events(run.connection.id, row.reference)
    return any(to in STOOD for _, _, to in events)
