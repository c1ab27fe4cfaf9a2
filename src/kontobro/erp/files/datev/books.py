"""The company's master data as DATEV needs them: account numbers, tax keys, automatic accounts, cost centres."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from kontobro.core.errors import shown
from kontobro.core.model.masterdata import Account, Company, Dimension, DimensionValue, Period, TaxCode, Vendor
from kontobro.core.words import phrase
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.years import FiscalYear, year_of
from kontobro.erp.files.datev.setup import Setup, wrong

YES: Final = frozenset(["yes", "ja", "true", "1", "x"])


@dataclass(frozen=True, slots=True)
class Key:
    """What a row says of its tax. `bu`: BU-Schlüssel, at most 4 digits; `supply` and `rate`: Sachverhalt and
    Funktionsergänzung L+L (§ 13b), empty where the key needs none. All are the tax adviser's: none is built in."""

    bu: str = ""
    supply: str = ""
    rate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Records by id; `values` by dimension and value. `keys` by tax code. `automatic`: accounts of which DATEV works
    out the tax itself, with the tax code that it works out, empty where that is none of ours."""

    setup: Setup
    company: Company
    accounts: Mapping[str, Account]
    tax_codes: Mapping[str, TaxCode]
    vendors: Mapping[str, Vendor]
    dimensions: Mapping[str, Dimension]
    values: Mapping[tuple[str, str], DimensionValue]
    periods: tuple[Period, ...]
    keys: Mapping[str, Key]
    automatic: Mapping[str, str]
    new_vendors: frozenset[str]

    def number(self, account: str) -> str:
        """An account's number in DATEV."""
        return self.accounts[account].code

    def value(self, dimension: str, id: str) -> DimensionValue | None:
        return self.values.get((dimension, id))

    def year(self, day: date) -> FiscalYear:
        """The fiscal year of a day."""
        return year_of(day, self.periods, self.setup.first_month)

    def is_person(self, number: str) -> bool:
        """Whether it is a vendor's own account: one digit more than all others."""
        return len(number) > self.setup.account_length


def books_of(masters: MasterFile, setup: Setup, company: Company) -> Books:
    """Raises Misconfigured for a key, an automatic account or an option that names what does not exist."""
    _require_of_client(masters, setup)
    vendors = {vendor.id: _with_account(vendor, setup) for vendor in masters.read(Vendor)}
    accounts = {account.id: account for account in masters.read(Account)}
    for vendor in vendors.values():
        if vendor.account and vendor.account not in accounts:
            accounts[vendor.account] = Account(vendor.account, vendor.account, vendor.name)
    tax_codes = {code.id: code for code in masters.read(TaxCode)}
    books = Books(
        setup=setup,
        company=company,
        accounts=accounts,
        tax_codes=tax_codes,
        vendors=vendors,
        dimensions={dimension.id: dimension for dimension in masters.read(Dimension)},
        values={(value.dimension_id, value.id): value for value in masters.read(DimensionValue)},
        periods=tuple(masters.read(Period)),
        keys={code: key for code in tax_codes if (key := _key(masters, code))},
        automatic=dict(_automatic(masters, account, tax_codes) for account in accounts if _marked(masters, account)),
        new_vendors=frozenset(id for id in vendors if masters.said(Vendor, id, "new").lower() in YES),
    )
    _require_named(books)
    return books


def _require_of_client(masters: MasterFile, setup: Setup) -> None:
    """What DATEV's own files say in their headers is what the options say."""
    for name in ("consultant", "client", "account_length"):
        said, given = masters.said(Company, "", name), str(getattr(setup, name))
        if said and said != given:
            what = phrase("datev_other_client", name=name, said=shown(said), given=given)
            raise wrong(what, phrase("datev_files_of_client"))


def _with_account(vendor: Vendor, setup: Setup) -> Vendor:
    """A vendor whose code is the number of a person account is booked on that."""
    number = vendor.account or vendor.code
    own = vendor.account or (number if re.fullmatch(r"[1-9][0-9]*", number, re.ASCII) else None)
    if vendor.account is None and len(number) != setup.account_length + 1:
        own = None
    return replace(vendor, account=own)


def _key(masters: MasterFile, code: str) -> Key | None:
    parts = {
        "datev_key": r"[0-9]{1,4}",
        "datev_sachverhalt": r"[1-9][0-9]{0,2}",
        "datev_funktionsergaenzung": r"[1-9][0-9]{0,2}",
    }
    said = {column: masters.said(TaxCode, code, column) for column in parts}
    for column, pattern in parts.items():
        if said[column] and not re.fullmatch(pattern, said[column], re.ASCII):
            what = phrase("datev_key_wrong", code=shown(code), column=column, given=shown(said[column]))
            raise wrong(what, phrase("datev_key_digits"))
    bu, supply, rate = said.values()
    if (supply or rate) and not bu:
        raise wrong(phrase("datev_key_missing", code=shown(code)), phrase("datev_key_give"))
    return Key(bu, supply, rate) if bu else None


def _marked(masters: MasterFile, account: str) -> bool:
    return masters.said(Account, account, "automatic").lower() not in ("", "no", "nein", "false", "0")


def _automatic(masters: MasterFile, account: str, tax_codes: Mapping[str, TaxCode]) -> tuple[str, str]:
    said = masters.said(Account, account, "automatic")
    if said in tax_codes:
        return account, said
    if said.lower() in YES:
        return account, ""
    what = phrase("datev_automatic_wrong", account=shown(account), given=shown(said))
    raise wrong(what, phrase("datev_automatic_give"))


def _require_named(books: Books) -> None:
    """What options name exists."""
    for name, dimension in zip(("kost1", "kost2"), books.setup.kost, strict=True):
        if dimension and dimension not in books.dimensions:
            raise wrong(phrase("datev_kost_wrong", name=name, given=shown(dimension)), phrase("datev_kost_choose"))
    if books.setup.kost[0] and books.setup.kost[0] == books.setup.kost[1]:
        raise wrong(phrase("datev_kost_same"), phrase("datev_kost_other"))
    if books.setup.clearing is not None and books.setup.clearing not in books.accounts:
        what = phrase("datev_clearing_missing", given=shown(books.setup.clearing))
        raise wrong(what, phrase("datev_clearing_set"))
