"""An entry as a person sees it in the accounting system: what a suite's `Bookkeeper` answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeVar

from kontobro.core.model.journal import Bill, Entry, Payment
from kontobro.core.ports import Fact

V = TypeVar("V")

Kind = Literal["journal", "bill", "credit_note", "payment", "returned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """One line: ids as the connector's `read` gives them, the amount in the entry's currency, debit positive."""

    account: str
    amount: Decimal
    dimensions: frozenset[tuple[str, str]] = frozenset()
    tax_code: str | None = None
    vendor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One entry. `payee`, `text` and `number` are what is read there: a system with one field for all gives it to each.

    `vendor` is the document's own; a line has its vendor too.
    """

    kind: Kind
    date: dt.date
    currency: str
    lines: Sequence[ShownLine]
    payee: str = ""
    text: str = ""
    number: str = ""
    vendor: str | None = None
    document_date: dt.date | None = None
    due_date: dt.date | None = None


def kind_of(entry: Entry) -> Kind:
    """What an entry has to be shown as."""
    if isinstance(entry, Bill):
        return "credit_note" if entry.credit_note else "bill"
    if isinstance(entry, Payment):
        return "returned" if entry.returned else "payment"
    return "journal"


def shown_as_sent(entry: Entry, not_kept: Collection[Fact] = ()) -> Shown:
    """An entry as a system shows it that keeps all of it but these facts."""

    def kept(fact: Fact, value: V) -> V | None:
        return None if fact in not_kept else value

    lines = [
        ShownLine(
            account=line.account,
            amount=line.amount,
            dimensions=frozenset(kept("dimensions", line.dimensions) or ()),
            tax_code=kept("tax_codes", line.tax_code),
            vendor=kept("vendors", line.vendor),
        )
        for line in entry.lines
    ]
    return Shown(
        kind=kind_of(entry),
        date=entry.date,
        currency=entry.currency,
        lines=lines,
        payee=kept("payees", entry.payee) or "",
        text=kept("texts", entry.text) or "",
        number=entry.number,
        vendor=kept("vendors", entry.vendor),
        document_date=kept("document_dates", entry.document_date),
        due_date=kept("due_dates", entry.due_date),
    )
