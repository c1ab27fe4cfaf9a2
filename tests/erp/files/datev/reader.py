"""Reads a Buchungsstapel as DATEV does, from the description of the format alone: shares no code with the writer.

Fields count by their place. What an import would refuse fails here.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

TEXTS = frozenset(
    [2, 3, 6, 9, 11, 12, 14, 16, *range(20, 39), 40, 42, *range(48, 88), 91, 95, 96, 98, 102, 103, 105, 107, 109, 110]
)
TEXTS |= {112, 118, 120, 121, 123}
"""The quoted fields."""

LENGTHS = {2: 1, 3: 3, 6: 3, 9: 4, 11: 36, 12: 12, 14: 60, 20: 210, 37: 36, 38: 36}
LENGTHS |= dict.fromkeys([*range(21, 37, 2), *range(48, 88, 2)], 20)
LENGTHS |= dict.fromkeys([*range(22, 37, 2), *range(49, 88, 2)], 210)


@dataclass(frozen=True)
class Tax:
    """What a key, or an automatic account, makes of a row: rate in percent, accounts of both sides."""

    rate: Decimal
    ingoing: str
    outgoing: str = ""


@dataclass
class ReadEntry:
    """All rows of one Pleo-ID."""

    reference: str
    date: dt.date
    currency: str
    number: str
    amounts: dict[str, Decimal] = field(default_factory=dict)
    dimensions: dict[tuple[str, str, str], Decimal] = field(default_factory=dict)
    rows: list[list[str]] = field(default_factory=list)
    extras: dict[str, str] = field(default_factory=dict)

    def add(self, account: str, amount: Decimal) -> None:
        self.amounts[account] = self.amounts.get(account, Decimal(0)) + amount


@dataclass(frozen=True)
class Reader:
    """`keys` by BU-Schlüssel, `automatic` by account; `kost`: which dimension KOST1 and KOST2 are."""

    keys: Mapping[str, Tax] = field(default_factory=dict)
    automatic: Mapping[str, Tax] = field(default_factory=dict)
    kost: tuple[str, str] = ("", "")

    def read(self, content: bytes) -> list[ReadEntry]:
        header, rows = fields_of(content)
        entries: dict[str, ReadEntry] = {}
        for row in rows:
            self._row(row, header, entries)
        for entry in entries.values():
            entry.amounts = {account: amount for account, amount in entry.amounts.items() if amount}
            entry.dimensions = {key: amount for key, amount in entry.dimensions.items() if amount}
        return list(entries.values())

    def _row(self, row: list[str], header: list[str], entries: dict[str, ReadEntry]) -> None:
        date = _belegdatum(row[9], header)
        infos = [(row[at], row[at + 1]) for at in range(47, 87, 2) if row[at] or row[at + 1]]
        assert all(kind and content for kind, content in infos), "a pair of Zusatzinformation is not whole"
        assert infos[0][0] == "Pleo-ID"
        entry = entries.setdefault(infos[0][1], ReadEntry(infos[0][1], date, row[2] or header[21], row[10]))
        assert (entry.date, entry.currency, entry.number) == (date, row[2], row[10])
        entry.rows.append(row)
        extras: dict[str, str] = {}
        for kind, text in infos:
            extras[kind] = extras.get(kind, "") + text
        entry.extras |= extras
        amount = Decimal(row[0].replace(",", ".")) * (1 if row[1] == "S" else -1)
        self._book(entry, row, amount, len(row[6]) > int(header[13]))
        self._dimensions(entry, row, extras)

    def _book(self, entry: ReadEntry, row: list[str], amount: Decimal, person: bool) -> None:
        """A key is the other account's where the row begins with a person account."""
        account, other = row[6], row[7]
        if person:
            account, other, amount = other, account, -amount
        entry.add(other, -amount)
        tax = self.keys.get(row[8]) if row[8] != "40" else None
        assert row[8] in ("", "40") or tax, f"an unknown key {row[8]}"
        assert not (account in self.automatic and row[8] not in ("", "40")), "a key on an automatic account"
        if not row[8] and account in self.automatic:
            tax = self.automatic[account]
        base, tax_amount = amount, Decimal(0)
        if tax and tax.outgoing:
            tax_amount = _cents(amount * tax.rate / 100)
            entry.add(tax.outgoing, -tax_amount)
            entry.add(tax.ingoing, tax_amount)
        elif tax:
            tax_amount = _cents(amount * tax.rate / (100 + tax.rate))
            entry.add(tax.ingoing, tax_amount)
            base -= tax_amount
        entry.add(account, base)
        row.append(account)
        row.append(str(base))

    def _dimensions(self, entry: ReadEntry, row: list[str], extras: Mapping[str, str]) -> None:
        account, base = row[125], Decimal(row[126])
        given = [(self.kost[0], row[36]), (self.kost[1], row[37])]
        given += [(kind, text) for kind, text in extras.items() if kind.isupper()]
        for dimension, value in given:
            if value:
                key = (account, dimension, value)
                entry.dimensions[key] = entry.dimensions.get(key, Decimal(0)) + base


def fields_of(content: bytes, columns: int = 125) -> tuple[list[str], list[list[str]]]:
    """Header and rows, after what the whole file has to be."""
    text = content.decode("cp1252")
    assert text.endswith("\r\n")
    lines = text[:-2].split("\r\n")
    assert not any("\n" in line or "\r" in line or "\t" in line for line in lines)
    header = next(csv.reader([lines[0]], delimiter=";"))
    assert len(header) == 31
    assert len(lines[0]) <= 1000
    assert lines[0].startswith('"EXTF";700;')
    assert len(lines[1].split(";")) == columns
    assert 0 < len(lines) - 2 <= 99_999
    rows = list(csv.reader(io.StringIO("\r\n".join(lines[2:]), newline=""), delimiter=";", strict=True))
    assert len(rows) == len(lines) - 2
    for row, line in zip(rows, lines[2:], strict=True):
        assert len(row) == columns
        if columns == 125:
            _check(row, _raw(line), header)
    return header, rows


def _raw(line: str) -> list[str]:
    """The fields with their quotes."""
    return re.findall(r'(?:^|(?<=;))("(?:[^"]|"")*"|[^;"]*)(?=;|$)', line)


def _check(row: list[str], raw: list[str], header: list[str]) -> None:
    assert len(raw) == 125
    for number, (value, whole) in enumerate(zip(row, raw, strict=True), 1):
        assert whole.startswith('"') == (number in TEXTS), f"field {number} is {whole}"
        assert len(value) <= LENGTHS.get(number, 1000), f"field {number}: {value}"
    assert re.fullmatch(r"[0-9]{1,10},[0-9]{2}", row[0])
    assert row[0] != "0,00"
    assert row[1] in ("S", "H")
    length = int(header[13])
    for account in row[6:8]:
        assert re.fullmatch(rf"[0-9]{{{length}}}|[1-9][0-9]{{{length}}}", account)
    assert row[6] != row[7]
    assert re.fullmatch(r"[A-Za-z0-9$&%*+/_-]*", row[10])
    assert bool(row[4]) == bool(row[5])
    assert not row[4] or re.fullmatch(r"[0-9]{1,4},[0-9]{2,6}", row[3])
    assert row[113] in ("0", "1"), "an empty Festschreibung locks the batch"
    assert row[113] == header[20]
    assert bool(row[114]) == bool(row[115])
    assert not row[116] or any(len(account) > length for account in row[6:8])


def _belegdatum(text: str, header: Sequence[str]) -> dt.date:
    assert all(re.fullmatch("[0-9]{8}", header[at]) for at in (12, 14, 15))
    start, first, last = (dt.date.fromisoformat(header[at]) for at in (12, 14, 15))
    assert first.year == last.year
    date = dt.date(first.year, int(text[2:]), int(text[:2]))
    assert first <= date <= last
    assert start <= first
    return date


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def of_kind(files: Mapping[str, bytes], start: str) -> Iterator[bytes]:
    return (content for name, content in files.items() if name.startswith(start))


def read_files(reader: Reader, files: Mapping[str, bytes]) -> Iterable[ReadEntry]:
    return (entry for content in of_kind(files, "EXTF_Buchungsstapel") for entry in reader.read(content))
