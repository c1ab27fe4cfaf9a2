"""What we hold of people (design §9): all of one company as a file, one employee erased, one company deleted.

The books are the accounting system's and the expenses Pleo's: neither is touched here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO, get_args
from zipfile import ZIP_DEFLATED, ZipFile

from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.connection import Connection
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import Reference, entry_id_of, references_of
from kontobro.core.ports import DocumentStore, Store
from kontobro.export.personal.private import private_file

PAGE = 500
ALL_JOBS = 1_000_000_000


def export_company(
    connection: Connection, store: Store, target: Path | BinaryIO, documents: DocumentStore | None = None
) -> int:
    """Write all that we hold of a company into a zip of JSON, no secrets; answers how many bookings it has.

    `connection.json`, `jobs.json`, `bindings.json`, `syncs.json`; `bookings.jsonl` with the moves of each;
    `items/<accounting entry id>.json` as Pleo sent them, as far as they are kept; of sealed documents `documents.json`
    and their files below `documents/`, as far as those are kept; `masters.json`: which file of master data was read,
    where it is one. A file is its owner's alone (0600).
    """
    if isinstance(target, Path):
        with private_file(target) as file:
            return export_company(connection, store, file, documents)
    count = 0
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        archive.writestr("connection.json", _json(asdict(connection)))
        archive.writestr("jobs.json", _json([asdict(job) for job in store.jobs(connection.id, ALL_JOBS)]))
        archive.writestr("bindings.json", _json(_bindings(connection, store)))
        archive.writestr("syncs.json", _json(store.syncs(connection.id)))
        with archive.open("bookings.jsonl", "w", force_zip64=True) as lines:
            for row in _rows(connection, store):
                lines.write(_booking_line(connection, store, row))
                count += 1
        for rows in _pages(connection, store):
            for entry_id, raw in store.payloads(connection.id, [row.reference for row in rows]).items():
                if f"items/{entry_id}.json" not in archive.NameToInfo:  # a bill and its payment share one
                    archive.writestr(f"items/{entry_id}.json", raw)
        if documents is not None:
            _add_documents(archive, connection, documents)
    return count


def _add_documents(archive: ZipFile, connection: Connection, documents: DocumentStore) -> None:
    if masters := documents.masters(connection.id):
        archive.writestr("masters.json", _json(asdict(masters)))
    rows = documents.documents(connection.id)
    archive.writestr("documents.json", _json([asdict(row) for row in rows]))
    for row in rows:
        for file in row.files if row.kept else ():
            with archive.open(f"documents/{row.number:05d}/{file.name}", "w", force_zip64=True) as target:
                for piece in documents.pieces(connection.id, row.number, file.name):
                    target.write(piece)


def _bindings(connection: Connection, store: Store) -> dict[str, object]:
    return {kind: [asdict(one) for one in store.bindings(connection.id, kind)] for kind in get_args(MasterKind)}


def _booking_line(connection: Connection, store: Store, row: BookingRow) -> bytes:
    moves = [{"at": at, "from": old, "to": new} for at, old, new in store.events(connection.id, row.reference)]
    kept = asdict(replace(row, problems=())) | {"problems": [one.to_json() for one in row.problems], "moves": moves}
    text = json.dumps(kept, ensure_ascii=False, default=_plain)
    return f"{text}\n".encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


# ---------------------------------------------------------------------------------------- one employee


def entries_of_person(connection: Connection, store: Store, who: str) -> list[str]:
    """The accounting entry ids whose content names this employee.

    `who` is the employee's id, code, name or mail address at Pleo. A value of the item's employee has to be equal;
    a name of two words or an address is looked for in every text besides (notes, attendees, payees, problems).
    """
    if not who.strip():
        return []  # a purged payee is empty too
    found: dict[str, None] = {}
    for rows in _pages(connection, store):
        kept = store.payloads(connection.id, [row.reference for row in rows])
        for row in rows:
            entry_id = entry_id_of(row.reference)
            if _names(row, who) or (entry_id in kept and _content_names(kept[entry_id], who)):
                found[entry_id] = None
    return list(found)


def documents_holding(connection: Connection, store: DocumentStore, entry_ids: Sequence[str]) -> list[int]:
    """The numbers of the sealed documents that these items are or were in: their bytes are not changed, wherever they
    are."""
    found: set[int] = set()
    for start in range(0, len(entry_ids), PAGE):
        references = [one for entry_id in entry_ids[start : start + PAGE] for one in references_of(entry_id)]
        for vouchers in (store.sealed(connection.id, references), store.released(connection.id, references)):
            found |= {voucher.document for voucher in vouchers.values()}
    return sorted(found)


def erase_entries(connection: Connection, store: Store, entry_ids: Sequence[str]) -> int:
    """Delete content, names and problems of these items now; ids, amounts and states stay. Raises Busy during an
    export. Answers how many bookings that were."""
    with store.lock(f"export-{connection.id}"):
        return store.forget_entries(connection.id, entry_ids)


def _names(row: BookingRow, who: str) -> bool:
    texts = [row.payee, *row.notes, *(text for problem in row.problems for text in (problem.value, problem.message))]
    return row.payee.casefold() == who.casefold() or any(_occurs_in(text, who) for text in texts)


def _content_names(raw: bytes, who: str) -> bool:
    try:
        item = json.loads(raw, parse_float=str)
    except (ValueError, RecursionError):
        return _occurs_in(raw.decode(errors="replace"), who)
    user = item.get("user") if isinstance(item, dict) else None
    if any(text.casefold() == who.casefold() for text in _texts(user)):
        return True
    return any(_occurs_in(text, who) for text in _texts(item))


def _texts(value: object) -> Iterator[str]:
    """Every text in a JSON value, at any depth."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _occurs_in(text: str, who: str) -> bool:
    """A short code or an id would be found everywhere: only what is surely one person's is looked for in texts."""
    personal = "@" in who or len(who.split()) > 1
    return personal and " ".join(who.casefold().split()) in " ".join(text.casefold().split())


# ----------------------------------------------------------------------------------------- one company


def delete_company(connection: Connection, store: Store) -> None:
    """Delete everything of a disconnected company. Raises Misconfigured while connected, Busy during an export."""
    with store.lock(f"export-{connection.id}"):
        store.delete_connection(connection.id)


def _pages(connection: Connection, store: Store) -> Iterator[Sequence[BookingRow]]:
    after: Reference | None = None
    while rows := store.bookings_page(connection.id, first=None, last=None, after=after, limit=PAGE):
        yield rows
        after = rows[-1].reference


def _rows(connection: Connection, store: Store) -> Iterator[BookingRow]:
    for rows in _pages(connection, store):
        yield from rows
