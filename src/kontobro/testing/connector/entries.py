"""Small entries with defaults, over the accounts that the company under test has."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Bill, EntryLine, InvoiceKey, JournalEntry, Payment, Reference

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What the company under test has: account ids, codes, days. `wallets` by currency: DKK, JPY and KWD at least."""

    expense: str = "Expenses:Office"
    input_tax: str = "Assets:VAT:Input"
    payable: str = "Liabilities:Payable"
    wallets: Mapping[str, str] = field(
        default_factory=lambda: {c: f"Assets:Pleo:{c}" for c in ("DKK", "EUR", "JPY", "KWD")}
    )
    vendor: str = "V100"
    tax_code: str = "I25"
    """Input tax of 25 %."""
    reverse_code: str = "R25"
    """Reverse charge of 25 %, its output side on `output_tax`."""
    output_tax: str = "Liabilities:VAT:Output"
    reverse_output: str | None = None
    """The account of the reverse code's output side where it is another than `output_tax`."""
    dimensions: tuple[tuple[str, str], ...] = (("COST", "100"), ("PROJECT", "P1"))
    open_day: date = date(2026, 10, 3)
    closed_day: date | None = date(2026, 3, 1)
    last_account: str = "Expenses:Last"
    """The account that a reader who stops early would miss."""
    largest: str = "9999999999999.99"
    """The largest amount that the system holds to the cent; a larger one has to be refused."""
    inactive_account: str | None = "Expenses:Old"
    inactive_vendor: str | None = "V900"
    inactive_value: str | None = "200"
    """Of the first dimension."""
    inactive_tax_code: str | None = "I20"
    only_in: tuple[str, str] | None = ("Assets:Pleo:EUR", "EUR")
    """An account that takes one currency only, not DKK. None, as with those that are inactive: the company has none."""
    rate: Decimal | None = None
    """What one DKK is in EUR on the open day, where DKK is the company's currency and the system keeps rates."""


def a_reference() -> Reference:
    """A reference that no one used before: a real company is not empty when the suite starts."""
    return Reference(str(uuid.uuid4()))


def a_journal(chart: Chart, amount: str = "99.00", currency: str = "DKK", **changes: Any) -> JournalEntry:
    """A card purchase: expense to wallet."""
    value = Decimal(amount)
    lines = (
        EntryLine(account=chart.expense, amount=value, role="expense"),
        EntryLine(account=chart.wallets[currency], amount=value.copy_negate(), role="wallet"),
    )
    return JournalEntry(**_fields(chart, currency, lines, changes, item_type="card_purchase"))


def a_taxed_journal(
    chart: Chart, net: str = "79.20", tax: str = "19.80", currency: str = "DKK", **changes: Any
) -> JournalEntry:
    """A card purchase with input tax and every dimension of the chart on its expense line."""
    lines = (
        EntryLine(
            account=chart.expense,
            amount=Decimal(net),
            role="expense",
            tax_code=chart.tax_code,
            tax_amount=Decimal(tax),
            dimensions=chart.dimensions,
        ),
        EntryLine(account=chart.input_tax, amount=Decimal(tax), role="tax", tax_code=chart.tax_code),
        EntryLine(account=chart.wallets[currency], amount=-Decimal(net) - Decimal(tax), role="wallet"),
    )
    return JournalEntry(**_fields(chart, currency, lines, changes, item_type="card_purchase"))


def a_reverse_journal(chart: Chart, net: str = "80.00", tax: str = "20.00", **changes: Any) -> JournalEntry:
    """A card purchase under reverse charge: both sides of the tax, the wallet pays the net."""
    amount, code = Decimal(tax), chart.reverse_code
    lines = (
        EntryLine(account=chart.expense, amount=Decimal(net), role="expense", tax_code=code, tax_amount=amount),
        EntryLine(account=chart.input_tax, amount=amount, role="tax", tax_code=code),
        EntryLine(account=chart.output_tax, amount=-amount, role="reverse_tax", tax_code=code),
        EntryLine(account=chart.wallets["DKK"], amount=-Decimal(net), role="wallet"),
    )
    return JournalEntry(**_fields(chart, "DKK", lines, changes, item_type="card_purchase"))


def a_taxed_bill(chart: Chart, net: str = "79.20", tax: str = "19.80", **changes: Any) -> Bill:
    """A bill with input tax, or with `credit_note=True` a credit note."""
    sign = -1 if changes.get("credit_note") else 1
    base, amount, code = Decimal(net) * sign, Decimal(tax) * sign, chart.tax_code
    lines = (
        EntryLine(
            account=chart.expense,
            amount=base,
            role="expense",
            tax_code=code,
            tax_amount=amount,
            dimensions=chart.dimensions,
        ),
        EntryLine(account=chart.input_tax, amount=amount, role="tax", tax_code=code),
        EntryLine(account=chart.payable, amount=-base - amount, role="payable", vendor=chart.vendor),
    )
    return a_bill(chart, lines=lines, **changes)


def a_bill(chart: Chart, amount: str = "120.00", **changes: Any) -> Bill:
    """A vendor's bill, or with `credit_note=True` a credit note."""
    value = Decimal(amount) * (-1 if changes.get("credit_note") else 1)
    lines = (
        EntryLine(account=chart.expense, amount=value, role="expense"),
        EntryLine(account=chart.payable, amount=-value, role="payable", vendor=chart.vendor),
    )
    number = changes.pop("number", f"INV-{uuid.uuid4().hex[:8]}")
    defaults = _fields(chart, "DKK", lines, changes, item_type="invoice", vendor=chart.vendor)
    return Bill(**{"number": number, "document_date": chart.open_day, **defaults})


def an_invoice_journal(chart: Chart, amount: str = "120.00", **changes: Any) -> JournalEntry:
    """The same invoice where the method is journal: on the payables all the same, with number and days."""
    value = Decimal(amount)
    lines = (
        EntryLine(account=chart.expense, amount=value, role="expense"),
        EntryLine(account=chart.payable, amount=-value, role="payable", vendor=chart.vendor),
    )
    defaults = _fields(chart, "DKK", lines, changes, item_type="invoice", vendor=chart.vendor)
    days = {"document_date": chart.open_day, "due_date": chart.open_day}
    return JournalEntry(**{"number": f"INV-{uuid.uuid4().hex[:8]}", **days, **defaults})


def a_payment(chart: Chart, settles: Reference | InvoiceKey | None, amount: str = "120.00", **changes: Any) -> Payment:
    """Money to the vendor; with `received=True` or `returned=True` the other way round."""
    value = Decimal(amount) * (-1 if changes.get("received") or changes.get("returned") else 1)
    lines = (
        EntryLine(account=chart.payable, amount=value, role="payable", vendor=chart.vendor),
        EntryLine(account=chart.wallets[changes.get("currency", "DKK")], amount=-value, role="wallet"),
    )
    fields = _fields(chart, "DKK", lines, changes, item_type="invoice_payment", vendor=chart.vendor)
    return Payment(**{**fields, "settles": settles})


def a_receipt(content: bytes = PDF, media_type: str = "application/pdf") -> Receipt:
    """A small receipt; other `content` is another receipt."""
    return Receipt(name="receipt", media_type=media_type, content=content, sha256=hashlib.sha256(content).hexdigest())


def _fields(
    chart: Chart, currency: str, lines: tuple[EntryLine, ...], changes: dict[str, Any], **defaults: Any
) -> dict[str, Any]:
    entry = {
        "reference": a_reference(),
        "date": chart.open_day,
        "currency": currency,
        "lines": lines,
        "fingerprint": uuid.uuid4().hex,
        "payee": "Staples",
        "text": "Printer ink · Anna Berg",
    }
    return {**entry, **defaults, **changes}
