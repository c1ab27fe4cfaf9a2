"""Names and numbers of the master data, as SIE has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    Period,
    TaxCode,
    Vendor,
)
from kontobro.core.words import Phrase, phrase
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.years import FiscalYear, year_of
from kontobro.erp.files.sie.options import OBJECTS, SieOptions
from kontobro.erp.kit.masters_file import unusable

COLUMN = "sie"
"""The column of a dimension's row that has its number."""

PAIR = ("sie_debit", "sie_credit")
"""The columns of a tax code's row that name the accounts of its base, beside the lines of the entry."""


@dataclass(frozen=True, slots=True)
class Book:
    """Records by id. `numbers`: SIE's number of each dimension, by its id; `pairs`: the two accounts of a tax code's
    base, by its id."""

    company: Company
    accounts: Mapping[str, Account]
    values: Mapping[tuple[str, str], DimensionValue]
    dimensions: Mapping[str, Dimension]
    vendors: Mapping[str, Vendor]
    employees: Mapping[str, Employee]
    tax_codes: Mapping[str, TaxCode]
    journals: Mapping[str, Journal]
    periods: tuple[Period, ...]
    numbers: Mapping[str, int]
    pairs: Mapping[str, tuple[str, str]]

    def year(self, day: date, options: SieOptions) -> FiscalYear:
        return year_of(day, self.periods, options.year_month)

    def series(self, entry: Entry, options: SieOptions) -> str:
        """The journal that the settings name, else the option's series."""
        journal = self.journals.get(entry.journal or "")
        return journal.code if journal else entry.journal or options.series

    def dimension_name(self, number: int) -> str:
        """The name of a dimension by its number, as the master data have it."""
        id = next((id for id, known in self.numbers.items() if known == number), "")
        return self.dimensions[id].name if id in self.dimensions else str(number)


def book_of(masters: MasterFile, company: Company, options: SieOptions) -> Book:
    """Raises Misconfigured for a dimension whose number is not one, or is another's too."""
    dimensions = {record.id: record for record in masters.read(Dimension)}
    return Book(
        company=company,
        accounts={record.id: record for record in masters.read(Account)},
        values={(record.dimension_id, record.id): record for record in masters.read(DimensionValue)},
        dimensions=dimensions,
        vendors={record.id: record for record in masters.read(Vendor)},
        employees={record.id: record for record in masters.read(Employee)},
        tax_codes={record.id: record for record in masters.read(TaxCode)},
        journals={record.id: record for record in masters.read(Journal)},
        periods=tuple(masters.read(Period)),
        numbers=_numbers(masters, dimensions, options),
        pairs=dict(_pairs(masters)),
    )


def _numbers(masters: MasterFile, dimensions: Mapping[str, Dimension], options: SieOptions) -> dict[str, int]:
    """The option's number, else the row's, else the code where that is a number (as in master data from SIE)."""
    numbers = {name: number for name, number in options.dimensions.items() if name not in dimensions}
    for id, dimension in dimensions.items():
        text = str(options.dimensions.get(id) or masters.said(Dimension, id, COLUMN) or dimension.code)
        if text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 100_000:
            numbers[id] = int(text)
        elif masters.said(Dimension, id, COLUMN):
            raise _wrong(phrase("sie_column_wrong", column=COLUMN, dimension=shown(id), given=shown(text)))
    taken = list(numbers.values()) + [OBJECTS[name] for name in options.objects]
    if twice := sorted({number for number in taken if taken.count(number) > 1}):
        raise _wrong(phrase("sie_number_twice", number=str(twice[0])))
    return numbers


def _pairs(masters: MasterFile) -> list[tuple[str, tuple[str, str]]]:
    found = []
    for code in masters.read(TaxCode):
        debit, credit = (masters.said(TaxCode, code.id, column) for column in PAIR)
        if debit or credit:
            if not all(text.isascii() and text.isdecimal() for text in (debit, credit)):
                raise _wrong(phrase("sie_pair_needed", code=shown(code.code), columns=PAIR))
            found.append((code.id, (debit, credit)))
    return found


def _wrong(what: Phrase) -> Misconfigured:
    return unusable(phrase("sie_masters", what=what), phrase("correct_there"))
