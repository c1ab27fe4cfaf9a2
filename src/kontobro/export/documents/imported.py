"""Which documents the accounting system has read: a person marks them, or a file dropped back beside them does."""

from __future__ import annotations

import hashlib

from kontobro.core.documents import DocumentRow
from kontobro.core.errors import KontobroError
from kontobro.core.ports import Clock, Delivery, DocumentStore
from kontobro.export.documents.manifest import manifest_name
from kontobro.export.job.run import DocumentPorts

IMPORTED = ".imported"


def mark_name(number: int) -> str:
    """The name of the file, of any content, that says of a document that it was imported."""
    return manifest_name(number).partition(".")[0] + IMPORTED


def take_marks(connection_id: str, documents: DocumentPorts, clock: Clock) -> list[int]:
    """Mark what was marked by a file; the documents' numbers. A place that can't be read now is read the next time."""
    if documents.delivery is None or not documents.delivery.readable:
        return []
    rows = documents.store.documents(connection_id, states=("unsure", "delivered", "released"))
    waiting = {mark_name(row.number): row for row in rows if row.imported_at is None}
    try:
        marked = [waiting[name] for name in documents.delivery.names() if name in waiting] if waiting else []
    except KontobroError:
        return []
    for row in marked:
        note_imported(connection_id, row, documents.store, clock)
    return sorted(row.number for row in marked)


def note_imported(connection_id: str, row: DocumentRow, store: DocumentStore, clock: Clock) -> None:
    """What the accounting system has read did arrive, whatever became of the answer."""
    if row.state == "unsure":
        store.note_delivery(connection_id, row.number, "delivered", clock.now(), row.place)
    store.mark_imported(connection_id, row.number, clock.now())


def take_mark_back(number: int, delivery: Delivery | None) -> None:
    """Remove the file that says so, or the next look would mark it again. Raises the delivery's faults."""
    name = mark_name(number)
    if delivery is None or not delivery.readable or name not in set(delivery.names()):
        return
    digest = hashlib.sha256()
    for piece in delivery.read(name):
        digest.update(piece)
    delivery.withdraw(name, digest.hexdigest())
