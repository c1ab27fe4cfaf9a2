"""A SIE 4 file (4E as Swedish accounting programs export it, 4I too) as values: accounts, dimensions, objects, fiscal
years, vouchers. Source: SIE filformat 4B (2008-09-30) and its edition 4C. Pure and bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, Literal, TypeVar

from kontobro.core.errors import shown
from kontobro.core.model.money import exact_sum
from kontobro.core.words import phrase, worded
from kontobro.erp.files.common.sie_lines import Record, encoding_of, not_sie, records_of, wrong

RESERVED: Final[Mapping[int, str]] = {
    1: "Kostnadsställe",
    2: "Kostnadsbärare",
    6: "Projekt",
    7: "Anställd",
    8: "Kund",
    9: "Leverantör",
    10: "Faktura",
}
"""Dimensions that the standard names: a file need not declare them."""

EMPLOYEE: Final = 7
SUPPLIER: Final = 9
INVOICE: Final = 10

K = TypeVar("K", str, tuple[int, str])

AccountKind = Literal["", "T", "S", "K", "I"]
"""Asset (tillgång), liability (skuld), cost (kostnad), income (intäkt); empty where the file does not say."""


@dataclass(frozen=True, slots=True)
class SieYear:
    """A fiscal year, both days inclusive. `number` 0 is the current one, -1 the one before."""

    number: int
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class SieAccount:
    """`number` is digits, as text."""

    number: str
    name: str
    kind: AccountKind = ""


@dataclass(frozen=True, slots=True)
class SieDimension:
    """`parent` is the number of the dimension that it is a part of."""

    number: int
    name: str
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class SieObject:
    """A value of a dimension: a cost centre, a project, a supplier (dimension 9), an employee (7)."""

    dimension: int
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class SieLine:
    """`amount` in the file's currency, debit positive. `objects`: dimension number and object number."""

    account: str
    amount: Decimal
    objects: tuple[tuple[int, str], ...] = ()
    date: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class SieVoucher:
    """`number` is empty where the accounting program gives it. Lines that were removed later are not among `lines`."""

    series: str
    number: str
    date: date
    text: str
    lines: tuple[SieLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SieFile:
    """What a file says. `currency` is SEK where it names none. `notes` are for a person: what was odd, and read."""

    company: str
    organisation_number: str
    currency: str
    program: str
    type: str
    years: tuple[SieYear, ...]
    accounts: tuple[SieAccount, ...]
    dimensions: tuple[SieDimension, ...]
    objects: tuple[SieObject, ...]
    vouchers: tuple[SieVoucher, ...]
    notes: tuple[str, ...]


def read_sie(content: bytes, *, vouchers: bool = True) -> SieFile:
    """What a SIE file says; `vouchers` False leaves them out, for master data.

    Unknown labels and fields behind those known are ignored, as the standard asks. Raises Misconfigured, naming the
    line, for what is no SIE 4 file, for damaged records and for an account or object with two names.
    """
    encoding = encoding_of(content)
    reading = _Reading(vouchers=vouchers)
    if encoding != "cp437":
        name = "UTF-8" if encoding == "utf-8-sig" else "Windows-1252"
        reading.notes.append(worded("sie_encoding_other", encoding=name))
    for record in records_of(content, encoding):
        reading.take(record)
    return reading.result()


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    vouchers: bool
    texts: dict[str, str] = field(default_factory=dict)
    years: dict[int, SieYear] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, AccountKind] = field(default_factory=dict)
    dimensions: dict[int, SieDimension] = field(default_factory=dict)
    objects: dict[tuple[int, str], str] = field(default_factory=dict)
    made: list[SieVoucher] = field(default_factory=list)
    head: Record | None = None
    lines: list[SieLine] | None = None
    notes: list[str] = field(default_factory=list)
    seen: bool = False

    def take(self, record: Record) -> None:
        if not self.seen and record.label != "#FLAGGA":
            raise not_sie(phrase("sie_first_record"))
        self.seen = True
        if take := _TAKES.get(record.label):
            take(self, record)

    def text(self, record: Record) -> None:
        self.texts.setdefault(record.label, record.field(0).strip())

    def year(self, record: Record) -> None:
        if len(record.fields) >= 3:  # one that is planned only has no days
            number = _whole(record, 0, "year")
            start, end = _day(record, 1), _day(record, 2)
            if end < start:
                raise wrong(record.line, phrase("sie_year_ends"))
            self.years[number] = SieYear(number, start, end)

    def account(self, record: Record) -> None:
        _keep_name(self.accounts, _account(record), record, 1)

    def account_kind(self, record: Record) -> None:
        kind = record.field(1).upper()
        if kind in {"T", "S", "K", "I"}:
            self.kinds[_account(record)] = kind  # type: ignore[assignment]

    def dimension(self, record: Record) -> None:
        number = _whole(record, 0, "dimension")
        parent = _whole(record, 2, "dimension") if record.label == "#UNDERDIM" else None
        self.dimensions[number] = SieDimension(number, record.field(1), parent)

    def object(self, record: Record) -> None:
        dimension, number = _whole(record, 0, "dimension"), record.field(1).strip()
        if not number:
            raise wrong(record.line, phrase("sie_object_unnumbered"))
        _keep_name(self.objects, (dimension, number), record, 2)

    def voucher(self, record: Record) -> None:
        self.head = record

    def open(self, record: Record) -> None:
        if self.head is None or self.lines is not None:
            raise wrong(record.line, phrase("sie_brace_alone"))
        self.lines = []

    def line(self, record: Record) -> None:
        if self.lines is None:
            raise wrong(record.line, phrase("sie_trans_alone"))
        if self.vouchers:
            self.lines.append(_line(record))

    def close(self, record: Record) -> None:
        if self.head is None or self.lines is None:
            raise wrong(record.line, phrase("sie_brace_alone"))
        head, lines, self.head, self.lines = self.head, self.lines, None, None
        if not self.vouchers:
            return
        voucher = SieVoucher(head.field(0), head.field(1), _day(head, 2), head.field(3), tuple(lines))
        self.made.append(voucher)
        if (difference := exact_sum(line.amount for line in lines)) and len(self.notes) < _MOST_NOTES:
            name = shown(f"{voucher.series} {voucher.number}") or voucher.date.isoformat()
            self.notes.append(worded("sie_voucher_unbalanced", name=name, line=str(head.line), difference=difference))

    def result(self) -> SieFile:
        if not self.seen:
            raise not_sie(phrase("file_empty"))
        if self.lines is not None and self.head is not None:
            raise wrong(self.head.line, phrase("sie_ends_inside"))
        for number in sorted({number for number, _ in self.objects} - set(self.dimensions)):
            self.dimensions[number] = SieDimension(number, RESERVED.get(number, str(number)))
        return SieFile(
            company=self.texts.get("#FNAMN", ""),
            organisation_number=self.texts.get("#ORGNR", ""),
            currency=(self.texts.get("#VALUTA") or "SEK").upper(),
            program=self.texts.get("#PROGRAM", ""),
            type=self.texts.get("#SIETYP", "") or "1",
            years=tuple(self.years[number] for number in sorted(self.years, reverse=True)),
            accounts=tuple(SieAccount(at, name, self.kinds.get(at, "")) for at, name in self.accounts.items()),
            dimensions=tuple(self.dimensions[number] for number in sorted(self.dimensions)),
            objects=tuple(SieObject(*key, name) for key, name in self.objects.items()),
            vouchers=tuple(self.made),
            notes=tuple(self.notes),
        )


_MOST_NOTES: Final = 20

_TAKES: Final[Mapping[str, Callable[[_Reading, Record], None]]] = {
    "#FNAMN": _Reading.text,
    "#ORGNR": _Reading.text,
    "#VALUTA": _Reading.text,
    "#PROGRAM": _Reading.text,
    "#SIETYP": _Reading.text,
    "#RAR": _Reading.year,
    "#KONTO": _Reading.account,
    "#KTYP": _Reading.account_kind,
    "#DIM": _Reading.dimension,
    "#UNDERDIM": _Reading.dimension,
    "#OBJEKT": _Reading.object,
    "#VER": _Reading.voucher,
    "#TRANS": _Reading.line,
    "{": _Reading.open,
    "}": _Reading.close,
}
"""Who takes a record. `#RTRANS` and `#BTRANS` (lines added and removed later) are left out: the first stands again as
`#TRANS` behind it, the second does not count."""


def _keep_name(names: dict[K, str], key: K, record: Record, place: int) -> None:
    name = record.field(place).strip() or record.field(place - 1)
    if names.setdefault(key, name) != name:
        label, id = record.label, shown(record.field(place - 1))
        what = phrase("sie_twice", label=label, id=id, first=shown(names[key]), second=shown(name))
        raise wrong(record.line, what, phrase("sie_leave_one"))


def _line(record: Record) -> SieLine:
    objects = record.objects
    if len(objects) % 2:
        raise wrong(record.line, phrase("sie_object_lacks"))
    pairs = tuple(
        (_number(record, number, "dimension"), value) for number, value in zip(objects[::2], objects[1::2], strict=True)
    )
    day = _day(record, 2) if record.field(2) else None
    return SieLine(_account(record), _amount(record), pairs, day, record.field(3))


def _account(record: Record) -> str:
    number = record.field(0).strip()
    if not _ACCOUNT.fullmatch(number):
        raise wrong(record.line, phrase("sie_account_wrong", given=shown(number)))
    return number


def _whole(record: Record, place: int, what: str) -> int:
    return _number(record, record.field(place), what)


def _number(record: Record, text: str, what: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise wrong(record.line, phrase(f"sie_{what}_wrong", given=shown(text)))
    return int(text)


def _amount(record: Record) -> Decimal:
    text = record.field(1)
    if not _AMOUNT.fullmatch(text):
        raise wrong(record.line, phrase("sie_amount_wrong", given=shown(text)))
    return Decimal(text)


def _day(record: Record, place: int) -> date:
    text = record.field(place)
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise wrong(record.line, phrase("sie_day_wrong", given=shown(text))) from None


_ACCOUNT: Final = re.compile(r"\d{1,20}", re.ASCII)
_WHOLE: Final = re.compile(r"-?\d{1,6}", re.ASCII)
_AMOUNT: Final = re.compile(r"-?\d{1,30}(?:\.\d{0,6})?", re.ASCII)
_DAY: Final = re.compile(r"\d{8}", re.ASCII)
