"""The end of a job for documents: seal, deliver, then tell Pleo of each item."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from kontobro.core.model.export import ItemReport
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Reference
from kontobro.export.book.report import Reporter
from kontobro.export.documents.deliver import deliver_waiting
from kontobro.export.documents.seal import seal
from kontobro.export.documents.spool import KeptItem, Spool
from kontobro.export.job.run import DocumentPorts, Run

BATCH = 100


class Counted(Protocol):
    """What is counted of a job (`engine.JobResult`)."""

    booked: int
    receipts: int


def hand_over(run: Run, documents: DocumentPorts, spool: Spool, reporter: Reporter, result: Counted) -> None:
    """Seal and deliver what was kept, and report its items. Raises StopJob where it can't be delivered now: sealed it
    stays, and is delivered before anything else the next time."""
    seal(run, documents, spool)
    deliver_waiting(run, documents)
    items = spool.items()
    while some := list(islice(items, BATCH)):
        _report(run, documents, spool, reporter, some)
        result.booked += len(some)
        result.receipts += sum(item.receipts for item in some)


def _report(run: Run, documents: DocumentPorts, spool: Spool, reporter: Reporter, items: Sequence[KeptItem]) -> None:
    """Each is in delivered documents, with all of its entries."""
    references = [reference for item in items for reference in item.references]
    sealed = documents.store.sealed(run.connection.id, references)
    new = spool.kept(references)
    run.move([_handed_over(reference, sealed[reference].booking.id) for reference in references if reference in new])
    run.move([Move(reference=reference, to="verified") for reference in references if reference in new])
    now = run.ports.clock.now()
    for item in items:
        report = ItemReport(
            entry_id=item.entry_id,
            status="successful",
            exported_at=now,
            external_id=sealed[item.first].booking.id,
            external_url=None,
        )
        reporter.add(report, item.references)
    reporter.keep_alive()


def _handed_over(reference: Reference, id: str) -> Move:
    """What a payment settles, the accounting system settles when it reads the document."""
    return Move(reference=reference, to="posted", erp_id=id, posting="handed_over", settled=True)
