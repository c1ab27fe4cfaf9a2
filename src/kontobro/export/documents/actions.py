"""What a person does with documents: fetch, deliver again, mark, release; and say what was last when memory is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from kontobro.core.documents import DocumentRow, LastNumbers, SealedFile, SealedVoucher, SeriesKey
from kontobro.core.errors import Conflict, Misconfigured, shown
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Clock, Delivery, Store
from kontobro.core.tieout.journal import JournalTieOut, PostedEntry, tie_to_journal
from kontobro.core.words import Phrase, told
from kontobro.export.documents.deliver import deliver, waiting
from kontobro.export.documents.imported import take_mark_back, take_marks
from kontobro.export.documents.memory import is_behind, remember, remember_all, remembered
from kontobro.export.documents.waiting import waiting_of
from kontobro.export.job.run import DocumentPorts

MOST_LOST: Final = 100_000
"""Documents that one confirmation may skip: a typing error is told, not carried out."""

LARGEST_NUMBER: Final = 2**31 - 1
LONGEST_REASON: Final = 500
LONGEST_NAME: Final = 60
"""Characters of a series or a year."""


class NotWithdrawn(Misconfigured):
    """A release that needs a second confirmation: something of the document can't be taken back."""


class NothingLost(Misconfigured):
    """A confirmation that would skip numbers although nothing is missing: it says which, and needs a yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsOf:
    """The documents of one connection, for a person's actions. Each raises Busy while an export runs."""

    connection: Connection
    store: Store
    documents: DocumentPorts
    clock: Clock

    def required(self, number: int) -> DocumentRow:
        """The document of that number. Raises Misconfigured where there is none."""
        is_number = 0 < number <= LARGEST_NUMBER
        row = self.documents.store.document(self.connection.id, number) if is_number else None
        if row is None or row.state == "rendering":
            raise Misconfigured(*told("document_unknown", number=str(number))).by("kontobro documents")
        return row

    def deliver(self, number: int | None = None, *, again: bool = False) -> list[int]:
        """Deliver one document, or all that wait; the numbers of those delivered. `again`: one that may have been sent
        already, or was delivered and is gone. Raises the delivery's faults."""
        with self._alone():
            store = self.documents.store
            remember_all(self.connection, self.store, store)
            rows = [self.required(number)] if number is not None else waiting(self.connection.id, store)
            for row in rows:
                _require_deliverable(row, again=again)
                require_bytes(row)
                fresh = row if row.state != "unsure" else self._as_sealed(row)
                deliver(self.connection.id, fresh, self.documents, self.clock, again=again)
        return [row.number for row in rows]

    def mark_delivered(self, number: int) -> None:
        """It arrived: a person has seen it."""
        with self._alone():
            row = self.required(number)
            if row.state != "unsure":
                raise Misconfigured(*told("document_not_unsure", number=str(number))).by("kontobro documents")
            self.documents.store.note_delivery(self.connection.id, number, "delivered", self.clock.now(), row.place)

    def mark_imported(self, number: int, *, undo: bool = False) -> None:
        """The accounting system has read it. On a released document that is a conflict, which stops further exports."""
        row = self.required(number)
        if undo:
            is_there = row.state in ("unsure", "delivered", "released")
        else:
            is_there = self.documents.store.mark_imported(self.connection.id, number, self.clock.now())
        if not is_there:
            raise Misconfigured(*told("document_not_delivered", number=str(number)))
        if not undo:
            return
        take_mark_back(number, self.documents.delivery)
        if row.imported_at is not None:
            self.documents.store.mark_imported(self.connection.id, number, None)

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
            reason = shown(reason, LONGEST_REASON + 1)
            _require_releasable(row, reason)
            self._require_absent(number, journal)
            if row.state != "sealed":
                self._withdraw(row, is_gone=is_gone)
            self.documents.store.release(self.connection.id, number, reason, self.clock.now())

    def confirm_last(self, document: int, vouchers: Mapping[SeriesKey, int], *, is_sure: bool = False) -> None:
        """After the history was lost: what a person says was last. What was in those documents is not known.

        Raises NothingLost where nothing is missing, unless the person is sure that these numbers are to be skipped.
        """
        with self._alone():
            known = self.documents.store.last_numbers(self.connection.id)
            _require_plausible(known.document, document, vouchers)
            expected = remembered(self.connection, self.store, self.documents.store)
            _require_all(expected, known, LastNumbers(document, vouchers))
            if not is_behind(known, expected):
                _require_sure(known, LastNumbers(document, vouchers), is_sure=is_sure)
            self.documents.store.confirm_last(self.connection.id, LastNumbers(document, vouchers), self.clock.now())
            remember(self.connection, self.store, self.documents.store.last_numbers(self.connection.id))

    def late(self) -> Sequence[DocumentRow]:
        """What was delivered more than a few days ago, and no one has marked as imported."""
        return waiting_of(self.connection.id, self.documents.store, self.clock.now()).late

    def _alone(self) -> AbstractContextManager[None]:
        return self.store.lock(f"export-{self.connection.id}")

    def _as_sealed(self, row: DocumentRow) -> DocumentRow:
        self.documents.store.note_delivery(self.connection.id, row.number, "delivering", self.clock.now(), row.place)
        self.documents.store.note_delivery(self.connection.id, row.number, "sealed", self.clock.now(), row.place)
        return self.required(row.number)

    def _require_absent(self, number: int, journal: Iterable[PostedEntry]) -> None:
        there = tie_to_journal(self.documents.store.vouchers(self.connection.id, number), journal)
        if count := len(there.found) + len(there.different) + len(there.doubled):
            raise Misconfigured(*told("document_in_journal", number=str(number), count=count))

    def _withdraw(self, row: DocumentRow, *, is_gone: bool) -> None:
        """Take its files back, the rows first, the manifest last. Raises NotWithdrawn at the first that can't be, so
        that one whose rows are gone keeps the rest; with `is_gone` what can't be is left."""
        delivery = self.documents.delivery
        readable = delivery if delivery and delivery.readable else None
        for file in row.files:
            if not (readable and _taken_back(readable, file)) and not is_gone:
                raise NotWithdrawn(*told("document_not_withdrawn", number=str(row.number), file=file.name)).by(
                    f"kontobro documents release {row.number} --gone --reason …"
                )


def _taken_back(delivery: Delivery, file: SealedFile) -> bool:
    """Whether the file was there and is removed. One that was changed there is left."""
    try:
        return delivery.withdraw(file.name, file.sha256)
    except Conflict:
        return False


def series_from(text: str) -> tuple[SeriesKey, int]:
    """The series, year and last number that a person writes as SERIES/YEAR=NUMBER. Raises Misconfigured."""
    series, _, rest = text.strip().rpartition("/")
    year, _, number = rest.partition("=")
    if not (year and number.isascii() and number.isdecimal() and len(number) < 12):
        raise Misconfigured(*told("not_last_number", text=shown(text)))
    return (series, year), int(number)


def _require_plausible(known: int, document: int, vouchers: Mapping[SeriesKey, int]) -> None:
    """Numbers that a person gave as the last ones. Raises Misconfigured."""
    if document < known:
        raise Misconfigured(*told("document_known", known=str(known)))
    if document > known + MOST_LOST:
        raise Misconfigured(*told("document_far_beyond", number=str(document), known=str(known)))
    for (series, year), number in vouchers.items():
        if number > LARGEST_NUMBER or max(len(series), len(year)) > LONGEST_NAME:
            raise Misconfigured(*told("not_last_voucher", series=shown(series), year=shown(year), number=str(number)))


def _require_sure(known: LastNumbers, said: LastNumbers, *, is_sure: bool) -> None:
    """Nothing is missing. Raises Misconfigured where nothing would be skipped either, else NothingLost."""
    pairs = [(key, known.vouchers.get(key, 0), number) for key, number in sorted(said.vouchers.items())]
    parts = [_skipped(known.document, said.document)] if said.document > known.document else []
    parts += [
        Phrase("skipped_vouchers", {"series": series, "first": str(last + 1), "last": str(to), "year": str(year)})
        for (series, year), last, to in pairs
        if to > last
    ]
    if not parts:
        raise Misconfigured(*told("nothing_missing", known=str(known.document)))
    if not is_sure and not known.document:
        raise NothingLost(*told("numbers_skipped_none", number=str(said.document), skipped=tuple(parts)))
    if not is_sure:
        raise NothingLost(
            *told("numbers_skipped", known=str(known.document), number=str(said.document), skipped=tuple(parts))
        )


def _skipped(known: int, said: int) -> Phrase:
    return Phrase("skipped_documents", {"first": str(known + 1), "last": str(said)})


def _require_all(expected: LastNumbers, known: LastNumbers, said: LastNumbers) -> None:
    """What is remembered beside the tables was given for sure: no number is given a second time. Raises
    Misconfigured."""
    if said.document < expected.document:
        raise Misconfigured(*told("document_sealed_beyond", expected=str(expected.document), said=str(said.document)))
    for (series, year), number in sorted(expected.vouchers.items()):
        if max(known.vouchers.get((series, year), 0), said.vouchers.get((series, year), 0)) < number:
            raise Misconfigured(*told("voucher_given_twice", series=series, year=year, number=str(number)))


def _require_deliverable(row: DocumentRow, *, again: bool) -> None:
    if row.state == "released":
        raise Misconfigured(*told("document_released", number=str(row.number)))
    if row.imported_at is not None:
        raise Misconfigured(*told("document_imported_again", number=str(row.number))).by(
            f"kontobro documents imported {row.number} --undo"
        )
    if row.state not in ("sealed", "delivering") and not again:
        number = str(row.number)
        words = (
            told("document_sent_again_unsure", number=number)
            if row.state == "unsure"
            else told("document_sent_again", number=number)
        )
        raise Misconfigured(*words).by(f"kontobro documents deliver {row.number} --again")


def _require_releasable(row: DocumentRow, reason: str) -> None:
    if not reason.strip():
        raise Misconfigured(*told("release_reason_missing"))
    if len(reason) > LONGEST_REASON:
        raise Misconfigured(*told("release_reason_long", most=LONGEST_REASON))
    if row.imported_at is not None:
        raise Misconfigured(*told("release_imported", number=str(row.number)))
    if row.state == "released":
        raise Misconfigured(*told("released_already", number=str(row.number)))


def require_bytes(row: DocumentRow) -> None:
    """Raises Misconfigured for a document whose bytes are not kept any more."""
    if not row.kept:
        raise Misconfigured(*told("document_not_kept", number=str(row.number)))
