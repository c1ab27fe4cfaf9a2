"""An entry as a voucher: its text, and lines with objects that sum to zero. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from kontobro.core.model.journal import Entry, EntryLine, summed
from kontobro.core.model.money import exact_sum
from kontobro.erp.files.common.letters import line_of, spelled
from kontobro.erp.files.sie.book import Book
from kontobro.erp.files.sie.options import EMPLOYEE, INVOICE, OBJECTS, VENDOR, SieOptions
from kontobro.erp.kit.texts import supplier_text

ENCODING = "cp437"


@dataclass(frozen=True, slots=True)
class SieObject:
    """`number` as the file has it; `name` beside it where the object is declared."""

    dimension: int
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Trans:
    """One `#TRANS`."""

    account: str
    objects: tuple[SieObject, ...]
    amount: Decimal
    text: str = ""


@lru_cache(maxsize=4_096)
def written(text: str) -> str:
    """A text as the file has it: one line in CP437. A backslash has no escape in SIE."""
    return spelled(line_of(text), ENCODING).replace("\\", "/")


def voucher_text(entry: Entry, options: SieOptions) -> str:
    """`payee: text`, and what has no field of its own, before it is written."""
    parts = [": ".join(filter(None, (entry.payee, entry.text)))]
    if entry.number and entry.number not in parts[0]:
        parts.append(entry.number)
    parts.append(supplier_text(entry))
    if entry.service_period:
        parts.append("-".join(f"{day:%Y%m%d}" for day in entry.service_period))
    if options.reference_in_text:
        parts.append(entry.reference)
    return line_of(" ".join(filter(None, parts)))


def lines_of(entry: Entry, book: Book, options: SieOptions) -> Iterator[Trans]:
    """The entry's lines, then the pair of accounts of each tax code that has one."""
    for line in entry.lines:
        objects = tuple(sorted(_objects(entry, line, book, options), key=lambda one: one.dimension))
        yield Trans(line.account, objects, line.amount, written(line.text))
    yield from _base_pairs(entry, book)


def _objects(entry: Entry, line: EntryLine, book: Book, options: SieOptions) -> Iterator[SieObject]:
    for dimension, value in line.dimensions:
        if dimension in book.numbers:
            known = book.values.get((dimension, value))
            number, name = (known.code or value, known.name) if known else (value, value)
            yield SieObject(book.numbers[dimension], number, name)
    vendor = line.vendor or (entry.vendor if line.role == "expense" else None)
    if VENDOR in options.objects and vendor:
        party = book.vendors.get(vendor)
        name = party.name if party else entry.vendor_name or vendor
        yield SieObject(OBJECTS[VENDOR], party.code or vendor if party else vendor, name)
    if EMPLOYEE in options.objects and line.employee:
        person = book.employees.get(line.employee)
        number, name = (person.code or person.id, person.name) if person else (line.employee, line.employee)
        yield SieObject(OBJECTS[EMPLOYEE], number, name)
    if INVOICE in options.objects and line.vendor and entry.number:
        yield SieObject(OBJECTS[INVOICE], entry.number, entry.number)


def _base_pairs(entry: Entry, book: Book) -> Iterator[Trans]:
    """The base of a tax code on two accounts that cancel out, for VAT returns that are made from accounts.

    What of the tax may not be deducted is part of the expense, and not of the base.
    """
    codes = dict.fromkeys(line.tax_code for line in entry.lines if line.tax_code in book.pairs)
    for code in filter(None, codes):
        debit, credit = book.pairs[code]
        base = _base(entry, code)
        if base:
            yield Trans(debit, (), base)
            yield Trans(credit, (), base.copy_negate())


def _base(entry: Entry, code: str) -> Decimal:
    lines = [line for line in entry.lines if line.tax_code == code]
    sums = summed((line.role, line.amount) for line in lines if line.role in ("expense", "tax"))
    stated = exact_sum(line.tax_amount for line in lines if line.role == "expense" and line.tax_amount is not None)
    return exact_sum((sums.get("expense", Decimal(0)), sums.get("tax", Decimal(0)), stated.copy_negate()))
