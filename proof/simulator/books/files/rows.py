"""What files in the folder say, read without the product: rows by Python's csv, receipts by its zipfile, JSON."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from kontobro.core.model.journal import Booking, Reference
from kontobro.testing.connector.shown import Shown, ShownLine
from proof.simulator.books.files.target import TITLES

NUMBER: Final = re.compile(r"(?:pleo|kontobro)-(\d+)[-.]")
MANIFEST: Final = ".manifest.json"
MARK: Final = ".imported"
RECEIPTS: Final = "-receipts.zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry of a document."""

    document: int
    series: str
    year: str
    number: int
    reference: Reference
    fingerprint: str
    shown: Shown
    receipts: Sequence[str]
    """Names of files in the document's ZIP."""

    @property
    def voucher(self) -> tuple[str, str, int]:
        return self.series, self.year, self.number

    @property
    def booking(self) -> Booking:
        """What Pleo has to be told of it, and what it says."""
        sums: dict[str, Decimal] = {}
        for line in self.shown.lines:
            sums[line.account] = sums.get(line.account, Decimal(0)) + line.amount
        return Booking(
            reference=self.reference,
            id=f"{self.document}-{self.series}{self.number}",
            status="handed_over",
            date=self.shown.date,
            currency=self.shown.currency,
            total=Decimal(0),
            line_sums={account: amount for account, amount in sums.items() if amount},
            fingerprint=self.fingerprint,
        )


def number_of(name: str) -> int:
    """The document that a file is of."""
    found = NUMBER.match(name)
    return int(found[1]) if found else 0


def is_rows(name: str) -> bool:
    return name.endswith(".csv")


def rows_in(content: bytes) -> list[Row]:
    """The entries of a file of rows, in its order."""
    lines = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    return [_row(list(some)) for _, some in groupby(lines, lambda line: line["reference"])]


def _row(lines: Sequence[Mapping[str, str]]) -> Row:
    first = lines[0]
    shown = Shown(
        kind=first["kind"],  # type: ignore[arg-type]  # one that is no kind is told as a difference
        date=date.fromisoformat(first["date"]),
        currency=first["currency"],
        number=first["invoice"],
        lines=[_line(line) for line in lines],
    )
    return Row(
        document=int(first["document"]),
        series=first["series"],
        year=first["year"],
        number=int(first["number"]),
        reference=Reference(first["reference"]),
        fingerprint=first["fingerprint"],
        shown=shown,
        receipts=first["receipts"].split(),
    )


def _line(line: Mapping[str, str]) -> ShownLine:
    return ShownLine(
        account=line["account"],
        amount=Decimal(line["amount"]),
        dimensions=frozenset((name, value) for name, value in line.items() if name not in TITLES and value),
        tax_code=line["tax code"] or None,
        vendor=line["vendor"] or None,
    )


def receipts_in(content: bytes) -> Mapping[str, str]:
    """SHA-256 by the name in a ZIP of receipts."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = [name for name in package.namelist() if name != "index.csv"]
        return {name: sha256(package.read(name)) for name in names}


def manifest_in(content: bytes) -> Mapping[str, Any]:
    said: Mapping[str, Any] = json.loads(content)
    return said


def vouchers_in(manifest: Mapping[str, Any]) -> Iterator[tuple[Reference, tuple[str, str, int]]]:
    """Which entries a manifest says are in its document, under which numbers."""
    for series, year, number, _, facts in manifest["vouchers"]:
        yield Reference(facts["reference"]), (series, year, number)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
