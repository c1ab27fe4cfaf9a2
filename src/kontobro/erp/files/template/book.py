"""Names and further columns of the master data, by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.years import FiscalYear, year_of


@dataclass(frozen=True, slots=True)
class Book:
    """Records by id. `month`: the fiscal year's first, where the master data have no years; `own_series`: of entries
    without a journal."""

    company: Company
    masters: MasterFile
    accounts: Mapping[str, Account]
    tax_codes: Mapping[str, TaxCode]
    dimensions: Mapping[str, Dimension]
    values: Mapping[tuple[str, str], DimensionValue]
    vendors: Mapping[str, Vendor]
    employees: Mapping[str, Employee]
    journals: Mapping[str, Journal]
    periods: tuple[Period, ...]
    month: int = 1
    own_series: str = ""

    def series(self, entry: Entry) -> str:
        journal = self.journals.get(entry.journal or "")
        return journal.code if journal else entry.journal or self.own_series

    def year(self, entry: Entry) -> FiscalYear:
        return year_of(entry.date, self.periods, self.month)


def book_of(masters: MasterFile, company: Company, month: int = 1, own_series: str = "") -> Book:
    return Book(
        company=company,
        masters=masters,
        accounts={record.id: record for record in masters.read(Account)},
        tax_codes={record.id: record for record in masters.read(TaxCode)},
        dimensions={record.id: record for record in masters.read(Dimension)},
        values={(record.dimension_id, record.id): record for record in masters.read(DimensionValue)},
        vendors={record.id: record for record in masters.read(Vendor)},
        employees={record.id: record for record in masters.read(Employee)},
        journals={record.id: record for record in masters.read(Journal)},
        periods=tuple(masters.read(Period)),
        month=month,
        own_series=own_series,
    )
