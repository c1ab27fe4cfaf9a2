"""The work on one item: its entries, what is wrong with it, and what exists of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from kontobro.core.errors import Problem
from kontobro.core.model.export import ExportItem, ItemReport, MalformedItem, Receipt
from kontobro.core.model.history import Intent, Move
from kontobro.core.model.journal import (
    Bill,
    Booking,
    Entry,
    InvoiceKey,
    Payment,
    Reference,
    money_line,
    reference_of,
)
from kontobro.core.model.money import exact_sum, exponent, is_whole, to_major
from kontobro.core.rules.text import clean, payee_of
from kontobro.export.book.report import failure_text

TYPE_LIMIT = 40
"""Characters kept of a type that we do not know."""


@dataclass(slots=True)
class ItemWork:
    """One item on its way through the engine.

    `standing`: the bookings that were found or made, by reference; `stood` of them those that an earlier run
    made, `edited` of these those that a person has changed since. `as_sent`: each as it was when it was compared and
    said what was sent. `uncertain`: a write whose outcome is not known at
    the end of this run. `waits`: it is kept for a document. `given_by_others`: the external id that Pleo has of another
    installation, and keeps.
    """

    item: ExportItem | MalformedItem
    entries: tuple[Entry, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    receipts: tuple[Receipt, ...] = ()
    bookings: dict[Reference, Booking] = field(default_factory=dict)
    stood: set[Reference] = field(default_factory=set)
    edited: set[Reference] = field(default_factory=set)
    as_sent: dict[Reference, Booking] = field(default_factory=dict)
    uncertain: bool = False
    waits: bool = False
    attached: int = 0
    given_by_others: str | None = None

    @property
    def entry_id(self) -> str:
        """The accounting entry id; empty for an item that could not even be named."""
        return self.item.entry_id or ""

    @property
    def references(self) -> tuple[Reference, ...]:
        """The references of its bookings; of a bad item the one it would have had; none when there is nothing to
        book."""
        if self.entries:
            return tuple([entry.reference for entry in self.entries])
        return (reference_of(self.entry_id),) if self.problems else ()

    @property
    def good(self) -> bool:
        return not self.problems and not self.uncertain

    def note(self, text: str) -> None:
        """Say something of its first entry, there and in the preview: the bill, the journal entry or the payment."""
        self.notes.append(text)
        if self.entries:
            first, *rest = self.entries
            self.entries = (replace(first, notes=(*first.notes, text)), *rest)

    @property
    def first(self) -> Booking | None:
        """The booking that receipts belong to and Pleo links to: the bill or the journal entry."""
        return self.bookings.get(self.entries[0].reference) if self.entries else None

    def report(self, now: datetime) -> ItemReport:
        """What Pleo is told. Not for uncertain work: that is left unreported (design §5)."""
        first = self.first
        if self.problems:
            bookings = [booking.number or booking.id for booking in self.bookings.values()]
            return ItemReport(
                entry_id=self.entry_id,
                status="failed",
                external_id=self.given_by_others,
                failure=failure_text(self.problems, bookings),
                failure_type=self.problems[0].reason,
            )
        return ItemReport(
            entry_id=self.entry_id,
            status="successful",
            exported_at=now,
            external_id=first.id if first else None,
            external_url=_web_address(first),
        )


def _web_address(booking: Booking | None) -> str | None:
    """A link that works for everyone: a file on the exporter's machine is none."""
    url = booking.url if booking else None
    return url if url and url.startswith(("http://", "https://")) else None


def pairs(works: Iterable[ItemWork]) -> list[tuple[ItemWork, Entry]]:
    """Every entry of the good works, with its work."""
    return [(work, entry) for work in works if work.good for entry in work.entries]


def plans_of(work: ItemWork) -> list[Intent]:
    """What the store is told before anything is booked: one plan an entry, or one for a bad item without."""
    item = work.item
    if not work.entries:
        return [_item_plan(reference, item) for reference in work.references]
    return [_plan(entry, item.raw if number == 0 else b"") for number, entry in enumerate(work.entries)]


def _item_plan(reference: Reference, item: ExportItem | MalformedItem) -> Intent:
    """An item without entries, with what a bookkeeper knows it by, as far as it can be read."""
    if isinstance(item, MalformedItem):
        return Intent(reference=reference, kind="item", item_type="", raw=item.raw)
    wallet = item.amount.wallet
    readable = exponent(wallet.currency) is not None and is_whole(wallet.minor)
    return Intent(
        reference=reference,
        kind="item",
        item_type=clean(item.type, TYPE_LIMIT),
        currency=wallet.currency if readable else "",
        total=str(abs(to_major(wallet.minor, wallet.currency))) if readable else "",
        date=item.date.date().isoformat(),
        payee=payee_of(item, of_employee=False),
        pleo_url=item.url or "",
        raw=item.raw,
    )


def _plan(entry: Entry, raw: bytes) -> Intent:
    money = money_line(entry)
    return Intent(
        reference=entry.reference,
        kind=kind_of(entry),
        item_type=entry.item_type,
        currency=entry.currency,
        total=str(entry.total),
        date=entry.date.isoformat(),
        fingerprint=entry.fingerprint,
        payee=entry.payee,
        pleo_url=entry.url or "",
        settles=entry.settles if isinstance(entry, Payment) and isinstance(entry.settles, InvoiceKey) else None,
        account=money.account if money else None,
        role=money.role if money else None,
        amount=str(_sum_on(entry, money.account)) if money else None,
        raw=raw,
    )


def _sum_on(entry: Entry, account: str) -> Decimal:
    """What an entry puts on an account, and a plain zero where that is nothing."""
    return exact_sum([line.amount for line in entry.lines if line.account == account]) or Decimal(0)


def kind_of(entry: Entry) -> str:
    """journal, bill, credit_note or payment."""
    match entry:
        case Bill():
            return "credit_note" if entry.credit_note else "bill"
        case Payment():
            return "payment"
        case _:
            return "journal"


def booked_move(entry: Entry, booking: Booking) -> Move:
    """The move to `drafted` or `posted`, as the booking is."""
    return Move(
        reference=entry.reference,
        to="drafted" if booking.status == "draft" else "posted",
        erp_id=booking.id,
        erp_url=booking.url,
        posting=booking.status,
        settled=booking.settled,
    )
