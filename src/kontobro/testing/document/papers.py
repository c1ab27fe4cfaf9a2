"""A document target under test, and how its documents are read by someone who did not write it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from kontobro.core.errors import parted
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Entry
from kontobro.core.ports import DocumentFile, DocumentHead, DocumentTarget, Place, ReceiptFile, Voucher
from kontobro.testing.connector.entries import Chart

MOMENT = datetime(2026, 11, 28, 14, 30, 15, tzinfo=timezone(timedelta(hours=1)))
LARGEST_PIECE = 4 * 1024 * 1024

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadVoucher:
    """An entry as an independent reader finds it in a document: `amounts` sum by account (debit positive), zero sums
    left out; `dimensions` by (account, dimension, value), None where the format has no place for them. `reference` is
    empty where the format carries none; `number` is the voucher's where the document says it."""

    date: date
    amounts: Mapping[str, Decimal]
    reference: str = ""
    number: str = ""
    currency: str = ""
    dimensions: Mapping[tuple[str, str, str], Decimal] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """A target under test. `read` is the independent reader: the files of one document to its vouchers, in order.

    `again` makes the same target once more, as another process would.
    """

    target: DocumentTarget
    read: Callable[[Files], Sequence[ReadVoucher]]
    chart: Chart = field(default_factory=Chart)
    again: Callable[[], DocumentTarget] | None = None

    def refusals(self, entry: Entry) -> list[str]:
        """The codes of what the target refuses of an entry; notes are none."""
        (found,) = self.target.validate([entry])
        return [problem.code for problem in parted(found)[0]]

    def require(self, *entries: Entry) -> None:
        """Skip a test whose entries the format can't hold, saying what it refuses."""
        for entry in entries:
            if refused := self.refusals(entry):
                pytest.skip(f"the format refuses it: {', '.join(refused)}")

    def documents(self, *entries: Entry, receipts: Sequence[Receipt] = ()) -> list[tuple[DocumentHead, Files]]:
        """The documents of valid entries, as the export makes them. Receipts go with the first entry."""
        return [(head, files_of(self.target, head, vouchers)) for head, vouchers in self.sorted(entries, receipts)]

    def sorted(
        self, entries: Sequence[Entry], receipts: Sequence[Receipt] = ()
    ) -> Iterator[tuple[DocumentHead, KeptVouchers]]:
        """The entries as documents with numbered vouchers, before they are rendered."""
        company = self.target.check()
        numbers: dict[tuple[str, str], int] = {}
        known = frozenset[str]()
        for number, (group, some) in enumerate(_cut(self.target, entries), 1):
            vouchers = [
                _voucher(entry, place, numbers, number, receipts if entry is entries[0] else ())
                for entry, place in some
            ]
            days = [entry.date for entry, _ in some]
            yield (
                DocumentHead(
                    number=number,
                    group=group,
                    moment=MOMENT,
                    company=company,
                    first=min(days),
                    last=max(days),
                    known_vendors=known,
                ),
                KeptVouchers(vouchers),
            )
            known |= {entry.vendor for entry, _ in some if entry.vendor}

    def read_back(self, *entries: Entry) -> list[ReadVoucher]:
        """What an independent reader finds of these entries, over all documents."""
        return [voucher for _, files in self.documents(*entries) for voucher in self.read(files)]


class KeptVouchers:
    """Vouchers that may be gone through any number of times. `given` counts those that were handed out."""

    def __init__(self, vouchers: Sequence[Voucher]) -> None:
        self._vouchers = vouchers
        self.given = 0

    def __len__(self) -> int:
        return len(self._vouchers)

    def __iter__(self) -> Iterator[Voucher]:
        for voucher in self._vouchers:
            self.given += 1
            yield voucher


def files_of(target: DocumentTarget, head: DocumentHead, vouchers: KeptVouchers) -> dict[str, bytes]:
    """A document's files by name, taken as the export takes them."""
    files: dict[str, bytes] = {}
    for file in target.render(head, vouchers):
        assert file.name not in files, f"two files are called {file.name}"
        files[file.name] = _content(file)
    return files


def _content(file: DocumentFile) -> bytes:
    content = bytearray()
    for piece in file.content:
        assert isinstance(piece, bytes), f"{file.name}: a piece is {type(piece).__name__}, not bytes"
        assert len(piece) <= LARGEST_PIECE, f"{file.name}: a piece of {len(piece):,} bytes"
        content += piece
    return bytes(content)


def _cut(target: DocumentTarget, entries: Iterable[Entry]) -> Iterator[tuple[str, list[tuple[Entry, Place]]]]:
    """By group, then by day; a document that would have too many rows is cut between two entries."""
    placed = [(entry, target.place(entry)) for entry in entries]
    placed.sort(key=lambda one: (one[1].group, one[0].date))
    some: list[tuple[Entry, Place]] = []
    rows = 0
    for entry, place in placed:
        full = target.max_rows is not None and rows + place.rows > target.max_rows
        if some and (place.group != some[0][1].group or full):
            yield some[0][1].group, some
            some, rows = [], 0
        some.append((entry, place))
        rows += place.rows
    if some:
        yield some[0][1].group, some


def _voucher(
    entry: Entry,
    place: Place,
    numbers: dict[tuple[str, str], int],
    document: int,
    receipts: Sequence[Receipt],
) -> Voucher:
    key = (place.series, place.year)
    numbers[key] = number = numbers.get(key, 0) + 1
    voucher = Voucher(entry=entry, series=place.series, year=place.year, number=number)
    name = "".join(c if c.isascii() and c.isalnum() else "_" for c in place.series)
    files = tuple(
        ReceiptFile(
            name=f"{document:05d}-{name}{number}-{position}.{receipt.media_type.rpartition('/')[2]}",
            original=receipt.name,
            media_type=receipt.media_type,
            sha256=receipt.sha256,
            size=len(receipt.content),
            read=lambda content=receipt.content: content,  # type: ignore[misc]
        )
        for position, receipt in enumerate(receipts, 1)
    )
    return replace(voucher, receipts=files)
