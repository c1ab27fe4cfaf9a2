"""What is there already of an invoice: the same one under another expense, a bill that has been paid. Pure.

People upload an invoice twice, and pay it twice. Neither is for us to judge: it is said where a bookkeeper looks, and
the setting `duplicate_invoice` may stop an invoice (`posting-rules.md` §6.5, §14.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeGuard

from kontobro.core.errors import Problem, shown
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import (
    Bill,
    Booking,
    Entry,
    EntryKey,
    InvoiceKey,
    Payment,
    TwinKey,
    compared,
    money_line,
)
from kontobro.core.model.money import exact_sum
from kontobro.core.model.settings import Settings
from kontobro.core.ports import Capabilities
from kontobro.core.words import Noted, Phrase

NUMBER_FIELD = "additionalInformation.invoiceInformation.invoiceNumber"

Found = Mapping[EntryKey, Booking]


@dataclass(slots=True)
class Seen:
    """What came earlier in the same job: invoices by what their paper says, and what is left to pay of bills."""

    twins: dict[TwinKey, Entry] = field(default_factory=dict)
    bills: dict[tuple[str, str], Bill] = field(default_factory=dict)
    left: dict[str, Decimal] = field(default_factory=dict)


def keys_to_ask(entries: Iterable[Entry], capabilities: Capabilities) -> list[EntryKey]:
    """What the accounting system is asked for invoices and the payments that name a bill, and for themselves."""
    keys: list[EntryKey] = []
    for entry in entries:
        if entry.twin and capabilities.finds_twins:
            keys += [entry.twin, entry.reference]
        elif bill := bill_named(entry):
            keys += [bill, entry.reference]
    return keys


def bill_named(entry: Entry) -> InvoiceKey | None:
    """The bill that a payment, out or come back, names by its number; None for anything else."""
    named = entry.settles if isinstance(entry, Payment) else None
    return named if isinstance(named, InvoiceKey) else None


def remark(entry: Entry, found: Found, seen: Seen) -> Phrase | None:
    """What a bookkeeper should know of an invoice or payment, or None: the same before it is booked and after, but for
    a payment that has settled its bill."""
    if entry.twin:
        return _of_invoice(entry, entry.twin, found, seen)
    key = bill_named(entry)
    own = found.get(entry.reference)
    return _of_payment(entry, key, found, seen) if key and not (exists(own) and own.settled) else None


def exists(booking: Booking | None) -> TypeGuard[Booking]:
    """Whether it is booked, and not voided since."""
    return booking is not None and booking.status != "void"


def stops(entry: Entry, found: Found, settings: Settings) -> bool:
    """Whether a remark on this entry refuses it: an invoice that comes again, where the company wants none. What is
    booked already stays."""
    return bool(entry.twin) and settings.duplicate_invoice == "fail" and not exists(found.get(entry.reference))


def duplicate(entry: Entry, message: Phrase) -> Problem:
    """The same as a problem, for a company that wants no invoice twice."""
    return problem("invoice_duplicate", NUMBER_FIELD, entry.number, why=message)


def noted(entry: Entry, message: Phrase) -> Entry:
    return replace(entry, notes=(*entry.notes, Noted(message)))


def _of_invoice(entry: Entry, twin: TwinKey, found: Found, seen: Seen) -> Phrase | None:
    paper = replace(twin, entry_id="")
    earlier = seen.twins.setdefault(paper, entry)
    if isinstance(entry, Bill) and entry.vendor:
        seen.bills.setdefault((entry.vendor, entry.number), entry)
    if other := found.get(twin):
        name = other.number if other.number and compared(other.number) != twin.number else other.id
        return Phrase("invoice_booked", {"number": entry.number, "booking": name, "day": other.date})
    if earlier.twin and earlier.twin.entry_id != twin.entry_id:
        expense = shown(earlier.reconciliation_id or earlier.reference)
        return Phrase("invoice_exported", {"number": entry.number, "expense": expense})
    return None


def _of_payment(entry: Entry, key: InvoiceKey, found: Found, seen: Seen) -> Phrase | None:
    """A bill that is settled takes no second payment, unless the first came back; two currencies seldom cancel out."""
    booked, here = found.get(key), seen.bills.get((key.vendor, key.number))
    if booked is not None:
        name, currency, open_, owed = booked.id, booked.currency, booked.open, booked.total
    elif here is not None:
        open_ = here.twin.owed if here.twin else None
        name, currency, owed = here.reference, here.currency, open_ or Decimal(0)
    else:
        return None
    number = shown(key.number)
    if currency != entry.currency:
        return Phrase("bill_currency", {"number": number, "bill": currency, "payment": entry.currency})
    if open_ is None or open_ < 0:
        return None
    left = seen.left.get(name, open_)
    money = money_line(entry)
    paid = abs(money.amount) if money else Decimal(0)
    came_back = isinstance(entry, Payment) and entry.returned
    left_now = exact_sum((left, paid if came_back else paid.copy_negate()))
    seen.left[name] = min(max(left_now, Decimal(0)), max(owed, open_))
    if left or came_back:
        return None
    return Phrase("bill_settled", {"number": number})
