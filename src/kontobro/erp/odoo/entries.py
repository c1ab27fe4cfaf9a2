"""An entry as rows of `account.move.load`: create-or-skip under an external id, in one transaction. Pure.

Odoo computes tax itself: an expense line carries its tax, Pleo's tax lines are left out and compared afterwards
(`taxes` puts Pleo's amounts in place of Odoo's where they differ).
Money travels as text. A row is a cell per column of `ENTRY_COLUMNS` or `BILL_COLUMNS`; the first row of an entry
carries its head, every row one line.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from urllib.parse import quote

from kontobro.core.model.journal import Bill, Entry, EntryLine, InvoiceKey, Payment, Reference
from kontobro.core.model.money import EXPONENTS
from kontobro.erp.kit.texts import plain, supplier_text, whole
from kontobro.erp.odoo.masters import Snapshot, Tax
from kontobro.erp.odoo.names import MODULE, name_of

MARK: Final = "kontobro "
"""Begins the last paragraph of an entry's note, where its facts are."""

_HEAD: Final = ("id", "move_type", "journal_id/.id", "date", "ref", "invoice_origin", "narration", "partner_id/.id")
_BILL_HEAD: Final = (*_HEAD, "currency_id/.id", "invoice_date", "invoice_date_due")
_LINE: Final = ("account_id/.id", "name", "tax_ids/.id", "analytic_distribution")
_ENTRY_LINE: Final = (*_LINE, "partner_id/.id", "currency_id/.id", "amount_currency", "balance", "date_maturity")
_BILL_LINE: Final = (*_LINE, "quantity", "price_unit")

ENTRY_COLUMNS: Final = [*_HEAD, *(f"line_ids/{field}" for field in _ENTRY_LINE)]
BILL_COLUMNS: Final = [*_BILL_HEAD, *(f"invoice_line_ids/{field}" for field in _BILL_LINE)]

Cells = list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What an entry is written with besides itself.

    `generation` above 1: voided documents are under the reference already. `rates` by currency for the entry's day;
    `employees` maps employee codes to partner ids.
    """

    masters: Snapshot
    rates: Mapping[str, Decimal]
    generation: int = 1
    employees: Mapping[str, str] | None = None


def external_id(reference: Reference, generation: int = 1) -> str:
    """`kontobro.<reference>`."""
    name = name_of(reference)
    return f"{MODULE}.{name}" if generation == 1 else f"{MODULE}.{name}~{generation}"


def origin_of(reference: Reference) -> str:
    """What is written as the document's origin, which copies and reversals don't inherit: what `find` searches by."""
    return f"{MODULE}.{plain(reference)}"


def reference_in(origin: str) -> Reference:
    return Reference(origin.removeprefix(f"{MODULE}."))


def columns_of(entry: Entry) -> list[str]:
    return BILL_COLUMNS if isinstance(entry, Bill) else ENTRY_COLUMNS


def rows_of(entry: Entry, writing: Writing) -> list[Cells]:
    """The rows of one entry, for the columns of its kind."""
    head = _bill_head(entry, writing) if isinstance(entry, Bill) else _head(entry, "entry", writing)
    lines = list(_bill_lines(entry, writing) if isinstance(entry, Bill) else _entry_lines(entry, writing))
    blank = [""] * len(head)
    return [[*(blank if at else head), *line] for at, line in enumerate(lines)]


# ------------------------------------------------------------------------------------------- the head


def _head(entry: Entry, move_type: str, writing: Writing) -> Cells:
    book = writing.masters.book_of("purchase" if isinstance(entry, Bill) else "general", entry.journal)
    return [
        external_id(entry.reference, writing.generation),
        move_type,
        book.journal.id if book else "",
        entry.date.isoformat(),
        whole(entry.number) if isinstance(entry, Bill) else _title(entry),
        origin_of(entry.reference),
        _note(entry),
        entry.vendor or "",
    ]


def _bill_head(bill: Bill, writing: Writing) -> Cells:
    return [
        *_head(bill, "in_refund" if bill.credit_note else "in_invoice", writing),
        str(writing.masters.currencies[bill.currency]),
        bill.document_date.isoformat(),
        (bill.due_date or bill.document_date).isoformat(),
    ]


def _title(entry: Entry) -> str:
    """Who, what and which invoice: Odoo's entry has no field for the payee, nor for the number that it is found by. The
    text does not say them again."""
    number = whole(entry.number)
    parts = [plain(entry.payee), plain(entry.text), number if number not in entry.text else ""]
    return " · ".join(text for text in parts if text)


def _note(entry: Entry) -> str:
    """What a bookkeeper should know, a paragraph each; the last one is for us."""
    service = " – ".join(day.isoformat() for day in entry.service_period) if entry.service_period else ""
    told = [
        ("", plain(entry.payee)),
        ("Pleo: ", plain(entry.url or "")),
        ("Pleo's number: ", plain(entry.reconciliation_id)),
        ("Receipt: ", supplier_text(entry)),
        ("Service: ", service),
        ("Settles the entries of: ", plain(", ".join(entry.reconciled_entries))),
        ("Invoice: ", _invoice(entry)),
        ("Attendees: ", ", ".join(entry.attendees)),
        *(("", plain(note)) for note in entry.notes),
    ]
    paragraphs = [f"<p>{html.escape(word + whole(text), quote=False)}</p>" for word, text in told if whole(text)]
    facts = " ".join(f"{name}={quote(value, safe='')}" for name, value in _facts(entry))
    return f"{''.join(paragraphs)}<p>{MARK}{facts}</p>"


def _invoice(entry: Entry) -> str:
    """Number and days of an invoice that is no bill here: a bill has fields for them."""
    if isinstance(entry, Bill) or not entry.number:
        return ""
    days = [("of", entry.document_date), ("due", entry.due_date)]
    return ", ".join([entry.number, *(f"{word} {day}" for word, day in days if day)])


def _facts(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "fingerprint", entry.fingerprint
    if not isinstance(entry, Bill) and entry.twin:
        yield "invoice", entry.number
        yield "owed", str(entry.twin.owed)
    if not isinstance(entry, Payment):
        return
    if isinstance(entry.settles, InvoiceKey):
        yield "vendor", entry.settles.vendor
        yield "number", entry.settles.number
        yield "currency", entry.settles.currency
    elif entry.settles:
        yield "settles", entry.settles
    if entry.returned:
        yield "returned", "yes"


# ------------------------------------------------------------------------------------------- the lines


def _entry_lines(entry: Entry, writing: Writing) -> Iterator[Cells]:
    lines = [line for line in entry.lines if not is_computed(line, writing.masters)]
    currency = str(writing.masters.currencies[entry.currency])
    bases = [base_of(line, entry.currency, writing.masters) for line in lines]
    for line, base, balance in zip(lines, bases, _balances(entry, lines, bases, writing), strict=True):
        amounts = [currency, str(base), str(balance)]
        yield [*_line(entry, line, writing), _partner(entry, line, writing), *amounts, _due(entry, line)]


def _due(entry: Entry, line: EntryLine) -> str:
    """What is owed on a journal entry is due when the invoice is."""
    return entry.due_date.isoformat() if entry.due_date and line.role == "payable" else ""


def _bill_lines(bill: Bill, writing: Writing) -> Iterator[Cells]:
    """Odoo adds the tax lines and the payable line itself. A credit note's prices are positive again."""
    direction = -1 if bill.credit_note else 1
    for line in bill.lines:
        if line.role != "payable" and line.role != "employee" and not is_computed(line, writing.masters):
            tax, base = _tax(line, writing.masters), base_of(line, bill.currency, writing.masters)
            inside = _included(line, base, bill.currency, tax) if tax and tax.included else Decimal(0)
            yield [*_line(bill, line, writing), "1", str((base + inside) * direction)]


def base_of(line: EntryLine, currency: str, masters: Snapshot) -> Decimal:
    """The amount that Odoo is given: it adds the part of the tax that is not deductible to the expense itself."""
    return line.amount - not_deductible(line, currency, masters)


def not_deductible(line: EntryLine, currency: str, masters: Snapshot) -> Decimal:
    """The part of an expense line that is its own tax, rounded as the posting rules round what is deducted."""
    tax = _tax(line, masters)
    if line.role != "expense" or tax is None or not line.tax_amount:
        return Decimal(0)
    return line.tax_amount - _rounded(line.tax_amount * tax.code.deductible, currency)


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), ROUND_HALF_UP)


def _included(line: EntryLine, base: Decimal, currency: str, tax: Tax) -> Decimal:
    """The tax in a price, as Odoo takes it out again: so that the net is Pleo's even where its tax was typed."""
    if tax.code.type == "reverse":
        return line.tax_amount or Decimal(0)
    return _rounded(base * tax.code.rate, currency)


def _line(entry: Entry, line: EntryLine, writing: Writing) -> Cells:
    tax = line.tax_code if line.role == "expense" else None
    who = _stranger(line, writing)
    text = plain(line.text) or _title(entry)
    return [line.account, f"{who}: {text}" if who and text else who or text, tax or "", _distribution(line)]


def is_computed(line: EntryLine, masters: Snapshot) -> bool:
    """A tax line that Odoo makes itself from the tax on its expense line."""
    tax = _tax(line, masters)
    return line.role in ("tax", "reverse_tax") and tax is not None and tax.computes


def _tax(line: EntryLine, masters: Snapshot) -> Tax | None:
    return masters.taxes.get(line.tax_code) if line.tax_code else None


def _distribution(line: EntryLine) -> str:
    """All of the line on its values: one key across several plans, in percent."""
    return f'{{"{",".join(value for _, value in line.dimensions)}": 100}}' if line.dimensions else ""


def _partner(entry: Entry, line: EntryLine, writing: Writing) -> str:
    """The vendor, else the employee who is a partner there: whose balance it is."""
    employee = (writing.employees or {}).get(line.employee) if line.employee else None
    return line.vendor or employee or entry.vendor or ""


def _stranger(line: EntryLine, writing: Writing) -> str:
    """An employee whom Odoo does not know as a partner is at least named on the line."""
    known = writing.employees or {}
    return plain(line.employee) if line.employee and line.employee not in known and not line.vendor else ""


# ------------------------------------------------------------------------------------ foreign currency


def _balances(entry: Entry, lines: Sequence[EntryLine], bases: Sequence[Decimal], writing: Writing) -> list[Decimal]:
    """The lines in the company's currency, by Odoo's rate; the last line takes what rounding left.

    Odoo computes a tax line from its base in both currencies: what it will post is taken into account.
    """
    if entry.currency == writing.masters.company.currency:
        return list(bases)
    unit = Decimal(1).scaleb(-EXPONENTS[writing.masters.company.currency])
    rate = writing.rates[entry.currency]
    balances = [(base / rate).quantize(unit, ROUND_HALF_UP) for base in bases]
    posted = sum((_tax_of(line, balance, unit, writing.masters) for line, balance in zip(lines, balances, strict=True)))
    balances[-1] -= sum(balances, Decimal(0)) + posted
    return balances


def _tax_of(line: EntryLine, balance: Decimal, unit: Decimal, masters: Snapshot) -> Decimal:
    """What Odoo's tax lines for this line come to: nothing in reverse charge, whose two sides cancel out."""
    tax = _tax(line, masters)
    if line.role != "expense" or tax is None or tax.code.type == "reverse":
        return Decimal(0)
    return (balance * tax.code.rate).quantize(unit, ROUND_HALF_UP)
