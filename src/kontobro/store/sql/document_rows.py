"""Rows of documents, their files and vouchers, within a transaction."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from kontobro.core.documents import (
    DocumentRow,
    NewDocument,
    SealedFile,
    SealedVoucher,
    SeriesKey,
    booking_from,
    matched_from,
    voucher_facts,
)
from kontobro.core.errors import ImpossibleMove
from kontobro.core.master_files import Counts, KeptMasters, MastersRead
from kontobro.store.sql.session import Row, Session

PIECE: Final = 1024 * 1024
"""Bytes of a file that are kept in one row."""

CHUNK: Final = 500
"""Vouchers written or read together."""

VOUCHER = """INSERT INTO kontobro_voucher
    (connection_id, document_id, series, year, number, reference, vendor, facts, released)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""

IN_DOCUMENTS = (
    "SELECT reference FROM kontobro_voucher WHERE connection_id = %s AND NOT released AND reference = ANY(%s)"
)


# ------------------------------------------------------------------------------------------------- rows


def masters_of(session: Session, connection_id: str) -> KeptMasters | None:
    rows = session.select("SELECT * FROM kontobro_mastersfile WHERE connection_id = %s", (connection_id,))
    if not rows:
        return None
    (row,) = rows
    read = MastersRead(row.name, row.sha256, _counts(row.counts))
    return KeptMasters(read=read, read_at=row.read_at, changed_at=row.changed_at, had=_counts(row.had))


def columns_kept(connection_id: str, kept: KeptMasters) -> Mapping[str, Any]:
    read = {"name": kept.read.name, "sha256": kept.read.sha256, "counts": json.dumps(kept.read.counts)}
    when = {"read_at": kept.read_at, "changed_at": kept.changed_at, "had": json.dumps(kept.had)}
    return {"connection_id": connection_id, **read, **when}


def last_sync(session: Session, connection_id: str) -> datetime | None:
    """When one ended in step."""
    statement = "SELECT at FROM kontobro_sync WHERE connection_id = %s AND outcome = 'in_step' ORDER BY at DESC LIMIT 1"
    rows = session.select(statement, (connection_id,))
    return rows[0].at if rows else None


def _counts(text: str) -> Counts:
    return tuple((table, number) for table, number in json.loads(text))


def last_document(session: Session, connection_id: str) -> int:
    statement = "SELECT max(number) AS last FROM kontobro_document WHERE connection_id = %s AND state <> 'rendering'"
    return session.select(statement, (connection_id,))[0].last or 0


def last_vouchers(session: Session, connection_id: str) -> Mapping[SeriesKey, int]:
    rows = session.select("SELECT * FROM kontobro_series WHERE connection_id = %s", (connection_id,))
    return {(row.series, row.year): row.last for row in rows}


def row_of(session: Session, connection_id: str, number: int) -> Row | None:
    statement = "SELECT * FROM kontobro_document WHERE connection_id = %s AND number = %s"
    rows = session.select(statement, (connection_id, number))
    return rows[0] if rows else None


def required_row(session: Session, connection_id: str, number: int) -> Row:
    row = row_of(session, connection_id, number)
    if row is None:
        raise ImpossibleMove(f"there is no document {number}")
    return row


def unsealed_id(session: Session, connection_id: str, number: int) -> int:
    row = required_row(session, connection_id, number)
    if row.state != "rendering":
        raise ImpossibleMove(f"document {number} is sealed already")
    return int(row.id)


def drop_unsealed(session: Session, connection_id: str) -> None:
    mine = "SELECT id FROM kontobro_document WHERE connection_id = %s AND state = 'rendering'"
    for table in ("documentpiece", "documentfile"):
        session.run(f"DELETE FROM kontobro_{table} WHERE document_id IN ({mine})", (connection_id,))  # noqa: S608
    session.run("DELETE FROM kontobro_document WHERE connection_id = %s AND state = 'rendering'", (connection_id,))


def columns_of(new: NewDocument, job_id: str) -> tuple[Any, ...]:
    return (new.number, new.group, job_id)


def span_of(new: NewDocument) -> tuple[Any, ...]:
    return (new.moment.isoformat(), new.first.isoformat(), new.last.isoformat(), new.vouchers)


def files_of(session: Session, id: int) -> tuple[SealedFile, ...]:
    rows = session.select("SELECT * FROM kontobro_documentfile WHERE document_id = %s ORDER BY id", (id,))
    return tuple(SealedFile(row.name, row.media_type, row.sha256, row.size) for row in rows)


def document_of(row: Row, files: tuple[SealedFile, ...]) -> DocumentRow:
    return DocumentRow(
        number=row.number,
        group=row.label,
        job_id=row.job_id,
        state=row.state,
        moment=datetime.fromisoformat(row.moment),
        first=date.fromisoformat(row.first),
        last=date.fromisoformat(row.last),
        vouchers=row.vouchers,
        files=files,
        place=row.place,
        delivered_at=row.delivered_at,
        imported_at=row.imported_at,
        released_at=row.released_at,
        reason=row.reason,
        kept=bool(row.kept),
    )


# --------------------------------------------------------------------------------------------- vouchers


def count_on(series: dict[SeriesKey, int], vouchers: Sequence[SealedVoucher]) -> None:
    """Gapless: each voucher is the next of its series and year."""
    for voucher in vouchers:
        key = (voucher.series, voucher.year)
        expected = series.get(key, 0) + 1
        if voucher.number != expected:
            raise ImpossibleMove(f"voucher {voucher.series} {voucher.number} should have the number {expected}")
        series[key] = expected


def insert_vouchers(
    session: Session, connection_id: str, ids: Mapping[int, int], vouchers: Sequence[SealedVoucher]
) -> None:
    rows = [
        (
            connection_id,
            ids[voucher.document],
            voucher.series,
            voucher.year,
            voucher.number,
            voucher.booking.reference,
            voucher.vendor,
            json.dumps(voucher_facts(voucher)),
            False,
        )
        for voucher in vouchers
    ]
    references = [voucher.booking.reference for voucher in vouchers]
    if taken := session.select(IN_DOCUMENTS, (connection_id, references)):
        raise ImpossibleMove(f"{taken[0].reference} is in a document already")
    session.for_each(VOUCHER, rows)


def set_series(session: Session, connection_id: str, name: str, year: str, to: int) -> None:
    key = (connection_id, name, year)
    there = session.select(
        "SELECT last FROM kontobro_series WHERE connection_id = %s AND series = %s AND year = %s", key
    )
    if not there:
        session.run(
            "INSERT INTO kontobro_series (last, connection_id, series, year) VALUES (%s, %s, %s, %s)", (to, *key)
        )
    elif there[0].last != to:
        told = "UPDATE kontobro_series SET last = %s WHERE connection_id = %s AND series = %s AND year = %s"
        session.run(told, (to, *key))


def voucher_of(row: Row) -> SealedVoucher:
    facts = json.loads(row.facts)
    return SealedVoucher(
        document=row.document,
        series=row.series,
        year=row.year,
        number=row.number,
        booking=booking_from(facts),
        vendor=row.vendor,
        state=row.state,
        matched=matched_from(facts, row.vendor),
    )


def like(text: str) -> str:
    """A pattern that finds a text within JSON, and sometimes more."""
    return f"%{re.sub(r'[^A-Za-z0-9]', '_', json.dumps(text)[1:-1])}%"


def in_chunks(vouchers: Iterable[SealedVoucher]) -> Iterator[list[SealedVoucher]]:
    rest = iter(vouchers)
    while some := list(islice(rest, CHUNK)):
        yield some


def in_pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    """Of one size but for the last, whatever size they come in."""
    held = bytearray()
    for some in content:
        held += some
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)
