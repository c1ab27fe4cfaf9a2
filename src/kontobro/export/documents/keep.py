"""A batch of items for documents: all that a ledger's batch goes through, but that it is kept instead of booked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kontobro.core.errors import KontobroError, Problem
from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.model.findings import problem
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Booking, EntryKey
from kontobro.core.ports import Place
from kontobro.export.book.booking import planned_batch, reject_rest, take_all
from kontobro.export.book.elsewhere import keep_out
from kontobro.export.book.work import ItemWork, pairs
from kontobro.export.documents.spool import KeptItem, Spool
from kontobro.export.job.run import DocumentPorts, Run, StopJob


def keep_batch(
    run: Run, documents: DocumentPorts, spool: Spool, items: Sequence[ExportItem | MalformedItem]
) -> list[ItemWork]:
    """Keep a batch of items; those that are not in a document yet `wait`. Raises StopJob for the whole job."""
    works, _ = planned_batch(run, items)  # a write that is unresolved is none: the store refuses a second
    found = run.erp(lambda: run.ports.connector.find([entry.reference for _, entry in pairs(works)]))
    _refuse_unsure(run, documents, works, found)
    keep_out(run, take_all(run, pairs(works), found, frozenset()), found)
    for work in works:
        if work.good and work.entries:
            _keep(run, documents, spool, work)
    _note(run, works)
    reject_rest(run, works)
    return works


def _keep(run: Run, documents: DocumentPorts, spool: Spool, work: ItemWork) -> None:
    new = [entry for entry in work.entries if entry.reference not in work.bookings]
    try:
        placed = [(entry, documents.target.place(entry)) for entry in new]
    except KontobroError as fault:
        raise StopJob(fault) from fault
    work.problems += [clash for _, place in placed if (clash := _clash(run, documents, spool, place))]
    if work.problems:
        return
    item = KeptItem(work.entry_id, work.entries[0].reference, work.references, len(work.receipts))
    # receipts belong to the first entry: where that is in a document, so are they
    spool.add(item, placed, work.receipts if work.entries[0] in new else ())
    work.waits = bool(new)


def _clash(run: Run, documents: DocumentPorts, spool: Spool, place: Place) -> Problem | None:
    """A number that the accounting system would match with another entry's: of this job, or of an earlier document."""
    if (number := place.matched) is None:
        return None
    other = spool.clash(number)
    sealed = None if other else documents.store.clash(run.connection.id, number)
    if sealed and sealed.matched:
        said = f"{sealed.matched.number} ({sealed.booking.number})"
    elif other:
        said = other.number
    else:
        return None
    return problem("document_number_same", "number", number.number, system=number.system, other=said)


def _note(run: Run, works: Sequence[ItemWork]) -> None:
    """The intent of what is kept; what is in a document already is checked by that."""
    run.move(
        [
            Move(
                reference=entry.reference,
                to="verified" if entry.reference in work.bookings else "booking",
                notes=tuple(work.notes) if entry is work.entries[0] else (),
            )
            for work, entry in pairs(works)
        ]
    )


def _refuse_unsure(
    run: Run, documents: DocumentPorts, works: Sequence[ItemWork], found: Mapping[EntryKey, Booking]
) -> None:
    """What is in a document that may have been sent waits for a person."""
    sealed = documents.store.sealed(run.connection.id, [key for key in found if isinstance(key, str)])
    for work, entry in pairs(works):
        voucher = sealed.get(entry.reference)
        if voucher and voucher.state == "unsure":
            work.problems.append(problem("document_unsure", "document", voucher.document, document=voucher.document))
