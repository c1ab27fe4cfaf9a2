"""What no crash may take: which documents there were. The store is their memory; this sees that it is whole.

Beside the tables the last numbers are kept with the connection's secrets, which outlive them. Where the tables know
less, they are built again from the manifests beside the delivered files, or a person has to say what was last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace

from kontobro.core.documents import LastNumbers
from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import SEALED_DOCUMENTS, Connection
from kontobro.core.ports import Delivery, DocumentStore, Store
from kontobro.export.documents.manifest import MOST_BYTES, SUFFIX, read_manifest
from kontobro.export.job.run import DocumentPorts


def remember(connection: Connection, store: Store, last: LastNumbers) -> None:
    """Keep the last numbers beside the tables: of the documents, and of each voucher series and year."""
    vouchers = [[series, year, number] for (series, year), number in sorted(last.vouchers.items())]
    store.save_secret(connection, SEALED_DOCUMENTS, json.dumps({"document": last.document, "vouchers": vouchers}))


def remembered(connection: Connection, store: Store) -> LastNumbers:
    """The last numbers as they are kept beside the tables."""
    kept = store.secret(connection, SEALED_DOCUMENTS)
    if not kept:
        return LastNumbers()
    said = json.loads(kept)
    return LastNumbers(said["document"], {(series, year): number for series, year, number in said["vouchers"]})


def lost(connection: Connection, store: Store, documents: DocumentStore) -> LastNumbers | None:
    """What is remembered beside the tables, when the tables know fewer documents; None while they know all."""
    expected = remembered(connection, store)
    return expected if documents.last_numbers(connection.id).document < expected.document else None


def require_memory(connection: Connection, store: Store, documents: DocumentPorts) -> int:
    """See that the tables know all documents that there were; how many were taken from their manifests.

    Raises Misconfigured where some are missing and can't be read back.
    """
    _require_no_conflict(connection, documents)
    known = documents.store.last_numbers(connection.id).document
    expected = remembered(connection, store).document
    if known >= expected and (known or not _readable(documents.delivery)):
        return 0
    delivery = documents.delivery
    restored = _from_manifests(connection, documents, delivery) if delivery and delivery.readable else 0
    known = documents.store.last_numbers(connection.id).document
    if known < expected:
        raise Misconfigured(
            f"The history of exported documents is not complete: document {expected} was sealed, {known} is the last"
            " one known here. An expense could be written twice.",
            "Restore a backup. If there is none, an owner says which document and voucher numbers were last:"
            " kontobro documents confirm.",
            "invalid_configuration",
        )
    return restored


def _require_no_conflict(connection: Connection, documents: DocumentPorts) -> None:
    """A document that was released and is in the accounting system all the same: its expenses may be there twice."""
    for row in documents.store.documents(connection.id, states=("released",)):
        if row.imported_at is not None:
            raise Misconfigured(
                f"Document {row.number} was released, and then marked as imported: its expenses may be booked twice.",
                f"Void its entries in the accounting system, then take the mark back: kontobro documents imported"
                f" {row.number} --undo.",
                "invalid_configuration",
            )


def _readable(delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.readable


def _from_manifests(connection: Connection, documents: DocumentPorts, delivery: Delivery) -> int:
    """Every manifest of this company beside the delivered files, as far as the store does not know its document."""
    there, restored = set(delivery.names()), 0
    for name in sorted(name for name in there if name.endswith(SUFFIX)):
        found = read_manifest(_whole(delivery.read(name)), connection.company_id)
        if found and documents.store.document(connection.id, found[0].number) is None:
            row, vouchers = found
            whole = all(file.name in there and _digest(delivery.read(file.name)) == file.sha256 for file in row.files)
            # gone: the accounting system took it, or it never arrived; a person knows
            documents.store.restore_document(
                connection.id, replace(row, state="delivered" if whole else "unsure"), vouchers
            )
            restored += 1
    return restored


def _digest(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _whole(pieces: Iterable[bytes]) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > MOST_BYTES:
            raise Misconfigured("A manifest is too large to be one of ours.", "Remove the file from the folder.")
    return bytes(content)
