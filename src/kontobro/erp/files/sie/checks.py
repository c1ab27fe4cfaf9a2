"""Every reason why a SIE file can't hold an entry, each with its remedy; and what is only worth saying. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kontobro.core.errors import Note, Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Entry
from kontobro.core.model.money import EXPONENTS
from kontobro.core.words import Phrase
from kontobro.erp.files.common.letters import line_of
from kontobro.erp.files.sie.book import Book
from kontobro.erp.files.sie.options import LONGEST_TEXT, SERIES, SieOptions
from kontobro.erp.files.sie.vouchers import lines_of, voucher_text, written
from kontobro.erp.kit import checks
from kontobro.erp.kit.texts import whole

SYSTEM = "SIE"
DIGITS = 27
"""Of an amount: the standard has no limit, readers count with decimals of 28 digits."""

DECIMALS = 2
LONGEST_OBJECT = 50
SUB_DIMENSIONS = {2: 1}
"""Reserved dimensions that are parts of another: the standard wants both in the list."""


def problems_of(entry: Entry, book: Book, options: SieOptions) -> list[Problem]:
    """All problems and notes of one entry; the same one is said once."""
    return checks.distinct(
        checks.check_reference(entry, SYSTEM, whole),
        _currency(entry, book, options),
        checks.first_of(checks.check_digits(entry, SYSTEM, DIGITS, book.accounts.get), checks.check_balance(entry)),
        checks.check_decimals(entry, SYSTEM, DECIMALS),
        checks.check_accounts(entry, SYSTEM, book.accounts.get) if book.accounts else (),
        _accounts(entry),
        _day(entry),
        checks.check_period(entry, SYSTEM, book.periods) if book.periods else (),
        checks.check_dimensions(entry, SYSTEM, lambda *key: book.values.get(key)) if book.values else (),
        _dimensions(entry, book),
        _objects(entry, book, options),
        checks.check_vendors(entry, SYSTEM, book.vendors.get) if book.vendors else (),
        checks.check_tax_codes(entry, SYSTEM, book.tax_codes.get) if book.tax_codes else (),
        _series(entry, book, options),
        *_lengths(entry, options),
        _letters(entry, options),
    )


def _currency(entry: Entry, book: Book, options: SieOptions) -> Iterator[Problem]:
    own = book.company.currency
    if entry.currency not in EXPONENTS:
        yield problem("currency_invalid", "currency", entry.currency, system=SYSTEM)
    elif entry.currency != own and not options.other_currencies:
        yield problem("document_currency", "currency", entry.currency, system=SYSTEM, currencies=own)


def _accounts(entry: Entry) -> Iterator[Problem]:
    for line in entry.lines:
        if not (line.account.isascii() and line.account.isdecimal() and len(line.account) <= 20):
            rule = Phrase("rule_digits")
            yield problem("document_account", "account", line.account, system=SYSTEM, rule=rule)


def _day(entry: Entry) -> Iterator[Problem]:
    if not 1900 <= entry.date.year <= 2099:
        yield problem("period_closed.no_period", "date", entry.date, system=SYSTEM, day=entry.date)


def _dimensions(entry: Entry, book: Book) -> Iterator[Problem]:
    for line in entry.lines:
        numbers = [book.numbers.get(dimension) for dimension, _ in line.dimensions]
        for dimension, number in zip((pair[0] for pair in line.dimensions), numbers, strict=True):
            if number is None:
                yield problem("document_setting", "dimension", dimension, system=SYSTEM, setting="dimensions")
            elif numbers.count(number) > 1:
                yield problem("dimension_twice", "dimension", dimension)
            elif (parent := SUB_DIMENSIONS.get(number)) and parent not in numbers:
                over = book.dimension_name(parent)
                yield problem(
                    "document_setting.parent",
                    "dimension",
                    dimension,
                    system=SYSTEM,
                    setting="dimensions",
                    parent=over,
                )


def _objects(entry: Entry, book: Book, options: SieOptions) -> Iterator[Problem]:
    """An object's number is its name everywhere: it is written to the letter or refused."""
    for line in lines_of(entry, book, options):
        for one in line.objects:
            if not one.number or written(one.number) != one.number:
                yield problem("document_letters.code", "object", one.number, system=SYSTEM)
            elif len(one.number) > LONGEST_OBJECT:
                yield problem("document_too_long", "object", one.number, system=SYSTEM, most=LONGEST_OBJECT)


def _series(entry: Entry, book: Book, options: SieOptions) -> Iterator[Problem]:
    if book.journals:
        yield from checks.check_journal(entry, SYSTEM, book.journals)
    series = book.series(entry, options)
    if series and not SERIES.fullmatch(series):
        yield problem("document_letters.code", "journal", series, system=SYSTEM)


def _lengths(entry: Entry, options: SieOptions) -> Iterator[Iterable[Problem]]:
    yield checks.check_length("text", voucher_text(entry, options), SYSTEM, options.text_length, written)
    for line in entry.lines:
        yield checks.check_length("text", line.text, SYSTEM, min(options.text_length, LONGEST_TEXT), written)


def _letters(entry: Entry, options: SieOptions) -> Iterator[Problem]:
    """Texts in other letters than they have in Pleo."""
    for text in (voucher_text(entry, options), *(line_of(line.text) for line in entry.lines)):
        if (now := written(text)) != text:
            found = problem("document_letters", "text", text, system=SYSTEM, written=now)
            yield Note.of(found.code, found.field, found.value, found.reason, found.facts)
