"""Names and numbers of the master data, as a FEC has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from kontobro.core.model.journal import Bill, Entry, EntryLine
from kontobro.core.model.masterdata import Account, Company, Employee, Journal, Period, TaxCode, Vendor
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.years import FiscalYear, year_of
from kontobro.erp.files.fec.options import FecOptions

AUXILIARY = ("401", "404", "408", "421", "467")
"""Accounts whose lines name a third party. Elsewhere importers would book to it in place of the account."""


@dataclass(frozen=True, slots=True)
class Book:
    """Records by id."""

    company: Company
    accounts: Mapping[str, Account]
    vendors: Mapping[str, Vendor]
    employees: Mapping[str, Employee]
    tax_codes: Mapping[str, TaxCode]
    journals: Mapping[str, Journal]
    periods: tuple[Period, ...]

    def year(self, day: date, options: FecOptions) -> FiscalYear:
        return year_of(day, self.periods, options.year_month)

    def journal(self, entry: Entry, options: FecOptions) -> tuple[str, str]:
        """Code and name: the journal that the settings name, else the option's for the kind of entry."""
        if entry.journal:
            known = self.journals.get(entry.journal)
            return (known.code, known.name or known.code) if known else (entry.journal, entry.journal)
        if isinstance(entry, Bill):
            return options.bills_journal, options.bills_journal_name
        return options.journal, options.journal_name

    def account_name(self, number: str) -> str:
        known = self.accounts.get(number)
        return known.name if known and known.name else number

    def party(self, entry: Entry, line: EntryLine) -> tuple[str, str]:
        """Code and name of the vendor or employee of a line; two empty texts where its account has none."""
        if not line.account.startswith(AUXILIARY):
            return "", ""
        if line.vendor:
            vendor = self.vendors.get(line.vendor)
            if vendor:
                return vendor.number or vendor.code or vendor.id, vendor.name or vendor.code
            return line.vendor, entry.vendor_name or line.vendor
        if line.employee:
            person = self.employees.get(line.employee)
            return (person.code or person.id, person.name) if person else (line.employee, line.employee)
        return "", ""


def book_of(masters: MasterFile, company: Company) -> Book:
    return Book(
        company=company,
        accounts={record.id: record for record in masters.read(Account)},
        vendors={record.id: record for record in masters.read(Vendor)},
        employees={record.id: record for record in masters.read(Employee)},
        tax_codes={record.id: record for record in masters.read(TaxCode)},
        journals={record.id: record for record in masters.read(Journal)},
        periods=tuple(masters.read(Period)),
    )
