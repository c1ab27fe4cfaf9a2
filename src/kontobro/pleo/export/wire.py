"""Export items: Pleo's JSON to the core, each alone, so that one bad item never stops the others.

Shapes follow `pleo/api.md` B6: unmarked optional fields may be absent or null, unknown fields stay in `raw`,
enums are open strings. Money is decimal and exact; a fraction, "NaN" or 1e999 arrives as it is and becomes a
problem in the posting rules. A booking date needs its time zone; an id has to be a UUID, because it comes back
in file names, references and reports.

Where this Pleo counts currencies without decimals in hundredths (`core/dialect.py`), they become whole units here, and
what is no whole unit stays a fraction: the core has ISO 4217's minor units alone.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final

import msgspec

from kontobro.core.dialect import ZeroDecimals
from kontobro.core.errors import shown
from kontobro.core.model.export import (
    AccountRef,
    Amount,
    ExportItem,
    InvoiceInformation,
    ItemLine,
    ItemTax,
    MalformedItem,
    Person,
    ReceiptLink,
    Supplier,
    TagRef,
    VendorRef,
)
from kontobro.core.model.findings import problem
from kontobro.core.model.money import EXACT, Money, exponent
from kontobro.core.words import Phrase
from kontobro.pleo.http.answers import Camel, Instant

_MOST_DIGITS: Final = 1_000
"""What the posting rules refuse on their own may still be far larger than any amount, but not fill the memory."""

_RATE_DIGITS: Final = 4
"""Before the point. Counting with more, a rate of 1,000,000 %, has no meaning."""

_UUID: Final = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
Id = Annotated[str, msgspec.Meta(pattern=f"^{_UUID}$")]


class WireMoney(Camel):
    currency: str
    value: Decimal


class WireAmount(Camel):
    in_supplier_currency: WireMoney
    in_wallet_currency: WireMoney


class WireTag(Camel):
    id: str
    code: str
    group_code: str


class WireTax(Camel):
    id: str
    type: str
    rate: Decimal
    amount: WireAmount
    code: str | None = None
    ingoing_tax_account: str | None = None
    outgoing_tax_account: str | None = None


class WireLine(Camel):
    accounting_entry_line_id: str
    line_amount: WireAmount
    net_amount: WireAmount
    account: AccountRef | None = None
    tags: list[WireTag] | None = None
    tax: WireTax | None = None


class WireFile(Camel):
    url: str
    type: str | None = None
    size: msgspec.Raw = msgspec.Raw()
    """A hint: whatever it is, it fails no item."""


class WireSupplier(Camel):
    name: str | None = None
    code: str | None = None
    account: str | None = None
    tax_identifier: str | None = None
    country: str | None = None
    category_code: str | None = None


class WireVendor(Camel):
    id: str
    name: str
    default_currency: str
    code: str | None = None
    external_id: str | None = None
    country: str | None = None
    registration_number: str | None = None
    tax_registration_number: str | None = None


class WireInvoice(Camel):
    """The days are text here: Pleo's contract gives them the pattern of a day and the format of an instant."""

    invoice_number: str
    invoice_date: str
    status: str
    due_date: str | None = None
    payment_date: str | None = None


class WireInformation(Camel):
    reconciliation_id: str
    attendees: list[str] | None = None
    reconciled_entries: list[str] | None = None
    invoice_information: WireInvoice | None = None


class WireBookkeeping(Camel):
    method: str


class WirePeriod(Camel):
    from_: Instant = msgspec.field(name="from")
    to: Instant


class WireItem(Camel):
    accounting_entry_id: Id
    company_id: str
    date: Instant
    type: str
    amount: WireAmount
    accounting_entry_lines: list[WireLine]
    additional_information: WireInformation
    sub_type: str | None = None
    bookkeeping: WireBookkeeping | None = None
    contra_account: AccountRef | None = None
    files: list[WireFile] | None = None
    note: str | None = None
    service_period: WirePeriod | None = None
    supplier: WireSupplier | None = None
    team: Person | None = None
    user: Person | None = None
    vendor: WireVendor | None = None
    links: Any = msgspec.field(default=None, name="_links")


class _Named(Camel):
    accounting_entry_id: str


_NAMED: Final = msgspec.json.Decoder(_Named)
_ITEM: Final = msgspec.json.Decoder(WireItem)
_LONGEST_SIZE: Final = 25
"""Characters: more digits are no size of a file."""
_LOOSE: Final = msgspec.json.Decoder(float_hook=str)  # for messages only: the number as it was there


class _Unreadable(ValueError):
    """A field that has the right type and no meaning. `field` is its path."""

    def __init__(self, field: str, expected: Phrase) -> None:
        super().__init__(expected)
        self.field = field
        self.expected = expected


def read_item(raw: msgspec.Raw, zero_decimals: ZeroDecimals = "units") -> ExportItem | MalformedItem:
    """One item of a page. A bad one is a value with its problem, never an exception. `zero_decimals`: what this Pleo
    counts currencies without decimals in; `raw` of the result stays as it came."""
    content = bytes(raw)
    try:
        item = _item(_ITEM.decode(content), content)
        return item if zero_decimals == "units" else _in_units(item)
    except _Unreadable as fault:
        return _malformed(content, fault.field, fault.expected)
    except InvalidOperation:  # a signalling NaN, whatever it is compared with
        return _malformed(content, "value", Phrase("expected_number", {"most": _MOST_DIGITS}))
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        return _malformed(content, _field_of(path.rstrip("`").lstrip("."), text), text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _malformed(content, "", Phrase("not_json", {"error": type(error).__name__}))


def _item(wire: WireItem, raw: bytes) -> ExportItem:
    information = wire.additional_information
    period = wire.service_period
    return ExportItem(
        entry_id=wire.accounting_entry_id,
        company_id=wire.company_id,
        type=wire.type,
        subtype=wire.sub_type,
        date=wire.date,
        amount=_amount(wire.amount),
        lines=tuple([_line(line) for line in wire.accounting_entry_lines]),
        reconciliation_id=information.reconciliation_id,
        method=wire.bookkeeping.method if wire.bookkeeping else None,
        contra_account=wire.contra_account,
        receipts=tuple([ReceiptLink(file.url, file.type, _size(file.size)) for file in wire.files or ()]),
        note=wire.note,
        supplier=_supplier(wire.supplier),
        vendor=_vendor(wire.vendor),
        user=wire.user,
        team=wire.team,
        attendees=tuple(information.attendees or ()),
        reconciled_entries=tuple(information.reconciled_entries or ()),
        invoice=_invoice(information.invoice_information),
        service_period=(period.from_, period.to) if period else None,
        url=_web_link(wire.links),
        raw=raw,
    )


def _size(raw: msgspec.Raw) -> int | None:
    """Whole bytes; None for what is no size."""
    text = bytes(raw)
    try:
        size = Decimal(text.decode()) if len(text) < _LONGEST_SIZE else Decimal("NaN")
    except (InvalidOperation, UnicodeDecodeError):
        return None
    return int(size) if size.is_finite() and size >= 0 and size.adjusted() < _LONGEST_SIZE else None


def _amount(wire: WireAmount) -> Amount:
    """Equal sides share one Money: making these is most of the cost of an item."""
    supplier, wallet = wire.in_supplier_currency, wire.in_wallet_currency
    money = _money(wallet)
    return Amount(money if supplier == wallet else _money(supplier), money)


def _money(wire: WireMoney) -> Money:
    """Refuses 1E+999999999: whoever writes such a number out needs a gigabyte for it."""
    if not -_MOST_DIGITS <= wire.value.adjusted() <= _MOST_DIGITS:
        raise _Unreadable("value", Phrase("expected_number", {"most": _MOST_DIGITS}))
    return Money(wire.value, wire.currency)


def _in_units(item: ExportItem) -> ExportItem:
    """The item of a Pleo that counts currencies without decimals in hundredths."""
    lines = tuple([_line_in_units(line) for line in item.lines])
    return replace(item, amount=_amount_in_units(item.amount), lines=lines)


def _line_in_units(line: ItemLine) -> ItemLine:
    tax = line.tax and line.tax._replace(amount=_amount_in_units(line.tax.amount))
    return line._replace(amount=_amount_in_units(line.amount), net=_amount_in_units(line.net), tax=tax)


def _amount_in_units(amount: Amount) -> Amount:
    return Amount(_money_in_units(amount.supplier), _money_in_units(amount.wallet))


def _money_in_units(money: Money) -> Money:
    """Exact: what is no whole unit becomes a fraction, which the posting rules refuse."""
    if exponent(money.currency) != 0 or not money.minor.is_finite():
        return money
    return Money(money.minor.scaleb(-2, EXACT), money.currency)


def _line(wire: WireLine) -> ItemLine:
    amount = _amount(wire.line_amount)
    return ItemLine(
        wire.accounting_entry_line_id,
        amount,
        amount if wire.net_amount == wire.line_amount else _amount(wire.net_amount),
        wire.account,
        tuple([TagRef(tag.id, tag.code, tag.group_code) for tag in wire.tags]) if wire.tags else (),
        _tax(wire.tax),
    )


def _tax(wire: WireTax | None) -> ItemTax | None:
    if wire is None:
        return None
    if not -_MOST_DIGITS <= wire.rate.adjusted() < _RATE_DIGITS:
        raise _Unreadable("accountingEntryLines.tax.rate", Phrase("expected_rate"))
    accounts = wire.ingoing_tax_account, wire.outgoing_tax_account
    return ItemTax(wire.id, wire.type, wire.rate, _amount(wire.amount), wire.code, *accounts)


def _supplier(wire: WireSupplier | None) -> Supplier | None:
    if wire is None:
        return None
    return Supplier(wire.name, wire.code, wire.account, wire.tax_identifier, wire.country, wire.category_code)


def _vendor(wire: WireVendor | None) -> VendorRef | None:
    if wire is None:
        return None
    numbers = wire.registration_number, wire.tax_registration_number
    return VendorRef(wire.id, wire.name, wire.default_currency, wire.code, wire.external_id, wire.country, *numbers)


def _invoice(wire: WireInvoice | None) -> InvoiceInformation | None:
    if wire is None:
        return None
    return InvoiceInformation(
        wire.invoice_number,
        _day(wire.invoice_date, "invoiceDate"),
        wire.status,
        _day(wire.due_date, "dueDate"),
        _day(wire.payment_date, "paymentDate"),
    )


def _day(text: str | None, name: str) -> dt.date | None:
    """`YYYY-MM-DD`, alone or at the start of an instant: the day as the invoice shows it, whatever the zone."""
    if text is None:
        return None
    if len(text) == 10 or text[10:11] in ("T", "t", " "):
        try:
            return dt.date.fromisoformat(text[:10])
        except ValueError:
            pass
    raise _Unreadable(f"additionalInformation.invoiceInformation.{name}", Phrase("expected_day"))


def _web_link(links: Any) -> str | None:
    """Where a person sees the item in Pleo. Decoration: whatever else is there is no fault."""
    web = links.get("web") if isinstance(links, dict) else None
    url = web.get("exportItem") if isinstance(web, dict) else None
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else None


def _malformed(content: bytes, field: str, fault: Phrase | str) -> MalformedItem:
    loose = _loose(content)
    value = _value_at(loose, field)
    unreadable = problem("malformed_item", field, value, place=field or Phrase("place_start"), fault=fault)
    return MalformedItem(_entry_id(loose), (unreadable,), content)


def _loose(content: bytes) -> Any:
    """Whatever is there; its id alone where a number is too long or a part is nested too deep; None for no JSON."""
    try:
        return _LOOSE.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return {"accountingEntryId": _NAMED.decode(content).accounting_entry_id}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _entry_id(loose: Any) -> str | None:
    """The item's id if it is one: Pleo refuses a whole report for one id that is none."""
    found = loose.get("accountingEntryId") if isinstance(loose, dict) else None
    return found if isinstance(found, str) and re.fullmatch(_UUID, found) else None


def _field_of(path: str, text: str) -> str:
    """The path of the field at fault; of a missing field its own, not its parent's."""
    missing = re.search(r"missing required field `(\w+)`", text)
    return ".".join(part for part in (path, missing[1] if missing else "") if part)


def _value_at(loose: Any, field: str) -> str:
    """What was in the field, shortened; empty when nothing did."""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", field):
        try:
            loose = loose[int(index)] if index else loose[name]
        except (KeyError, IndexError, TypeError):
            return ""
    return "" if isinstance(loose, dict | list) else shown("null" if loose is None else loose)
