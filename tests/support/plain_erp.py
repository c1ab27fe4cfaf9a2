"""The smallest accounting system with a `searchable` reference: a file of JSON lines that refuses nothing.

It books whatever it is sent, twice if it is sent twice: whoever writes to it without looking doubles entries.
Its `commit_after` makes it commit in a process of its own, after its caller has gone.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Literal, cast

from kontobro.core.errors import Problem, Uncertain
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Booking, Entry, InvoiceKey, Reference, line_sums
from kontobro.core.model.masterdata import Account, Company, MasterRecord, Vendor
from kontobro.core.ports import Capabilities, R, ReceiptRules
from kontobro.testing.connector.books import Bookkeeper, Books
from kontobro.testing.connector.entries import Chart
from kontobro.testing.connector.memory import masters_of

_COMMIT_LATER = ["sh", "-c", 'sleep "$0"; cat >> "$1"']


class PlainErp:
    """A connector over `<folder>/entries.jsonl`. With the reference `none` it shows no one what is in it."""

    def __init__(
        self,
        folder: Path,
        masters: Sequence[MasterRecord],
        *,
        commit_after: float = 0,
        settle_after: timedelta = timedelta(seconds=3),
        reference: Literal["searchable", "none"] = "searchable",
    ) -> None:
        self.entries = folder / "entries.jsonl"
        self.receipts = folder / "receipts"
        self.receipts.mkdir(parents=True, exist_ok=True)
        self.masters = masters
        self.commit_after = commit_after
        self.capabilities = Capabilities(
            kinds=frozenset([Account, Vendor]),
            bills=True,
            drafts=False,
            receipts=ReceiptRules(
                media_types=frozenset(["application/pdf", "image/png", "image/jpeg"]), max_bytes=30 * 2**20
            ),
            batch_size=2,
            reference=reference,
            settle_after=settle_after,
            keeps_fingerprint=True,
        )

    def check(self) -> Company:
        return Company("plain", "Plain", "DKK", "Europe/Copenhagen")

    def read(self, kind: type[R]) -> Iterable[R]:
        return [record for record in self.masters if isinstance(record, kind)]

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        return [[] for _ in entries]

    def lines(self) -> list[dict[str, str]]:
        """Every entry that was ever committed, in order, doubles included."""
        if not self.entries.exists():
            return []
        return [json.loads(line) for line in self.entries.read_text().splitlines()]

    def find(self, keys: Sequence[Reference | InvoiceKey]) -> Mapping[Reference | InvoiceKey, Booking]:
        if self.capabilities.reference == "none":
            return {}
        return {Reference(line["reference"]): self._booking(line) for line in self.lines() if line["reference"] in keys}

    def _booking(self, line: dict[str, str]) -> Booking:
        attached = frozenset(path.name for path in (self.receipts / line["id"]).glob("*"))
        sums = {account: Decimal(amount) for account, amount in json.loads(line["sums"]).items()}
        return Booking(
            reference=Reference(line["reference"]),
            id=line["id"],
            status="posted",
            date=date.fromisoformat(line["date"]),
            currency=line["currency"],
            total=Decimal(line["total"]),
            line_sums=sums,
            receipts=attached,
            fingerprint=line["fingerprint"],
        )

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        lines = [_line(entry) for entry in entries]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        if self.commit_after:
            self._commit_later(text)
            raise Uncertain("The accounting system did not answer in time.")
        with self.entries.open("a") as file:
            file.write(text)
        return [self._booking(line) for line in lines]

    def _commit_later(self, text: str) -> None:
        """In a process of its own, which outlives us on purpose and holds none of our files."""
        child = subprocess.Popen(
            [*_COMMIT_LATER, str(self.commit_after), str(self.entries)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert child.stdin
        child.stdin.write(text)
        child.stdin.close()
        child.returncode = 0

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        folder = self.receipts / booking.id
        folder.mkdir(exist_ok=True)
        for receipt in receipts:
            (folder / receipt.sha256).write_bytes(receipt.content)

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        return [replace(booking, status="posted") for booking in bookings]


class PlainBookkeeper:
    """A person who reads the file. It shows no dimensions and no kinds, so there is nothing that they see of an entry
    but what `find` says."""

    def __init__(self, plain: PlainErp) -> None:
        self.plain = plain

    def count(self, reference: Reference) -> int:
        return sum(line["reference"] == reference for line in self.plain.lines())

    def count_all(self) -> int:
        return len(self.plain.lines())

    def receipts(self, reference: Reference) -> list[str]:
        ids = {line["id"] for line in self.plain.lines() if line["reference"] == reference}
        files = [file for id in ids for file in (self.plain.receipts / id).glob("*")]
        return [file.name for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)]


def books_in(folder: Path) -> Books:
    """A company of its own."""
    connect = partial(PlainErp, folder, masters_of(Chart()), settle_after=timedelta(seconds=0.4))
    plain = connect()
    return Books(connector=plain, bookkeeper=cast(Bookkeeper, PlainBookkeeper(plain)), elsewhere=connect)


def _line(entry: Entry) -> dict[str, str]:
    sums = {account: str(amount) for account, amount in line_sums(entry).items()}
    return {
        "reference": entry.reference,
        "id": entry.reference.replace("/", "-"),
        "date": entry.date.isoformat(),
        "currency": entry.currency,
        "total": str(entry.total),
        "sums": json.dumps(sums),
        "fingerprint": entry.fingerprint,
    }
