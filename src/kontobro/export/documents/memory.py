"""What no crash may take: which documents there were. The store is their memory; this sees that it is whole.

Beside the tables the last numbers are kept with the connection's secrets, which outlive them. Where the tables know
less, they are built again from the manifests beside the delivered files, or a person has to say what was last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kontobro.core.documents import DocumentRow, DocumentState, LastNumbers, SealedFile, SealedVoucher
from kontobro.core.errors import ImpossibleMove, Misconfigured, Unreachable, shown
from kontobro.core.model.connection import SEALED_DOCUMENTS, Connection
from kontobro.core.ports import Delivery, DocumentStore, Store
from kontobro.core.words import Fact, Phrase, told
from kontobro.export.documents.manifest import MOST_BYTES, number_in, read_manifest, unreadable
from kontobro.export.job.run import DocumentPorts


def remember(connection: Connection, store: Store, last: LastNumbers) -> None:
    """Keep the last numbers beside the tables: of the documents, and of each voucher series and year."""
    vouchers = [[series, year, number] for (series, year), number in sorted(last.vouchers.items())]
    store.save_secret(connection, SEALED_DOCUMENTS, json.dumps({"document": last.document, "vouchers": vouchers}))


def remember_all(connection: Connection, store: Store, documents: DocumentStore) -> None:
    """Keep up with the tables, before anything is delivered: a run that was killed right after it sealed did not."""
    expected, known = remembered(connection, store, documents), documents.last_numbers(connection.id)
    if is_behind(expected, known):
        remember(connection, store, expected.joined(known))


def remembered(connection: Connection, store: Store, documents: DocumentStore) -> LastNumbers:
    """The last numbers as they are kept beside the tables: of this connection, and of those of the same company and
    accounting system that were deleted."""
    before = documents.kept_numbers(connection.company_id, connection.erp)
    kept = store.secret(connection, SEALED_DOCUMENTS)
    said: dict[str, Any] = json.loads(kept) if kept else {"document": 0, "vouchers": []}
    vouchers = {(series, year): number for series, year, number in said["vouchers"]}
    return before.joined(LastNumbers(said["document"], vouchers))


def lost(connection: Connection, store: Store, documents: DocumentStore) -> LastNumbers | None:
    """What is remembered beside the tables, when the tables know fewer documents; None while they know all."""
    expected = remembered(connection, store, documents)
    return expected if is_behind(documents.last_numbers(connection.id), expected) else None


def is_behind(known: LastNumbers, expected: LastNumbers) -> bool:
    """Whether the tables know fewer documents, or fewer vouchers of a series, than are remembered beside them."""
    return known.document < expected.document or any(
        known.vouchers.get(series, 0) < number for series, number in expected.vouchers.items()
    )


def require_memory(connection: Connection, store: Store, documents: DocumentPorts) -> int:
    """See that the tables know all documents that there were; how many were taken from their manifests.

    Raises Misconfigured where some are missing and can't be read back.
    """
    _require_no_conflict(connection, documents)
    expected = remembered(connection, store, documents.store)
    restored = _restored(connection, documents, expected.document)
    known = documents.store.last_numbers(connection.id)
    if is_behind(known, expected):
        raise Misconfigured(
            *told(
                "document_history_lost",
                expected=str(expected.document),
                known=str(known.document),
                behind=_series_behind(known, expected),
            ),
            "invalid_configuration",
        ).by("kontobro documents confirm")
    remember_all(connection, store, documents.store)
    return restored


def _series_behind(known: LastNumbers, expected: LastNumbers) -> Fact:
    """A series whose last number is not known, where the documents are."""
    for (series, year), number in sorted(expected.vouchers.items()):
        if known.document >= expected.document and known.vouchers.get((series, year), 0) < number:
            return Phrase("series_behind", {"series": shown(series), "year": shown(year), "number": str(number)})
    return ""


def _require_no_conflict(connection: Connection, documents: DocumentPorts) -> None:
    """A document that was released and is in the accounting system all the same: its expenses may be there twice."""
    if (number := documents.store.conflict(connection.id)) is not None:
        raise Misconfigured(
            *told("document_released_imported", number=str(number)),
            "invalid_configuration",
        ).by(f"kontobro documents imported {number} --undo")


def _restored(connection: Connection, documents: DocumentPorts, expected: int) -> int:
    """Look each time: a backup that was restored knows fewer documents than the place has, and no one would tell. A
    place that is away is looked at when it is back, unless something is missing."""
    delivery = documents.delivery
    known = documents.store.last_numbers(connection.id).document
    if delivery is None or not delivery.readable:
        return 0
    try:
        there = set(delivery.names())
    except Unreachable:
        if known and known >= expected:
            return 0
        raise
    return _from_manifests(connection, documents, delivery, there, after=known if known >= expected else 0)


def _from_manifests(
    connection: Connection, documents: DocumentPorts, delivery: Delivery, there: set[str], after: int
) -> int:
    """Every manifest beside the delivered files, of a number after that one, as far as the store does not know its
    document. Raises Misconfigured for one that is of another company, or not as we wrote it."""
    numbers = {name: number_in(name.rpartition("/")[2]) or 0 for name in there}
    new = sorted((number, name) for name, number in numbers.items() if number > after)
    restored = 0
    for number, name in new:
        if documents.store.document(connection.id, number) is not None:
            continue
        content = _whole(name, delivery.read(name))
        row, vouchers = _read(name, content, number, connection.company_id)
        whole = all(file.name in there and _digest(delivery.read(file.name)) == file.sha256 for file in row.files)
        # gone: the accounting system took it, or it never arrived; a person knows
        state: DocumentState = "delivered" if whole else "unsure"
        try:
            files = (*row.files, _itself(name, content))
            documents.store.restore_document(connection.id, replace(row, state=state, files=files), vouchers)
        except ImpossibleMove as error:
            raise unreadable(name, Phrase("manifest_expense_elsewhere")) from error
        restored += 1
    return restored


def _itself(name: str, content: bytes) -> SealedFile:
    """A manifest says nothing of itself, and is withdrawn with its document."""
    return SealedFile(name, "application/json", hashlib.sha256(content).hexdigest(), len(content))


def _read(name: str, content: bytes, number: int, company_id: str) -> tuple[DocumentRow, list[SealedVoucher]]:
    found = read_manifest(name, content, company_id)
    if found is None:
        raise Misconfigured(
            *told("place_of_other_company", name=shown(name)),
            "invalid_configuration",
        )
    if found[0].number != number:
        raise unreadable(name, Phrase("manifest_of_other", {"number": str(found[0].number)}))
    return found


def _digest(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _whole(name: str, pieces: Iterable[bytes]) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > MOST_BYTES:
            raise Misconfigured(*told("manifest_too_large", name=shown(name)))
    return bytes(content)
