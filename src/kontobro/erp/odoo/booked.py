"""What is in Odoo, as it was read back, and as a `Booking`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final
from urllib.parse import unquote

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
from kontobro.core.model.money import EXPONENTS
from kontobro.erp.kit.lookup import best
from kontobro.erp.kit.receipts import digest_in
from kontobro.erp.kit.texts import whole
from kontobro.erp.odoo.api import Row
from kontobro.erp.odoo.entries import MARK, origin_of, reference_in
from kontobro.erp.odoo.masters import Snapshot

MOVE_FIELDS: Final = (
    "name state date move_type ref partner_id journal_id invoice_origin narration reversal_move_ids".split()
)
LINE_FIELDS: Final = (
    "move_id account_id partner_id currency_id amount_currency balance amount_residual_currency display_type "
    "account_type reconciled tax_repartition_line_id matched_debit_ids matched_credit_ids "
    "tax_ids analytic_distribution".split()
)
RECEIPT_FIELDS: Final = ["res_id", "description"]

_STATUS: Final[Mapping[str, PostingStatus]] = {"draft": "draft", "posted": "posted", "cancel": "void"}
_PAGES: Final = {"in_invoice": "vendor-bills", "in_refund": "vendor-refunds"}
_FACT: Final = re.compile(r"([a-z]+)=([^\s<]*)")


@dataclass(frozen=True, slots=True)
class BookedMove:
    """One document in Odoo with its lines and receipts; `reversed` by another one, in full."""

    move: Row
    lines: Sequence[Row]
    receipts: Sequence[str] = ()
    reversed: bool = False

    @property
    def id(self) -> int:
        return int(self.move["id"])

    @property
    def reference(self) -> Reference:
        return reference_in(self.move["invoice_origin"] or f"account.move,{self.id}")

    @property
    def status(self) -> PostingStatus:
        return "void" if self.reversed else _STATUS[self.move["state"]]

    @property
    def date(self) -> date:
        return date.fromisoformat(self.move["date"])

    @property
    def is_document(self) -> bool:
        """A bill or credit note: a document with a payable line of its own."""
        return self.move["move_type"] in _PAGES

    @property
    def has_tax(self) -> bool:
        return any(line["tax_repartition_line_id"] for line in self.lines)

    @property
    def currency(self) -> str:
        """Of its first line: an entry itself is always in the company's."""
        return next((line["currency"] for line in self.lines), "")

    @property
    def facts(self) -> Mapping[str, str]:
        """What we wrote into the last paragraph of its note."""
        _, mark, text = (self.move["narration"] or "").rpartition(f">{MARK}")
        return {name: unquote(value) for name, value in _FACT.findall(text)} if mark else {}

    @property
    def settles(self) -> Reference | InvoiceKey | None:
        facts = self.facts
        if "number" in facts:
            return InvoiceKey(facts.get("vendor", ""), facts["number"], facts.get("currency", ""))
        return Reference(facts["settles"]) if "settles" in facts else None

    @property
    def is_returned(self) -> bool:
        return "returned" in self.facts

    @property
    def payable(self) -> Row | None:
        """The line that is owed: what is reconciled."""
        return next((line for line in self.lines if line["account_type"] == "liability_payable"), None)

    @property
    def is_settled(self) -> bool:
        line = self.payable
        return line is not None and bool(line["matched_debit_ids"] or line["matched_credit_ids"])

    @property
    def vendor(self) -> str:
        """The partner's id; empty for none."""
        return str(self.move["partner_id"] or "")

    @property
    def key(self) -> InvoiceKey | None:
        if not self.is_document or not self.vendor:
            return None
        return InvoiceKey(self.vendor, self.move["ref"] or "", self.currency)

    @property
    def number(self) -> str:
        """The supplier's invoice number; empty for what is no invoice."""
        return (self.move["ref"] or "") if self.is_document else self.facts.get("invoice", "")

    @property
    def owed(self) -> Decimal:
        """What the vendor gets by an invoice, below zero for a credit note."""
        if not self.is_document:
            return Decimal(self.facts.get("owed", "0"))
        lines = [line for line in self.lines if line["account_type"] == "liability_payable"]
        return -sum((amount_in(line, self.currency) for line in lines), Decimal(0))

    @property
    def open(self) -> Decimal | None:
        """What is still owed on a bill; None for what is none."""
        if not self.is_document:
            return None
        lines = [line for line in self.lines if line["account_type"] == "liability_payable"]
        return -sum((_exact(line["amount_residual_currency"], self.currency) for line in lines), Decimal(0))


def booked_of(
    moves: Iterable[Row], lines: Iterable[Row], receipts: Iterable[Row], codes: Mapping[int, str]
) -> Iterator[BookedMove]:
    """Moves with what belongs to each. `codes`: currency id -> code; links are bare ids."""
    of_move: dict[int, list[Row]] = {}
    for line in lines:
        of_move.setdefault(line["move_id"], []).append(line | {"currency": codes.get(line["currency_id"], "")})
    attached: dict[int, list[str]] = {}
    for receipt in receipts:
        if digest := digest_in(receipt["description"] or ""):
            attached.setdefault(receipt["res_id"], []).append(digest)
    for move in moves:
        yield BookedMove(move, of_move.get(move["id"], []), attached.get(move["id"], ()))


def booking_of(booked: BookedMove, masters: Snapshot, link: Callable[[str, int], str]) -> Booking:
    """The booking as it is now, a bookkeeper's changes included. `link` leads to a record, by the name of its page
    and its id."""
    signs = masters.signs
    currency = booked.currency
    amounts = [(line, amount_in(line, currency)) for line in booked.lines]
    return Booking(
        reference=booked.reference,
        id=str(booked.id),
        status=booked.status,
        date=booked.date,
        currency=currency,
        total=sum((amount for _, amount in amounts if amount > 0), Decimal(0)),
        tax=sum((amount for line, amount in amounts if _is_input_tax(line, signs)), Decimal(0)),
        line_sums=summed((str(line["account_id"]), amount) for line, amount in amounts),
        dimension_sums=_dimension_sums(amounts, masters),
        tax_code_sums=summed(
            ((str(line["account_id"]), tax), amount) for line, amount in amounts for tax in _codes_of(line, masters)
        ),
        receipts=frozenset(booked.receipts),
        fingerprint=booked.facts.get("fingerprint"),
        url=link(_PAGES.get(booked.move["move_type"], "entries"), booked.id),
        number=booked.move["name"] or None,
        settles=booked.settles,
        settled=booked.is_settled if booked.settles else None,
        open=booked.open,
    )


def _codes_of(line: Row, masters: Snapshot) -> list[str]:
    """The tax codes of an expense: on its line, and on the line of the part that is not deductible."""
    part = line["tax_repartition_line_id"]
    if not part:
        return [str(tax) for tax in line["tax_ids"]]
    return [code for code, tax in masters.taxes.items() if tax.signs.get(part) == 0]


def amount_in(line: Row, currency: str) -> Decimal:
    """A line's amount, exact: Odoo's floats hold 15 digits. What it put in another currency is counted as it is:
    no line of ours has one, so the comparison sees it."""
    given = line["amount_currency"] if line["currency"] == currency else line["balance"]
    return _exact(given, currency)


def _exact(given: Any, currency: str) -> Decimal:
    return Decimal(given).quantize(Decimal(1).scaleb(-EXPONENTS.get(currency, 2)), ROUND_HALF_EVEN)


def pick(key: EntryKey, all_booked: Iterable[BookedMove]) -> BookedMove | None:
    """What counts under a key: what is not void, the newest void one else; by invoice key the posted bill first, of the
    key's currency before any other."""
    under = (booked for booked in all_booked if _is_under(key, booked))
    return best(key, under, _preference, lambda one: (one.currency, one.open))


def _is_under(key: EntryKey, booked: BookedMove) -> bool:
    if isinstance(key, TwinKey):
        return booked.status != "void" and is_twin(key, booked)
    if not isinstance(key, InvoiceKey):
        return bool(booked.move["invoice_origin"] == origin_of(key))
    known = (booked.vendor, booked.move["ref"] or "")
    return booked.is_document and booked.status != "void" and known == (key.vendor, whole(key.number))


def is_twin(key: TwinKey, booked: BookedMove) -> bool:
    """The same supplier invoice under another expense, or written by a person."""
    return (
        bool(booked.number)
        and (booked.vendor, compared(whole(booked.number))) == (key.vendor, compared(key.number))
        and (booked.currency, booked.owed) == (key.currency, key.owed)
        and entry_id_of(booked.reference) != key.entry_id
    )


def _preference(booked: BookedMove) -> tuple[bool, bool, bool, int]:
    return (
        booked.status == "void",
        booked.status == "draft",
        booked.move["move_type"] == "in_refund",
        -booked.id,
    )


def _is_input_tax(line: Row, signs: Mapping[int, int]) -> bool:
    repartition = line["tax_repartition_line_id"]
    return bool(repartition) and signs.get(repartition, 1) > 0


def _is_of_expense(line: Row, signs: Mapping[int, int]) -> bool:
    part = line["tax_repartition_line_id"]
    return not part or signs.get(part) == 0


def _dimension_sums(amounts: Sequence[tuple[Row, Decimal]], masters: Snapshot) -> dict[DimensionKey, Decimal]:
    """What each value gets of an expense, the part of its tax that is not deductible included: an analytic distribution
    is a share in percent for each value, or several of them."""
    return summed(
        ((str(line["account_id"]), known.dimension_id, known.id), amount * Decimal(share) / 100)
        for line, amount in amounts
        if _is_of_expense(line, masters.signs)
        for values, share in (line["analytic_distribution"] or {}).items()
        for value in values.split(",")
        if (known := masters.values.get(value))
    )
