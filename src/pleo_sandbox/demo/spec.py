"""An expense as it is written down in `data/`, and how it becomes an ExportItemV3 as Pleo would send it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from pleo_sandbox.demo.cast import (
    ACCOUNTS,
    COMPANY_ID,
    CONTRA,
    INVOICES,
    SHOPS,
    TAXES,
    VENDORS,
    Shop,
    account_json,
    demo_id,
    employee_json,
    money,
    supplier_json,
    team_json,
    vendor_json,
)
from pleo_sandbox.demo.facts import Facts
from pleo_sandbox.demo.receipts import receipt
from pleo_sandbox.model import Expense, Json

Net = Literal["paid", "without tax"]

WALLET_TYPES = frozenset(
    """card_purchase fee cashback refund chargeback direct_reimbursement invoice_payment card_invoice atm_withdrawal
    personal_spend wallet_topup wallet_unload""".split()
)
"""The types that touch a wallet and so carry `contraAccount` (Pleo: multi-currency configuration)."""


class LineSpec(Facts, frozen=True, kw_only=True):
    """One line. `amount` None is what the other lines leave; `vat` is the typed VAT of a receipt, else it is computed.

    `account` and `tax` are codes of the cast, `tags` are written "GROUP/value". `net` tells how Pleo puts
    netAmount on an inclusive line, which its documents leave open: what was paid, or that without tax.
    """

    account: str | None = None
    tax: str | None = None
    tags: tuple[str, ...] = ()
    amount: int | None = None
    vat: int | None = None
    net: Net = "paid"


class ItemSpec(Facts, frozen=True, kw_only=True):
    """One expense. `amount` in minor units of `wallet`; `paid` is the supplier's amount and currency when it differs.

    `key` names it for ever (its ids are made of it); `settles` are the keys of the expenses that a reimbursement
    pays back. `fault` is the reason that a bookkeeper should read in Pleo, None for an expense that can be booked.
    """

    key: str
    type: str
    on: str
    amount: int
    lines: tuple[LineSpec, ...] = (LineSpec(),)
    subtype: str | None = None
    wallet: str = "DKK"
    paid: tuple[int, str] | None = None
    who: str | None = None
    shop: str | None = None
    vendor: str | None = None
    method: str | None = None
    note: str | None = None
    files: tuple[str, ...] = ()
    attendees: tuple[str, ...] = ()
    service: tuple[str, str] | None = None
    invoice: str | None = None
    settles: tuple[str, ...] = ()
    contra: bool = True
    queued: bool = True
    fault: str | None = None

    @property
    def id(self) -> str:
        return demo_id("expense", self.key)

    @property
    def date_time(self) -> str:
        """A plain day is sent as midnight UTC, a card's moment as it is."""
        return self.on if "T" in self.on else f"{self.on}T00:00:00Z"


def build(spec: ItemSpec, numbers: Mapping[str, str]) -> Expense:
    """The expense as the sandbox keeps it. `numbers`: the reconciliation id of each key."""
    files = tuple(receipt(kind, name) for kind, name in receipt_names(spec, numbers[spec.key]))
    return Expense(_item(spec, numbers), files, spec.queued)


def round_half_up(amount: Fraction) -> int:
    """To the nearest whole minor unit, halves away from zero."""
    size = int(abs(amount) + Fraction(1, 2))
    return size if amount >= 0 else -size


def _item(spec: ItemSpec, numbers: Mapping[str, str]) -> Json:
    item = {
        "_links": {"web": {"exportItem": f"https://app.pleo.example/expenses/{spec.id}"}},
        "accountingEntryId": spec.id,
        "companyId": COMPANY_ID,
        "date": spec.date_time,
        "type": spec.type,
        "amount": _amount(spec, spec.amount),
        "accountingEntryLines": _lines(spec),
        "additionalInformation": _information(spec, numbers),
        "bookkeeping": {"method": spec.method} if spec.method else None,
        "contraAccount": _contra(spec),
        "note": spec.note,
        "servicePeriod": _service_period(spec),
        "supplier": supplier_of(spec),
        "team": team_json(spec.who) if spec.who else None,
        "user": employee_json(spec.who) if spec.who else None,
        "vendor": vendor_json(spec.vendor) if spec.vendor else None,
    }
    # The contract types subType as a plain string: without one it is left out.
    return item | ({"subType": spec.subtype} if spec.subtype else {})


def _amount(spec: ItemSpec, part: int) -> Json:
    """A part of the item's amount in both currencies, the supplier's in proportion."""
    total, currency = spec.paid or (spec.amount, spec.wallet)
    supplier = round_half_up(Fraction(part * total, spec.amount))
    return {"inSupplierCurrency": money(supplier, currency), "inWalletCurrency": money(part, spec.wallet)}


def line_amounts(spec: ItemSpec) -> list[int]:
    """The amount of each line; the one without an amount of its own takes the rest."""
    rest = spec.amount - sum(each.amount or 0 for each in spec.lines)
    return [rest if each.amount is None else each.amount for each in spec.lines]


def _lines(spec: ItemSpec) -> list[Json]:
    amounts = line_amounts(spec)
    lines = [_line(spec, index, each, amounts[index]) for index, each in enumerate(spec.lines)]
    _settle_supplier_rounding(spec, lines)
    return lines


def _settle_supplier_rounding(spec: ItemSpec, lines: list[Json]) -> None:
    """The last line takes what proportional rounding left over in the supplier's currency."""
    total, _ = spec.paid or (spec.amount, spec.wallet)
    over = total - sum(each["lineAmount"]["inSupplierCurrency"]["value"] for each in lines)
    for field in ("lineAmount", "netAmount"):
        lines[-1][field]["inSupplierCurrency"]["value"] += over


def _line(spec: ItemSpec, index: int, each: LineSpec, amount: int) -> Json:
    tax = line_tax(each, amount)
    net = amount - tax if each.net == "without tax" else amount
    return {
        "accountingEntryLineId": demo_id("line", f"{spec.key}/{index}"),
        "lineAmount": _amount(spec, amount),
        "netAmount": _amount(spec, net),
        "account": account_json(ACCOUNTS[each.account]) if each.account else None,
        "tags": [_tag(tag) for tag in each.tags] or None,
        "tax": _tax(spec, each.tax, tax) if each.tax else None,
    }


def line_tax(each: LineSpec, amount: int) -> int:
    """The tax of a line in minor units: what was typed, else its share of the line."""
    if each.tax is None:
        return 0
    return each.vat if each.vat is not None else round_half_up(amount * TAXES[each.tax].share)


def _tax(spec: ItemSpec, code: str, amount: int) -> Json:
    tax = TAXES[code]
    accounts = {"ingoingTaxAccount": tax.ingoing, "outgoingTaxAccount": tax.outgoing}
    always = {
        "id": demo_id("tax", code),
        "code": code,
        "rate": tax.rate,
        "type": tax.type,
        "amount": _amount(spec, amount),
    }
    return always | {field: value for field, value in accounts.items() if value is not None}


def _tag(written: str) -> Json:
    group, _, value = written.partition("/")
    return {"id": demo_id("tag", written), "groupCode": group, "code": value}


def _information(spec: ItemSpec, numbers: Mapping[str, str]) -> Json:
    return {
        "reconciliationId": numbers[spec.key],
        "attendees": list(spec.attendees) or None,
        "reconciledEntries": [numbers[key] for key in spec.settles] or None,
        "invoiceInformation": _invoice(spec.invoice) if spec.invoice else None,
    }


def _invoice(number: str) -> Json:
    invoice = INVOICES[number]
    bank = {
        "bankName": "Nordhavn Bank",
        "country": "DK",
        "accountNumber": "0004440116243",
        "bankCode": "5479",
        "bic": None,
        "iban": None,
    }
    return {
        "invoiceNumber": number,
        "invoiceDate": invoice.day,
        "status": invoice.status,
        "dueDate": invoice.due,
        "paymentDate": invoice.paid,
        "supplierBankAccount": bank if invoice.bank else None,
    }


def _contra(spec: ItemSpec) -> Json | None:
    touches = spec.type in WALLET_TYPES and spec.contra
    return account_json(CONTRA[spec.wallet]) if touches and spec.wallet in CONTRA else None


def _service_period(spec: ItemSpec) -> Json | None:
    if spec.service is None:
        return None
    first, last = spec.service
    return {"from": f"{first}T00:00:00Z", "to": f"{last}T00:00:00Z"}


def supplier_of(spec: ItemSpec) -> Json | None:
    """Who was paid, as Pleo names it."""
    if spec.shop:
        return supplier_json(SHOPS[spec.shop])
    if spec.vendor:
        vendor = VENDORS[spec.vendor]
        return supplier_json(Shop(vendor.name, vendor.country, tax_identifier=vendor.tax_number))
    return None


def receipt_names(spec: ItemSpec, number: str) -> list[tuple[str, str]]:
    """Kind and name of each of its receipts."""
    return [(kind, f"{number}-{index}") for index, kind in enumerate(spec.files, start=1)]
