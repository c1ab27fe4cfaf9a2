"""Whether a connection's documents reach their place and its memory of them is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kontobro.bootstrap import App
from kontobro.core.documents import DocumentRow
from kontobro.core.errors import KontobroError
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Delivery, DocumentStore
from kontobro.export.documents.manifest import number_in
from kontobro.export.documents.memory import lost
from kontobro.export.documents.waiting import waiting_of
from kontobro.health.findings import Finding
from kontobro.sync.run import NOTED


def examine_documents(connection: Connection, app: App) -> Iterator[Finding]:
    """The place, the last numbers, the memory, what waits. Nothing for a system that is booked into directly."""
    store = app.document_store_for(connection)
    documents = app.documents_for(connection) if store else None
    if store is None or documents is None:
        return
    yield from _masters(connection, app, store)
    yield _place(documents.delivery)
    yield _memory(connection, app, store)
    yield from _waiting(connection, app, store)
    yield from _manifests(connection, store, documents.delivery)


def examine_all(app: App) -> Iterator[Finding]:
    """Of each connection with documents what needs a person, and one word where nothing does. Looks at the store alone:
    no place is reached."""
    looked = quiet = 0
    for connection in app.store.connections():
        try:
            store = app.document_store_for(connection)
        except KontobroError:
            continue  # its connector is missing: said elsewhere
        if store is None:
            continue
        looked += 1
        found = [each for each in (_memory(connection, app, store), *_waiting(connection, app, store)) if _asks(each)]
        quiet += not found
        yield from (replace(each, message=f"{connection.name}: {each.message}") for each in found)
    if looked and quiet == looked:
        yield Finding("documents", "ok", f"No document waits for a person; connections with documents: {looked}.")


def _asks(finding: Finding) -> bool:
    return finding.verdict != "ok"


def _masters(connection: Connection, app: App, store: DocumentStore) -> Iterator[Finding]:
    """What was read last, and what of it the next sync finds changed."""
    if (kept := store.masters(connection.id)) is None:
        return
    counts = ", ".join(_counted(table, number) for table, number in kept.read.counts) or "no records"
    yield Finding("master data", "ok", f"{kept.read.name}, read {kept.read_at:%Y-%m-%d %H:%M} UTC: {counts}")
    noted = app.store.syncs(connection.id)
    for kind in connection.settings.sync:
        for one in kept.changes(kind, noted.get(NOTED[kind][-1])):
            said = f"{kept.read.name} changed since the last sync: had {_counted(one.table, one.had)}, now {one.now:,}."
            yield Finding("master data", "warn", said, "If that is wrong, export the file again before the next sync.")


def _counted(table: str, number: int) -> str:
    """ "412 accounts", "1 tax code"."""
    name = table.replace("_", " ")
    return f"{number:,} {name.removesuffix('s') if number == 1 else name}"


def _place(delivery: Delivery | None) -> Finding:
    if delivery is None:
        return Finding("delivery", "ok", "Documents are delivered nowhere: download them.")
    try:
        return Finding("delivery", "ok", f"Documents are delivered to {delivery.check()}, which can be written to.")
    except KontobroError as fault:
        return Finding("delivery", "bad", fault.message, fault.remedy, fault=fault)


def _memory(connection: Connection, app: App, store: DocumentStore) -> Finding:
    last = store.last_numbers(connection.id)
    if missing := lost(connection, app.store, store):
        message = f"Document {missing.document} was sealed, but {last.document or 'none'} is the last one known here."
        remedy = "Restore a backup. If there is none, an owner confirms the last numbers."
        return Finding("documents", "bad", message, remedy)
    if not last.document:
        return Finding("documents", "ok", "none yet; the next is document 1")
    numbers = [f"{series} {number} ({year})".strip() for (series, year), number in sorted(last.vouchers.items())]
    return Finding("documents", "ok", f"document {last.document} is the last; last vouchers: {', '.join(numbers)}")


def _waiting(connection: Connection, app: App, store: DocumentStore) -> Iterator[Finding]:
    waiting = waiting_of(connection.id, store, app.clock.now())
    if waiting.conflicts:
        said = f"{_numbers(waiting.conflicts)}: released, and then marked as imported. Exports stop."
        yield Finding("documents", "bad", said, "Void its entries in the accounting system, then remove the mark.")
    if waiting.unsure:
        said = f"{_numbers(waiting.unsure)}: may have been sent."
        yield Finding(
            "documents", "warn", said, "Check whether it arrived. Then mark it as delivered, or send it again."
        )
    if waiting.undelivered:
        said = f"{_numbers(waiting.undelivered)}: sealed and not delivered yet."
        yield Finding("documents", "warn", said, "Deliver it now, or wait: the next export delivers it first.")
    if waiting.late:
        said = f"{_numbers(waiting.late)}: delivered and not marked as imported."
        yield Finding("documents", "warn", said, "Import it in the accounting system, then mark it.")


def _manifests(connection: Connection, store: DocumentStore, delivery: Delivery | None) -> Iterator[Finding]:
    """Whether each document that is not imported yet has its manifest beside it: lost memory is built from these."""
    rows = [row for row in store.open_documents(connection.id) if row.state == "delivered"]
    if delivery is None or not delivery.readable or not rows:
        return
    try:
        there = {number_in(name.rpartition("/")[2]) for name in delivery.names()}
    except KontobroError:
        return  # said of the place
    if missing := [row for row in rows if row.number not in there]:
        said = f"{_numbers(missing)}: the manifest is not beside the delivered files."
        yield Finding("documents", "warn", said, "Put it back from a backup: lost history is read from manifests.")


def _numbers(rows: Sequence[DocumentRow]) -> str:
    shown = ", ".join(str(row.number) for row in rows[:10])
    return f"document{'s' if len(rows) > 1 else ''} {shown}{', …' if len(rows) > 10 else ''}"
