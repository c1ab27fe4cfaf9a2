"""From the checked parts of an item to its entries: journal entry, bill, credit note, payment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple, TypedDict

from kontobro.core.errors import shown
from kontobro.core.model.export import ExportItem
from kontobro.core.model.findings import noted
from kontobro.core.model.journal import (
    Bill,
    Entry,
    EntryLine,
    InvoiceKey,
    JournalEntry,
    LineRole,
    Payment,
    fingerprint,
    reference_of,
)
from kontobro.core.model.masters import Masters
from kontobro.core.model.money import exact_sum
from kontobro.core.model.settings import Role
from kontobro.core.rules.accounts import line_account, pick_account, role_account
from kontobro.core.rules.item import Days, Item
from kontobro.core.rules.tags import Dimensions, common_to, dimensions_of
from kontobro.core.rules.tax import LineTax, tax_of
from kontobro.core.rules.text import (
    KEY_LIMIT,
    attendees_of,
    clean,
    employee_of,
    invoice_number,
    supplier_amount,
    text_of,
    vendor_name_of,
)
from kontobro.core.words import Phrase

_OWED: tuple[LineRole, ...] = ("payable", "employee")
_TAXES: tuple[LineRole, ...] = ("tax", "reverse_tax")


class Side(NamedTuple):
    """One account that takes a whole amount: the wallet, payables, an employee, transit or external."""

    role: Role
    account: str
    vendor: str | None = None
    employee: str | None = None
    dimensions: Dimensions = ()

    def line(self, amount: Decimal) -> EntryLine:
        return EntryLine(
            account=self.account,
            amount=amount,
            role=self.role,
            vendor=self.vendor,
            employee=self.employee,
            dimensions=self.dimensions,
        )


class Parts(NamedTuple):
    """What an item is booked from. `total` is the amount of the debit side, in the currency's major units.

    `lines` are the expense and tax lines (none for a movement); `debit` and `credit` the sides that take the total;
    `payable` is the account in between when a bill and its payment are made.
    """

    total: Decimal
    lines: tuple[EntryLine, ...] = ()
    debit: Side | None = None
    credit: Side | None = None
    payable: Side | None = None


class Heading(TypedDict):
    """What all entries of an item share."""

    date: dt.date
    currency: str
    fingerprint: str
    payee: str
    text: str
    reconciliation_id: str
    item_type: str
    url: str | None
    journal: str | None
    vendor: str | None
    vendor_name: str | None
    service_period: tuple[dt.date, dt.date] | None
    supplier_amount: tuple[Decimal, str] | None
    reconciled_entries: tuple[str, ...]
    attendees: tuple[str, ...]


class Paper(TypedDict):
    """The invoice's own number and days, which every entry of it keeps whatever the method."""

    number: str
    document_date: dt.date | None
    due_date: dt.date | None


# ------------------------------------------------------------------------------------------- parts


def parts_of(item: Item) -> Parts:
    """The lines and sides of an item. What can't be found is a problem and left out."""
    row = item.row
    lines: list[EntryLine] = []
    shared: list[Dimensions] = []
    if not row.movement:
        for at in range(len(item.given.lines)):
            dimensions = dimensions_of(item, at)
            shared.append(dimensions)
            lines += _expense_lines(item, at, dimensions)
    common = common_to(shared) if item.settings.dimensions_on == "all_lines" else ()
    between = item.party.documents and row.payables == "bill_and_payment"
    return Parts(
        total=item.amounts.major(item.amounts.total),
        lines=tuple(lines),
        debit=side(item, row.debit, common) if row.debit != "expense" else None,
        credit=side(item, row.credit, common) if row.credit != "expense" else None,
        payable=side(item, "payable", common) if between else None,
    )


def _expense_lines(item: Item, at: int, dimensions: Dimensions) -> list[EntryLine]:
    """An item line as its expense line and tax lines, debit positive; lines of nothing at all are left out."""
    amounts = item.amounts
    account = line_account(item, at)
    tax = tax_of(item, at) if item.row.tax else None
    direction = 1 if item.row.debit == "expense" else -1
    whole = amounts.lines[at] * direction
    taxed = tax.amount * direction if tax else 0
    deducted = tax.deducted * direction if tax else 0
    if account is None or not (whole or taxed):
        return []
    net = whole - deducted if tax and tax.inside else whole + taxed - deducted
    stated = amounts.major(taxed) if tax else None
    expense = EntryLine(
        account=account,
        amount=amounts.major(net),
        role="expense",
        tax_code=tax.code if tax else None,
        tax_amount=stated,
        dimensions=dimensions,
    )
    if tax is None or stated is None:
        return [expense]
    beside = dimensions if item.settings.dimensions_on == "all_lines" else ()
    part = stated if deducted == taxed else amounts.major(deducted)
    return [expense, *_tax_lines(tax, part, stated, beside)]


def _tax_lines(tax: LineTax, deducted: Decimal, amount: Decimal, dimensions: Dimensions) -> list[EntryLine]:
    """What is deducted, and the output side of reverse charge, which is always the whole tax."""
    sides: list[tuple[LineRole, str, Decimal]] = []
    if tax.ingoing and deducted:
        sides.append(("tax", tax.ingoing, deducted))
    if tax.outgoing and amount:
        sides.append(("reverse_tax", tax.outgoing, amount.copy_negate()))
    return [
        EntryLine(account=account, amount=posted, role=role, tax_code=tax.code, dimensions=dimensions)
        for role, account, posted in sides
    ]


def _until_paid(lines: tuple[EntryLine, ...], masters: Masters) -> tuple[EntryLine, ...]:
    """The lines of a document, or of an entry with something owed: tax that is due on payment waits elsewhere."""
    waits = {
        at: account
        for at, line in enumerate(lines)
        if line.role in _TAXES and (account := _account_until_paid(line.tax_code, masters))
    }
    return tuple(_on(line, waits.get(at)) for at, line in enumerate(lines)) if waits else lines


def _account_until_paid(tax_code: str | None, masters: Masters) -> str | None:
    code = masters.tax_codes.by_id.get(tax_code or "")
    return code.until_paid if code else None


def _on(line: EntryLine, account: str | None) -> EntryLine:
    return replace(line, account=account) if account else line


def _is_owed(lines: Iterable[EntryLine], masters: Masters) -> bool:
    by_id = masters.accounts.by_id
    return any((account := by_id.get(line.account)) and account.owed for line in lines)


def side(item: Item, role: Role, dimensions: Dimensions) -> Side | None:
    """Payables and an employee who is a vendor use the vendor's own account; the rest the role's."""
    if role == "wallet" and item.row.without_contra and item.given.contra_account is None:
        role = item.row.without_contra
    vendor = item.party.vendor if role in ("payable", "employee") else None
    if vendor and vendor.account:
        found = item.masters.accounts.with_id(vendor.account)
        field = f"vendor {shown(vendor.code)}: account"
        remedy = Phrase("fix_vendor_account")
        named = found[0].code if found else vendor.account
        account = pick_account(found, named, field, item.currency, remedy, item.findings)
    else:
        account = role_account(item, role)
    if account is None:
        return None
    employee = _employee(item.given, item.masters) if role == "employee" else None
    return Side(role, account, vendor.id if vendor else None, employee, dimensions)


def _employee(item: ExportItem, masters: Masters) -> str | None:
    """The employee's id in the accounting system, else the code in Pleo: whose balance it is.

    A code that is no employee's, but looks like another's id, names no one.
    """
    code = clean(item.user.code, KEY_LIMIT) if item.user else ""
    found = masters.employees.find(code)
    if len(found) == 1:
        return found[0].id
    return code if code and not masters.employees.with_id(code) else None


# ----------------------------------------------------------------------------------------- entries


def entries_of(item: Item, parts: Parts) -> tuple[Entry, ...]:
    """One entry, or a bill and its payment (a credit note and the money received); none where anything is wrong."""
    row, days, findings, documents = item.row, item.days, item.findings, item.party.documents
    if days is None:
        return ()
    journal = _journal(item)
    if findings.problems:
        return ()
    if row.sign == "follow" and item.amounts.total < 0:
        findings.note("negative")
    heading = _heading(item, days, journal)
    if documents and row.movement:
        return (_lone_payment(item, heading, _pair(parts.debit, parts.credit, parts.total)),)
    if documents and row.payables != "journal":
        return _documents(item, heading, parts, days)
    return (
        JournalEntry(
            **heading,
            **_paper(item.given),
            reference=reference_of(item.given.entry_id),
            lines=_pair(parts.debit, parts.credit, parts.total) if row.movement else _with_counter(item, parts),
            notes=tuple(findings.notes),
        ),
    )


def _documents(item: Item, heading: Heading, parts: Parts, days: Days) -> tuple[Entry, ...]:
    """A bill, and its payment when the item is the money too; both carry one date and are reconciled at once."""
    owed = exact_sum(line.amount for line in parts.lines)
    own = parts.payable or parts.credit or parts.debit
    paper, reference = _paper(item.given), reference_of(item.given.entry_id)
    bill = Bill(
        **heading,
        reference=reference,
        lines=_until_paid(parts.lines, item.masters) + ((own.line(owed.copy_negate()),) if own and owed else ()),
        notes=tuple(item.findings.notes),
        number=paper["number"] or clean(item.given.reconciliation_id, KEY_LIMIT),
        document_date=paper["document_date"] or days.own,
        due_date=paper["due_date"],
        credit_note=owed < 0,
    )
    money = parts.credit or parts.debit
    if not parts.payable or not money or not owed:
        return (bill,)
    payment = Payment(
        **heading,
        **paper,
        reference=reference_of(item.given.entry_id, payment=True),
        lines=(parts.payable.line(owed), money.line(owed.copy_negate())),
        settles=reference,
        received=owed < 0,
    )
    return (bill, payment)


def _lone_payment(item: Item, heading: Heading, lines: tuple[EntryLine, ...]) -> Payment:
    """A payment whose bill is an item of its own; an employee's names the entries it reconciles instead. Money that
    comes back never settles: it is the payment taken back, and the bill is owed again (`posting-rules.md` §14.5, 6)."""
    row, vendor, paper, notes = item.row, item.party.vendor, _paper(item.given), tuple(item.findings.notes)
    number = paper["number"]
    names_bill = row.payables == "payment" and vendor is not None and bool(number)
    if row.payables == "payment" and not names_bill:
        notes = (*notes, noted("payment_without_bill"))
    owed = exact_sum(line.amount for line in lines if line.role in _OWED)
    return Payment(
        **heading,
        **paper,
        reference=reference_of(item.given.entry_id),
        lines=lines,
        notes=notes,
        settles=InvoiceKey(vendor.id, number, item.currency) if names_bill and vendor else None,
        received=owed < 0,
        returned=row.returned or owed < 0,
    )


def _pair(debit: Side | None, credit: Side | None, total: Decimal) -> tuple[EntryLine, ...]:
    return (debit.line(total), credit.line(total.copy_negate())) if debit and credit else ()


def _with_counter(item: Item, parts: Parts) -> tuple[EntryLine, ...]:
    """The lines, and the side that balances them; none when they sum to zero on their own."""
    counter = parts.credit or parts.debit
    owed = exact_sum([line.amount for line in parts.lines])
    lines = parts.lines + ((counter.line(owed.copy_negate()),) if counter and owed else ())
    waiting = _until_paid(lines, item.masters)
    return waiting if waiting is not lines and _is_owed(lines, item.masters) else lines


def _paper(item: ExportItem) -> Paper:
    invoice = item.invoice
    return {
        "number": invoice_number(item),
        "document_date": invoice.date if invoice else None,
        "due_date": invoice.due_date if invoice else None,
    }


def _journal(item: Item) -> str | None:
    """The journal's id. An accounting system without journals needs none."""
    settings, masters = item.settings, item.masters
    if not settings.journal or not len(masters.journals):
        return None
    found = masters.journals.find(settings.journal)
    if len(found) == 1:
        return found[0].id
    item.findings.fail("journal_missing", "settings.journal", settings.journal)
    return None


def _heading(item: Item, days: Days, journal: str | None) -> Heading:
    given, vendor = item.given, item.party.vendor
    name = None if item.row.of_employee else vendor_name_of(given)
    payee = name or employee_of(given)
    return {
        "date": days.posted,
        "currency": item.currency,
        "fingerprint": fingerprint(given),
        "payee": payee,
        "text": text_of(given, item.settings.description, item.findings.texts, payee),
        "reconciliation_id": clean(given.reconciliation_id, KEY_LIMIT),
        "item_type": given.type,
        "url": given.url,
        "journal": journal,
        "vendor": vendor.id if vendor else None,
        "vendor_name": name or (clean(vendor.name) if vendor else None),
        "service_period": days.service_period,
        "supplier_amount": supplier_amount(given),
        "reconciled_entries": tuple(sorted([clean(one, KEY_LIMIT) for one in given.reconciled_entries])),
        "attendees": attendees_of(given),
    }
