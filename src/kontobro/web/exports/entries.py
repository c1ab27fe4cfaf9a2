"""Entries as a page shows them: debit on the left, credit on the right, never a minus sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import Bill, Booking, Entry, Payment
from kontobro.core.rules.text import amount_of, payee_of


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One posting. Exactly one of `debit` and `credit` is set."""

    account: str
    debit: Decimal | None
    credit: Decimal | None
    tax_code: str
    dimensions: str


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry, ready to be written into a table."""

    entry: Entry
    kind: str
    lines: Sequence[ShownLine]


def kind_of(entry: Entry) -> str:
    """What a bookkeeper calls it."""
    if isinstance(entry, Bill):
        return "credit note" if entry.credit_note else "bill"
    return "payment" if isinstance(entry, Payment) else "journal entry"


def shown_entry(entry: Entry, names: Mapping[str, str]) -> ShownEntry:
    lines = [
        ShownLine(
            names.get(line.account, line.account),
            *sides(line.amount),
            line.tax_code or "",
            ", ".join(f"{name} {value}" for name, value in line.dimensions),
        )
        for line in entry.lines
    ]
    return ShownEntry(entry, kind_of(entry), lines)


def booked_lines(booking: Booking, names: Mapping[str, str]) -> list[ShownLine]:
    """What is in the accounting system, a line an account."""
    sums = sorted(booking.line_sums.items(), key=lambda line: (line[1] < 0, names.get(line[0], line[0])))
    return [ShownLine(names.get(account, account), *sides(amount), "", "") for account, amount in sums]


def sides(amount: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Debit and credit of an amount that is debit positive."""
    return (amount, None) if amount >= 0 else (None, -amount)


def item_words(item: ExportItem | MalformedItem) -> tuple[str, str, Decimal | None, str]:
    """What an item is, with whom, how much left the wallet and in which currency; what can't be read stays empty."""
    if isinstance(item, MalformedItem):
        return "unreadable item", "", None, ""
    payee = payee_of(item, of_employee=False)
    return item.type.replace("_", " ").lower(), payee, amount_of(item), item.amount.wallet.currency


def state_of(row: BookingRow) -> str:
    """The state that a person should read: what stops a booking before how far it came."""
    if row.problems:
        return "rejected"
    if row.posting == "draft":
        return "drafted"
    return "handed_over" if row.posting == "handed_over" else row.state
