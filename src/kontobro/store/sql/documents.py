"""The part of the store that is about sealed documents: in the homes with a database of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kontobro.core.documents import (
    DocumentRow,
    DocumentState,
    LastNumbers,
    MatchedNumber,
    NewDocument,
    SealedFile,
    SealedVoucher,
)
from kontobro.core.errors import ImpossibleMove
from kontobro.core.master_files import KeptMasters, MastersRead, after_reading
from kontobro.core.model.journal import Reference
from kontobro.core.ports import DocumentFile
from kontobro.store.sql.document_rows import (
    CHUNK,
    columns_kept,
    columns_of,
    count_on,
    document_of,
    drop_unsealed,
    files_of,
    in_chunks,
    in_pieces,
    insert_vouchers,
    last_document,
    last_sync,
    last_vouchers,
    like,
    masters_of,
    required_row,
    row_of,
    set_series,
    span_of,
    unsealed_id,
    voucher_of,
)
from kontobro.store.sql.part import Part

BEGIN = """INSERT INTO kontobro_document
    (connection_id, number, label, job_id, state, moment, first, last, vouchers, place, reason, kept)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', %s)"""
FILE = "INSERT INTO kontobro_documentfile (document_id, name, media_type, sha256, size) VALUES (%s, %s, %s, %s, %s)"
PIECES = "INSERT INTO kontobro_documentpiece (document_id, name, position, content) VALUES (%s, %s, %s, %s)"
SEALED = """SELECT voucher.*, document.number AS document, document.state AS state FROM kontobro_voucher voucher
    JOIN kontobro_document document ON document.id = voucher.document_id
    WHERE voucher.connection_id = %s"""

OPEN: Final = """(state IN ('sealed', 'delivering', 'unsure') OR (state = 'delivered' AND imported_at IS NULL)
    OR (state = 'released' AND imported_at IS NOT NULL))"""
"""What waits for its place or for a person."""

_KEEP: Final = """INSERT INTO kontobro_keptnumber (company_id, erp, kind, series, year, last)"""
_HIGHER: Final = """ON CONFLICT (company_id, erp, kind, series, year) DO UPDATE SET last = excluded.last
    WHERE kontobro_keptnumber.last < excluded.last"""

DELETE: Final = (
    f"""{_KEEP} SELECT connection.company_id, connection.erp, 'document', '', '', max(document.number)
        FROM kontobro_document document JOIN kontobro_connection connection ON connection.id = document.connection_id
        WHERE connection.id = %s AND document.state <> 'rendering'
        GROUP BY connection.company_id, connection.erp {_HIGHER}""",  # noqa: S608
    f"""{_KEEP} SELECT connection.company_id, connection.erp, 'voucher', series.series, series.year, series.last
        FROM kontobro_series series JOIN kontobro_connection connection ON connection.id = series.connection_id
        WHERE connection.id = %s {_HIGHER}""",  # noqa: S608
    """DELETE FROM kontobro_documentpiece
        WHERE document_id IN (SELECT id FROM kontobro_document WHERE connection_id = %s)""",
    """DELETE FROM kontobro_documentfile
        WHERE document_id IN (SELECT id FROM kontobro_document WHERE connection_id = %s)""",
    "DELETE FROM kontobro_voucher WHERE connection_id = %s",
    "DELETE FROM kontobro_series WHERE connection_id = %s",
    "DELETE FROM kontobro_mastersfile WHERE connection_id = %s",
    "DELETE FROM kontobro_document WHERE connection_id = %s",
)
"""What goes with a connection, in order: the last numbers are kept."""


class Documents(Part):
    """Documents, their files' bytes and their vouchers; `schema/document_guards.py` judges each row."""

    # ------------------------------------------------------------------------------------ master data

    def note_masters(self, connection_id: str, read: MastersRead, now: datetime) -> None:
        with self.tables.writing() as session:
            if session.select("SELECT id FROM kontobro_connection WHERE id = %s", (connection_id,)):
                kept = after_reading(masters_of(session, connection_id), read, now, last_sync(session, connection_id))
                session.upsert("kontobro_mastersfile", ("connection_id",), columns_kept(connection_id, kept))

    def masters(self, connection_id: str) -> KeptMasters | None:
        with self.tables.reading() as session:
            return masters_of(session, connection_id)

    # ---------------------------------------------------------------------------------------- sealing

    def last_numbers(self, connection_id: str) -> LastNumbers:
        with self.tables.reading() as session:
            return LastNumbers(last_document(session, connection_id), last_vouchers(session, connection_id))

    def kept_numbers(self, company_id: str, erp: str) -> LastNumbers:
        statement = "SELECT * FROM kontobro_keptnumber WHERE company_id = %s AND erp = %s"
        with self.tables.reading() as session:
            rows = session.select(statement, (company_id, erp))
        document = max((row.last for row in rows if row.kind == "document"), default=0)
        return LastNumbers(document, {(row.series, row.year): row.last for row in rows if row.kind == "voucher"})

    def known_vendors(self, connection_id: str) -> frozenset[str]:
        statement = "SELECT DISTINCT vendor FROM kontobro_voucher WHERE connection_id = %s AND vendor <> ''"
        with self.tables.reading() as session:
            return frozenset(row.vendor for row in session.select(statement, (connection_id,)))

    def begin_documents(self, connection_id: str, job_id: str, documents: Sequence[NewDocument]) -> None:
        with self.tables.writing() as session:
            number = self._known(session, connection_id)
            drop_unsealed(session, number)
            for new in documents:
                session.run(BEGIN, (number, *columns_of(new, job_id), "rendering", *span_of(new), "", True))

    def keep_file(self, connection_id: str, number: int, file: DocumentFile) -> SealedFile:
        """A transaction a piece: what stays of a run that is killed is deleted by the next."""
        digest, size = hashlib.sha256(), 0
        with self.tables.reading() as session:
            id = unsealed_id(session, connection_id, number)
        for position, piece in enumerate(in_pieces(file.content)):
            digest.update(piece)
            size += len(piece)
            with self.tables.writing() as session:
                session.run(PIECES, (id, file.name, position, piece))
        sealed = SealedFile(file.name, file.media_type, digest.hexdigest(), size)
        with self.tables.writing() as session:
            session.run(FILE, (id, sealed.name, sealed.media_type, sealed.sha256, sealed.size))
        return sealed

    def seal_documents(self, connection_id: str, numbers: Sequence[int], vouchers: Iterable[SealedVoucher]) -> None:
        with self.tables.writing() as session:
            last = last_document(session, connection_id)
            if list(numbers) != list(range(last + 1, last + 1 + len(numbers))):
                raise ImpossibleMove(f"document {numbers[:1]} does not follow document {last}")
            ids = {number: unsealed_id(session, connection_id, number) for number in numbers}
            series = dict(last_vouchers(session, connection_id))
            for some in in_chunks(vouchers):
                count_on(series, some)
                insert_vouchers(session, connection_id, ids, some)
            for (name, year), to in series.items():
                set_series(session, connection_id, name, year, to)
            for id in ids.values():
                session.run("UPDATE kontobro_document SET state = 'sealed' WHERE id = %s", (id,))

    # ---------------------------------------------------------------------------------------- reading

    def sealed(self, connection_id: str, references: Sequence[Reference]) -> Mapping[Reference, SealedVoucher]:
        with self.tables.reading() as session:
            asked = f"{SEALED} AND NOT voucher.released AND voucher.reference = ANY(%s)"
            rows = session.select(asked, (connection_id, list(references)))
        return {Reference(row.reference): voucher_of(row) for row in rows}

    def released(self, connection_id: str, references: Sequence[Reference]) -> Mapping[Reference, SealedVoucher]:
        with self.tables.reading() as session:
            asked = f"{SEALED} AND voucher.released AND voucher.reference = ANY(%s) ORDER BY document.number"
            rows = session.select(asked, (connection_id, list(references)))
        return {Reference(row.reference): voucher_of(row) for row in rows}

    def clash(self, connection_id: str, number: MatchedNumber) -> SealedVoucher | None:
        asked = f"{SEALED} AND NOT voucher.released AND voucher.vendor = %s AND voucher.facts LIKE %s"
        if not number.vendor:
            return None
        with self.tables.reading() as session:
            rows = session.select(asked, (connection_id, number.vendor, like(number.written)))
        found = (voucher_of(row) for row in rows)
        return next((one for one in found if one.matched and one.matched.clashes(number)), None)

    def documents(
        self, connection_id: str, *, states: Sequence[DocumentState] = (), limit: int = 0, before: int = 0
    ) -> Sequence[DocumentRow]:
        asked, values = ["connection_id = %s"], list[Any]([connection_id])
        asked.append("state = ANY(%s)" if states else "state <> %s")
        values.append(list(states) or "rendering")
        if before:
            asked.append("number < %s")
            values.append(before)
        order = "number" + (f" DESC LIMIT {int(limit)}" if limit else "")
        return self._documents(" AND ".join(asked), order, values)

    def open_documents(self, connection_id: str) -> Sequence[DocumentRow]:
        return self._documents(f"connection_id = %s AND {OPEN}", "number", [connection_id])

    def unmarked(self, connection_id: str, numbers: Sequence[int]) -> Sequence[DocumentRow]:
        asked = "connection_id = %s AND number = ANY(%s) AND imported_at IS NULL AND state = ANY(%s)"
        return self._documents(asked, "number", [connection_id, list(numbers), ["unsure", "delivered", "released"]])

    def conflict(self, connection_id: str) -> int | None:
        released = "connection_id = %s AND state = 'released' AND imported_at IS NOT NULL"
        with self.tables.reading() as session:
            (row,) = session.select(
                f"SELECT min(number) AS first FROM kontobro_document WHERE {released}",  # noqa: S608
                (connection_id,),
            )
        return None if row.first is None else int(row.first)

    def _documents(self, asked: str, order: str, values: Sequence[Any]) -> Sequence[DocumentRow]:
        with self.tables.reading() as session:
            rows = session.select(f"SELECT * FROM kontobro_document WHERE {asked} ORDER BY {order}", values)  # noqa: S608
            return [document_of(row, files_of(session, row.id)) for row in rows]

    def document(self, connection_id: str, number: int) -> DocumentRow | None:
        with self.tables.reading() as session:
            row = row_of(session, connection_id, number)
            return document_of(row, files_of(session, row.id)) if row and row.state != "rendering" else None

    def pieces(self, connection_id: str, number: int, name: str) -> Iterator[bytes]:
        one = "SELECT content FROM kontobro_documentpiece WHERE document_id = %s AND name = %s AND position = %s"
        with self.tables.reading() as session:
            row = row_of(session, connection_id, number)
        position = 0
        while row:
            with self.tables.reading() as session:
                rows = session.select(one, (row.id, name, position))
            if not rows:
                return
            yield bytes(rows[0].content)
            position += 1

    def vouchers(self, connection_id: str, number: int, start: int = 0) -> Iterator[SealedVoucher]:
        after, asked = 0, f"{SEALED} AND document.number = %s AND voucher.id > %s ORDER BY voucher.id LIMIT {CHUNK}"
        while True:
            with self.tables.reading() as session:
                rows = session.select(f"{asked} OFFSET %s", (connection_id, number, after, start))
            if not rows:
                return
            yield from map(voucher_of, rows)
            after, start = rows[-1].id, 0

    # ------------------------------------------------------------------------------------- afterwards

    def note_delivery(
        self, connection_id: str, number: int, state: DocumentState, now: datetime, place: str = ""
    ) -> None:
        at = now if state == "delivered" else None
        where = "imported_at IS NULL" if state == "delivering" else "TRUE"
        self._change(connection_id, number, "state = %s, place = %s, delivered_at = %s", (state, place, at), where)

    def mark_imported(self, connection_id: str, number: int, now: datetime | None) -> bool:
        one, arrived = "connection_id = %s AND number = %s", "state = 'delivered', delivered_at = %s"
        marked = f"UPDATE kontobro_document SET imported_at = %s WHERE {one} AND state IN ('delivered', 'released')"  # noqa: S608
        with self.tables.writing() as session:
            if now is not None:
                unsure = f"UPDATE kontobro_document SET {arrived} WHERE {one} AND state = 'unsure'"  # noqa: S608
                session.run(unsure, (now, connection_id, number))
            return bool(session.run(marked, (now, connection_id, number)))

    def release(self, connection_id: str, number: int, reason: str, now: datetime) -> None:
        with self.tables.writing() as session:
            row = required_row(session, connection_id, number)
            told = "UPDATE kontobro_document SET state = 'released', released_at = %s, reason = %s WHERE id = %s"
            session.run(told, (now, reason, row.id))
            session.run("UPDATE kontobro_voucher SET released = %s WHERE document_id = %s", (True, row.id))

    def restore_document(self, connection_id: str, row: DocumentRow, vouchers: Sequence[SealedVoucher]) -> None:
        with self.tables.writing() as session:
            number = self._known(session, connection_id)
            drop_unsealed(session, number)  # of a run that was killed: its number was given to this one meanwhile
            if row_of(session, connection_id, row.number):
                return
            new = NewDocument(
                number=row.number,
                group=row.group,
                moment=row.moment,
                first=row.first,
                last=row.last,
                vouchers=row.vouchers,
            )
            session.run(BEGIN, (number, *columns_of(new, row.job_id), row.state, *span_of(new), row.place, False))
            (made,) = [required_row(session, connection_id, row.number)]
            for file in row.files:
                session.run(FILE, (made.id, file.name, file.media_type, file.sha256, file.size))
            insert_vouchers(session, connection_id, {row.number: made.id}, vouchers)
            series = dict(last_vouchers(session, connection_id))
            for voucher in vouchers:
                key = (voucher.series, voucher.year)
                series[key] = max(series.get(key, 0), voucher.number)
            for (name, year), to in series.items():
                set_series(session, connection_id, name, year, to)

    def confirm_last(self, connection_id: str, last: LastNumbers, now: datetime) -> None:
        with self.tables.writing() as session:
            number, known = self._known(session, connection_id), dict(last_vouchers(session, connection_id))
            drop_unsealed(session, number)
            for document in range(last_document(session, connection_id) + 1, last.document + 1):
                day = now.date()
                new = NewDocument(number=document, group="", moment=now, first=day, last=day, vouchers=0)
                session.run(BEGIN, (number, *columns_of(new, ""), "delivered", *span_of(new), "", False))
                marked = "UPDATE kontobro_document SET imported_at = %s WHERE connection_id = %s AND number = %s"
                session.run(marked, (now, number, document))
            for (name, year), to in last.vouchers.items():
                if to > known.get((name, year), 0):
                    set_series(session, connection_id, name, year, to)

    def forget_bytes(self, connection_id: str, before: datetime) -> int:
        old = "SELECT id FROM kontobro_document WHERE connection_id = %s AND kept AND imported_at < %s"
        with self.tables.writing() as session:
            rows = session.select(old, (connection_id, before))
            for row in rows:
                session.run("DELETE FROM kontobro_documentpiece WHERE document_id = %s", (row.id,))
                session.run("UPDATE kontobro_document SET kept = %s WHERE id = %s", (False, row.id))
        return len(rows)

    def _change(
        self, connection_id: str, number: int, changes: str, values: Sequence[Any], where: str = "TRUE"
    ) -> None:
        """Change one document. Raises ImpossibleMove where there is none that may be changed so."""
        statement = f"UPDATE kontobro_document SET {changes} WHERE connection_id = %s AND number = %s AND {where}"  # noqa: S608
        with self.tables.writing() as session:
            if not session.run(statement, (*values, connection_id, number)):
                raise ImpossibleMove(f"document {number} is not there, or not as it would have to be")
