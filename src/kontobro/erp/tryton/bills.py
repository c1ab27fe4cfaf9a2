"""A bill as what `account.invoice.create` takes, and a draft one as the move it will become. Pure.

Tryton computes tax from its rates; Pleo's amount may have been typed from the paper. The tax rows go along with Pleo's
amounts: Tryton keeps a row as it is while its account and its base are those that it computes itself, in drafts and in
posting. Of a line below zero it takes the tax's account for credit notes, on a credit note as on any bill.

The reference is in the invoice's description, which Tryton copies to the line of what is owed: there it is found
like the reference of any move.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from kontobro.core.model.journal import Bill, Entry, EntryLine
from kontobro.erp.kit.texts import plain, whole
from kontobro.erp.tryton.calls import Row
from kontobro.erp.tryton.entries import OWED, Values, Writing, description_of, marks_of
from kontobro.erp.tryton.masters import Snapshot

INVOICE: Final = "account.invoice"

INVOICE_FIELDS: Final = (
    "state number reference description party move currency.code account accounting_date invoice_date "
    "lines.account lines.amount lines.description "
    "lines.taxes lines.analytic_accounts.account taxes.account taxes.amount taxes.tax taxes.description"
).split()


def is_invoice(entry: Entry, masters: Snapshot) -> bool:
    """True when Tryton takes it as a supplier's invoice: owed on a payable account, lines on accounts of its own
    choice (type Expense or Debt), tax on the tax's own account and without dimensions. Any other bill is a move."""
    if not isinstance(entry, Bill) or not entry.vendor or masters.invoice_book(entry.journal) is None:
        return False
    owed = [line for line in entry.lines if line.role in OWED]
    if len(owed) != 1 or not masters.accounts[owed[0].account].payable or owed[0].vendor not in (None, entry.vendor):
        return False
    return all(_fits(line, owed[0], masters) for line in entry.lines if line is not owed[0])


def _fits(line: EntryLine, owed: EntryLine, masters: Snapshot) -> bool:
    tax = masters.taxes.get(line.tax_code or "")
    if line.account == owed.account or (line.tax_code and tax is None):
        return False
    if line.role == "expense":
        return masters.accounts[line.account].billed
    if tax is None or line.dimensions:
        return False
    ingoing, outgoing = zip(tax.accounts(refund=False), tax.accounts(refund=True), strict=True)
    return line.account in {"tax": ingoing, "reverse_tax": outgoing}.get(line.role, ())


def invoice_of(bill: Bill, writing: Writing) -> Values:
    """The draft with its lines and tax rows."""
    masters = writing.masters
    book = masters.invoice_book(bill.journal)
    party = int(bill.vendor or 0)
    return {
        "type": "in",
        "company": int(masters.company.id),
        "party": party,
        "invoice_address": writing.addresses[str(party)],
        "currency": masters.currencies[bill.currency].id,
        "account": next(int(line.account) for line in bill.lines if line.role in OWED),
        "journal": int(book.journal.id) if book else None,
        "reference": whole(bill.number) or None,
        "description": marks_of(bill.reference)[True],
        "comment": description_of(bill),
        "invoice_date": bill.document_date,
        "accounting_date": bill.date,
        "payment_term_date": bill.due_date,
        "lines": [["create", [_line(line, bill, masters) for line in bill.lines if line.role == "expense"]]],
        "taxes": [["create", _tax_rows(bill, masters)]],
    }


def _line(line: EntryLine, bill: Bill, masters: Snapshot) -> Values:
    """Quantity 1, or as Tryton itself credits, -1."""
    tax = masters.taxes.get(line.tax_code or "")
    return {
        "type": "line",
        "currency": masters.currencies[bill.currency].id,
        "account": int(line.account),
        "quantity": -1 if line.amount < 0 else 1,
        "unit_price": abs(line.amount),
        "description": plain(line.text) or plain(bill.text) or plain(bill.payee),
        "taxes": [["add", [int(tax.code.id)]]] if tax else [],
        "taxes_deductible_rate": Decimal(1),
        "analytic_accounts": [["create", [{"root": int(r), "account": int(v)} for r, v in line.dimensions]]],
    }


def _tax_rows(bill: Bill, masters: Snapshot) -> list[Values]:
    """Base and Pleo's tax by account, tax and direction: one row each, as Tryton groups them. Rows of zero too, or
    Tryton would put what it computes."""
    rows: dict[tuple[str, int, bool], Values] = {}
    for line in bill.lines:
        tax = masters.taxes.get(line.tax_code or "") if line.role == "expense" else None
        if tax is None:
            continue
        refund = line.amount < 0
        ingoing, outgoing = tax.accounts(refund=refund)
        for side, account, sign in ((tax.input, ingoing, 1), (tax.output, outgoing, -1)):
            if side is None or account is None:
                continue
            row = rows.setdefault((account, side, refund), _tax_row(account, side, tax.code.code))
            row["base"] += line.amount
            row["amount"] += (line.tax_amount or Decimal(0)) * sign
    return list(rows.values())


def _tax_row(account: str, side: int, name: str) -> Values:
    zero = {"base": Decimal(0), "amount": Decimal(0)}
    return {"account": int(account), "tax": side, "manual": False, "description": plain(name), **zero}


# --------------------------------------------------------------------------------------- read back


def drafted(invoice: Row) -> Row:
    """A draft invoice as the move that it will become, in its own currency."""
    rows: list[tuple[Row, Decimal, list[Row]]] = [
        (one, one["amount"], [{"type": "base", "tax": tax} for tax in one["taxes"]]) for one in invoice["lines."]
    ]
    rows += [(one, one["amount"], [{"type": "tax", "tax": one["tax"]}]) for one in invoice["taxes."] if one["amount"]]
    owed = {"account": invoice["account"], "description": invoice["description"], "party": invoice["party"]}
    rows.append((owed, -sum((amount for _, amount, _ in rows), Decimal(0)), []))
    lines = [_drafted_line(at, one, amount, taxes, invoice) for at, (one, amount, taxes) in enumerate(rows)]
    return {
        "id": invoice["id"],
        "number": None,
        "state": "draft",
        "date": invoice["accounting_date"] or invoice["invoice_date"],
        "description": None,
        "lines.": lines,
    }


def _drafted_line(at: int, one: Row, amount: Decimal, taxes: list[Row], invoice: Row) -> Row:
    sides = {"debit": max(amount, Decimal(0)), "credit": max(-amount, Decimal(0))}
    values = [value["account"] for value in one.get("analytic_accounts.", ()) if value["account"]]
    return {
        "id": at,
        "account": one["account"],
        "description": one["description"],
        "party": one.get("party"),
        **sides,
        "analytic_lines.": [{"account": value, **sides} for value in values],
        "second_currency.": invoice["currency."],
        "amount_second_currency": amount,
        "reconciliation": None,
        "tax_lines.": taxes,
    }
