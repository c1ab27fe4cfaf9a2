"""Every reason why a FEC-shaped file can't hold an entry, each with its remedy; and what is worth saying. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from kontobro.core.errors import Note, Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Entry
from kontobro.core.model.money import fits
from kontobro.core.words import Phrase
from kontobro.erp.files.common.letters import line_of
from kontobro.erp.files.fec.book import Book
from kontobro.erp.files.fec.options import JOURNAL, LONGEST_JOURNAL, FecOptions
from kontobro.erp.files.fec.rows import entry_text, line_text, piece_of, written
from kontobro.erp.kit import checks
from kontobro.erp.kit.texts import whole

SYSTEM = "FEC"
DIGITS = 15
"""Of an amount: what programs that import a FEC hold exactly."""

DECIMALS = 2
LONGEST_TEXT = 4_000
LONGEST_PIECE = 100
LONGEST_PARTY = 60
ACCOUNT: Final = re.compile(r"\d{3}[A-Za-z0-9]{0,17}", re.ASCII)


def problems_of(entry: Entry, book: Book, options: FecOptions) -> list[Problem]:
    """All problems and notes of one entry; the same one is said once."""
    return checks.distinct(
        checks.check_reference(entry, SYSTEM, whole),
        _currency(entry, book),
        checks.first_of(
            checks.check_digits(entry, SYSTEM, DIGITS, book.accounts.get), checks.check_balance(entry), _zero(entry)
        ),
        checks.check_decimals(entry, SYSTEM, DECIMALS),
        _supplier(entry),
        checks.check_accounts(entry, SYSTEM, book.accounts.get) if book.accounts else (),
        _accounts(entry),
        _days(entry),
        checks.check_period(entry, SYSTEM, book.periods) if book.periods else (),
        checks.check_vendors(entry, SYSTEM, book.vendors.get) if book.vendors else (),
        checks.check_tax_codes(entry, SYSTEM, book.tax_codes.get) if book.tax_codes else (),
        _journal(entry, book, options),
        _parties(entry, book, options),
        *_lengths(entry, book, options),
        _letters(entry, book, options),
    )


def _currency(entry: Entry, book: Book) -> Iterator[Problem]:
    own = book.company.currency
    if entry.currency != own:
        yield problem("document_currency", "currency", entry.currency, system=SYSTEM, currencies=own)


def _zero(entry: Entry) -> Iterator[Problem]:
    if not any(line.amount for line in entry.lines):
        yield problem("amount_zero", "amount", 0)


def _supplier(entry: Entry) -> Iterator[Problem]:
    amount, currency = entry.supplier_amount or (None, "")
    if amount is not None and not fits(amount, DECIMALS):
        yield problem("amount_invalid.decimals", "amount", amount, amount=amount, currency=currency, system=SYSTEM)


def _accounts(entry: Entry) -> Iterator[Problem]:
    for line in entry.lines:
        if not ACCOUNT.fullmatch(line.account):
            rule = Phrase("rule_chart")
            yield problem("document_account", "account", line.account, system=SYSTEM, rule=rule)


def _days(entry: Entry) -> Iterator[Problem]:
    for day in (entry.date, entry.document_date or entry.date):
        if not 1900 <= day.year <= 2099:
            yield problem("period_closed.no_period", "date", day, system=SYSTEM, day=day)


def _journal(entry: Entry, book: Book, options: FecOptions) -> Iterator[Problem]:
    if book.journals:
        yield from checks.check_journal(entry, SYSTEM, book.journals)
    code, _ = book.journal(entry, options)
    if len(code) > LONGEST_JOURNAL:
        yield problem("document_too_long", "journal", code, system=SYSTEM, most=LONGEST_JOURNAL)
    elif not JOURNAL.fullmatch(code):
        yield problem("document_letters.code", "journal", code, system=SYSTEM)


def _parties(entry: Entry, book: Book, options: FecOptions) -> Iterator[Problem]:
    """A third party's code is written to the letter or refused."""
    for line in entry.lines:
        code, _ = book.party(entry, line)
        if written(code, options) != code:
            yield problem("document_letters.code", "vendor", code, system=SYSTEM)
        elif len(code) > LONGEST_PARTY:
            yield problem("document_too_long", "vendor", code, system=SYSTEM, most=LONGEST_PARTY)


def _lengths(entry: Entry, book: Book, options: FecOptions) -> Iterator[Iterable[Problem]]:
    yield checks.check_length("invoice number", piece_of(entry), SYSTEM, LONGEST_PIECE)
    for text in (entry_text(entry, book, options), *(line.text for line in entry.lines)):
        yield checks.check_length("text", text, SYSTEM, LONGEST_TEXT)


def _letters(entry: Entry, book: Book, options: FecOptions) -> Iterator[Problem]:
    """Texts in other letters than they have in Pleo; an invoice number that would be is refused."""
    piece = piece_of(entry)
    if (not piece and not entry.number) or written(piece, options) != piece:
        yield problem("document_letters.code", "invoice number", piece, system=SYSTEM)
    for text in dict.fromkeys(line_text(entry, line, book, options) for line in entry.lines):
        if (now := written(text, options)) != line_of(text):
            found = problem("document_letters", "text", text, system=SYSTEM, written=now)
            yield Note.of(found.code, found.field, found.value, found.reason, found.facts)
