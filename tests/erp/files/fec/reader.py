"""A reader of FEC-shaped files, written from the article's rules alone: it shares no code with the writer.

    python -m tests.erp.files.fec.reader FILE...

prints counts and sums, and ends with 1 where a file breaks a rule.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

NAMES = (
    "JournalCode JournalLib EcritureNum EcritureDate CompteNum CompteLib CompAuxNum CompAuxLib PieceRef PieceDate "
    "EcritureLib Debit Credit EcritureLet DateLet ValidDate Montantdevise Idevise"
).split()
FILLED = {*NAMES} - {"CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise"}
DATES = {"EcritureDate", "PieceDate", "ValidDate", "DateLet"}
AMOUNT = re.compile(r"-?\d+,\d\d", re.ASCII)
NAME = re.compile(r"\d{9}FEC\d{8}\.txt", re.ASCII)


class Broken(Exception):
    """A rule that a file breaks, with the line."""


@dataclass(slots=True)
class Row:
    line: int
    values: dict[str, str]
    amount: Decimal

    def __getitem__(self, name: str) -> str:
        return self.values[name]


@dataclass(slots=True)
class Ecriture:
    journal: str
    number: str
    day: date
    rows: list[Row] = field(default_factory=list)


def day_of(text: str) -> date:
    if not re.fullmatch(r"(19|20)\d{6}", text, re.ASCII):
        raise Broken(f"{text} is no day")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def read(content: bytes, separator: str = "\t", encoding: str = "utf-8") -> list[Ecriture]:
    """The entries of a file, in its order. Raises Broken where it is not as the article wants it."""
    if content.startswith(b"\xef\xbb\xbf"):
        raise Broken("it begins with a byte order mark")
    lines = content.decode(encoding).split("\r\n")
    if lines.pop():
        raise Broken("the last line has no end")
    if lines[0].split(separator) != NAMES:
        raise Broken("the first line has other columns")
    entries: list[Ecriture] = []
    for number, line in enumerate(lines[1:], 2):
        row = row_of(number, line.split(separator))
        if not entries or (entries[-1].journal, entries[-1].number) != (row["JournalCode"], row["EcritureNum"]):
            entries.append(Ecriture(row["JournalCode"], row["EcritureNum"], day_of(row["EcritureDate"])))
        entries[-1].rows.append(row)
    whole(entries)
    return entries


def row_of(number: int, values: list[str]) -> Row:
    if len(values) != len(NAMES):
        raise Broken(f"line {number} has {len(values)} columns")
    row = dict(zip(NAMES, values, strict=True))
    if any(letter in value for value in values for letter in "\t|\r\n\0"):
        raise Broken(f"line {number} has a separator in a text")
    if empty := [name for name in FILLED if not row[name].strip()]:
        raise Broken(f"line {number}: {empty} are empty")
    for name in DATES:
        if row[name]:
            day_of(row[name])
    if not row["CompteNum"][:3].isdigit():
        raise Broken(f"line {number}: account {row['CompteNum']}")
    if row["CompAuxNum"] and not row["CompteNum"].startswith(("401", "404", "408", "421", "467")):
        raise Broken(f"line {number}: a third party on account {row['CompteNum']}")
    for one, other in (("CompAuxNum", "CompAuxLib"), ("EcritureLet", "DateLet"), ("Montantdevise", "Idevise")):
        if bool(row[one]) != bool(row[other]):
            raise Broken(f"line {number}: {one} without {other}")
    debit, credit = (amount_of(number, row[name]) for name in ("Debit", "Credit"))
    if bool(debit) == bool(credit):
        raise Broken(f"line {number}: debit {debit} and credit {credit}")
    amount = debit - credit
    if row["Montantdevise"] and (amount_of(number, row["Montantdevise"]) > 0) != (amount > 0):
        raise Broken(f"line {number}: the foreign amount has another sign")
    return Row(number, row, amount)


def amount_of(number: int, text: str) -> Decimal:
    if not AMOUNT.fullmatch(text):
        raise Broken(f"line {number}: {text} is not an amount")
    return Decimal(text.replace(",", "."))


def whole(entries: list[Ecriture]) -> None:
    """What can only be said of all of it: entries balance, numbers and letters are of one entry and account."""
    numbers = [(entry.journal, entry.number) for entry in entries]
    if len(set(numbers)) != len(numbers):
        raise Broken("an entry's number is given twice")
    letters: dict[tuple[str, str, str], Decimal] = {}
    for entry in entries:
        if sum((row.amount for row in entry.rows), Decimal(0)):
            raise Broken(f"entry {entry.number} does not balance")
        for row in entry.rows:
            if row["EcritureLet"]:
                key = (row["CompteNum"], row["CompAuxNum"], row["EcritureLet"])
                letters[key] = letters.get(key, Decimal(0)) + row.amount
    if open_ := [key for key, amount in letters.items() if amount]:
        raise Broken(f"{open_} do not balance")


def main(paths: list[str]) -> int:
    for path in paths:
        try:
            if not NAME.fullmatch(Path(path).name):
                raise Broken("its name is not SirenFECAAAAMMJJ.txt")
            said = said_of(read(Path(path).read_bytes()))
        except (Broken, ValueError) as broken:
            sys.stdout.write(f"{path}: {broken}\n")
            return 1
        sys.stdout.write(f"{path}: {said}\n")
    return 0 if paths else 2


def said_of(entries: list[Ecriture]) -> str:
    """Counts and sums."""
    rows = [row for entry in entries for row in entry.rows]
    debit = sum((row.amount for row in rows if row.amount > 0), Decimal(0))
    credit = sum((row.amount for row in rows if row.amount < 0), Decimal(0))
    return f"{len(entries)} entries, {len(rows)} rows, debit {debit}, credit {credit}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
