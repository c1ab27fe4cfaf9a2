"""What is in the ledger as a `Booking`, and which payment settles which bill. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import PurePosixPath

from beancount.core.data import Posting

from kontobro.core.model.journal import (
    MONEY_ROLES,
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
from kontobro.core.model.money import exact_sum
from kontobro.erp.beancount.syntax.blocks import Key, LedgerEntry
from kontobro.erp.beancount.syntax.render import link_of, number, one_line, quoted
from kontobro.erp.kit.lookup import best

_DOCUMENT_KEY = re.compile(r"document-(\d+)")


def booking_of(booked: LedgerEntry, receipts: frozenset[str], url: str, bills: Iterable[LedgerEntry] = ()) -> Booking:
    """The booking as it is now, a bookkeeper's changes included. `bills` are those that it may have settled."""
    currency = currency_of(booked)
    amounts = list(_amounts(booked, currency))
    return Booking(
        reference=booked.reference,
        id=booked.reference or f"{booked.block.file}:{booked.block.line}",
        status=_status(booked),
        date=booked.transaction.date,
        currency=currency,
        total=total_of(booked),
        tax=exact_sum(amount for posting, amount in amounts if _role(posting) == "tax"),
        line_sums=summed((posting.account, amount) for posting, amount in amounts),
        dimension_sums=_dimension_sums(amounts),
        tax_code_sums=summed(
            ((posting.account, code), amount)
            for posting, amount in amounts
            if (code := _of_expense(posting, "tax-code"))
        ),
        receipts=receipts,
        fingerprint=booked.meta("fingerprint") or None,
        url=url,
        number=booked.meta("bill-number") or None,
        settles=settles(booked),
        settled=has_settled(booked, bills) if settles(booked) else None,
    )


def currency_of(booked: LedgerEntry) -> str:
    """The currency of the first line; ours have one currency an entry."""
    for posting in booked.transaction.postings:
        if posting.units is not None and posting.units.currency:
            return str(posting.units.currency)
    return ""


def total_of(booked: LedgerEntry) -> Decimal:
    """The sum of the debits."""
    amounts = (amount for _, amount in _amounts(booked, currency_of(booked)))
    return exact_sum(amount for amount in amounts if amount > 0)


def owed_by(booked: LedgerEntry) -> Decimal:
    """What the other side gets by it: above zero for a bill, below for a credit note and for a payment."""
    amounts = list(_amounts(booked, currency_of(booked)))
    money = [amount for posting, amount in amounts if _role(posting) in MONEY_ROLES]
    if is_payment(booked):
        money = [amount for posting, amount in amounts if _role(posting) in ("payable", "employee")]
    if not money:  # written by a person, without roles
        total = total_of(booked)
        return -total if booked.meta("kind") in ("credit-note", "payment") else total
    return exact_sum(money).copy_negate()


def documents_of(booked: LedgerEntry) -> list[str]:
    """The paths of the attached receipts as the file names them, in order."""
    return [path for _, path in numbered_documents(booked)]


def numbered_documents(booked: LedgerEntry) -> list[tuple[int, str]]:
    """The receipts with the numbers of their metadata keys, in order."""
    found = ((_DOCUMENT_KEY.fullmatch(key), value) for key, value in booked.transaction.meta.items())
    return sorted((int(key[1]), str(value)) for key, value in found if key and _is_path(value))


def next_document(booked: LedgerEntry) -> int:
    """A number above all that a key of its documents has, whatever a person wrote under them."""
    keys = (_DOCUMENT_KEY.fullmatch(key) for key in booked.transaction.meta)
    return max((int(key[1]) for key in keys if key), default=0) + 1


def digest_of(path: str) -> str:
    """The SHA-256 under which a receipt is kept."""
    return PurePosixPath(path).stem


def settles(booked: LedgerEntry) -> Reference | InvoiceKey | None:
    """What a payment says that it settles."""
    if booked.meta("settles"):
        return Reference(booked.meta("settles"))
    if booked.meta("settles-bill"):
        vendor, currency = booked.meta("settles-vendor"), booked.meta("settles-currency")
        return InvoiceKey(vendor, booked.meta("settles-bill"), currency)
    return None


def is_settled(booked: LedgerEntry) -> bool:
    """Whether it has settled a bill: which may have been voided since."""
    return booked.transaction.meta.get("settled") is True


def has_settled(payment: LedgerEntry, bills: Iterable[LedgerEntry]) -> bool:
    """Whether a bill that counts is settled by it: one that was voided leaves it open."""
    links = payment.transaction.links
    return is_settled(payment) and any(
        is_bill(bill) and not bill.is_void and not bill.is_draft and link_of(bill.reference) in links
        for bill in bills
        if bill is not payment
    )


def settled_bill(payment: LedgerEntry) -> Reference | InvoiceKey | None:
    """What a payment that says it has settled names."""
    return settles(payment) if is_settled(payment) else None


def is_bill(booked: LedgerEntry) -> bool:
    return booked.meta("kind") in ("bill", "credit-note")


def is_payment(booked: LedgerEntry) -> bool:
    return booked.meta("kind") == "payment"


def _is_invoice(booked: LedgerEntry) -> bool:
    """A supplier's invoice, whatever it was booked as: a bill, or the journal entry of its expense."""
    if booked.meta("bill-number"):
        return not is_payment(booked)
    expense = any(_role(posting) == "expense" for posting in booked.transaction.postings)
    return bool(booked.meta("invoice-number")) and expense and not is_payment(booked)


def search_key(key: EntryKey) -> Key:
    """The metadata line to look for."""
    if isinstance(key, TwinKey):
        return Key.of_invoice(key.number)
    return Key.of("bill-number", key.number) if isinstance(key, InvoiceKey) else Key.of("kontobro", key)


def pick(
    key: EntryKey, all_booked: Iterable[LedgerEntry], left: Mapping[LedgerEntry, Decimal] | None = None
) -> LedgerEntry | None:
    """The entry under a key: by reference one that counts before a void one, by invoice key the posted bill first, of
    the key's currency before any other, and where `left` tells what is open, one that still owes something."""
    under = (booked for booked in all_booked if _is_under(key, booked))
    nothing = Decimal(0)
    return best(key, under, _preference, lambda one: (currency_of(one), left.get(one, nothing) if left else None))


def _is_under(key: EntryKey, booked: LedgerEntry) -> bool:
    if isinstance(key, TwinKey):
        return not booked.is_void and _is_invoice(booked) and _is_twin(key, booked)
    if isinstance(key, InvoiceKey):
        vendor, number = one_line(key.vendor), one_line(key.number)
        known = (booked.meta("vendor"), booked.meta("bill-number"))
        return is_bill(booked) and not booked.is_void and known == (vendor, number)
    return booked.reference == key


def _is_twin(key: TwinKey, booked: LedgerEntry) -> bool:
    number = booked.meta("bill-number") or booked.meta("invoice-number")
    return (
        booked.meta("vendor") == one_line(key.vendor)
        and compared(number) == compared(one_line(key.number))
        and (currency_of(booked), owed_by(booked)) == (key.currency, key.owed)
        and entry_id_of(booked.reference) != key.entry_id
    )


def _preference(booked: LedgerEntry) -> tuple[bool, bool, bool]:
    return booked.is_void, booked.is_draft, booked.meta("kind") == "credit-note"


def keys_to_settle(booked: LedgerEntry) -> Iterator[Key]:
    """Where the other half may be, and what has been paid of it: a payment's bill, a bill's payments."""
    bill = settles(booked)
    if bill:
        yield search_key(bill)
        yield _payments_key(bill)
    if is_bill(booked):
        yield from payments_of(booked)


def payments_of(bill: LedgerEntry) -> Iterator[Key]:
    """Where the payments of a bill are."""
    yield Key.of("settles", bill.reference)
    yield Key.of("settles-bill", bill.meta("bill-number"))


def _payments_key(bill: Reference | InvoiceKey) -> Key:
    return Key.of("settles-bill", bill.number) if isinstance(bill, InvoiceKey) else Key.of("settles", bill)


def open_of(bill: LedgerEntry, all_booked: Sequence[LedgerEntry]) -> Decimal:
    """What is still owed on a bill, below zero on a credit note: less what settled payments among these paid."""
    link = link_of(bill.reference)
    paid = [
        owed_by(one)
        for one in all_booked
        if is_settled(one) and not one.is_void and link in one.transaction.links and _pays_like(one, bill)
    ]
    return _within(owed_by(bill), exact_sum([owed_by(bill), *paid]))


def _within(owed: Decimal, left: Decimal) -> Decimal:
    """Never more open than was owed, nor less than nothing: what was paid too much is the payment's own."""
    low, high = sorted((owed, Decimal(0)))
    return min(max(left, low), high)


def _pays_like(payment: LedgerEntry, bill: LedgerEntry) -> bool:
    """One currency: in a ledger two of them never cancel out."""
    return currency_of(payment) == currency_of(bill)


def settlements(all_booked: list[LedgerEntry]) -> Iterator[tuple[LedgerEntry, LedgerEntry]]:
    """Each posted payment that is still open, with its posted bill, when both are here and something is left to pay;
    of one that came back, when something has been paid (`posting-rules.md` §14.5)."""
    posted = [booked for booked in all_booked if not booked.is_draft and not booked.is_void]
    bills = [one for one in posted if is_bill(one)]
    left = {bill: open_of(bill, posted) for bill in bills}
    for payment in posted:
        key = settles(payment)
        if key is None or has_settled(payment, bills):
            continue
        fitting = (bill for bill in bills if _pays_like(payment, bill) and _takes(bill, left[bill], payment))
        bill = pick(key, fitting)
        if bill:
            left[bill] = _within(owed_by(bill), exact_sum([left[bill], owed_by(payment)]))
            yield payment, bill


def _takes(bill: LedgerEntry, left: Decimal, payment: LedgerEntry) -> bool:
    """Money out needs something that is owed, money back something that was paid."""
    owed, paid = owed_by(bill), owed_by(payment).copy_negate()
    if payment.transaction.meta.get("returned") is True:
        return left != owed
    return bool(left) and (left > 0) == (paid > 0)


def settlement_lines(payment: LedgerEntry, bill: LedgerEntry) -> list[str]:
    """What a settled payment gets under it: the bill's link, which Fava shows both by, and a word when they differ."""
    lines = [] if is_settled(payment) else ["settled: TRUE"]
    link = link_of(bill.reference)
    if link not in payment.transaction.links:
        lines.append(f"^{link}")
    currency, paid, owed = currency_of(bill), total_of(payment), total_of(bill)
    if paid != owed and not payment.meta("settled-note"):
        note = f"{number(paid, currency)} of the bill's {number(owed, currency)} {currency}"
        lines.append(f"settled-note: {quoted(note)}")
    return lines


def _status(booked: LedgerEntry) -> PostingStatus:
    if booked.is_void:
        return "void"
    return "draft" if booked.is_draft else "posted"


def _amounts(booked: LedgerEntry, currency: str) -> Iterator[tuple[Posting, Decimal]]:
    for posting in booked.transaction.postings:
        if posting.units is not None and posting.units.currency == currency and posting.units.number is not None:
            yield posting, posting.units.number


def _dimension_sums(amounts: Sequence[tuple[Posting, Decimal]]) -> dict[DimensionKey, Decimal] | None:
    """None where an id holds what its metadata is separated by."""
    sums: list[tuple[DimensionKey, Decimal]] = []
    for posting, amount in amounts:
        pairs = [pair.split("=") for pair in _of_expense(posting, "dimensions").split("; ") if pair]
        if any(len(pair) != 2 for pair in pairs):
            return None
        sums += [((posting.account, dimension, value), amount) for dimension, value in pairs]
    return summed(sums)


def _of_expense(posting: Posting, key: str) -> str:
    """A metadata text of an expense line; empty where there is none."""
    return str((posting.meta or {}).get(key, "")) if _role(posting) == "expense" else ""


def _role(posting: Posting) -> object:
    return (posting.meta or {}).get("role")


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith("../documents/")
