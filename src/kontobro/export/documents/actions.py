"""What a person does with documents: fetch, deliver again, mark, release; and say what was last when memory is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kontobro.core.documents import DocumentRow, LastNumbers, SealedVoucher, SeriesKey
from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Clock, Store
from kontobro.core.tieout.journal import JournalTieOut, PostedEntry, tie_to_journal
from kontobro.export.documents.deliver import deliver, in_order, waiting
from kontobro.export.documents.imported import take_marks
from kontobro.export.documents.memory import remember
from kontobro.export.job.run import DocumentPorts

LATE: Final = timedelta(days=4)
"""A delivered document that waits longer to be marked as imported is told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsOf:
    """The documents of one connection, for a person's actions. Each raises Busy while an export runs."""

    connection: Connection
    store: Store
    documents: DocumentPorts
    clock: Clock

    def required(self, number: int) -> DocumentRow:
        """The document of that number. Raises Misconfigured where there is none."""
        row = self.documents.store.document(self.connection.id, number)
        if row is None or row.state == "rendering":
            raise Misconfigured(f"There is no document {number}.", "See kontobro documents for the list.")
        return row

    def deliver(self, number: int | None = None, *, again: bool = False) -> list[int]:
        """Deliver one document, or all that wait; the numbers of those delivered. `again`: one that may have been sent
        already, or was delivered and is gone. Raises the delivery's faults."""
        with self._alone():
            rows = [self.required(number)] if number else waiting(self.connection.id, self.documents.store)
            for row in rows:
                if row.state not in ("sealed", "delivering") and not again:
                    raise Misconfigured(
                        f"Document {row.number} is {row.state}: sending it again could double its entries.",
                        "Send it again only when it did not arrive: --again.",
                    )
                _require_bytes(row)
                fresh = row if row.state != "unsure" else self._as_sealed(row)
                deliver(self.connection.id, fresh, self.documents, self.clock)
        return [row.number for row in rows]

    def mark_delivered(self, number: int) -> None:
        """It arrived: a person has seen it."""
        with self._alone():
            row = self.required(number)
            if row.state != "unsure":
                raise Misconfigured(f"Document {number} is {row.state}.", "Only one that may have been sent is marked.")
            self.documents.store.note_delivery(self.connection.id, number, "delivered", self.clock.now(), row.place)

    def mark_imported(self, number: int, *, undo: bool = False) -> None:
        """The accounting system has read it. On a released document that is a conflict, which stops further exports."""
        row = self.required(number)
        if row.state not in ("delivered", "released"):
            raise Misconfigured(f"Document {number} is not delivered yet.", "Deliver it first.")
        self.documents.store.mark_imported(self.connection.id, number, None if undo else self.clock.now())

    def take_marks(self) -> list[int]:
        """Mark what a file dropped back beside the documents says is imported; their numbers."""
        return take_marks(self.connection.id, self.documents, self.clock)

    def vouchers(self) -> Iterator[SealedVoucher]:
        """The vouchers of all delivered documents that are not released, in their order."""
        for row in self.documents.store.documents(self.connection.id, states=("delivered",)):
            yield from self.documents.store.vouchers(self.connection.id, row.number)

    def mark_found(self, result: JournalTieOut) -> list[int]:
        """Mark the documents of which everything is in the accounting system's journal; their numbers."""
        lacking = {voucher.document for voucher in (*result.missing, *result.doubled)}
        lacking |= {one.voucher.document for one in result.different}
        found = sorted({voucher.document for voucher in result.found} - lacking)
        new = [number for number in found if self.required(number).imported_at is None]
        for number in new:
            self.mark_imported(number)
        return new

    def release(self, number: int, reason: str, *, is_gone: bool = False, journal: Iterable[PostedEntry] = ()) -> None:
        """Take a document back that the accounting system rejected: its files are withdrawn first, its expenses may be
        exported again, its numbers are void. `is_gone`: the person knows that it could not be withdrawn.

        `journal`: the accounting system's own, where the person has it.

        Raises Misconfigured for one that is imported or of which the journal has an entry, and where something of it
        can't be withdrawn.
        """
        with self._alone():
            self.take_marks()
            row = self.required(number)
            _require_releasable(row, reason)
            self._require_absent(number, journal)
            if row.state != "sealed":
                left = self._withdraw(row)
                if left and not is_gone:
                    raise Misconfigured(
                        f"Document {number} can't be withdrawn: {', '.join(left)}. The accounting system may have it.",
                        "Release it only when it was rejected and its entries are not there; confirm that by --gone.",
                    )
            self.documents.store.release(self.connection.id, number, reason, self.clock.now())

    def confirm_last(self, document: int, vouchers: Mapping[SeriesKey, int]) -> None:
        """After the history was lost: what a person says was last. What was in those documents is not known."""
        with self._alone():
            known = self.documents.store.last_numbers(self.connection.id)
            if document < known.document:
                raise Misconfigured(f"Document {known.document} is known here.", f"Give {known.document} or more.")
            self.documents.store.confirm_last(self.connection.id, LastNumbers(document, vouchers), self.clock.now())
            remember(self.connection, self.store, self.documents.store.last_numbers(self.connection.id))

    def late(self) -> Sequence[DocumentRow]:
        """What was delivered more than a few days ago, and no one has marked as imported."""
        before = self.clock.now() - LATE
        rows = self.documents.store.documents(self.connection.id, states=("delivered",))
        return [row for row in rows if row.imported_at is None and _before(row.delivered_at, before)]

    def _alone(self) -> AbstractContextManager[None]:
        return self.store.lock(f"export-{self.connection.id}")

    def _as_sealed(self, row: DocumentRow) -> DocumentRow:
        self.documents.store.note_delivery(self.connection.id, row.number, "delivering", self.clock.now(), row.place)
        self.documents.store.note_delivery(self.connection.id, row.number, "sealed", self.clock.now(), row.place)
        return self.required(row.number)

    def _require_absent(self, number: int, journal: Iterable[PostedEntry]) -> None:
        there = tie_to_journal(self.documents.store.vouchers(self.connection.id, number), journal)
        if count := len(there.found) + len(there.different) + len(there.doubled):
            raise Misconfigured(
                f"The journal has {count} entries of document {number}.", "Reverse them in the accounting system."
            )

    def _withdraw(self, row: DocumentRow) -> list[str]:
        """Take its files back, the manifest last; the names of those that can't be."""
        delivery = self.documents.delivery
        if delivery is None or not delivery.readable:
            return [file.name for file in row.files[:1]]
        return [file.name for file in reversed(in_order(row.files)) if not delivery.withdraw(file.name, file.sha256)]


def _require_releasable(row: DocumentRow, reason: str) -> None:
    if not reason.strip():
        raise Misconfigured("A reason is missing.", "Say why the document is released: it is kept with it.")
    if row.imported_at is not None:
        raise Misconfigured(
            f"Document {row.number} is marked as imported.", "Reverse its entries in the accounting system."
        )
    if row.state == "released":
        raise Misconfigured(f"Document {row.number} is released already.", "Export its expenses again in Pleo.")


def _require_bytes(row: DocumentRow) -> None:
    if not row.kept:
        raise Misconfigured(
            f"The files of document {row.number} are no longer kept here.",
            "Look in the folder that it was delivered to, or restore a backup.",
        )


def _before(at: datetime | None, moment: datetime) -> bool:
    return at is not None and at < moment
