"""A small Pleo company against the demo ledger's chart: one job that crosses every kind of boundary."""

from __future__ import annotations

import uuid
from typing import Any

from pleo_sandbox.model import Expense, FileBlob, Json, SandboxCompany

CONTRA = {"id": str(uuid.UUID(int=81)), "name": "Pleo wallet DKK", "code": "1081", "identifier": None}
VENDOR = {"id": str(uuid.UUID(int=100)), "name": "Kontor & Papir A/S", "defaultCurrency": "DKK", "code": "V100"}
PNG = b"\x89PNG\r\n\x1a\n"


PERSON, IBAN, SECRET_NOTE = "Anna Berg", "DK5000400440116243", "for the surprise party"
KNOWN_ONLY_TO_PLEO = ("plp_", "cGxwX", "signature=", PERSON, IBAN, SECRET_NOTE)
"""What no log and no error may tell: keys (plain, and as HTTP Basic sends them), signed addresses, people,
accounts, notes."""


def entry_id(number: int) -> str:
    return str(uuid.UUID(int=(0xE0 << 120) | number, version=4))


def money(minor: int, currency: str = "DKK") -> Json:
    both = {"currency": currency, "value": minor}
    return {"inSupplierCurrency": both, "inWalletCurrency": both}


def a_line(minor: int, **fields: Any) -> Json:
    return {
        "accountingEntryLineId": str(uuid.uuid4()),
        "lineAmount": money(minor),
        "netAmount": money(minor),
        "account": {"id": str(uuid.UUID(int=3)), "name": "Office supplies", "code": "7504", "identifier": None},
        "tags": None,
        "tax": None,
    } | fields


def an_item(number: int, type: str = "card_purchase", minor: int = 10_000, **fields: Any) -> Json:
    """A contract-valid item of one line; fields override the whole item's."""
    return {
        "_links": {"web": {"exportItem": f"https://app.example.com/expenses/{number}"}},
        "accountingEntryId": entry_id(number),
        "companyId": COMPANY,
        "date": "2026-10-05T11:22:33Z",
        "type": type,
        "subType": None,
        "amount": money(minor),
        "accountingEntryLines": [a_line(minor)],
        "additionalInformation": {"reconciliationId": f"REC-{number}"},
        "bookkeeping": {"method": "journal"},
        "contraAccount": CONTRA,
        "note": SECRET_NOTE,
        "supplier": {"name": "Kontor & Papir A/S", "account": IBAN},
        "user": {"id": str(uuid.UUID(int=9)), "name": PERSON, "code": "E1"},
        "vendor": None,
    } | fields


def a_receipt(number: int) -> FileBlob:
    """Distinct small PNG bytes; the exporter looks at the signature only."""
    return FileBlob(f"receipt-{number}.png", "image/png", PNG + str(number).encode())


def payable(number: int, **fields: Any) -> Json:
    return an_item(number, bookkeeping={"method": "accounts_payable"}, vendor=VENDOR, **fields)


def invoice(number: int, invoice_number: str, **fields: Any) -> Json:
    information = {"invoiceNumber": invoice_number, "invoiceDate": "2026-10-01", "status": "paid"}
    return payable(
        number,
        type="invoice",
        contraAccount=None,
        additionalInformation={"reconciliationId": f"REC-{number}", "invoiceInformation": information},
        **fields,
    )


def invoice_payment(number: int, invoice_number: str) -> Json:
    paid = invoice(number, invoice_number)
    return paid | {"type": "invoice_payment", "subType": "invoice_payment_sent", "contraAccount": CONTRA}


COMPANY = str(uuid.UUID(int=(0xC0 << 120) | 1, version=4))


def a_company(*expenses: Expense) -> SandboxCompany:
    return SandboxCompany(
        "Fjord & Bro ApS", "DKK", "DK", id=COMPANY, contra_accounts={"DKK": CONTRA}, expenses=list(expenses)
    )


def kill_company() -> SandboxCompany:
    """A journal entry with a receipt, a bill with its payment and two receipts, a payment that comes before its
    invoice in the job, and an item to fix: 6 entries are in the end, 3 receipts, 1 failure."""
    return a_company(
        Expense(an_item(1), (a_receipt(1),)),
        Expense(payable(2), (a_receipt(2), a_receipt(3))),
        Expense(invoice_payment(3, "INV-77")),
        Expense(invoice(4, "INV-77")),
        Expense(an_item(5, accountingEntryLines=[a_line(10_000, account=None)])),
    )
