"""`python -m tests.erp.files.judge TARGET FOLDER`: the demo's documents as strangers read them, beside what was sealed.

FOLDER is the demo's. Each format is read by a program that shares no code with its writer: SIE, DATEV and FEC by
readers written from the descriptions of the formats alone, FEC by fec-parser too, CSV by Python's csv, XLSX by
openpyxl. Sums by account and currency have to be those of `summary.json`. Exit 1 when they are not.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from tests.erp.files.datev.reader import Reader, read_files
from tests.erp.files.fec.reader import read as read_fec
from tests.erp.files.sie.reader import read as read_sie

Line = tuple[str, str, Decimal]
"""Currency, account, amount (debit positive)."""


def sie(folder: Path) -> Iterator[Line]:
    for path in sorted(folder.glob("*.si")):
        file = read_sie(path.read_bytes())
        for voucher in file.vouchers:
            yield from ((file.currency, line.account, line.amount) for line in voucher.lines)


def datev(folder: Path) -> Iterator[Line]:
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("EXTF_*.csv"))}
    for entry in read_files(Reader(), files):
        yield from ((entry.currency, account, amount) for account, amount in entry.amounts.items())


def fec(folder: Path) -> Iterator[Line]:
    """By our own reader; fec-parser has to find the same sum of debits."""
    from fec_parser.parser import FECParser

    for path in sorted(folder.glob("**/*FEC????????.txt")):
        content = path.read_bytes()
        parsed = FECParser.from_bytesio(io.BytesIO(content)).get_ecritures()
        entries = read_fec(content)
        ours = sum((row.amount for entry in entries for row in entry.rows if row.amount > 0), Decimal(0))
        theirs = sum((line.debit for line in parsed if line.debit > 0), Decimal(0))
        if round(theirs, 2) != ours:
            raise SystemExit(f"✗ {path.name}: fec-parser finds {theirs} of debits, our reader {ours}")
        for entry in entries:
            yield from (("DKK", row["CompteNum"], row.amount) for row in entry.rows)


def table(folder: Path) -> Iterator[Line]:
    """Rows of the template generic-lines, by the heads of their columns."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from map(_row, csv.DictReader(file, delimiter=";"))
    for path in sorted(folder.glob("*.xlsx")):
        from openpyxl import load_workbook

        with closing(load_workbook(path, read_only=True)) as book:
            heads, *rows = book.worksheets[0].iter_rows(values_only=True)
        yield from (_row(dict(zip(map(str, heads), row, strict=True))) for row in rows)


def _row(row: Mapping[str, object]) -> Line:
    debit, credit = (Decimal(str(row[name] or 0).replace(",", ".")) for name in ("Debit", "Credit"))
    return str(row["Currency"]), str(row["Account number"]), debit - credit


READERS: Mapping[str, Callable[[Path], Iterator[Line]]] = {
    "sie": sie,
    "datev": datev,
    "fec": fec,
    "csv": table,
    "xlsx": table,
}


def main(target: str, folder: Path) -> int:
    sealed = json.loads((folder / "summary.json").read_text())["totals"]
    expected = {
        (currency, account): Decimal(amount)
        for currency, sums in sealed.items()
        for account, amount in sums.items()
        if Decimal(amount)
    }
    found: dict[tuple[str, str], Decimal] = {}
    lines = 0
    for currency, account, amount in READERS[target](folder / "documents"):
        found[currency, account] = found.get((currency, account), Decimal(0)) + amount
        lines += 1
    found = {key: amount for key, amount in found.items() if amount}
    for key in sorted({*expected, *found}):
        if expected.get(key) != found.get(key):
            print(f"✗ {' '.join(key)}: sealed {expected.get(key, 0)}, read {found.get(key, 0)}")  # noqa: T201 - a command
    good = lines and expected == found
    print(f"{'✓' if good else '✗'} read by a stranger: {lines} lines, {len(found)} accounts, as sealed")  # noqa: T201 - a command
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
