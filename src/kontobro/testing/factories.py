"""A small company and its expenses, for tests: sensible defaults, say only what your test is about.

The company is in `company.toml`; amounts are in minor units, as Pleo sends them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from kontobro.core.model.export import (
    AccountRef,
    Amount,
    ExportItem,
    InvoiceInformation,
    ItemLine,
    ItemTax,
    Person,
    Supplier,
    TagRef,
    VendorRef,
)
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
from kontobro.core.model.masters import Masters
from kontobro.core.model.money import Money
from kontobro.core.model.settings import Settings
from kontobro.erp.kit.masters_file import read_masters

ENTRY_ID = "59540ed2-0d68-4e36-9e31-58223975d9e9"
COMPANY_ID = "12abc3d4-e567-490e-9234-abc56e78fabc"


_READ: Any = read_masters(Path(__file__).with_name("company.toml"))
COMPANY: Company = _READ[Company][0]
ACCOUNTS: tuple[Account, ...] = tuple(replace(one, name_too=one.id) for one in _READ[Account])
TAX_CODES: tuple[TaxCode, ...] = _READ[TaxCode]
DIMENSIONS: tuple[Dimension, ...] = _READ[Dimension]
DIMENSION_VALUES: tuple[DimensionValue, ...] = _READ[DimensionValue]
VENDORS: tuple[Vendor, ...] = _READ[Vendor]
EMPLOYEES: tuple[Employee, ...] = _READ[Employee]
JOURNALS: tuple[Journal, ...] = _READ[Journal]
PERIODS: tuple[Period, ...] = _READ[Period]


def masters(**changed: Any) -> Masters:
    """The company's master data; name a kind to give other ones (`masters(vendors=())`)."""
    given: dict[str, Any] = {
        "company": COMPANY,
        "accounts": ACCOUNTS,
        "tax_codes": TAX_CODES,
        "dimensions": DIMENSIONS,
        "dimension_values": DIMENSION_VALUES,
        "vendors": VENDORS,
        "employees": EMPLOYEES,
        "journals": JOURNALS,
        "periods": PERIODS,
    }
    return Masters.of(**(given | changed))


def settings(**changed: Any) -> Settings:
    """Settings that are complete for `masters()`."""
    given: dict[str, Any] = {
        "wallet": "5810",
        "wallets": {"EUR": "5811", "GBP": "5812", "JPY": "5812", "KWD": "5812"},
        "out_of_pocket": "6800",
        "contra": "5850",
        "external_reimbursement": "6850",
        "accounts_payable": "6700",
    }
    return Settings(**(given | changed))


def an_amount(minor: int | str, currency: str = "DKK", supplier: tuple[int | str, str] | None = None) -> Amount:
    """An amount of `minor` units in both currencies, unless the supplier's is given."""
    wallet = Money(Decimal(minor), currency)
    return Amount(Money(Decimal(supplier[0]), supplier[1]) if supplier else wallet, wallet)


def a_tax(
    amount: int = 2000, code: str | None = "I25", type: str = "inclusive", rate: str = "0.25", currency: str = "DKK"
) -> ItemTax:
    return ItemTax("7a1c9d52-1f0e-4c41-8d0a-3c5a4d1f0001", type, Decimal(rate), an_amount(amount, currency), code)


def a_line(
    minor: int | str = 10000,
    account: str | None = "3600",
    *,
    tax: ItemTax | None = None,
    tags: Sequence[tuple[str, str]] = (),
    net: int | str | None = None,
    currency: str = "DKK",
) -> ItemLine:
    """A line on the account of that code; tags are (group code, code)."""
    return ItemLine(
        id="00000000-0000-4000-8000-000000000001",
        amount=an_amount(minor, currency),
        net=an_amount(minor if net is None else net, currency),
        account=AccountRef("0a0a0a0a-0000-4000-8000-000000000001", f"Category {account}", account) if account else None,
        tags=tuple(TagRef("0b0b0b0b-0000-4000-8000-000000000001", code, group) for group, code in tags),
        tax=tax,
    )


def a_vendor(code: str | None = "V100", name: str = "Staples", **changed: Any) -> VendorRef:
    given: dict[str, Any] = {"id": "0c0c0c0c-0000-4000-8000-000000000001", "name": name, "default_currency": "DKK"}
    return VendorRef(**(given | {"code": code} | changed))


def an_invoice(number: str = "F-2026-17") -> InvoiceInformation:
    return InvoiceInformation(number, dt.date(2026, 10, 1), "paid", due_date=dt.date(2026, 10, 31))


def an_item(type: str = "card_purchase", lines: Sequence[ItemLine] | None = None, **changed: Any) -> ExportItem:
    """An expense of 2026-11-10, 100.00 DKK at Target by Anna Berg. `total` is the lines' sum unless it is given."""
    lines = [a_line()] if lines is None else lines
    currency = changed.pop("currency", lines[0].amount.wallet.currency if lines else "DKK")
    total = changed.pop("total", None)
    if total is None:
        total = sum((line.amount.wallet.minor for line in lines), Decimal(0))
    given: dict[str, Any] = {
        "entry_id": ENTRY_ID,
        "company_id": COMPANY_ID,
        "type": type,
        "subtype": None,
        "date": dt.datetime(2026, 11, 10, 9, 30, tzinfo=dt.UTC),
        "amount": an_amount(total, currency),
        "lines": tuple(lines),
        "reconciliation_id": "BRO-1",
        "note": "Printer ink",
        "supplier": Supplier(name="Target", code="1340472473"),
        "user": Person("6b71f6bd-e83d-4d49-88ee-2b8cda2d57cf", "Anna Berg", "E7"),
    }
    return ExportItem(**(given | changed))
