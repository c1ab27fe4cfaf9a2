"""The texts of a row: in DATEV's letters, its document number, and what has a place only in Zusatzinformation. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from anyascii import anyascii

from kontobro.core.model.journal import Bill, Entry, EntryLine, InvoiceKey, Payment, entry_id_of
from kontobro.erp.files.common.letters import line_of, spelled
from kontobro.erp.files.datev.books import Books
from kontobro.erp.files.datev.rows import Row

ENCODING: Final = "cp1252"

MOST_TEXT: Final = 60
MOST_NUMBER: Final = 36
MOST_KIND: Final = 20
MOST_CONTENT: Final = 210
MOST_EXTRAS: Final = 20
"""Of Zusatzinformation: a kind and a content each."""

REFERENCE: Final = "Pleo-ID"
TEXT: Final = "Text"

Extras = tuple[tuple[str, str], ...]


def written(text: str) -> str:
    """A text as the file has it: one line, in the letters of cp1252."""
    return spelled(line_of(text), ENCODING)


def posting_text(entry: Entry, line: EntryLine) -> str:
    """Payee and text, whole."""
    return written(" ".join(filter(None, (entry.payee, line.text or entry.text))))


def shortened(text: str) -> str:
    """At most 60 characters; `…` at the end says that there are more."""
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


def is_open_item(entry: Entry) -> bool:
    """Whether it owes or settles something: DATEV matches such postings by equal numbers."""
    return isinstance(entry, (Bill, Payment)) or any(line.role == "payable" for line in entry.lines)


def number_of(entry: Entry, voucher: str, setting: str) -> str:
    """What Belegfeld 1 is made of: of a bill and its payment the invoice's number, whatever the setting. `voucher` is
    the entry's own number in its document."""
    own = entry.number.strip()
    if isinstance(entry, Payment) and isinstance(entry.settles, InvoiceKey):
        return entry.settles.number
    if is_open_item(entry):
        settled = entry.settles if isinstance(entry, Payment) else None
        return own or entry_id_of(settled if isinstance(settled, str) else entry.reference)
    if setting == "voucher":
        return voucher
    return (own if setting == "invoice" else "") or entry.reference


def cleaned(number: str) -> str:
    """A number in the characters of Belegfeld 1; the last 36 of them, as numbers differ at their end."""
    return re.sub(r"[^A-Za-z0-9$&%*+/_-]", "", anyascii(number))[-MOST_NUMBER:]


def kost_of(line: EntryLine, books: Books) -> tuple[str, str]:
    """The codes of KOST1 and KOST2."""
    values = dict(line.dimensions)
    first, second = (
        books.values[dimension, values[dimension]].code if dimension in values else "" for dimension in books.setup.kost
    )
    return first, second


def extras_of(entry: Entry, number: str, books: Books) -> Extras:
    """What all rows of an entry say in Zusatzinformation; the reference is always the first."""
    return tuple(_parts(_facts(entry, number, books)))


def row_extras(row: Row, entry: Entry, books: Books) -> Extras:
    """What a row says besides: dimensions that are neither KOST1 nor KOST2, and a posting text that is shortened."""
    return tuple(_parts(_row_facts(row, entry, books)))


def _facts(entry: Entry, number: str, books: Books) -> Iterator[tuple[str, str]]:
    yield REFERENCE, entry.reference
    if entry.number.strip() and entry.number != number:
        yield "Rechnungsnummer", entry.number
    if entry.document_date and entry.document_date != entry.date:
        yield "Rechnungsdatum", entry.document_date.isoformat()
    if entry.service_period:
        yield "Leistungszeitraum", " - ".join(day.isoformat() for day in entry.service_period)
    if entry.supplier_amount:
        amount, currency = entry.supplier_amount
        yield "Originalbetrag", f"{amount} {currency}"
    if entry.attendees:
        yield "Teilnehmer", "; ".join(entry.attendees)
    if entry.url:
        yield "Link", entry.url


def _row_facts(row: Row, entry: Entry, books: Books) -> Iterator[tuple[str, str]]:
    for dimension, value in row.line.dimensions:
        if dimension not in books.setup.kost:
            yield books.dimensions[dimension].code, books.values[dimension, value].code
    text = posting_text(entry, row.line)
    if len(text) > MOST_TEXT:
        yield TEXT, text


def _parts(facts: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What is longer than a field continues in the next one of the same kind."""
    for kind, content in facts:
        text = written(content)
        for at in range(0, len(text), MOST_CONTENT):
            yield written(kind), text[at : at + MOST_CONTENT]
