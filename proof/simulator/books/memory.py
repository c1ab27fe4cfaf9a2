"""An accounting system with a memory of its own. With a `searchable` reference it books a second time whatever is sent
a second time, as most systems do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Entry, Reference
from kontobro.core.ports import Capabilities
from kontobro.testing.connector.memory import CAPABILITIES, MemoryConnector
from proof.simulator.plan import Plan

ONE = Decimal(1)


def capabilities_of(plan: Plan) -> Capabilities:
    return replace(
        CAPABILITIES,
        reference=plan.reference,
        settle_after=timedelta(seconds=plan.settle_seconds) if plan.reference == "searchable" else timedelta(0),
        drafts=plan.drafts,
        withdraws_drafts=plan.drafts,
        batch_size=plan.batch_size,
        keeps_fingerprint=plan.fingerprints,
        bills=plan.bills,
    )


class MemoryBooks(MemoryConnector):
    """`Held` in memory; all exporters share the one connector."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(None, capabilities_of(plan))
        self.touched: set[Reference] = set()
        self.voided: set[Reference] = set()
        self.revived: set[Reference] = set()
        self.unknown: set[Reference] = set()
        self._doubles: Counter[Reference] = Counter()
        self._edited: dict[Reference, Booking] = {}

    def connector(self) -> MemoryBooks:
        return self

    def doubles(self) -> Mapping[Reference, int]:
        return self._doubles

    def _book(self, entry: Entry) -> Booking | Problem:
        kept = self._kept.get(entry.reference)
        answer = super()._book(entry)
        doubled = kept is not None and kept.booking.status != "void" and isinstance(answer, Booking)
        if doubled and (self.capabilities.reference == "searchable" or self._kept[entry.reference] is not kept):
            self._doubles[entry.reference] += 1
        return answer

    def references(self) -> Sequence[Reference]:
        return sorted(self._kept)

    def status(self, reference: Reference) -> str:
        kept = self._kept.get(reference)
        return kept.booking.status if kept else ""

    def booking(self, reference: Reference) -> Booking:
        return self._kept[reference].booking

    def undone(self) -> Sequence[Reference]:
        return [one for one, left in self._edited.items() if self._is_undone(one, left)]

    def _is_undone(self, reference: Reference, left: Booking) -> bool:
        kept = self._kept.get(reference)
        return kept is None or (kept.booking.date, kept.booking.line_sums) != (left.date, left.line_sums)

    def void_by_hand(self, reference: Reference) -> None:
        self.touched.add(reference)
        self.voided.add(reference)
        self._edited.pop(reference, None)
        self.void(reference)

    def delete_by_hand(self, reference: Reference) -> None:
        self.touched.add(reference)
        self._edited.pop(reference, None)
        self.delete(reference)

    def post_by_hand(self, reference: Reference) -> None:
        self._post(reference)

    def edit_by_hand(self, reference: Reference, size: float) -> None:
        self.touched.add(reference)
        kept = self._kept[reference]
        kept.booking = _edited(kept.booking, size)
        if kept.booking.status == "posted":  # a draft may be written again, when it is not known what became of it
            self._edited[reference] = kept.booking


def _edited(booking: Booking, size: float) -> Booking:
    """Another date, or one more on both sides."""
    if size < 0.3:
        return replace(booking, date=booking.date + timedelta(days=1))
    sums = dict(booking.line_sums)
    debit, credit = max(sums, key=lambda one: sums[one]), min(sums, key=lambda one: sums[one])
    sums[debit], sums[credit] = sums[debit] + ONE, sums[credit] - ONE
    return replace(booking, total=booking.total + ONE, line_sums=sums)
