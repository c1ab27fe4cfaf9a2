"""A small company and its entries, for the preview of a template."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from kontobro.core.model.journal import Bill, Entry, EntryLine, JournalEntry, Payment, Reference
from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    TaxCode,
    Vendor,
)
from kontobro.erp.files.common.master_file import MasterFile

MASTERS: Final = MasterFile(
    {
        Company: (Company("1", "Fjord & Bro ApS", "DKK", "Europe/Copenhagen", "DK"),),
        Account: tuple(
            Account(code, code, name)
            for code, name in {
                "1684": "Pleo wallet",
                "2440": "Accounts payable",
                "2640": "Input VAT",
                "2890": "Balance with employees",
                "5800": "Travel",
                "6110": "Office supplies",
                "6540": "Software",
            }.items()
        ),
        TaxCode: (TaxCode("I25", "I25", "Input VAT 25 %", Decimal("0.25"), "inclusive", "2640"),),
        Dimension: (Dimension("COST", "COST", "Cost centre"), Dimension("PROJECT", "PROJECT", "Project")),
        DimensionValue: (
            DimensionValue("100", "COST", "100", "Sales"),
            DimensionValue("P1", "PROJECT", "P1", "Bridge"),
        ),
        Vendor: (Vendor(id="V100", code="V100", name="Nordic Paper"),),
        Employee: (Employee("E7", "E7", "Anna Berg"),),
    }
)


def _line(account: str, amount: str, role: Any, **more: Any) -> EntryLine:
    return EntryLine(account=account, amount=Decimal(amount), role=role, **more)


def _common(number: int, day: int, payee: str, text: str) -> dict[str, Any]:
    return {
        "reference": Reference(f"59540ed2-0d68-4e36-9e31-58223975d9{number:02d}"),
        "date": date(2026, 10, day),
        "currency": "DKK",
        "fingerprint": f"{number:032d}",
        "payee": payee,
        "text": text,
        "reconciliation_id": f"BRO-{number}",
        "url": f"https://app.pleo.io/expenses/{number}",
    }


_TAXED: Final[dict[str, Any]] = {"tax_code": "I25", "dimensions": (("COST", "100"), ("PROJECT", "P1"))}


def sample_entries() -> tuple[Entry, ...]:
    """A purchase with tax, a split one, a refund, an expense out of pocket, an invoice and its payment."""
    purchase = (
        _line("6110", "80.00", "expense", tax_amount=Decimal("20.00"), **_TAXED),
        _line("2640", "20.00", "tax", tax_code="I25"),
        _line("1684", "-100.00", "wallet"),
    )
    split = (
        _line("5800", "250.00", "expense", text="Train", dimensions=(("COST", "100"),)),
        _line("6540", "99.50", "expense", text="Licence", dimensions=(("PROJECT", "P1"),)),
        _line("1684", "-349.50", "wallet"),
    )
    refund = (_line("6110", "-12.40", "expense"), _line("1684", "12.40", "wallet"))
    pocket = (_line("5800", "38.00", "expense"), _line("2890", "-38.00", "employee", employee="E7"))
    invoice = (
        _line("6110", "400.00", "expense", tax_amount=Decimal("100.00"), **_TAXED),
        _line("2640", "100.00", "tax", tax_code="I25"),
        _line("2440", "-500.00", "payable", vendor="V100"),
    )
    paid = (_line("2440", "500.00", "payable", vendor="V100"), _line("1684", "-500.00", "wallet"))
    of_invoice: dict[str, Any] = {
        "number": "F-2026-17",
        "document_date": date(2026, 10, 1),
        "due_date": date(2026, 10, 31),
    }
    of_vendor: dict[str, Any] = {"vendor": "V100", "vendor_name": "Nordic Paper"}
    return (
        JournalEntry(lines=purchase, item_type="card_purchase", **_common(1, 3, "Staples", "Printer ink")),
        JournalEntry(lines=split, item_type="card_purchase", **_common(2, 4, "DSB; Kontor", "Trip and licence")),
        JournalEntry(lines=refund, item_type="card_refund", **_common(3, 6, "Staples", "Returned ink")),
        JournalEntry(lines=pocket, item_type="out_of_pocket", **_common(4, 7, "Taxa 4x35", "To the airport")),
        Bill(lines=invoice, item_type="invoice", **_common(5, 8, "Nordic Paper", "Paper"), **of_invoice, **of_vendor),
        Payment(lines=paid, item_type="invoice", **_common(6, 9, "Nordic Paper", "Paper"), **of_vendor),
    )
