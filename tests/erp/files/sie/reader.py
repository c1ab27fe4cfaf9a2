"""A reader of SIE 4I, written from the standard's rules alone: it shares no code with what writes the files.

    python -m tests.erp.files.sie.reader FILE...

prints counts and sums, and ends with 1 where a file breaks a rule.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

COMPULSORY = ("#FLAGGA", "#PROGRAM", "#FORMAT", "#GEN", "#SIETYP", "#FNAMN")
FORBIDDEN = ("#IB", "#UB", "#OIB", "#OUB", "#RES", "#PSALDO", "#PBUDGET", "#BKOD", "#OMFATTN", "#RTRANS", "#BTRANS")
KNOWN = {
    *COMPULSORY,
    "#PROSA",
    "#FTYP",
    "#FNR",
    "#ORGNR",
    "#ADRESS",
    "#RAR",
    "#TAXAR",
    "#KPTYP",
    "#VALUTA",
    "#KONTO",
    "#KTYP",
    "#ENHET",
    "#SRU",
    "#DIM",
    "#UNDERDIM",
    "#OBJEKT",
    "#VER",
    "#TRANS",
    "#KSUMMA",
}
ORDER = ({"#FLAGGA", "#KSUMMA"}, {"#PROGRAM", "#FNAMN", "#ORGNR", "#RAR", "#VALUTA"}, {"#KONTO", "#DIM", "#OBJEKT"})
AMOUNT = re.compile(r"-?\d+(\.\d{1,2})?", re.ASCII)
POLYNOMIAL = 0xEDB88320


class Broken(Exception):
    """A rule of the standard that a file breaks, with the line."""


@dataclass(slots=True)
class Trans:
    account: str
    objects: list[tuple[int, str]]
    amount: Decimal
    text: str


@dataclass(slots=True)
class Ver:
    series: str
    number: str
    day: date
    text: str
    lines: list[Trans] = field(default_factory=list)


@dataclass(slots=True)
class Sie:
    company: str = ""
    currency: str = "SEK"
    year: tuple[date, date] | None = None
    accounts: dict[str, str] = field(default_factory=dict)
    dimensions: dict[int, str] = field(default_factory=dict)
    objects: dict[tuple[int, str], str] = field(default_factory=dict)
    vouchers: list[Ver] = field(default_factory=list)
    records: dict[str, list[list[str]]] = field(default_factory=dict)


def tokens(line: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each part of a line: `text`, `{`, `}`."""
    at = 0
    while at < len(line):
        letter = line[at]
        if letter in " \t":
            at += 1
        elif letter in "{}":
            yield letter, letter
            at += 1
        elif letter == '"':
            at += 1
            found = ""
            while line[at] != '"':
                if line[at] == "\\" and line[at + 1] == '"':
                    at += 1
                found += line[at]
                at += 1
            at += 1
            yield "text", found
        else:
            start = at
            while at < len(line) and line[at] not in ' \t{}"':
                at += 1
            yield "text", line[start:at]


def day_of(text: str) -> date:
    if not re.fullmatch(r"\d{8}", text, re.ASCII):
        raise Broken(f"{text} is no day")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def crc(content: bytes) -> int:
    """CRC-32 as the standard describes it, bit by bit."""
    value = 0xFFFFFFFF
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (POLYNOMIAL if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def read(content: bytes) -> Sie:
    """What a file says. Raises Broken where it is not SIE 4I."""
    file, current, inside = Sie(), None, False
    checked: bytearray | None = None
    for number, raw in enumerate(content.split(b"\n"), 1):
        line = raw.removesuffix(b"\r").decode("cp437")
        if any((ord(letter) < 32 and letter != "\t") or ord(letter) == 127 for letter in line):
            raise Broken(f"line {number} has a control character")
        parts = list(tokens(line))
        if not parts:
            continue
        label = parts[0][1]
        if label == "{":
            if current is None or inside or len(parts) != 1:
                raise Broken(f"line {number}: a brace that opens nothing")
            inside = True
            continue
        if label == "}":
            if not inside or current is None or len(parts) != 1:
                raise Broken(f"line {number}: a brace that closes nothing")
            end(current)
            current, inside = None, False
            continue
        if not file.records and label != "#FLAGGA":
            raise Broken("the first record is not #FLAGGA")
        if label in FORBIDDEN or label not in KNOWN:
            raise Broken(f"line {number}: {label} has no place in SIE 4I")
        if (label == "#TRANS") != inside:
            raise Broken(f"line {number}: {label} in the wrong place")
        outside, listed = fields_of(parts[1:], number)
        if label == "#KSUMMA":
            if outside and (checked is None or int(outside[0]) != crc(bytes(checked))):
                raise Broken(f"#KSUMMA {outside[0]} is not the file's")
            checked = None if outside else bytearray()
        elif checked is not None:
            checked += "".join(text for kind, text in parts if kind == "text").encode("cp437")
        file.records.setdefault(label, []).append(outside)
        current = take(file, label, outside, listed, current)
    if inside or checked is not None:
        raise Broken("the file ends too early")
    whole(file)
    return file


def fields_of(parts: list[tuple[str, str]], number: int) -> tuple[list[str], list[str] | None]:
    outside: list[str] = []
    listed: list[str] | None = None
    depth = 0
    for kind, text in parts:
        if kind == "{":
            depth, listed = depth + 1, listed or []
        elif kind == "}":
            depth -= 1
        elif depth and listed is not None:
            listed.append(text)
        else:
            outside.append(text)
    if depth:
        raise Broken(f"line {number}: a list that is not closed")
    return outside, listed


def take(file: Sie, label: str, given: list[str], listed: list[str] | None, current: Ver | None) -> Ver | None:
    if label == "#FNAMN":
        file.company = given[0]
    elif label == "#VALUTA":
        file.currency = given[0]
    elif label == "#RAR" and given[0] == "0":
        file.year = day_of(given[1]), day_of(given[2])
    elif label == "#KONTO":
        if not given[0].isdigit():
            raise Broken(f"account {given[0]} is not of digits")
        file.accounts[given[0]] = given[1]
    elif label == "#DIM":
        file.dimensions[int(given[0])] = given[1]
    elif label == "#OBJEKT":
        file.objects[int(given[0]), given[1]] = given[2]
    elif label == "#VER":
        series, number, day, *rest = given
        current = Ver(series, number, day_of(day), rest[0] if rest else "")
        file.vouchers.append(current)
    elif label == "#TRANS":
        if current is None or listed is None or len(listed) % 2 or not AMOUNT.fullmatch(given[1]):
            raise Broken(f"#TRANS {given} is not one")
        pairs = [(int(listed[at]), listed[at + 1]) for at in range(0, len(listed), 2)]
        current.lines.append(Trans(given[0], pairs, Decimal(given[1]), given[3] if len(given) > 3 else ""))
    return current


def end(voucher: Ver) -> None:
    if not voucher.lines or sum((line.amount for line in voucher.lines), Decimal(0)) != 0:
        raise Broken(f"the voucher of {voucher.day} ({voucher.text}) does not sum to zero")


def whole(file: Sie) -> None:
    """What can only be said of all of it."""
    if missing := [label for label in COMPULSORY if label not in file.records]:
        raise Broken(f"{missing} are missing")
    if (file.records["#FORMAT"], file.records["#SIETYP"]) != ([["PC8"]], [["4"]]):
        raise Broken("it is not PC8 and type 4")
    for number in file.records.get("#ORGNR", []):
        if not re.fullmatch(r"\d{6}-\d{4}", number[0], re.ASCII):
            raise Broken(f"#ORGNR {number[0]} has no hyphen")
    places = {label: at for at, label in enumerate(file.records)}
    for before, after in pairwise(ORDER):
        if max(places.get(label, -1) for label in before) > min(places.get(label, len(places)) for label in after):
            raise Broken("its groups are in another order")
    for voucher in file.vouchers:
        if file.year and not file.year[0] <= voucher.day <= file.year[1]:
            raise Broken(f"the voucher of {voucher.day} is in another fiscal year")
        for line in voucher.lines:
            if line.account not in file.accounts or any(pair not in file.objects for pair in line.objects):
                raise Broken(f"{line} names what is not declared")
            if any(dimension not in file.dimensions for dimension, _ in line.objects):
                raise Broken(f"{line} has a dimension that is not declared")


def main(paths: list[str]) -> int:
    for path in paths:
        try:
            file = read(Path(path).read_bytes())
        except (Broken, ValueError, IndexError) as broken:
            sys.stdout.write(f"{path}: {broken}\n")
            return 1
        sys.stdout.write(f"{path}: {said_of(file)}\n")
    return 0 if paths else 2


def said_of(file: Sie) -> str:
    """Counts and sums, in lines."""
    lines = [line for voucher in file.vouchers for line in voucher.lines]
    debit = sum((line.amount for line in lines if line.amount > 0), Decimal(0))
    credit = sum((line.amount for line in lines if line.amount < 0), Decimal(0))
    return "\n".join(
        (
            f"{file.company}, {file.currency}",
            f"  {len(file.vouchers)} vouchers, {len(lines)} lines, debit {debit}, credit {credit}",
            f"  {len(file.accounts)} accounts, {len(file.dimensions)} dimensions, {len(file.objects)} objects",
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
