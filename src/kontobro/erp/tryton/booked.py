"""What is in Tryton, as it was read back, and as a `Booking`. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.model.journal import (
    Booking,
    DimensionKey,
    EntryKey,
    InvoiceKey,
    PostingStatus,
    Reference,
    TwinKey,
    compared,
    entry_id_of,
    summed,
)
from kontobro.erp.kit.lookup import best
from kontobro.erp.kit.texts import whole
from kontobro.erp.tryton.bills import INVOICE, drafted
from kontobro.erp.tryton.calls import REFERENCE, Row
from kontobro.erp.tryton.entries import (
    BILL_MARK,
    SEPARATOR,
    invoice_in,
    number_of,
    reference_in,
    settles_in,
)
from kontobro.erp.tryton.masters import Snapshot

MOVE: Final = "account.move"

MOVE_FIELDS: Final = (
    "number state date description origin lines.account lines.debit lines.credit lines.amount_second_currency "
    "lines.second_currency.code lines.description lines.reconciliation lines.party "
    "lines.tax_lines.type lines.tax_lines.tax lines.analytic_lines.account lines.analytic_lines.debit "
    "lines.analytic_lines.credit"
).split()
HEAD_FIELDS: Final = ("number", "state", "date")
"""What posting changes of a move."""

POST_NUMBER: Final = "post_number"


@dataclass(frozen=True, slots=True)
class BookedMove:
    """One move of ours with its lines by id and its receipts; `reversed` by a posted cancellation. A bill's `invoice`,
    where it is one: before it is posted the move is what it will become."""

    move: Row
    lines: Sequence[Row]
    reference: Reference
    company_currency: str
    receipts: Sequence[str] = ()
    reversed: bool = False
    invoice: Row | None = None

    @property
    def resource(self) -> str:
        """Tryton's name of the document: model and number."""
        return f"{INVOICE},{self.invoice['id']}" if self.invoice else f"{MOVE},{self.move['id']}"

    @property
    def id(self) -> str:
        """The booking's id: a move's number alone, an invoice's with its model."""
        return self.resource if self.invoice else str(self.move["id"])

    @property
    def at(self) -> int:
        """Higher is younger."""
        return int((self.invoice or self.move)["id"])

    @property
    def status(self) -> PostingStatus:
        if self.reversed or (self.invoice and self.invoice["state"] == "cancelled"):
            return "void"
        return "posted" if self.move["state"] == "posted" else "draft"

    @property
    def date(self) -> date:
        day: date = self.move["date"]
        return day

    @property
    def is_bill(self) -> bool:
        return any((line["description"] or "").startswith(BILL_MARK) for line in self.lines)

    @property
    def is_credit_note(self) -> bool:
        owed = self.owed
        return owed is not None and owed["debit"] > owed["credit"]

    @property
    def currency(self) -> str:
        return next((code for line in self.lines if (code := _second_currency(line))), self.company_currency)

    @property
    def settles(self) -> Reference | InvoiceKey | None:
        return self._settling[0]

    @property
    def is_returned(self) -> bool:
        return self._settling[1]

    @property
    def owed(self) -> Row | None:
        """The line that is reconciled: a bill's own, a payment's that says what it settles."""
        for line in self.lines:
            text = line["description"] or ""
            if text.startswith(BILL_MARK) or settles_in(text)[0]:
                return line
        return None

    @property
    def party(self) -> str:
        """Who is owed; empty for none."""
        owed = self.owed
        party = self.invoice["party"] if self.invoice else owed and owed["party"]
        return str(party or "")

    @property
    def is_settled(self) -> bool:
        owed = self.owed
        return owed is not None and owed["reconciliation"] is not None

    @property
    def _settling(self) -> tuple[Reference | InvoiceKey | None, bool]:
        told = (settles_in(line["description"] or "") for line in self.lines)
        return next((one for one in told if one[0]), (None, False))

    @property
    def open(self) -> Decimal | None:
        """What is still owed on a bill: all of it or nothing, as Tryton reconciles. None for what is no bill."""
        owed = self.owed
        if not self.is_bill or owed is None:
            return None
        return Decimal(0) if self.is_settled else -amount_in(owed, self.currency)

    def answers(self, key: EntryKey) -> bool:
        """True when this is what the key names; by invoice or twin key, what is not void."""
        if isinstance(key, TwinKey):
            return self.status != "void" and self._is_twin(key)
        if not isinstance(key, InvoiceKey):
            return self.reference == key
        same = self.is_bill and self.party == key.vendor
        return same and self.status != "void" and self._has_number(key.number)

    def _is_twin(self, key: TwinKey) -> bool:
        """The same supplier invoice under another expense, or written by a person."""
        parties = {str(line["party"] or "") for line in self.lines} | {self.party}
        told = self._told()
        return (
            told is not None
            and key.vendor in parties
            and compared(told[0]) == compared(key.number if self.invoice else number_of(key.number))
            and told[1:] == (key.owed, key.currency)
            and entry_id_of(self.reference) != key.entry_id
        )

    def _told(self) -> tuple[str, Decimal, str] | None:
        """Number, amount and currency of the invoice that this is; None for what is none."""
        if self.invoice:
            rows = [*self.invoice["lines."], *self.invoice["taxes."]]
            owed = sum((Decimal(row["amount"] or 0) for row in rows), Decimal(0))
            return self.invoice["reference"] or "", owed, self.currency
        text = self.move["description"] or ""
        if self.is_bill and self.owed:
            return text.partition(SEPARATOR)[0], -amount_in(self.owed, self.currency), self.currency
        return invoice_in(text)

    def _has_number(self, number: str) -> bool:
        if self.invoice:
            return bool(self.invoice["reference"] == whole(number))
        return (self.move["description"] or "").startswith(f"{number_of(number)}{SEPARATOR}")


def booked_of(
    move: Row | None, company_currency: str, receipts: Sequence[str], *, reversed_: bool, invoice: Row | None = None
) -> BookedMove:
    """A move as it was read, its lines put in order (Tryton gives the newest first); a draft invoice without one."""
    move = move or drafted(invoice or {})
    lines = sorted(move["lines."], key=lambda line: int(line["id"]))
    held = move.get(REFERENCE) or (invoice or {}).get(REFERENCE)
    found = (reference_in(line["description"] or "") for line in lines)
    reference = Reference(held) if held else next((one for one in found if one), Reference(f"{MOVE},{move['id']}"))
    return BookedMove(move, lines, reference, company_currency, receipts, reversed_, invoice)


def resource_of(booking: Booking) -> str:
    """Tryton's name of a booking's document."""
    return booking.id if booking.id.startswith(INVOICE) else f"{MOVE},{booking.id}"


def booking_of(booked: BookedMove, masters: Snapshot, link: str) -> Booking:
    """The booking as it is now, a bookkeeper's changes included."""
    output_taxes, codes = masters.output_taxes, masters.tax_codes
    amounts = [(line, amount_in(line, booked.currency)) for line in booked.lines if not _is_rounding(line, booked)]
    return Booking(
        reference=booked.reference,
        id=booked.id,
        status=booked.status,
        date=booked.date,
        currency=booked.currency,
        total=sum((amount for _, amount in amounts if amount > 0), Decimal(0)),
        tax=sum((amount for line, amount in amounts if _is_input_tax(line, output_taxes)), Decimal(0)),
        line_sums=summed((str(line["account"]), amount) for line, amount in amounts),
        dimension_sums=_dimension_sums(amounts, masters),
        tax_code_sums=summed(
            ((str(line["account"]), code), amount)
            for line, amount in amounts
            for code in {
                codes[tax["tax"]] for tax in line["tax_lines."] if tax["type"] == "base" and tax["tax"] in codes
            }
        ),
        receipts=frozenset(booked.receipts),
        url=f"{link}/{booked.resource.replace(',', '/')}",
        number=_number(booked.invoice or booked.move),
        settles=booked.settles,
        settled=booked.is_settled if booked.settles else None,
        open=booked.open,
    )


def posted_as(booking: Booking, head: Row, receipts: Collection[str]) -> Booking:
    """A draft's booking after Tryton posted it: its lines are as they were."""
    return replace(
        booking,
        status="posted",
        date=head["date"],
        number=_number(head) or booking.number,
        receipts=frozenset(receipts),
    )


def _number(document: Row) -> str | None:
    """The one under which a person finds it; that of a draft counts only where there is no other."""
    return document.get(POST_NUMBER, document["number"]) or None


def _is_rounding(line: Row, booked: BookedMove) -> bool:
    """What Tryton adds to an invoice in another currency, so that it balances in the company's own."""
    return bool(booked.invoice) and booked.currency != booked.company_currency and not _second_currency(line)


def amount_in(line: Row, currency: str) -> Decimal:
    """A line's amount, debit positive. What a person put in another currency is counted as it is: it shows."""
    if _second_currency(line) == currency:
        return Decimal(line["amount_second_currency"] or 0)
    return Decimal(line["debit"]) - Decimal(line["credit"])


def pick(key: EntryKey, all_booked: Iterable[BookedMove]) -> BookedMove | None:
    """What counts under a key: what is not void, posted first, then the oldest; the newest void one else. By invoice
    key one of the key's currency before any other."""
    under = (one for one in all_booked if one.answers(key))
    return best(key, under, _preference, lambda one: (one.currency, one.open))


def _preference(one: BookedMove) -> tuple[bool, bool, bool, int]:
    void = one.status == "void"
    return void, one.status == "draft", one.is_bill and one.is_credit_note, -one.at if void else one.at


def _second_currency(line: Row) -> str | None:
    currency: Mapping[str, str] | None = line.get("second_currency.")
    return currency["code"] if currency else None


def _is_input_tax(line: Row, output_taxes: Collection[int]) -> bool:
    return any(tax["type"] == "tax" and tax["tax"] not in output_taxes for tax in line["tax_lines."])


def _dimension_sums(amounts: Sequence[tuple[Row, Decimal]], masters: Snapshot) -> dict[DimensionKey, Decimal]:
    """What each value gets of a line: all of it, or what a person put there, in the company's currency."""
    return summed(
        ((str(line["account"]), known.dimension_id, known.id), _share(analytic, line, amount))
        for line, amount in amounts
        for analytic in line["analytic_lines."]
        if (known := masters.values.get(str(analytic["account"])))
    )


def _share(analytic: Row, line: Row, amount: Decimal) -> Decimal:
    part = Decimal(analytic["debit"]) - Decimal(analytic["credit"])
    return amount if part == Decimal(line["debit"]) - Decimal(line["credit"]) else part
