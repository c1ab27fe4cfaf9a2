"""A small company and its expenses, for tests: sensible defaults, say only what your test is about.

The chart is `tests/golden/masters.beancount` of the project; amounts are in minor units, as Pleo sends them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
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

ENTRY_ID = "59540ed2-0d68-4e36-9e31-58223975d9e9"
COMPANY_ID = "12abc3d4-e567-490e-9234-abc56e78fabc"


def _account(id: str, code: str, name: str, *, currencies: tuple[str, ...] = (), active: bool = True) -> Account:
    """As in a Beancount ledger: known by its code and by its name."""
    return Account(id, code, name, active, currencies, name_too=id)


ACCOUNTS: tuple[Account, ...] = (
    _account("Assets:Pleo:DKK", "5810", "Pleo wallet DKK", currencies=("DKK",)),
    _account("Assets:Pleo:EUR", "5811", "Pleo wallet EUR", currencies=("EUR",)),
    _account("Assets:Pleo:Other", "5812", "Pleo wallets in other currencies"),
    _account("Assets:Transit", "5850", "Money in transit"),
    _account("Assets:Tax:Input", "6410", "Input VAT"),
    _account("Assets:Tax:InputAbroad", "6411", "Input VAT on purchases abroad"),
    _account("Liabilities:Tax:OutputAbroad", "6421", "Output VAT on purchases abroad"),
    _account("Liabilities:Payable", "6700", "Accounts payable"),
    _account("Liabilities:Payable:Staples", "6710", "Staples"),
    _account("Liabilities:Employees", "6800", "Balance with employees"),
    _account("Liabilities:Employees:Anna", "6810", "Anna Berg"),
    _account("Liabilities:Payroll", "6850", "Reimbursed with the payroll"),
    _account("Expenses:Travel", "3200", "Travel"),
    _account("Expenses:Meals", "3210", "Meals"),
    _account("Expenses:Mileage", "3220", "Mileage"),
    _account("Expenses:PerDiem", "3230", "Per diem"),
    _account("Expenses:Twin:A", "3333", "One of two"),
    _account("Expenses:Twin:B", "3333", "Two of two"),
    _account("Expenses:Local", "3500", "Only in kroner", currencies=("DKK",)),
    _account("Expenses:Office", "3600", "Office supplies"),
    _account("Expenses:Software", "3610", "Software"),
    _account("Expenses:Fees", "3700", "Bank and card fees"),
    _account("Expenses:Interest", "3710", "Interest"),
    _account("Expenses:Cashback", "3790", "Cashback"),
    _account("Expenses:Old", "3999", "No longer used", active=False),
)

TAX_CODES: tuple[TaxCode, ...] = (
    TaxCode("I25", "I25", "Input VAT 25 %", Decimal("0.25"), "inclusive", "Assets:Tax:Input"),
    TaxCode("I0", "I0", "Zero-rated", Decimal(0), "inclusive"),
    TaxCode(
        "R25", "R25", "Services abroad", Decimal("0.25"), "reverse", "Assets:Tax:InputAbroad",
        "Liabilities:Tax:OutputAbroad",
    ),
    TaxCode("BARE", "BARE", "Without accounts of its own", Decimal("0.25"), "reverse"),
    TaxCode("OLD", "OLD", "No longer used", Decimal("0.2"), "inclusive", "Assets:Tax:Input", active=False),
)  # fmt: skip

DIMENSIONS = (Dimension("COST", "COST", "Cost centre"), Dimension("PROJECT", "PROJECT", "Project"))

DIMENSION_VALUES = (
    DimensionValue("100", "COST", "100", "Sales"),
    DimensionValue("200", "COST", "200", "Product"),
    DimensionValue("900", "COST", "900", "Closed", active=False),
    DimensionValue("P-1", "PROJECT", "P-1", "Bridge"),
)

VENDORS: tuple[Vendor, ...] = (
    Vendor(
        id="V100", code="V100", name="Staples", account="Liabilities:Payable:Staples", number="S-55",
        tax_registration_number="DK12345678",
    ),
    Vendor(id="V200", code="V200", name="Lagerhuset", registration_number="87654321"),
    Vendor(id="V300", code="V300", name="Blocked Ltd", active=False),
    Vendor(id="V400", code="V400", name="North", tax_registration_number="DK99999999"),
    Vendor(id="V401", code="V401", name="South", tax_registration_number="DK 99 99 99 99"),
    Vendor(id="E7", code="E7", name="Anna Berg", account="Liabilities:Employees:Anna"),
)  # fmt: skip

EMPLOYEES = (Employee("E7", "E7", "Anna Berg"), Employee("E8", "E8", "Bo Lind"))

JOURNALS = (Journal("PLEO", "PLEO", "Pleo"),)

PERIODS = (
    Period("2026-01-01", dt.date(2026, 1, 1), dt.date(2026, 8, 31), "closed"),
    Period("2026-09-01", dt.date(2026, 9, 1), dt.date(2026, 12, 31), "open"),
    Period("2027-01-01", dt.date(2027, 1, 1), dt.date(2027, 12, 31), "locked"),
)


def masters(**changed: Any) -> Masters:
    """The company's master data; name a kind to give other ones (`masters(vendors=())`)."""
    given: dict[str, Any] = {
        "company": Company("Fjord & Bro ApS", "Fjord & Bro ApS", "DKK", "Europe/Copenhagen"),
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
