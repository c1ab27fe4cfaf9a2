"""From kept entries to sealed documents: numbered, rendered, their digests stored, all or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from kontobro.core.documents import NewDocument, SealedFile, SealedVoucher
from kontobro.core.errors import ConnectorFault, KontobroError, Misconfigured, shown
from kontobro.core.ports import DocumentFile, DocumentHead
from kontobro.core.ports.delivery import is_file_name
from kontobro.core.rules.dates import zone_name, zone_named
from kontobro.core.words import told
from kontobro.export.documents.manifest import manifest_name, manifest_of
from kontobro.export.documents.memory import remember
from kontobro.export.documents.spool import Spool
from kontobro.export.job.run import DocumentPorts, Run, StopJob


def seal(run: Run, documents: DocumentPorts, spool: Spool) -> None:
    """Seal all that was kept. The moment is stored before anything is rendered, and a number
    counts from when its document is sealed: one that a crash took back is given to the next."""
    store, connection_id = documents.store, run.connection.id
    last = store.last_numbers(connection_id)
    new = spool.number(last, _moment(run), documents.target.max_rows)
    if not new:
        return
    store.begin_documents(connection_id, run.job.id, new)
    try:
        _render(run, documents, spool, new)
    except KontobroError as fault:
        raise StopJob(fault) from fault
    numbers = [document.number for document in new]
    store.seal_documents(connection_id, numbers, _vouchers(spool, numbers))
    remember(run.connection, run.ports.store, store.last_numbers(connection_id))


def _render(run: Run, documents: DocumentPorts, spool: Spool, new: list[NewDocument]) -> None:
    store, connection_id = documents.store, run.connection.id
    known = set(store.known_vendors(connection_id))
    for document in new:
        head = DocumentHead(
            number=document.number,
            group=document.group,
            moment=document.moment,
            company=run.masters.company,
            first=document.first,
            last=document.last,
            known_vendors=frozenset(known),
        )
        files: list[SealedFile] = []
        for file in documents.target.render(head, spool.vouchers(document.number)):
            _require_name(file, files)
            files.append(store.keep_file(connection_id, document.number, file))
            run.keep_alive()
        content = manifest_of(run.connection.company_id, run.job.id, document, files, spool.sealed(document.number))
        manifest = DocumentFile(name=manifest_name(document.number), media_type="application/json", content=content)
        store.keep_file(connection_id, document.number, manifest)
        known |= spool.vendors(document.number)


def _require_name(file: DocumentFile, others: Sequence[SealedFile]) -> None:
    """Before it is sealed: a document of which a file can't be delivered would wait for ever."""
    if not is_file_name(file.name) or any(file.name.lower() == other.name.lower() for other in others):
        raise ConnectorFault(*told("file_name_undeliverable", name=shown(file.name)))


def _vouchers(spool: Spool, numbers: list[int]) -> Iterator[SealedVoucher]:
    for number in numbers:
        yield from spool.sealed(number)


def _moment(run: Run) -> datetime:
    """Now, in the company's time zone, in whole seconds."""
    zone = zone_named(zone_name(run.connection.settings, run.masters))
    if zone is None:
        raise StopJob(Misconfigured(*told("time_zone_unknown")))
    return run.ports.clock.now().astimezone(zone).replace(microsecond=0)
