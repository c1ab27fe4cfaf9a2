"""What DATEV would refuse, cut or misread, said before anything is written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from kontobro.core.documents import MatchedNumber
from kontobro.core.errors import Note, Problem, shown
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Bill, Entry, compared
from kontobro.core.words import Phrase
from kontobro.erp.files.common.letters import line_of
from kontobro.erp.files.common.pairs import can_pair
from kontobro.erp.files.datev.books import Books
from kontobro.erp.files.datev.rows import Row, base_amount, rows_of, tax_ways
from kontobro.erp.files.datev.texts import (
    MOST_CONTENT,
    MOST_EXTRAS,
    MOST_KIND,
    MOST_TEXT,
    cleaned,
    extras_of,
    is_open_item,
    number_of,
    posting_text,
    row_extras,
    written,
)
from kontobro.erp.files.datev.vendors import MOST_NAME, MOST_TAX_NUMBER, vat_number
from kontobro.erp.kit.checks import (
    check_accounts,
    check_balance,
    check_currency,
    check_decimals,
    check_digits,
    check_dimensions,
    check_owed_to,
    check_period,
    check_tax_codes,
    check_vendors,
    distinct,
    first_of,
    vendors_named,
)

SYSTEM: Final = "DATEV"
DIGITS: Final = 12
MOST_AMOUNT: Final = Decimal("9999999999.99")
VOUCHER: Final = "P9999-999999999"
"""The longest number of an entry's own, for checks that do not know it yet."""


def as_note(found: Problem) -> Note:
    """Worth saying, and no reason to stop."""
    name = f"{found.code}.{found.form}" if found.form else found.code
    return Note.of(name, found.field, found.value, found.reason, found.facts)


def problems_of(entry: Entry, books: Books) -> list[Problem]:
    """All of an entry's problems; texts and rows are looked at where accounts and amounts are known."""
    found = distinct(
        first_of(check_digits(entry, SYSTEM, DIGITS, books.accounts.get), check_balance(entry)),
        check_decimals(entry, SYSTEM, 2),
        check_accounts(entry, SYSTEM, books.accounts.get),
        _account_numbers(entry, books),
        _currency(entry, books),
        check_dimensions(entry, SYSTEM, books.value),
        check_vendors(entry, SYSTEM, books.vendors.get),
        check_owed_to(entry, SYSTEM),
        check_tax_codes(entry, SYSTEM, books.tax_codes.get),
        check_period(entry, SYSTEM, books.periods) if books.periods else (),
        _reference(entry),
        _pairs(entry, books),
    )
    return found or distinct(_written(entry, books))


def _account_numbers(entry: Entry, books: Books) -> Iterator[Problem]:
    """Digits, as many as the client's accounts have, or one more for a person's, which begin with no zero."""
    length = books.setup.account_length
    for account in (books.accounts.get(line.account) for line in entry.lines):
        number = account.code if account else "0" * length
        shape = rf"[0-9]{{{length}}}|[1-9][0-9]{{{length}}}"
        if not re.fullmatch(shape, number, re.ASCII):
            rule = Phrase("rule_datev_account", {"length": length, "more": length + 1})
            yield problem("document_account", "account", number, system=SYSTEM, rule=rule)


def _currency(entry: Entry, books: Books) -> Iterator[Problem]:
    own = books.company.currency
    if entry.currency == own:
        return
    if books.setup.rate(entry.currency, entry.date) is None:
        yield problem("document_currency", "currency", entry.currency, system=SYSTEM, currencies=own)
    yield from check_currency(entry, SYSTEM, [entry.currency])


def _reference(entry: Entry) -> Iterator[Problem]:
    if not entry.reference or written(entry.reference) != entry.reference or len(entry.reference) > MOST_CONTENT:
        yield problem("reference_invalid", "reference", entry.reference, system=SYSTEM, most=MOST_CONTENT)


def _pairs(entry: Entry, books: Books) -> Iterator[Problem]:
    if not can_pair(entry, books.setup.clearing):
        yield problem("document_pairs", "lines", len(entry.lines), system=SYSTEM, setting="clearing_account")
    elif entry.lines and not any(line.amount for line in entry.lines):
        yield problem("document_pairs.empty", "lines", "0", system=SYSTEM)


# ------------------------------------------------------------------------------------- what would be written


def _written(entry: Entry, books: Books) -> Iterator[Problem]:
    """Of an entry whose accounts, codes and amounts are right."""
    rows = rows_of(entry, books)
    for row in rows:
        yield from _row(row, entry, books)
    yield from _tax(entry, books)
    yield from _numbers(entry, books)
    yield from _extras(entry, rows, books)
    yield from _kost(entry, books)
    yield from _letters(entry)
    for id in sorted(vendors_named(entry) & books.new_vendors):
        yield from _new_vendor(id, books)


def _row(row: Row, entry: Entry, books: Books) -> Iterator[Problem]:
    rate = books.setup.rate(entry.currency, entry.date) if entry.currency != books.company.currency else None
    base = base_amount(row.amount, rate) if rate else row.amount
    if max(row.amount, base) > MOST_AMOUNT or not base:
        yield problem(
            "amount_invalid.digits", "amount", row.amount, amount=row.amount, account=row.account, system=SYSTEM,
            digits=DIGITS,
        )  # fmt: skip
    if row.account == row.contra:
        yield problem("document_account", "account", row.account, system=SYSTEM, rule=Phrase("rule_datev_contra"))
    text = posting_text(entry, row.line)
    if len(text) > MOST_TEXT and books.setup.shorten:
        yield as_note(problem("document_shortened", "text", text, system=SYSTEM, most=MOST_TEXT))
    elif len(text) > MOST_TEXT:
        yield problem("document_too_long", "text", text, system=SYSTEM, most=MOST_TEXT)


def _tax(entry: Entry, books: Books) -> Iterator[Problem]:
    """Tax that can't be a key: refused, or written as lines and noted, since the VAT return then has no base."""
    for id, why in tax_ways(entry, books).items():
        if why is None or books.setup.tax == "lines":
            continue
        code, said = books.tax_codes[id].code, Phrase(f"datev_tax_{why}")
        if books.setup.tax == "keys_only":
            yield problem("document_tax", "tax_code", id, system=SYSTEM, tax_code=code, why=said)
        else:
            yield as_note(problem("document_tax.lines", "tax_code", id, system=SYSTEM, tax_code=code, why=said))


def _numbers(entry: Entry, books: Books) -> Iterator[Problem]:
    """Belegfeld 1: open items are settled by it."""
    number = number_of(entry, VOUCHER, books.setup.number)
    clean = cleaned(number)
    if not clean:
        yield problem("document_letters.code", "number", number, system=SYSTEM)
    elif clean != number and number != entry.reference:
        yield as_note(problem("document_letters", "number", number, system=SYSTEM, written=clean))


def _extras(entry: Entry, rows: Sequence[Row], books: Books) -> Iterator[Problem]:
    number = cleaned(number_of(entry, VOUCHER, books.setup.number))
    own = len(extras_of(entry, number, books)) + 1  # with the number, where that is not the invoice's
    for row in rows:
        extras = row_extras(row, entry, books)
        if own + len(extras) > MOST_EXTRAS:
            most = MOST_EXTRAS * MOST_CONTENT
            yield problem("document_too_long", "text", Phrase("datev_extras"), system=SYSTEM, most=most)
        for kind, _ in extras:
            if len(kind) > MOST_KIND:
                yield problem("document_too_long", "dimension", kind, system=SYSTEM, most=MOST_KIND)


def _kost(entry: Entry, books: Books) -> Iterator[Problem]:
    """Cost centres have letters, digits, blanks and underscores, as many as the client's data say."""
    for dimension, value in (pair for line in entry.lines for pair in line.dimensions):
        code = books.values[dimension, value].code
        if dimension not in books.setup.kost:
            continue
        if len(code) > books.setup.kost_length:
            yield problem("document_too_long", shown(dimension), code, system=SYSTEM, most=books.setup.kost_length)
        if not re.fullmatch(r"[A-Za-z0-9ÄÖÜäöüß_]([A-Za-z0-9ÄÖÜäöüß_ ]*[A-Za-z0-9ÄÖÜäöüß_])?", code):
            yield problem("document_letters.code", shown(dimension), code, system=SYSTEM)


def _letters(entry: Entry) -> Iterator[Problem]:
    """What cp1252 lacks is written in other letters."""
    texts = {"payee": entry.payee, "text": entry.text, "attendees": "; ".join(entry.attendees)}
    lines = {f"line {at}": line.text for at, line in enumerate(entry.lines)}
    for field, text in {**texts, **lines}.items():
        if line_of(text) != written(text):
            yield as_note(problem("document_letters", field, text, system=SYSTEM, written=written(text)))


def _new_vendor(id: str, books: Books) -> Iterator[Problem]:
    vendor = books.vendors[id]
    if len(written(vendor.name)) > MOST_NAME:
        yield problem("document_too_long", "vendor", vendor.name, system=SYSTEM, most=MOST_NAME)
    number = vendor.tax_registration_number or ""
    if len(written(number)) > MOST_TAX_NUMBER and not vat_number(number)[1]:
        yield problem("document_too_long", "vendor", number, system=SYSTEM, most=MOST_TAX_NUMBER)
    if vendor.country and not re.fullmatch("[A-Z]{2}", vendor.country):
        yield problem("document_letters.code", "country", vendor.country, system=SYSTEM)


def collisions(entries: Sequence[Entry], books: Books) -> dict[int, Problem]:
    """Two invoices of one vendor whose numbers are the same in Belegfeld 1 would settle each other: by the place of
    every one after the first. The export looks the same way through the whole job and what was sealed before."""
    seen: dict[tuple[str, str], list[MatchedNumber]] = {}
    found: dict[int, Problem] = {}
    for at, entry in enumerate(entries):
        if (number := matched_number(entry, books)) is None:
            continue
        before = seen.setdefault((number.vendor, number.written), [])
        if other := next((each for each in before if each.clashes(number)), None):
            found[at] = problem("document_number_same", "number", number.number, system=SYSTEM, other=other.number)
        else:
            before.append(number)
    return found


def matched_number(entry: Entry, books: Books) -> MatchedNumber | None:
    """Belegfeld 1 as DATEV matches bills, payments and credit notes of a vendor by it."""
    if not is_open_item(entry):
        return None
    number = number_of(entry, VOUCHER, books.setup.number)
    return MatchedNumber(
        vendor=entry.vendor or "",
        written=cleaned(number).casefold(),
        meant=compared(number),
        number=number,
        opens=isinstance(entry, Bill) and not entry.credit_note,
        system=SYSTEM,
    )
