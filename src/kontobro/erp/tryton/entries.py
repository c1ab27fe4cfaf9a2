"""An entry as what `account.move.create` takes. Pure. Bills that Tryton takes as invoices are `bills.py`'s.

A move takes exactly what the posting rules gave. Tax lines carry Tryton's tax, base and amount, so that the VAT return
holds.

A move has no field for a reference, and none is unique. Ours is in the description of one line, alone, so that it
is found by equality: of what is owed on a bill, of the other side elsewhere. The move's own description is for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final
from urllib.parse import quote, unquote

from kontobro.core.model.journal import Bill, Entry, EntryLine, InvoiceKey, Payment, Reference
from kontobro.core.model.money import EXPONENTS
from kontobro.erp.kit.texts import MAX_TEXT, plain, supplier_text, whole
from kontobro.erp.tryton.masters import Snapshot

MARK: Final = "kontobro:"
BILL_MARK: Final = "kontobro bill:"
SETTLES: Final = "kontobro settles "
SEPARATOR: Final = " · "
ATTENDEES: Final = "Attendees: "
INVOICE_TEXT: Final = "Invoice "
PAID_TEXT: Final = "For invoice "
_INVOICE: Final = re.compile(rf"{INVOICE_TEXT}(.+) \((-?[0-9.]+) ([A-Z]{{3}})\)(?:, of [0-9-]+)?(?:, due [0-9-]+)?")
OWED: Final = ("payable", "employee")

Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What an entry is written with besides itself. `periods` by day; `rates` of the days of foreign entries;
    `addresses` by party."""

    masters: Snapshot
    periods: Mapping[date, str]
    rates: Mapping[date, Mapping[str, Decimal]]
    addresses: Mapping[str, int]


def marks_of(reference: Reference) -> tuple[str, str]:
    """What a line's description may be under that reference."""
    return f"{MARK}{plain(reference)}", f"{BILL_MARK}{plain(reference)}"


def reference_in(description: str) -> Reference | None:
    """The reference in a line's description, if it holds one."""
    for mark in (MARK, BILL_MARK):
        if description.startswith(mark):
            return Reference(description.removeprefix(mark))
    return None


def number_of(number: str) -> str:
    """An invoice number as it begins a bill's description: never with the separator in it."""
    return whole(number).replace("·", "-")


def move_of(entry: Entry, writing: Writing) -> Values:
    """The move with all its lines."""
    book = writing.masters.book_of(entry.journal)
    return {
        "company": int(writing.masters.company.id),
        "journal": int(book.journal.id) if book else None,
        "period": int(writing.periods[entry.date]),
        "date": entry.date,
        "description": description_of(entry),
        "lines": [["create", list(_lines(entry, writing))]],
    }


def party_of(line: EntryLine, entry: Entry, masters: Snapshot) -> str | None:
    """Whose balance it is, for accounts that ask for a party: the vendor, the employee, else the entry's vendor."""
    employee = masters.employees.get(line.employee) if line.employee else None
    return line.vendor or employee or entry.vendor


def settles_in(description: str) -> tuple[Reference | InvoiceKey | None, bool]:
    """What a payment's line says it settles, and whether it says that the payment came back."""
    words = description.removeprefix(SETTLES).split(" ") if description.startswith(SETTLES) else []
    returned = words[-1:] == ["returned"]
    match words[:-1] if returned else words:
        case [reference]:
            return Reference(unquote(reference)), returned
        case [vendor, number, currency]:
            return InvoiceKey(unquote(vendor), unquote(number), currency), returned
        case _:
            return None, returned


def description_of(entry: Entry) -> str:
    """For people, as Tryton has no payee on a move: who and what, then what the bookkeeper should know.

    A bill's begins with its number: it is found by that.
    """
    number = number_of(entry.number) if isinstance(entry, Bill) else ""
    told = [entry.payee, entry.text, entry.reconciliation_id, supplier_text(entry), *entry.notes]
    parts = list(dict.fromkeys(text for text in map(plain, told) if text))
    text = SEPARATOR.join([number] * bool(number) + (parts or [entry.item_type or "Pleo"]))[:MAX_TEXT]
    attendees = whole(", ".join(entry.attendees))
    kept = [invoice_text(entry), f"{ATTENDEES}{attendees}" if attendees else ""]
    return SEPARATOR.join([text, *filter(None, kept)])


def invoice_text(entry: Entry) -> str:
    """Number, amount and days of an invoice that is no bill here: a move has no fields for them."""
    if isinstance(entry, Bill) or not entry.number:
        return ""
    owed = f" ({entry.twin.owed} {entry.currency})" if entry.twin else ""
    days = "".join(f", {word} {day}" for word, day in (("of", entry.document_date), ("due", entry.due_date)) if day)
    return f"{INVOICE_TEXT if entry.twin else PAID_TEXT}{number_of(entry.number)}{owed}{days}"


def invoice_in(description: str) -> tuple[str, Decimal, str] | None:
    """Number, amount and currency of the invoice that a move's description tells of."""
    found = next((match for part in description.split(SEPARATOR) if (match := _INVOICE.fullmatch(part))), None)
    return (found[1], Decimal(found[2]), found[3]) if found else None


def _lines(entry: Entry, writing: Writing) -> Iterator[Values]:
    marked, owed = _marked(entry), _owed(entry)
    for at, (line, balance) in enumerate(zip(entry.lines, _balances(entry, writing), strict=True)):
        text = plain(line.text) or plain(entry.text) or plain(entry.payee)
        if at == owed and isinstance(entry, Payment) and entry.settles:
            text = settles_text(entry)
        if at == marked:
            text = marks_of(entry.reference)[isinstance(entry, Bill)]
        yield _line(entry, line, balance, writing.masters) | {"description": text}


def _owed(entry: Entry) -> int | None:
    """The line that is reconciled: the first one on what is owed."""
    return next((at for at, line in enumerate(entry.lines) if line.role in OWED), None)


def _marked(entry: Entry) -> int:
    """The line that carries the reference: what is owed on a bill; elsewhere the last one that is not."""
    owed = _owed(entry)
    if isinstance(entry, Bill) and owed is not None:
        return owed
    return max((at for at in range(len(entry.lines)) if at != owed), default=0)


def settles_text(payment: Payment) -> str:
    settles = payment.settles
    if isinstance(settles, InvoiceKey):
        words = [quote(settles.vendor, safe=""), quote(settles.number, safe=""), settles.currency]
    else:
        words = [quote(settles or "", safe="")]
    return SETTLES + " ".join(words + ["returned"] * payment.returned)


def _line(entry: Entry, line: EntryLine, balance: Decimal, masters: Snapshot) -> Values:
    values: Values = {"account": int(line.account), **_sides(balance)}
    posting = masters.accounts[line.account]
    if posting.party_required and (party := party_of(line, entry, masters)):
        values["party"] = int(party)
    if entry.currency != masters.company.currency:
        values["second_currency"] = masters.currencies[entry.currency].id
        values["amount_second_currency"] = line.amount
    if taxes := _tax_lines(line, balance, masters):
        values["tax_lines"] = [["create", taxes]]
    if entry.due_date and line.role == "payable" and not isinstance(entry, Bill):
        values["maturity_date"] = entry.due_date
    if line.dimensions:
        analytic = [{"account": int(value), "date": entry.date, **_sides(balance)} for _, value in line.dimensions]
        values["analytic_lines"] = [["create", analytic]]
    return values


def _sides(balance: Decimal) -> Values:
    return {"debit": max(balance, Decimal(0)), "credit": max(-balance, Decimal(0))}


def _tax_lines(line: EntryLine, balance: Decimal, masters: Snapshot) -> list[Values]:
    """Tryton's own record of tax, which its VAT return sums: the base on expense lines, the tax on tax lines."""
    tax = masters.taxes.get(line.tax_code) if line.tax_code else None
    if tax is None:
        return []
    sides: dict[str, list[int | None]] = {
        "expense": [tax.input, tax.output],
        "tax": [tax.input],
        "reverse_tax": [tax.output],
    }
    kind = "base" if line.role == "expense" else "tax"
    return [{"tax": side, "type": kind, "amount": balance} for side in sides.get(line.role, []) if side]


# ------------------------------------------------------------------------------------ foreign currency


def _balances(entry: Entry, writing: Writing) -> Sequence[Decimal]:
    """The lines in the company's currency, by Tryton's rate of the day; the last line takes what rounding left."""
    currency = writing.masters.company.currency
    if entry.currency == currency:
        return [line.amount for line in entry.lines]
    rates = writing.rates[entry.date]
    unit = Decimal(1).scaleb(-EXPONENTS[currency])
    factor = rates[currency] / rates[entry.currency]
    balances = [(line.amount * factor).quantize(unit, ROUND_HALF_EVEN) for line in entry.lines]
    balances[-1] -= sum(balances, Decimal(0))
    return balances
