"""What the export asks of a store that remembers documents. Each method is one transaction, but for `keep_file`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from kontobro.core.documents import (
    DocumentRow,
    DocumentState,
    LastNumbers,
    MatchedNumber,
    NewDocument,
    SealedFile,
    SealedVoucher,
)
from kontobro.core.master_files import KeptMasters, MastersRead
from kontobro.core.model.journal import Reference
from kontobro.core.ports.documents import DocumentFile


class DocumentStore(Protocol):
    """Documents, their bytes and their vouchers. The database refuses a second voucher under one reference, a number
    used twice, a gap, and a document that changes once it is sealed."""

    # master data
    def note_masters(self, connection_id: str, read: MastersRead, now: datetime) -> None:
        """Remember which file of master data was read. Nothing for a connection that is not stored (yet)."""
        ...

    def masters(self, connection_id: str) -> KeptMasters | None:
        """What was read last."""
        ...

    # sealing
    def last_numbers(self, connection_id: str) -> LastNumbers: ...

    def kept_numbers(self, company_id: str, erp: str) -> LastNumbers:
        """The last numbers of deleted connections of this Pleo company to this accounting system."""
        ...

    def known_vendors(self, connection_id: str) -> frozenset[str]:
        """The vendors of all vouchers so far."""
        ...

    def begin_documents(self, connection_id: str, job_id: str, documents: Sequence[NewDocument]) -> None:
        """Write down what is about to be rendered. What an earlier run left unsealed is deleted."""
        ...

    def keep_file(self, connection_id: str, number: int, file: DocumentFile) -> SealedFile:
        """Keep one file's bytes of a document that is rendered, piece by piece; its digest."""
        ...

    def seal_documents(self, connection_id: str, numbers: Sequence[int], vouchers: Iterable[SealedVoucher]) -> None:
        """Seal these documents with all of their vouchers, all or none. Raises ImpossibleMove for a number that does
        not follow the last one, and for a reference that is in another document."""
        ...

    # reading
    def sealed(self, connection_id: str, references: Sequence[Reference]) -> Mapping[Reference, SealedVoucher]:
        """What is in a document that is not released."""
        ...

    def released(self, connection_id: str, references: Sequence[Reference]) -> Mapping[Reference, SealedVoucher]:
        """What was in a document that was released; of several the last."""
        ...

    def clash(self, connection_id: str, number: MatchedNumber) -> SealedVoucher | None:
        """What is in a document that is not released, and would be taken for what it is not beside this number."""
        ...

    def documents(
        self, connection_id: str, *, states: Sequence[DocumentState] = (), limit: int = 0, before: int = 0
    ) -> Sequence[DocumentRow]:
        """By number, oldest first; with a `limit` the newest first, `before` a number. None that is only rendered,
        unless asked for."""
        ...

    def open_documents(self, connection_id: str) -> Sequence[DocumentRow]:
        """Those that are sealed and not delivered, delivered and not imported, or released and imported; by number."""
        ...

    def unmarked(self, connection_id: str, numbers: Sequence[int]) -> Sequence[DocumentRow]:
        """Those of the numbers that may be marked as imported and are not; by number."""
        ...

    def conflict(self, connection_id: str) -> int | None:
        """The first document that was released and is marked as imported."""
        ...

    def document(self, connection_id: str, number: int) -> DocumentRow | None:
        """None where there is none that is more than rendered."""
        ...

    def pieces(self, connection_id: str, number: int, name: str) -> Iterator[bytes]:
        """A file's bytes, piece by piece."""
        ...

    def vouchers(self, connection_id: str, number: int, start: int = 0) -> Iterator[SealedVoucher]:
        """A document's vouchers, in its order; without the first `start`."""
        ...

    # afterwards
    def note_delivery(
        self, connection_id: str, number: int, state: DocumentState, now: datetime, place: str = ""
    ) -> None:
        """Move a document. Raises ImpossibleMove for a move that the diagram lacks."""
        ...

    def mark_imported(self, connection_id: str, number: int, now: datetime | None) -> bool:
        """The accounting system has it, so that it did arrive, whatever became of the answer; None: it has not. False
        for one that is neither delivered nor released, and not unsure."""
        ...

    def release(self, connection_id: str, number: int, reason: str, now: datetime) -> None:
        """Its references are free again, its numbers are void. Raises ImpossibleMove for one that is imported."""
        ...

    def restore_document(self, connection_id: str, row: DocumentRow, vouchers: Sequence[SealedVoucher]) -> None:
        """Remember a document again from its manifest, in the row's state and without bytes. Known already: nothing."""
        ...

    def confirm_last(self, connection_id: str, last: LastNumbers, now: datetime) -> None:
        """Begin again after these numbers: the documents up to that one are remembered as imported, without content."""
        ...

    def forget_bytes(self, connection_id: str, before: datetime) -> int:
        """Delete the bytes of documents that were imported before then; answers how many documents."""
        ...
