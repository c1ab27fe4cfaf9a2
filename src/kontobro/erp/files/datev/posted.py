"""A Buchungsstapel that DATEV exported, as a journal for the tie-out: rows of two accounts as the entries they were.

Of a row with a key, and of one on an automatic account, DATEV works out the tax: so does this, by the tax codes of the
master data. Rows belong together by Pleo's ID in Zusatzinformation, else by Belegfeld 1. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.journal import summed
from kontobro.core.model.masterdata import TaxCode
from kontobro.core.model.money import exact_sum
from kontobro.core.tieout.journal import PostedEntry
from kontobro.core.words import Fact, Phrase, phrase
from kontobro.erp.files.common.masters.csv_file import rows_of as rows_in
from kontobro.erp.files.common.masters.source import text_of
from kontobro.erp.files.datev.books import Books
from kontobro.erp.files.datev.lines import AT, POSTING_HEADINGS
from kontobro.erp.files.datev.rows import NO_AUTOMATIC, tax_by_key
from kontobro.erp.files.datev.texts import MOST_EXTRAS, REFERENCE
from kontobro.erp.kit.masters_file import placed, unusable

POSTINGS: Final = "21"
REVERSAL: Final = 117
"""Generalumkehr: the place of the field, from 0. Such a row takes another one back."""
EXPORT_IT: Final = Phrase("datev_export_batch")

_AMOUNT: Final = re.compile(r"\d{1,12}(?:,\d{1,2})?", re.ASCII)
_ACCOUNT: Final = re.compile(r"\d{1,9}", re.ASCII)
_DAY: Final = re.compile(r"\d{3,4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Row:
    """`bookings` are accounts and amounts, with the tax that DATEV works out. `open_side`: of a row with a person
    account, whether that is debited. `id` is Pleo's, where the row says it."""

    date: date
    number: str
    id: str
    open_side: bool | None
    bookings: tuple[tuple[str, Decimal], ...]


def posted_of(content: bytes, name: str, books: Books) -> list[PostedEntry]:
    """The entries of a Buchungsstapel; accounts are those of the master data. Raises Misconfigured, naming row and
    field, for what is none, and for another client's."""
    rows = rows_in(text_of(content, name), name, ";")
    reading = _Reading(name, books, *_span([cell.strip() for cell in next(rows, (1, []))[1]], name, books))
    next(rows, None)  # the headings, which DATEV does not read either
    groups: dict[object, list[_Row]] = {}
    for at, cells in rows:
        if any(cells):
            row = reading.row(at, cells)
            groups.setdefault(row.id or (row.number, row.date, row.open_side), []).append(row)
    times = Counter(rows[0].number for rows in groups.values())
    return [_entry(group, times) for group in groups.values()]


def _entry(rows: Sequence[_Row], times: Mapping[str, int]) -> PostedEntry:
    """Belegfeld 1 names an entry where it is of one alone: a payment has that of its bill."""
    first = rows[0]
    return PostedEntry(
        name=first.number or first.id,
        date=first.date,
        amounts=summed(booking for row in rows for booking in row.bookings),
        text=first.id or (first.number if times[first.number] == 1 else ""),
    )


def _span(header: Sequence[str], name: str, books: Books) -> tuple[date, date]:
    """The days of the batch. The header is that of a Buchungsstapel of the client."""
    field = dict(enumerate(header)).get
    if field(2) != POSTINGS:
        kind: Fact = shown(field(3)) if field(3) else phrase("file_nothing")
        raise _wrong(name, phrase("datev_header_says", said=kind), phrase("datev_give_batch"))
    for at, what, own in ((10, "Beraternummer", books.setup.consultant), (11, "Mandantennummer", books.setup.client)):
        if (field(at) or "").lstrip("0") != own:
            apart = phrase("datev_not_connections", what=what, given=shown(field(at) or ""), own=own)
            raise _wrong(name, placed(_field_at(1, at), apart), phrase("datev_journal_of_client"))
    try:
        return _whole_day(field(14)), _whole_day(field(15))
    except ValueError as error:
        days = phrase("datev_batch_days", first=shown(field(14) or ""), last=shown(field(15) or ""))
        raise _wrong(name, days) from error


def _whole_day(text: str | None) -> date:
    if not re.fullmatch(r"\d{8}", text or "", re.ASCII):
        raise ValueError
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))  # type: ignore[index]


class _Reading:
    """What rows of one file mean: accounts by their numbers in DATEV, tax codes by key."""

    def __init__(self, name: str, books: Books, first: date, last: date) -> None:
        self._name, self._books, self._first, self._last = name, books, first, last
        self._accounts = {account.code.lstrip("0"): account.id for account in books.accounts.values()}
        self._keys: dict[str, TaxCode] = {}
        self._whole_keys: dict[tuple[str, str, str], TaxCode] = {}
        for id, key in books.keys.items():
            bu = key.bu.lstrip("0")
            self._keys.setdefault(bu, books.tax_codes[id])
            self._whole_keys.setdefault((bu, key.supply, key.rate), books.tax_codes[id])

    def row(self, at: int, cells: Sequence[str]) -> _Row:
        def field(place: int) -> str:
            return cells[place].strip() if place < len(cells) else ""

        text, side = self._text(at, _AMOUNT, field, "amount"), field(AT["side"])
        if side not in {"S", "H"}:
            raise self._wrong(at, AT["side"], side)
        reversed_ = field(REVERSAL) in {"1", "G"}
        amount = Decimal(text.replace(",", ".")) * (1 if (side == "S") is not reversed_ else -1)
        account, other = (self._text(at, _ACCOUNT, field, name) for name in ("account", "contra"))
        persons = [self._books.is_person(number) for number in (account, other)]
        open_side = (amount > 0) is persons[0] if any(persons) else None
        if persons == [True, False]:  # the key is then that of the other account
            account, other, amount = other, account, -amount
        key = field(AT["key"]).lstrip("0"), field(AT["supply"]), field(AT["supply_rate"])
        return _Row(
            date=self._day(at, self._text(at, _DAY, field, "date")),
            number=field(AT["number"]),
            id=_pleo_id(cells),
            open_side=open_side,
            bookings=self._bookings(self._account(account), self._account(other), amount, key),
        )

    def _bookings(
        self, account: str, other: str, amount: Decimal, key: tuple[str, str, str]
    ) -> tuple[tuple[str, Decimal], ...]:
        code = self._tax_code(account, key)
        tax = tax_by_key(amount, code) if code else Decimal(0)
        if code is None or code.ingoing_account is None or not tax:
            return (account, amount), (other, -amount)
        if code.type != "reverse":
            return (account, exact_sum((amount, -tax))), (code.ingoing_account, tax), (other, -amount)
        both = ((code.ingoing_account, tax), (code.outgoing_account, -tax))
        return (account, amount), (other, -amount), *((id, side) for id, side in both if id)

    def _tax_code(self, account: str, key: tuple[str, str, str]) -> TaxCode | None:
        """The tax that DATEV works out. A key that is none of ours is another program's entry."""
        if key[0] == NO_AUTOMATIC.bu:
            return None
        if key[0]:
            return self._whole_keys.get(key) or self._keys.get(key[0])
        return self._books.tax_codes.get(self._books.automatic.get(account, ""))

    def _account(self, number: str) -> str:
        """DATEV leaves out zeros in front."""
        return self._accounts.get(number.lstrip("0"), number)

    def _day(self, at: int, text: str) -> date:
        """A day and month, of the year that makes it one of the batch."""
        for year in dict.fromkeys((self._first.year, self._last.year)):
            try:
                day = date(year, int(text[-2:]), int(text[:-2]))
            except ValueError:
                continue
            if self._first <= day <= self._last:
                return day
        raise self._wrong(at, AT["date"], text)

    def _text(self, at: int, form: re.Pattern[str], field: Callable[[int], str], name: str) -> str:
        text = field(AT[name])
        if not form.fullmatch(text):
            raise self._wrong(at, AT[name], text)
        return text

    def _wrong(self, at: int, place: int, text: str) -> Misconfigured:
        what = phrase("datev_field_wrong", heading=POSTING_HEADINGS[place], given=shown(text))
        return _wrong(self._name, placed(_field_at(at, place), what))


def _field_at(row: int, place: int) -> Phrase:
    """`place` counts from 0."""
    return phrase("file_row_field", row=str(row), field=str(place + 1))


def _pleo_id(cells: Sequence[str]) -> str:
    """Pleo's ID, as we wrote it into a pair of Zusatzinformation; those that DATEV kept may be in another order."""
    first = AT["extras"]
    pairs = zip(cells[first : first + 2 * MOST_EXTRAS : 2], cells[first + 1 :: 2], strict=False)
    return next((content.strip() for kind, content in pairs if kind.strip() == REFERENCE), "")


def _wrong(name: str, what: Fact, remedy: Fact = EXPORT_IT) -> Misconfigured:
    return unusable(placed(shown(name, 100), what), remedy)
