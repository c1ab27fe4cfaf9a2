"""Lines of a file in the DATEV format: header, headings, rows. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Final

from kontobro.core.model.journal import Entry
from kontobro.core.ports import DocumentHead, Voucher
from kontobro.erp.files.common.pieces import in_pieces
from kontobro.erp.files.datev.books import Books
from kontobro.erp.files.datev.package import guid_of
from kontobro.erp.files.datev.rows import Row, base_amount, rows_of
from kontobro.erp.files.datev.texts import (
    ENCODING,
    cleaned,
    extras_of,
    kost_of,
    number_of,
    posting_text,
    row_extras,
    shortened,
)


def _data(name: str) -> list[str]:
    lines = (files(__package__) / name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


_FIELDS: Final = [line.rsplit(";", 1) for line in _data("postings_v13.txt")]
POSTING_HEADINGS: Final = tuple(name for name, _ in _FIELDS)
VENDOR_HEADINGS: Final = tuple(_data("vendors_v5.txt"))
EMPTY_ROW: Final = tuple('""' if kind == "text" else "" for _, kind in _FIELDS)
"""An empty text is `""`, any other empty field is nothing at all."""

AT: Final = {
    name: POSTING_HEADINGS.index(heading)
    for name, heading in {
        "amount": "Umsatz (ohne Soll/Haben-Kz)",
        "side": "Soll/Haben-Kennzeichen",
        "currency": "WKZ Umsatz",
        "rate": "Kurs",
        "base": "Basis-Umsatz",
        "base_currency": "WKZ Basis-Umsatz",
        "account": "Konto",
        "contra": "Gegenkonto (ohne BU-Schlüssel)",
        "key": "BU-Schlüssel",
        "date": "Belegdatum",
        "number": "Belegfeld 1",
        "text": "Buchungstext",
        "link": "Beleglink",
        "kost1": "KOST1 - Kostenstelle",
        "supply": "Sachverhalt L+L",
        "supply_rate": "Funktionsergänzung L+L",
        "extras": "Zusatzinformation - Art 1",
        "lock": "Festschreibung",
        "service": "Leistungsdatum",
        "tax_period": "Datum Zuord. Steuerperiode",
        "due": "Fälligkeit",
    }.items()
}
"""Where in a row each field is, from 0: fields count by their place."""


def quoted(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"'


def decimal(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")


def long_date(day: date) -> str:
    return f"{day.day:02}{day.month:02}{day.year:04}"


def sort_date(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def header(head: DocumentHead, books: Books, postings: bool) -> str:
    """Line 1, 31 fields. `postings` False: Debitoren/Kreditoren. The days are the month's, within its fiscal year."""
    setup, year = books.setup, books.year(head.first)
    first = max(head.first.replace(day=1), year.start)
    last = min(head.first.replace(day=monthrange(head.first.year, head.first.month)[1]), year.end)
    currency = quoted(head.company.currency)
    return ";".join((
        '"EXTF";700',
        '21;"Buchungsstapel";13' if postings else '16;"Debitoren/Kreditoren";5',
        f"{sort_date(head.moment.date())}{head.moment:%H%M%S}000",
        ';"RE";"";""',
        f"{setup.consultant};{setup.client};{sort_date(year.start)};{setup.account_length}",
        f"{sort_date(first)};{sort_date(last)}" if postings else ";",
        quoted(f"Pleo {head.group} #{head.number}") + ';""',
        f"1;0;{setup.lock:d};{currency}" if postings else ';;;""',
        f';"";;;"{setup.chart}";;;"";""',
    ))  # fmt: skip


def posting_lines(head: DocumentHead, vouchers: Iterable[Voucher], books: Books) -> Iterator[str]:
    """All lines of a Buchungsstapel."""
    yield header(head, books, postings=True)
    yield ";".join(POSTING_HEADINGS)
    for voucher in vouchers:
        yield from _voucher_lines(voucher, books)


def _voucher_lines(voucher: Voucher, books: Books) -> Iterator[str]:
    """What the rows of an entry have in common is made once."""
    entry = voucher.entry
    number = cleaned(number_of(entry, f"{voucher.series}{voucher.year}-{voucher.number}", books.setup.number))
    common = list(EMPTY_ROW)
    common[AT["currency"]] = quoted(entry.currency)
    common[AT["date"]] = f"{entry.date.day:02}{entry.date.month:02}"
    common[AT["number"]] = quoted(number)
    common[AT["lock"]] = f"{books.setup.lock:d}"
    if voucher.receipts:
        common[AT["link"]] = quoted(f'BEDI "{guid_of(voucher)}"')
    if books.setup.service_date and entry.service_period:
        common[AT["service"]] = long_date(entry.service_period[1])
        common[AT["tax_period"]] = long_date(entry.date)
    extras = extras_of(entry, number, books)
    for row in rows_of(entry, books):
        fields = common.copy()
        _fill(fields, row, entry, books)
        for at, (kind, content) in enumerate((*extras, *row_extras(row, entry, books))):
            place = AT["extras"] + 2 * at
            fields[place : place + 2] = quoted(kind), quoted(content)
        yield ";".join(fields)


def _fill(fields: list[str], row: Row, entry: Entry, books: Books) -> None:
    fields[AT["amount"]] = decimal(row.amount)
    fields[AT["side"]] = '"S"' if row.debit else '"H"'
    if entry.currency != books.company.currency:
        _fill_rate(fields, row, entry, books)
    fields[AT["account"]] = row.account
    fields[AT["contra"]] = row.contra
    fields[AT["key"]] = quoted(row.key.bu)
    fields[AT["supply"]] = row.key.supply
    fields[AT["supply_rate"]] = row.key.rate
    fields[AT["text"]] = quoted(shortened(posting_text(entry, row.line)))
    if row.line.dimensions:
        fields[AT["kost1"] : AT["kost1"] + 2] = map(quoted, kost_of(row.line, books))
    if entry.due_date and (books.is_person(row.account) or books.is_person(row.contra)):
        fields[AT["due"]] = long_date(entry.due_date)


def _fill_rate(fields: list[str], row: Row, entry: Entry, books: Books) -> None:
    rate = books.setup.rate(entry.currency, entry.date)
    if rate is None:
        return  # refused by the checks
    fields[AT["rate"]] = rate_text(rate)
    fields[AT["base"]] = decimal(base_amount(row.amount, rate))
    fields[AT["base_currency"]] = quoted(books.company.currency)


def rate_text(rate: Decimal) -> str:
    """At least 2 decimals, at most 6."""
    whole, _, decimals = f"{rate:f}".partition(".")
    return f"{whole},{decimals.rstrip('0').ljust(2, '0')}"


def encoded(lines: Iterable[str]) -> Iterator[bytes]:
    """Bytes in pieces of bounded size, each line with its end."""
    return in_pieces(f"{line}\r\n".encode(ENCODING) for line in lines)
