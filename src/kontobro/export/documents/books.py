"""The sealed documents as the books that they are: what the rest of the product asks of an accounting system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from kontobro.core.documents import SealedVoucher
from kontobro.core.errors import ConnectorFault, Note, Problem
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import (
    Booking,
    Entry,
    EntryKey,
    Reference,
    dimension_sums,
    line_sums,
    tax_code_sums,
)
from kontobro.core.model.masterdata import Company
from kontobro.core.ports import Capabilities, Clock, DocumentStore, DocumentTarget, R
from kontobro.core.words import told


class SealedBooks:
    """A connector over a document target and what the store remembers: it is read, and never written entry by entry."""

    def __init__(self, target: DocumentTarget, store: DocumentStore, connection_id: str, clock: Clock) -> None:
        self._target = target
        self._store = store
        self._connection_id = connection_id
        self._clock = clock

    @property
    def capabilities(self) -> Capabilities:
        return self._target.capabilities

    def check(self) -> Company:
        """The target's own; which file of master data it read is remembered."""
        company = self._target.check()
        if company.masters is not None:
            self._store.note_masters(self._connection_id, company.masters, self._clock.now())
        return company

    def read(self, kind: type[R]) -> Iterable[R]:
        return self._target.read(kind)

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        """The target's own findings, and of an entry that was in a released document, that it was."""
        before = self._store.released(self._connection_id, [entry.reference for entry in entries])
        return [
            [*found, *([_was_released(entry, before[entry.reference])] if entry.reference in before else [])]
            for entry, found in zip(entries, self._target.validate(entries), strict=True)
        ]

    def find(self, keys: Sequence[EntryKey]) -> Mapping[EntryKey, Booking]:
        """By reference; a file has no answer to what else a system might be asked. What was in a released document is
        void."""
        references = [key for key in keys if isinstance(key, str)]
        if not references:
            return {}
        void = self._store.released(self._connection_id, references)
        sealed = self._store.sealed(self._connection_id, references)
        return {
            **{reference: replace(voucher.booking, status="void") for reference, voucher in void.items()},
            **{reference: voucher.booking for reference, voucher in sealed.items()},
        }

    def book(self, entries: Sequence[Entry]) -> NoReturn:
        raise _never_alone()

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> NoReturn:
        raise _never_alone()

    def post(self, bookings: Sequence[Booking]) -> NoReturn:
        raise _never_alone()


def _was_released(entry: Entry, voucher: SealedVoucher) -> Note:
    facts = {"document": voucher.document}
    return Note.of("was_released", "reference", entry.reference, "validation_failure", facts)


def _never_alone() -> ConnectorFault:
    return ConnectorFault(*told("documents_whole_only"))


def booking_of(entry: Entry, receipts: Iterable[str], document: int, series: str, number: int) -> Booking:
    """What a document says of an entry. Its id names document and voucher: it is what Pleo gets."""
    return Booking(
        reference=Reference(entry.reference),
        id=f"{document}-{series}{number}",
        number=f"{document}/{series}{number}",
        status="handed_over",
        date=entry.date,
        currency=entry.currency,
        total=entry.total,
        tax=entry.tax,
        line_sums=line_sums(entry),
        dimension_sums=dimension_sums(entry),
        tax_code_sums=tax_code_sums(entry),
        receipts=frozenset(receipts),
        fingerprint=entry.fingerprint,
    )
