"""Which documents the accounting system has read: a person marks them, or a file dropped back beside them does."""

from __future__ import annotations

from kontobro.core.errors import KontobroError
from kontobro.core.ports import Clock
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
    rows = documents.store.documents(connection_id, states=("delivered", "released"))
    waiting = {mark_name(row.number): row.number for row in rows if row.imported_at is None}
    try:
        marked = sorted(waiting[name] for name in documents.delivery.names() if name in waiting) if waiting else []
    except KontobroError:
        return []
    for number in marked:
        documents.store.mark_imported(connection_id, number, clock.now())
    return marked
