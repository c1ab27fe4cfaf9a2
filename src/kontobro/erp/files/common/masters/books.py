"""Master data in exports of the books: a SIE file (4E), a FEC. Their bookings are left out."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from typing import Final

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.masterdata import (
    Account,
    AccountType,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    Period,
    Vendor,
)
from kontobro.core.words import Fact, Phrase, part_of, worded
from kontobro.erp.files.common.fec_reader import FecParty, read_fec
from kontobro.erp.files.common.masters.found import Content, Found
from kontobro.erp.files.common.sie_reader import EMPLOYEE, INVOICE, SUPPLIER, SieFile, SieObject, read_sie
from kontobro.erp.kit.masters_file import wrong

CUSTOMER: Final = 8
NO_DIMENSIONS: Final = frozenset({EMPLOYEE, CUSTOMER, SUPPLIER, INVOICE})
"""What SIE numbers as dimensions, and the core knows as something else, or not at all."""

SUPPLIERS: Final = ("401", "403", "404", "408")
STAFF: Final = ("421", "425", "427", "428")
"""Accounts of the French chart (PCG) whose third parties are suppliers, and employees."""


def is_fec(start: bytes) -> bool:
    """Whether a file begins with the names of a FEC's columns."""
    first = start.removeprefix(codecs.BOM_UTF8).partition(b"\n")[0].lower()
    return b"journalcode" in first and b"comptenum" in first


_TYPES: Mapping[str, AccountType] = {"T": "asset", "S": "liability", "K": "expense", "I": "income"}


def is_sie(start: bytes) -> bool:
    return start.removeprefix(codecs.BOM_UTF8).lstrip()[:7].upper() == b"#FLAGGA"


def from_sie(content: bytes, name: str) -> Content:
    """Company, accounts, dimensions and their objects, fiscal years as periods; suppliers (dimension 9) as vendors and
    employees (7). In `extra`: `kind` of an account (T, S, K, I), `parent` of a dimension, `year` of a period."""
    try:
        file = read_sie(content, vouchers=False)
    except Misconfigured as error:
        raise wrong(name, _part(error), error.remedy) from error
    left_out = sum(each.dimension in {CUSTOMER, INVOICE} for each in file.objects)
    notes = (*file.notes, *([worded("sie_left_out", count=left_out)] if left_out else []))
    return Content(tuple(_of_sie(file, name)), notes)


def _of_sie(file: SieFile, name: str) -> Iterator[Found]:
    if file.company:
        id = file.organisation_number or file.company
        yield Found(Company(id, file.company, file.currency, country="SE"), name, "#FNAMN")
    for account in file.accounts:
        record = Account(account.number, account.number, account.name, type=_TYPES.get(account.kind))
        yield Found(record, name, f"#KONTO {account.number}", {"kind": account.kind} if account.kind else {})
    for dimension in file.dimensions:
        if dimension.number not in NO_DIMENSIONS:
            id, parent = str(dimension.number), dimension.parent
            extra = {} if parent is None else {"parent": str(parent)}
            yield Found(Dimension(id, id, dimension.name or id), name, f"#DIM {id}", extra)
    for each in file.objects:
        if each.dimension not in {CUSTOMER, INVOICE}:
            yield Found(_of_object(each), name, f"#OBJEKT {each.dimension} {each.number}")
    for year in file.years:
        record_of_year = Period(year.start.isoformat(), year.start, year.end, "open")
        yield Found(record_of_year, name, f"#RAR {year.number}", {"year": str(year.number)})


def _of_object(given: SieObject) -> Vendor | Employee | DimensionValue:
    number, name = given.number, given.name or given.number
    if given.dimension == SUPPLIER:
        return Vendor(id=number, code=number, name=name, number=number)
    if given.dimension == EMPLOYEE:
        return Employee(number, number, name)
    return DimensionValue(number, str(given.dimension), number, name)


def from_fec(content: bytes, name: str) -> Content:
    """Accounts, journals, and third parties: of a supplier's account vendors, of the staff's employees."""
    try:
        file = read_fec(content, entries=False)
    except Misconfigured as error:
        raise wrong(name, _part(error), error.remedy) from error
    parties = [record for record in map(_of_party, file.parties) if record]
    records: list[Account | Journal | Vendor | Employee] = [
        *(Account(account.number, account.number, account.name) for account in file.accounts),
        *(Journal(journal.code, journal.code, journal.name) for journal in file.journals),
        *parties,
    ]
    left_out = len(file.parties) - len(parties)
    note = worded("fec_left_out", count=left_out)
    found = tuple(Found(record, name, f"{type(record).__name__} {shown(record.code)}") for record in records)
    return Content(found, (*file.notes, note) if left_out else file.notes)


def _of_party(party: FecParty) -> Vendor | Employee | None:
    number = party.number
    if party.account.startswith(SUPPLIERS):
        return Vendor(id=number, code=number, name=party.name, account=party.account, number=number)
    return Employee(number, number, party.name) if party.account.startswith(STAFF) else None


def _part(error: Misconfigured) -> Fact:
    """A reader's message as a part of a sentence (`unusable`)."""
    said = part_of(error.message)
    return said.facts["what"] if isinstance(said, Phrase) else shown(said, 300).removesuffix(".")
