"""Sealed documents are brought where they belong: the intent is stored first, then the manifest goes, the rows last."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from kontobro.core.documents import DocumentRow, SealedFile
from kontobro.core.errors import KontobroError, Timeout, Uncertain, Unreachable
from kontobro.core.ports import Clock, Delivery, DocumentStore
from kontobro.core.ports.delivery import FileToDeliver
from kontobro.core.words import told
from kontobro.export.job.run import DocumentPorts, Run, StopJob

F = TypeVar("F")

FETCHED: Final = "download"
"""The place of a document that a person fetches."""
ARRIVING: Final = "arriving"
"""The place of one whose rows were about to get their name: an accounting system that takes files may have them."""
SENT: Final = "mail"
"""The place of one that is on its way and can't be read back, wherever documents are delivered later."""


def deliver_waiting(run: Run, documents: DocumentPorts) -> None:
    """Deliver all that is sealed and not there yet, oldest first. Raises StopJob where it can't be done now."""
    for row in waiting(run.connection.id, documents.store):
        run.erp(partial(_deliver_again, run, row.number, documents))


def _deliver_again(run: Run, number: int, documents: DocumentPorts) -> None:
    """One attempt, from where the last one came to. What may have arrived is not attempted again: a person decides."""
    row = documents.store.document(run.connection.id, number)
    if row is None or row.state not in ("sealed", "delivering"):
        return
    try:
        deliver(run.connection.id, row, documents, run.ports.clock)
    except Uncertain as fault:
        raise StopJob(fault) from fault


def waiting(connection_id: str, store: DocumentStore) -> Sequence[DocumentRow]:
    """The documents that are still to be delivered, oldest first."""
    return store.documents(connection_id, states=("sealed", "delivering"))


def deliver(
    connection_id: str, row: DocumentRow, documents: DocumentPorts, clock: Clock, *, again: bool = False
) -> None:
    """Deliver one document. Safe to repeat where the place can be read back; elsewhere one that may have been sent is
    `unsure`, and raises Uncertain: a person decides, and says so by `again`."""
    store, delivery = documents.store, documents.delivery
    once = delivery is not None and not delivery.readable
    if row.state == "sealed" and not again and delivery is not None and _began_before(row, delivery):
        store.note_delivery(connection_id, row.number, "delivering", clock.now(), ARRIVING)
        _settle(connection_id, row, store, delivery, clock)
        return
    if row.state == "delivering" and (once or row.place == SENT):
        store.note_delivery(connection_id, row.number, "unsure", clock.now(), row.place)
        raise _unsure(row)
    if row.state == "delivering" and row.place == ARRIVING and delivery is not None:
        _settle(connection_id, row, store, delivery, clock)
        return
    store.note_delivery(connection_id, row.number, "delivering", clock.now(), SENT if once else "")
    try:
        place = delivery.check() if delivery else FETCHED
    except KontobroError:  # where its files may be there in part, they may still
        is_begun = not once and (again or row.state == "delivering")
        store.note_delivery(connection_id, row.number, "delivering" if is_begun else "sealed", clock.now())
        raise
    try:
        _bring(connection_id, row, documents, clock)
    except KontobroError as fault:
        if not once and not isinstance(fault, Unreachable | Timeout | Uncertain):  # it was refused: it did not arrive
            store.note_delivery(connection_id, row.number, "delivering", clock.now())
        if once:  # elsewhere some of its files may be there, or taken already: it stays under way
            is_unsure = isinstance(fault, Uncertain)
            store.note_delivery(
                connection_id, row.number, "unsure" if is_unsure else "sealed", clock.now(), SENT if is_unsure else ""
            )
        raise
    store.note_delivery(connection_id, row.number, "delivered", clock.now(), place)


def _settle(connection_id: str, row: DocumentRow, store: DocumentStore, delivery: Delivery, clock: Clock) -> None:
    """We were stopped when the rows got their name. If they are not there, they never came, or were taken already: to
    deliver them again could book them twice."""
    place, (rows, *others) = delivery.check(), row.files
    if not _is_there(rows, delivery):
        store.note_delivery(connection_id, row.number, "unsure", clock.now(), place)
        raise Uncertain(*told("document_perhaps_delivered", number=str(row.number), file=rows.name, place=place)).by(
            f"kontobro documents delivered {row.number}"
        )
    delivery.deliver([_to_deliver(connection_id, row, store, file) for file in in_order(others)])
    store.note_delivery(connection_id, row.number, "delivered", clock.now(), place)


def _began_before(row: DocumentRow, delivery: Delivery) -> bool:
    """Whether the manifest of a document that was never begun, as our store has it, is there: the store is an old copy
    that was put back, and knows nothing of what became of the rows."""
    return delivery.readable and _is_there(row.files[-1], delivery)


def _to_deliver(connection_id: str, row: DocumentRow, store: DocumentStore, file: SealedFile) -> FileToDeliver:
    content = partial(store.pieces, connection_id, row.number, file.name)
    return FileToDeliver(name=file.name, sha256=file.sha256, size=file.size, content=content)


def _is_there(file: SealedFile, delivery: Delivery) -> bool:
    digest = hashlib.sha256()
    try:
        for piece in delivery.read(file.name):
            digest.update(piece)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == file.sha256


def _bring(connection_id: str, row: DocumentRow, documents: DocumentPorts, clock: Clock) -> None:
    """Before the rows, which go last, get their name, that is stored: they may be taken as soon as they have it."""
    store, delivery = documents.store, documents.delivery
    if delivery is None:
        return

    def arriving() -> None:
        store.note_delivery(connection_id, row.number, "delivering", clock.now(), ARRIVING)

    files = [_to_deliver(connection_id, row, store, file) for file in row.files]
    if delivery.readable:
        files = [*in_order(files[1:]), replace(files[0], arriving=arriving)]
    delivery.deliver(files)


def in_order(files: Iterable[F]) -> list[F]:
    """The manifest first: a row that is there and that nothing remembers would be written twice. The rows last: what an
    accounting system takes from the folder by itself would be there again, if what goes with it failed afterwards."""
    return [*reversed(list(files))]  # as sealed: rows, what accompanies them, manifest


def _unsure(row: DocumentRow) -> Uncertain:
    return Uncertain(*told("document_unsure", number=str(row.number))).by("kontobro documents")
