"""What we book: an entry is a journal entry, a bill or a payment; a booking is the fact that it exists.

Amounts are in the entry's currency (not in minor units), exact, debit positive. The lines of every entry
sum to zero: an accounting system that knows no bills can book any of them as a journal entry.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Literal, NewType, TypeVar

from kontobro.core.model.export import ExportItem
from kontobro.core.model.money import exact_add, exact_sum, is_whole

K = TypeVar("K", bound=Hashable)

Reference = NewType("Reference", str)
"""Our idempotency key, written into the accounting system: the accounting entry id, or that and `/pay`."""

LineRole = Literal["expense", "tax", "reverse_tax", "wallet", "payable", "employee", "transit", "external"]
"""What a line is for. `tax` is the input side, `reverse_tax` the output side of reverse charge."""

PostingStatus = Literal["draft", "posted", "void", "handed_over"]
"""`handed_over`: it is in a sealed document; whether the accounting system has read that, no one tells us."""


def reference_of(entry_id: str, *, payment: bool = False) -> Reference:
    """The reference of an item's first entry, or of the payment that goes with its bill (design §5)."""
    return Reference(f"{entry_id}/pay" if payment else entry_id)


def references_of(entry_id: str) -> tuple[Reference, Reference]:
    """All references that an item may have."""
    return reference_of(entry_id), reference_of(entry_id, payment=True)


def entry_id_of(reference: Reference) -> str:
    """The accounting entry id behind a reference."""
    return reference.removesuffix("/pay")


_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class InvoiceKey:
    """How a payment names its bill: the vendor's id in the accounting system, invoice number, currency.

    The currency weighs least (`posting-rules.md` §6.5): where no bill of this one exists, one in another is meant.
    """

    vendor: str
    number: str
    currency: str


@dataclass(frozen=True, slots=True)
class TwinKey:
    """How the same supplier invoice is looked for under another expense: what the paper says.

    `number` as `compared` makes it; `owed` is what the vendor gets by it, in `currency`, below zero on a credit note.
    Meant are documents that are not void and none of the expense `entry_id`; never payments.
    """

    vendor: str
    number: str
    currency: str
    owed: Decimal
    entry_id: str


EntryKey = Reference | InvoiceKey | TwinKey
"""What `Connector.find` looks under."""


def compared(number: str) -> str:
    """An invoice number as two of them are compared: by what a reader of the paper sees.

    Apart are case, blanks, characters without width, full-width and other compatible forms (Unicode's NFKC), and which
    dash it is: word processors and mail programs change these on their own. Kept are leading zeros and all other
    punctuation: 0017 is not 17, nor 1-12 the same as 11-2.
    """
    if not number.isascii():
        number = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", number).casefold())
        number = "".join(_SEEN.get(unicodedata.category(c), c) for c in number.replace("\N{MINUS SIGN}", "-"))
    return "".join(number.split()).casefold()


_SEEN: Mapping[str, str] = {"Pd": "-", "Cf": "", "Cc": " "}
"""What is seen of a character of these categories: dashes, format and control characters."""


def spellings(number: str) -> tuple[str, ...]:
    """How a number that is `compared` may be written in a system that searches without knowing Unicode's forms."""
    return tuple(dict.fromkeys((number, number.translate(_WIDE), number.translate(_WIDE_DIGITS))))


_WIDE: Mapping[int, int] = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_WIDE_DIGITS: Mapping[int, int] = {code: _WIDE[code] for code in range(0x30, 0x3A)}
"""The full-width form of a character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One posting. `account` is an account id; `dimensions` maps dimension ids to value ids.

    `tax_code` is on expense lines (also when no tax is posted: the VAT return needs the base) and on
    the tax lines made from it; `tax_amount` on an expense line is the tax that Pleo states for it, for
    systems that compute tax themselves (`posting-rules.md` §5).
    """

    account: str
    amount: Decimal
    role: LineRole
    text: str = ""
    tax_code: str | None = None
    tax_amount: Decimal | None = None
    dimensions: tuple[tuple[str, str], ...] = ()
    vendor: str | None = None
    employee: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every entry has. Not booked itself: use JournalEntry, Bill or Payment.

    `payee` and `text` are for people; `notes` are what the bookkeeper should know of how it was booked. `number`,
    `document_date` and `due_date` are the invoice's own, whatever the method (`posting-rules.md` §14.2); the number is
    never cut. `attendees` are all of them (§14.7). `fingerprint` is the hash of Pleo's facts behind the entry.
    """

    reference: Reference
    date: dt.date
    currency: str
    lines: tuple[EntryLine, ...]
    fingerprint: str
    payee: str = ""
    text: str = ""
    reconciliation_id: str = ""
    item_type: str = ""
    url: str | None = None
    journal: str | None = None
    vendor: str | None = None
    vendor_name: str | None = None
    service_period: tuple[dt.date, dt.date] | None = None
    supplier_amount: tuple[Decimal, str] | None = None
    reconciled_entries: tuple[str, ...] = ()
    attendees: tuple[str, ...] = ()
    number: str = ""
    document_date: dt.date | None = None
    due_date: dt.date | None = None
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        """The sum of the debits."""
        return exact_sum([line.amount for line in self.lines if line.amount > _ZERO])

    @property
    def tax(self) -> Decimal:
        """The input tax of the entry, debit positive."""
        return exact_sum([line.amount for line in self.lines if line.role == "tax"])

    @property
    def difference(self) -> Decimal:
        """What its lines sum to: nothing, or it may not be booked."""
        return exact_sum([line.amount for line in self.lines])

    @property
    def twin(self) -> TwinKey | None:
        """How the same supplier invoice is looked for; None for what is none, or has no vendor or number."""
        if not (self.vendor and self.number) or isinstance(self, Payment):
            return None
        if not any(line.role == "expense" for line in self.lines):
            return None
        owed = exact_sum(line.amount for line in self.lines if line.role in MONEY_ROLES).copy_negate()
        return TwinKey(self.vendor, compared(self.number), self.currency, owed, entry_id_of(self.reference))


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry(Entry):
    """A plain journal entry."""


def as_journal(entry: Entry) -> JournalEntry:
    """The entry as a plain one, for an accounting system without bills."""
    return JournalEntry(**{one.name: getattr(entry, one.name) for one in fields(Entry)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill(Entry):
    """A vendor's bill, or with `credit_note` a credit note (its lines are then the other way round)."""

    number: str
    document_date: dt.date
    credit_note: bool = False

    @property
    def key(self) -> InvoiceKey | None:
        """How a payment may name this bill; None without a vendor."""
        return InvoiceKey(self.vendor, self.number, self.currency) if self.vendor and self.number else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Entry):
    """Money to (or with `received` from) a vendor or employee.

    `settles` names its bill: by reference when both come from one item, by invoice key when the bill is an
    item of its own. `returned`: the payment came back and its bill is open again (`posting-rules.md` row 8, §14.5).
    """

    settles: Reference | InvoiceKey | None = None
    received: bool = False
    returned: bool = False


DimensionKey = tuple[str, str, str]
"""Account, dimension and value, by their ids."""

TaxCodeKey = tuple[str, str]
"""Account and tax code, by their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """The fact that an entry is in the accounting system, as it is there now.

    `line_sums` maps account id to the sum of its lines (debit positive, zero sums left out); `receipts` are
    the SHA-256 of what is attached; `fingerprint` is None where the system can't keep one; `settled`
    is None for what settles nothing; `open` is what is still owed on a bill (below zero on a credit note), None for
    what is none. `dimension_sums` and `tax_code_sums` are what the functions below make of an entry; None where the
    system does not give them back.
    """

    reference: Reference
    id: str
    status: PostingStatus
    date: dt.date
    currency: str
    total: Decimal
    tax: Decimal | None = None
    line_sums: Mapping[str, Decimal] = field(default_factory=dict)
    receipts: frozenset[str] = frozenset()
    fingerprint: str | None = None
    url: str | None = None
    number: str | None = None
    settles: Reference | InvoiceKey | None = None
    settled: bool | None = None
    open: Decimal | None = None
    dimension_sums: Mapping[DimensionKey, Decimal] | None = None
    tax_code_sums: Mapping[TaxCodeKey, Decimal] | None = None


def line_sums(entry: Entry) -> dict[str, Decimal]:
    """The sum of an entry's lines per account, zero sums left out: what `Booking.line_sums` is compared with."""
    return summed([(line.account, line.amount) for line in entry.lines])


def dimension_sums(entry: Entry) -> dict[DimensionKey, Decimal]:
    """What the expense lines put on each dimension value, account by account."""
    return summed(
        [
            ((line.account, *pair), line.amount)
            for line in entry.lines
            if line.role == "expense"
            for pair in line.dimensions
        ]
    )


def tax_code_sums(entry: Entry) -> dict[TaxCodeKey, Decimal]:
    """What the expense lines book under each tax code, account by account: the base of the VAT return."""
    return summed(
        [
            ((line.account, line.tax_code), line.amount)
            for line in entry.lines
            if line.role == "expense" and line.tax_code
        ]
    )


def summed(amounts: Iterable[tuple[K, Decimal]]) -> dict[K, Decimal]:
    """The exact sum of the amounts under each key, zero sums left out."""
    sums: dict[K, Decimal] = {}
    for key, amount in amounts:
        sums[key] = exact_add(sums[key], amount) if key in sums else amount
    return {key: amount for key, amount in sums.items() if amount}


MONEY_ROLES: Sequence[LineRole] = ("wallet", "employee", "payable", "external", "transit")
"""Whose line carries an entry's whole amount, first hit wins."""


def money_line(entry: Entry) -> EntryLine | None:
    """The line that takes an entry's whole amount; None for an entry whose lines cancel out on their own."""
    return next((line for role in MONEY_ROLES for line in entry.lines if line.role == role), None)


def fingerprint(item: ExportItem) -> str:
    """The hash (32 hex digits) of Pleo's facts behind an item: type, date, currency, and per line account, tax,
    tags and amounts. Not of texts, receipts or settings: those may change without making it another expense.
    """
    parts = [
        item.type,
        item.subtype or "",
        item.date.isoformat(),
        item.amount.wallet.currency,
        _digits(item.amount.wallet.minor),
    ]
    for line in item.lines:
        tax = line.tax
        parts += [
            (line.account.key or "") if line.account else "",
            _digits(line.amount.wallet.minor),
            f"{tax.code or ''}|{tax.type}|{_digits(tax.amount.wallet.minor)}" if tax else "",
            ",".join(sorted([f"{tag.group_code}={tag.code}" for tag in line.tags])),
        ]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _digits(minor: Decimal) -> str:
    """One spelling for one amount: 100, 100.0 and 1E+2 are the same fact."""
    text = str(minor)
    if text.isdecimal():
        return text
    return str(int(minor)) if is_whole(minor) else text
