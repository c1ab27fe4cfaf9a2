"""Which documents the accounting system has read: a person marks them, or a file dropped back beside them does."""

from __future__ import annotations

import hashlib

from kontobro.core.errors import KontobroError
from kontobro.core.ports import Clock, Delivery
from kontobro.export.documents.manifest import LARGEST, SUFFIX, manifest_name, number_in
from kontobro.export.job.run import DocumentPorts

IMPORTED = ".imported"
TOGETHER = 500
"""Marks that are looked up together."""


def mark_name(number: int) -> str:
    """The name of the file, of any content, that says of a document that it was imported."""
    return manifest_name(number).partition(".")[0] + IMPORTED


def take_marks(connection_id: str, documents: DocumentPorts, clock: Clock) -> list[int]:
    """Mark what was marked by a file; the documents' numbers. A place that can't be read now is read the next time."""
    if documents.delivery is None or not documents.delivery.readable:
        return []
    try:
        said = sorted(set(filter(None, map(number_of_mark, documents.delivery.names()))))
    except KontobroError:
        return []
    marked: list[int] = []
    for at in range(0, len(said), TOGETHER):
        found = documents.store.unmarked(connection_id, said[at : at + TOGETHER])
        numbers = [row.number for row in found]
        marked += [one for one in numbers if documents.store.mark_imported(connection_id, one, clock.now())]
    return marked


def number_of_mark(name: str) -> int:
    """The document that a file's name marks; 0 for any other file."""
    number = number_in(name.removesuffix(IMPORTED) + SUFFIX) if name.endswith(IMPORTED) else None
    return number if number and number <= LARGEST else 0


def take_mark_back(number: int, delivery: Delivery | None) -> None:
    """Remove the file that says so, or the next look would mark it again. Raises the delivery's faults."""
    name = mark_name(number)
    if delivery is None or not delivery.readable or name not in set(delivery.names()):
        return
    digest = hashlib.sha256()
    for piece in delivery.read(name):
        digest.update(piece)
    delivery.withdraw(name, digest.hexdigest())
