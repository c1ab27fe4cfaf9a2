"""Sealed documents, as the store remembers them: for an accounting system that takes files they are the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from kontobro.core.model.journal import Booking, Reference

DocumentState = Literal["rendering", "sealed", "delivering", "unsure", "delivered", "released"]
"""`rendering`: not sealed yet, nothing counts. `delivering`: the intent, stored before the first write. `unsure`: it
may have been sent, a person decides. `released`: the accounting system rejected it, an owner took it back."""

SeriesKey = tuple[str, str]
"""A voucher series and its year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedNumber:
    """The number by which an accounting system matches entries of one vendor: a bill, what pays it, what credits it.

    `written` is how the document has it, `meant` what it stands for, `number` what Pleo says. `opens`: it begins what
    the others settle, and is the only one that does. `system` names who matches, for messages.
    """

    vendor: str
    written: str
    meant: str
    number: str
    opens: bool = False
    system: str = field(default="", compare=False)

    def clashes(self, other: MatchedNumber) -> bool:
        """Whether the two would be taken for what they are not."""
        same = (self.vendor, self.written) == (other.vendor, other.written)
        return same and (self.meant != other.meant or (self.opens and other.opens))


@dataclass(frozen=True, slots=True)
class SealedFile:
    """One file of a document; `sha256` in hex, `size` in bytes."""

    name: str
    media_type: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document that is about to be rendered: `number` counts a connection's documents, `moment` is its only clock."""

    number: int
    group: str
    moment: datetime
    first: date
    last: date
    vouchers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A document as it is remembered. References, numbers and digests stay for ever; its bytes until it is imported and
    the retention is over (`kept`)."""

    number: int
    group: str
    job_id: str
    state: DocumentState
    moment: datetime
    first: date
    last: date
    vouchers: int
    files: tuple[SealedFile, ...] = ()
    place: str = ""
    delivered_at: datetime | None = None
    imported_at: datetime | None = None
    released_at: datetime | None = None
    reason: str = ""
    kept: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedVoucher:
    """An entry that is in a sealed document: its number, and what the document says of it as a booking.

    `number` in its series and year; `vendor` is the vendor's id. `state` is its document's. `matched`: the number that
    the accounting system matches it by, where it does.
    """

    document: int
    series: str
    year: str
    number: int
    booking: Booking
    vendor: str = ""
    state: DocumentState = "sealed"
    matched: MatchedNumber | None = None


@dataclass(frozen=True, slots=True)
class LastNumbers:
    """The last document of a connection, and the last voucher of each series and year; 0 and none before the first."""

    document: int = 0
    vouchers: Mapping[SeriesKey, int] = field(default_factory=dict)

    def joined(self, other: LastNumbers) -> LastNumbers:
        """The later of both, of the documents and of each series."""
        keys = {*self.vouchers, *other.vouchers}
        vouchers = {key: max(self.vouchers.get(key, 0), other.vouchers.get(key, 0)) for key in keys}
        return LastNumbers(max(self.document, other.document), vouchers)


Facts = dict[str, Any]
"""A booking as JSON has it: amounts and days are texts."""


def facts_of(booking: Booking) -> Facts:
    """What a document says of one entry, for the store and the manifest beside it."""
    return {
        "reference": booking.reference,
        "id": booking.id,
        "number": booking.number,
        "date": booking.date.isoformat(),
        "currency": booking.currency,
        "total": str(booking.total),
        "tax": None if booking.tax is None else str(booking.tax),
        "lines": {account: str(amount) for account, amount in booking.line_sums.items()},
        "dimensions": _rows(booking.dimension_sums),
        "tax_codes": _rows(booking.tax_code_sums),
        "receipts": sorted(booking.receipts),
        "fingerprint": booking.fingerprint,
    }


def voucher_facts(voucher: SealedVoucher) -> Facts:
    """The same with the number that it is matched by."""
    matched = voucher.matched
    said = {"matched": [matched.written, matched.meant, matched.number, matched.opens]} if matched else {}
    return facts_of(voucher.booking) | said


def matched_from(facts: Facts, vendor: str) -> MatchedNumber | None:
    """The number that `voucher_facts` wrote. Raises ValueError or TypeError for anything else."""
    if (said := facts.get("matched")) is None:
        return None
    written, meant, number, opens = said
    if not (isinstance(opens, bool) and all(isinstance(text, str) for text in (written, meant, number))):
        raise TypeError("a number to match by is not one")
    return MatchedNumber(vendor=vendor, written=written, meant=meant, number=number, opens=opens)


def booking_from(facts: Facts) -> Booking:
    """The booking that `facts_of` wrote. Raises KeyError, ValueError or TypeError for anything else."""
    dimensions, tax_codes = facts["dimensions"], facts["tax_codes"]
    return Booking(
        reference=Reference(facts["reference"]),
        id=facts["id"],
        number=facts["number"],
        status="handed_over",
        date=date.fromisoformat(facts["date"]),
        currency=facts["currency"],
        total=_amount(facts["total"]),
        tax=None if facts["tax"] is None else _amount(facts["tax"]),
        line_sums={account: _amount(amount) for account, amount in facts["lines"].items()},
        dimension_sums=None if dimensions is None else {(a, d, v): _amount(amount) for a, d, v, amount in dimensions},
        tax_code_sums=None if tax_codes is None else {(a, code): _amount(amount) for a, code, amount in tax_codes},
        receipts=frozenset(facts["receipts"]),
        fingerprint=facts["fingerprint"],
    )


def _rows(sums: Mapping[Any, Decimal] | None) -> list[list[str]] | None:
    return None if sums is None else [[*key, str(amount)] for key, amount in sums.items()]


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError as error:
        raise ValueError(f"{text[:20]!r} is not an amount") from error
