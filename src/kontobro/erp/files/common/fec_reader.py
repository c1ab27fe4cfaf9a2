"""A FEC (fichier des écritures comptables, LPF art. A47 A-1) as values: accounts, third parties, journals, entries.

Pure and bounded. Source: the 18 columns of the article; separators and encodings as DGFiP's own checker takes them.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.money import exact_sum
from kontobro.core.words import Fact, Phrase, phrase, worded
from kontobro.erp.kit.masters_file import unusable

MOST_BYTES: Final = 512 * 1024 * 1024
MOST_LINES: Final = 5_000_000
LONGEST_LINE: Final = 20_000
"""Bytes. A line has some 150; a company with a million of them is a large one."""

NEEDED: Final = ("JournalCode", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib")
EXPORT_IT: Final = Phrase("fec_export_again")


@dataclass(frozen=True, slots=True)
class FecAccount:
    """`number` is text: three digits of the French chart, and what the company put behind them."""

    number: str
    name: str


@dataclass(frozen=True, slots=True)
class FecParty:
    """A third party (CompAuxNum). `account` is the collective one on which it was first seen."""

    number: str
    name: str
    account: str


@dataclass(frozen=True, slots=True)
class FecJournal:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class FecLine:
    """`amount` in the books' currency, debit positive. `party` is empty where the line has none."""

    account: str
    amount: Decimal
    party: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class FecEntry:
    """The lines of one number of one journal."""

    journal: str
    number: str
    date: date
    piece: str
    lines: tuple[FecLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FecFile:
    """What a file says. `first` and `last` are the days of its entries. `notes` are for a person."""

    accounts: tuple[FecAccount, ...]
    parties: tuple[FecParty, ...]
    journals: tuple[FecJournal, ...]
    entries: tuple[FecEntry, ...]
    first: date | None
    last: date | None
    notes: tuple[str, ...]


class _Row(NamedTuple):
    line: int
    fields: Mapping[str, str]

    def get(self, name: str) -> str:
        return self.fields.get(name.lower(), "")


def read_fec(content: bytes, *, entries: bool = True) -> FecFile:
    """What a FEC says; `entries` False leaves the entries out, for master data.

    Raises Misconfigured, naming line and column, for what is no FEC and for damaged lines.
    """
    if len(content) > MOST_BYTES:
        raise _not_fec(phrase("file_bytes", most=MOST_BYTES))
    reading = _Reading(entries=entries)
    for row in _rows(content):
        reading.take(row)
    return reading.result()


def _rows(content: bytes) -> Iterator[_Row]:
    encoding = _encoding(content)
    names: list[str] | None = None
    separator = "\t"
    for number, line in _lines(content, encoding):
        if names is None:
            separator = "\t" if "\t" in line else "|"
            names = [name.strip().lower() for name in line.split(separator)]
            _require_columns(names)
            continue
        values = line.split(separator)
        if len(values) != len(names):
            raise _wrong(number, phrase("fec_columns_differ", count=len(values), first=len(names)))
        yield _Row(number, dict(zip(names, map(str.strip, values), strict=True)))
    if names is None:
        raise _not_fec(phrase("file_empty"))


def _lines(content: bytes, encoding: str) -> Iterator[tuple[int, str]]:
    lines = io.BytesIO(content)
    for number in range(1, MOST_LINES + 2):
        line = lines.readline(LONGEST_LINE + 1)
        if not line:
            return
        if len(line) > LONGEST_LINE:
            raise _wrong(number, phrase("file_bytes", most=LONGEST_LINE))
        if text := line.decode(encoding, "replace").strip("\ufeff\r\n"):
            yield number, text
    raise _wrong(MOST_LINES + 1, phrase("file_lines", most=MOST_LINES))


def _encoding(content: bytes) -> str:
    """UTF-8 where all of it is, else ISO 8859-15: the article allows both, and no file says which."""
    try:
        codecs.utf_8_decode(content, "strict", True)
    except UnicodeDecodeError:
        return "iso8859-15"
    return "utf-8"


def _require_columns(names: list[str]) -> None:
    missing: list[Fact] = [name for name in NEEDED if name.lower() not in names]
    if not {"debit", "credit"} <= set(names) and not {"montant", "sens"} <= set(names):
        missing.append(phrase("fec_debit_credit"))
    if missing:
        raise _not_fec(phrase("fec_columns_missing", names=tuple(missing)))
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise _not_fec(phrase("fec_column_twice", name=shown(doubled[0])))


@dataclass(slots=True)
class _Reading:
    """What was read so far. Lines of an entry need not be side by side."""

    entries: bool
    accounts: dict[str, str] = field(default_factory=dict)
    parties: dict[str, FecParty] = field(default_factory=dict)
    journals: dict[str, str] = field(default_factory=dict)
    made: dict[tuple[str, str, date], tuple[str, list[FecLine]]] = field(default_factory=dict)
    days: tuple[date, date] | None = None
    notes: list[str] = field(default_factory=list)

    def take(self, row: _Row) -> None:
        account, party = _account(row), row.get("CompAuxNum")
        day, amount = _day(row), _amount(row)
        self.name(self.accounts, account, row.get("CompteLib"), "account")
        self.name(self.journals, row.get("JournalCode"), row.get("JournalLib"), "journal")
        if party:
            self.parties.setdefault(party, FecParty(party, row.get("CompAuxLib") or party, account))
        self.days = (min(self.days[0], day), max(self.days[1], day)) if self.days else (day, day)
        if self.entries:
            key = (row.get("JournalCode"), row.get("EcritureNum"), day)
            lines = self.made.setdefault(key, (row.get("PieceRef"), []))[1]
            lines.append(FecLine(account, amount, party, row.get("EcritureLib")))

    def name(self, names: dict[str, str], key: str, name: str, what: str) -> None:
        """The first name counts: programs write the name of the day, and a year has many."""
        if key and names.setdefault(key, name or key) != (name or key) and len(self.notes) < _MOST_NOTES:
            note = worded(f"fec_{what}_names", key=shown(key), name=shown(names[key]))
            self.notes += [note] if note not in self.notes else []

    def result(self) -> FecFile:
        for (journal, number, _), (_, lines) in self.made.items():
            difference = exact_sum(line.amount for line in lines)
            if difference and len(self.notes) < _MOST_NOTES:
                entry = shown(f"{journal} {number}")
                self.notes.append(worded("fec_entry_unbalanced", entry=entry, difference=difference))
        return FecFile(
            accounts=tuple(FecAccount(*each) for each in self.accounts.items()),
            parties=tuple(self.parties.values()),
            journals=tuple(FecJournal(*each) for each in self.journals.items()),
            entries=tuple(FecEntry(*key, piece, tuple(lines)) for key, (piece, lines) in self.made.items()),
            first=self.days[0] if self.days else None,
            last=self.days[1] if self.days else None,
            notes=tuple(self.notes),
        )


_MOST_NOTES: Final = 20


def _account(row: _Row) -> str:
    number = row.get("CompteNum")
    if not number or len(number) > 60:
        raise _wrong(row.line, phrase("fec_account_wrong", given=shown(number)))
    return number


def _amount(row: _Row) -> Decimal:
    if "montant" not in row.fields:
        return exact_sum((_number(row, "Debit"), _number(row, "Credit").copy_negate()))
    amount, side = _number(row, "Montant"), row.get("Sens").upper()
    if side not in {"D", "C", "+1", "-1", "1"}:
        raise _wrong(row.line, phrase("fec_side_wrong", given=shown(side)))
    return amount.copy_negate() if side in {"C", "-1"} else amount


def _number(row: _Row, column: str) -> Decimal:
    """With a comma or a point; the sign in front or behind."""
    text = row.get(column).replace(",", ".")
    if not text:
        return Decimal(0)
    if text[-1:] in "+-":
        text = text[-1] + text[:-1]
    if not _AMOUNT.fullmatch(text):
        raise _wrong(row.line, phrase("fec_amount_wrong", column=column, given=shown(row.get(column))))
    return Decimal(text)


_AMOUNT: Final = re.compile(r"[+-]?\d{1,30}(?:\.\d{0,6})?", re.ASCII)
_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[str], date]], ...]] = (
    (re.compile(r"\d{8}", re.ASCII), lambda text: date(int(text[:4]), int(text[4:6]), int(text[6:]))),
    (re.compile(r"\d{4}-\d\d-\d\d", re.ASCII), date.fromisoformat),
    (re.compile(r"\d\d/\d\d/\d{4}", re.ASCII), lambda text: date(int(text[6:]), int(text[3:5]), int(text[:2]))),
)


def _day(row: _Row) -> date:
    text = row.get("EcritureDate")
    try:
        for form, day in _FORMS:
            if form.fullmatch(text):
                return day(text)
    except ValueError:
        pass  # said below: no such day
    raise _wrong(row.line, phrase("fec_day_wrong", given=shown(text)))


def _wrong(line: int, what: Phrase) -> Misconfigured:
    return unusable(phrase("fec_line", line=str(line), what=what), EXPORT_IT)


def _not_fec(what: Phrase) -> Misconfigured:
    return unusable(phrase("fec_not", what=what), EXPORT_IT)
