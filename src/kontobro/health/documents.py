"""Whether a connection's documents reach their place and its memory of them is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kontobro.bootstrap import App
from kontobro.core.documents import DocumentRow
from kontobro.core.errors import KontobroError
from kontobro.core.master_files import counted
from kontobro.core.model.connection import Connection
from kontobro.core.ports import Delivery, DocumentStore
from kontobro.core.words import Fact, Phrase, part_of, phrase, worded
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
        for each in found:
            yield replace(each, message=worded("file_at", place=connection.name, what=part_of(each.message)))
    if looked and quiet == looked:
        yield Finding("documents", "ok", worded("found_documents_quiet", count=looked))


def _asks(finding: Finding) -> bool:
    return finding.verdict != "ok"


def _masters(connection: Connection, app: App, store: DocumentStore) -> Iterator[Finding]:
    """What was read last, and what of it the next sync finds changed."""
    if (kept := store.masters(connection.id)) is None:
        return
    counts: Fact = tuple(counted(table, number) for table, number in kept.read.counts) or phrase("no_records")
    at = f"{kept.read_at:%Y-%m-%d %H:%M}"
    yield Finding("master data", "ok", worded("found_masters", name=kept.read.name, at=at, counts=counts))
    noted = app.store.syncs(connection.id)
    for kind in connection.settings.sync:
        for one in kept.changes(kind, noted.get(NOTED[kind][-1])):
            had = counted(one.table, one.had)
            said = worded("found_masters_changed", name=kept.read.name, had=had, now=one.now)
            yield Finding("master data", "warn", said, worded("found_masters_again"))


def _place(delivery: Delivery | None) -> Finding:
    if delivery is None:
        return Finding("delivery", "ok", worded("found_no_delivery"))
    try:
        return Finding("delivery", "ok", worded("found_delivery", place=delivery.check()))
    except KontobroError as fault:
        return Finding("delivery", "bad", fault.message, fault.remedy, fault=fault)


def _memory(connection: Connection, app: App, store: DocumentStore) -> Finding:
    last = store.last_numbers(connection.id)
    if missing := lost(connection, app.store, store):
        message = worded("found_document_lost", sealed=str(missing.document), known=str(last.document))
        if not last.document:
            message = worded("found_documents_lost", sealed=str(missing.document))
        return Finding("documents", "bad", message, worded("found_restore"))
    if not last.document:
        return Finding("documents", "ok", worded("found_no_document"))
    numbers = tuple(f"{series} {number} ({year})".strip() for (series, year), number in sorted(last.vouchers.items()))
    said = worded("found_last_document", number=str(last.document), vouchers=numbers)
    return Finding("documents", "ok", said)


def _waiting(connection: Connection, app: App, store: DocumentStore) -> Iterator[Finding]:
    waiting = waiting_of(connection.id, store, app.clock.now())
    if waiting.conflicts:
        said = worded("found_released_imported", numbers=_numbers(waiting.conflicts))
        yield Finding("documents", "bad", said, worded("found_void_entries"))
    if waiting.unsure:
        said = worded("found_unsure", numbers=_numbers(waiting.unsure))
        yield Finding("documents", "warn", said, worded("found_check_arrived"))
    if waiting.undelivered:
        said = worded("found_undelivered", numbers=_numbers(waiting.undelivered))
        yield Finding("documents", "warn", said, worded("found_deliver_now"))
    if waiting.late:
        said = worded("found_not_imported", numbers=_numbers(waiting.late))
        yield Finding("documents", "warn", said, worded("found_import_it"))


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
        said = worded("found_no_manifest", numbers=_numbers(missing))
        yield Finding("documents", "warn", said, worded("found_put_back"))


def _numbers(rows: Sequence[DocumentRow]) -> Phrase:
    """ "document 3", "documents 3, 4", of many the first ones."""
    shown = ", ".join(str(row.number) for row in rows[:10]) + (", …" if len(rows) > 10 else "")
    return phrase("documents_several" if len(rows) > 1 else "documents_one", numbers=shown)
