"""The entries of one job until they are sealed: in a temporary SQLite file without a name, gone with the process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

import msgspec

from kontobro.core.documents import LastNumbers, MatchedNumber, NewDocument, SealedVoucher
from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Bill, Entry, JournalEntry, Payment, Reference
from kontobro.core.ports import Place, ReceiptFile, Voucher
from kontobro.core.words import told
from kontobro.export.documents.books import booking_of
from kontobro.export.job.run import StopJob

TABLES: Final = """
    CREATE TABLE item (id INTEGER PRIMARY KEY, entry_id TEXT, first TEXT, refs TEXT, receipts INTEGER);
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY, reference TEXT UNIQUE, kind TEXT, content BLOB, day TEXT, vendor TEXT,
        label TEXT, series TEXT, year TEXT, rows INTEGER, document INTEGER, number INTEGER,
        written TEXT, meant TEXT, paper TEXT, opens INTEGER);
    CREATE TABLE receipt (
        reference TEXT, position INTEGER, name TEXT, media_type TEXT, sha256 TEXT, content BLOB,
        PRIMARY KEY (reference, position));
    CREATE INDEX entry_order ON entry (label, day, id);
    CREATE INDEX entry_written ON entry (vendor, written) WHERE written IS NOT NULL;
"""

KINDS: Final = {kind.__name__: kind for kind in (JournalEntry, Bill, Payment)}


@dataclass(frozen=True, slots=True)
class KeptItem:
    """An item that waits for its document: `first` is the reference that it is reported by, `references` are all of
    its entries'; `receipts` how many go with it."""

    entry_id: str
    first: Reference
    references: tuple[Reference, ...]
    receipts: int


class Spool:
    """Entries in the order in which they came, later in the order of their documents. One thread uses it."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)  # "": SQLite's own temporary file, without a name
        self._file.executescript(TABLES)

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._file.close()
        if isinstance(error, sqlite3.OperationalError):
            raise StopJob(_no_room(error)) from error

    def add(self, item: KeptItem, entries: Sequence[tuple[Entry, Place]], receipts: Sequence[Receipt]) -> None:
        """An item with those of its entries that are in no document yet; its receipts go with the first of these."""
        if not entries:
            return
        run = self._file.execute
        run("BEGIN")
        run(
            "INSERT INTO item (entry_id, first, refs, receipts) VALUES (?, ?, ?, ?)",
            (item.entry_id, item.first, "\n".join(item.references), item.receipts),
        )
        for entry, place in entries:
            content = msgspec.msgpack.encode(entry, enc_hook=str)  # a note is a text with its facts
            values = (entry.reference, type(entry).__name__, content, entry.date.isoformat(), entry.vendor or "")
            run(
                "INSERT INTO entry (reference, kind, content, day, vendor, label, series, year, rows, written, meant,"
                " paper, opens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, place.group, place.series, place.year, place.rows, *_columns(place.matched)),
            )
        for position, receipt in enumerate(receipts, 1):
            run(
                "INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?)",
                (entries[0][0].reference, position, receipt.name, receipt.media_type, receipt.sha256, receipt.content),
            )
        run("COMMIT")

    def clash(self, number: MatchedNumber) -> MatchedNumber | None:
        """A number in here that would be taken for what it is not beside this one."""
        asked = "SELECT written, meant, paper, opens FROM entry WHERE vendor = ? AND written = ?"
        rows = self._file.execute(asked, (number.vendor, number.written))
        found = (_matched(number.vendor, *row) for row in rows)
        return next((one for one in found if one and one.clashes(number)), None)

    def number(self, last: LastNumbers, moment: datetime, max_rows: int | None) -> list[NewDocument]:
        """Give every entry its document and number: by group, day and arrival. A document that would have too many rows
        is cut between two entries."""
        series = dict(last.vouchers)
        document, group, rows = last.document, None, 0
        given = []
        for id, label, name, year, more in self._file.execute(
            "SELECT id, label, series, year, rows FROM entry ORDER BY label, day, id"
        ):
            if label != group or (max_rows is not None and rows + more > max_rows):
                document, group, rows = document + 1, label, 0
            rows += more
            series[name, year] = series.get((name, year), 0) + 1
            given.append((document, series[name, year], id))
        self._file.execute("BEGIN")
        self._file.executemany("UPDATE entry SET document = ?, number = ? WHERE id = ?", given)
        self._file.execute("COMMIT")
        return [_new(row, moment) for row in self._file.execute(_DOCUMENTS)]

    def vouchers(self, document: int) -> KeptVouchers:
        return KeptVouchers(self._file, document)

    def vendors(self, document: int) -> set[str]:
        rows = self._file.execute("SELECT DISTINCT vendor FROM entry WHERE document = ? AND vendor <> ''", (document,))
        return {vendor for (vendor,) in rows}

    def sealed(self, document: int) -> Iterator[SealedVoucher]:
        """What the store is to remember of a document, in its order."""
        for voucher, matched in zip(self.vouchers(document), self._numbers(document), strict=True):
            digests = [receipt.sha256 for receipt in voucher.receipts]
            booking = booking_of(voucher.entry, digests, document, voucher.series, voucher.number)
            yield SealedVoucher(
                document=document,
                series=voucher.series,
                year=voucher.year,
                number=voucher.number,
                booking=booking,
                vendor=voucher.entry.vendor or "",
                matched=matched,
            )

    def _numbers(self, document: int) -> Iterator[MatchedNumber | None]:
        """In the order of `vouchers`."""
        asked = "SELECT vendor, written, meant, paper, opens FROM entry WHERE document = ?"
        with closing(self._file.execute(f"{asked} ORDER BY label, day, id", (document,))) as rows:
            for row in rows:
                yield _matched(*row)

    def items(self) -> Iterator[KeptItem]:
        with closing(self._file.execute("SELECT entry_id, first, refs, receipts FROM item ORDER BY id")) as rows:
            for entry_id, first, references, receipts in rows:
                kept = tuple(map(Reference, references.split("\n")))
                yield KeptItem(entry_id, Reference(first), kept, receipts)

    def kept(self, references: Sequence[Reference]) -> set[Reference]:
        """Those of the references that are in here."""
        there = "SELECT 1 FROM entry WHERE reference = ?"
        return {reference for reference in references if self._file.execute(there, (reference,)).fetchone()}


def _columns(matched: MatchedNumber | None) -> tuple[str | int | None, ...]:
    return (matched.written, matched.meant, matched.number, matched.opens) if matched else (None,) * 4


def _matched(vendor: str, written: str | None, meant: str, paper: str, opens: int) -> MatchedNumber | None:
    if written is None:
        return None
    return MatchedNumber(vendor=vendor, written=written, meant=meant, number=paper, opens=bool(opens))


def _no_room(error: sqlite3.OperationalError) -> Misconfigured:
    return Misconfigured(
        *told("spool_failed", why=shown(error, 80)),
        "invalid_configuration",
    )


_DOCUMENTS: Final = """SELECT document, label, min(day), max(day), count(*) FROM entry
    GROUP BY document ORDER BY document"""


def _new(row: tuple[int, str, str, str, int], moment: datetime) -> NewDocument:
    number, group, first, last, vouchers = row
    days = {"first": date.fromisoformat(first), "last": date.fromisoformat(last)}
    return NewDocument(number=number, group=group, moment=moment, vouchers=vouchers, **days)


class KeptVouchers:
    """One document's vouchers (`core.ports.Vouchers`): read from the file each time, a few at once."""

    def __init__(self, file: sqlite3.Connection, document: int) -> None:
        self._file = file
        self._document = document

    def __len__(self) -> int:
        return int(self._file.execute("SELECT count(*) FROM entry WHERE document = ?", (self._document,)).fetchone()[0])

    def __iter__(self) -> Iterator[Voucher]:
        asked = "SELECT kind, content, series, year, number FROM entry WHERE document = ? ORDER BY label, day, id"
        with closing(self._file.execute(asked, (self._document,))) as rows:
            for kind, content, series, year, number in rows:
                entry: Entry = _DECODERS[kind].decode(content)
                receipts = tuple(self._receipts(entry.reference, f"{self._document:05d}-{_ascii(series)}{number}"))
                yield Voucher(entry=entry, series=series, year=year, number=number, receipts=receipts)

    def _receipts(self, reference: str, voucher: str) -> Iterator[ReceiptFile]:
        asked = "SELECT position, name, media_type, sha256, length(content) FROM receipt WHERE reference = ?"
        for position, name, media_type, sha256, size in self._file.execute(f"{asked} ORDER BY position", (reference,)):
            yield ReceiptFile(
                name=f"{voucher}-{position}.{name.rpartition('.')[2]}",
                original=name,
                media_type=media_type,
                sha256=sha256,
                size=size,
                read=partial(self._content, reference, position),
            )

    def _content(self, reference: str, position: int) -> bytes:
        asked = "SELECT content FROM receipt WHERE reference = ? AND position = ?"
        return bytes(self._file.execute(asked, (reference, position)).fetchone()[0])


_DECODERS: Final = {name: msgspec.msgpack.Decoder(kind) for name, kind in KINDS.items()}


def _ascii(series: str) -> str:
    """A series as a part of a file's name."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in series)
