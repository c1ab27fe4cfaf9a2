"""What stands in the ledger as a `Booking`, and which payment settles which bill. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import PurePosixPath

from beancount.core.data import Posting

from kontobro.core.journal import Booking, InvoiceKey, PostingStatus, Reference
from kontobro.erp.beancount.blocks import Key, Standing
from kontobro.erp.beancount.render import link_of, number, one_line, quoted

_DOCUMENT_KEY = re.compile(r"document-(\d+)")


def booking_of(standing: Standing, receipts: frozenset[str], url: str) -> Booking:
    """The booking as it stands now, a bookkeeper's changes included."""
    currency = currency_of(standing)
    amounts = list(_amounts(standing, currency))
    return Booking(
        reference=Reference(standing.meta("kontobro")),
        id=standing.meta("kontobro"),
        status=_status(standing),
        date=standing.transaction.date,
        currency=currency,
        total=total_of(standing),
        tax=sum((amount for posting, amount in amounts if _role(posting) == "tax"), Decimal(0)),
        line_sums=_sums((posting.account, amount) for posting, amount in amounts),
        receipts=receipts,
        fingerprint=standing.meta("fingerprint") or None,
        url=url,
        number=standing.meta("bill-number") or None,
        settles=settles(standing),
        settled=is_settled(standing) if settles(standing) else None,
    )


def currency_of(standing: Standing) -> str:
    """The currency of the first line; ours have one currency an entry."""
    for posting in standing.transaction.postings:
        if posting.units is not None and posting.units.currency:
            return str(posting.units.currency)
    return ""


def total_of(standing: Standing) -> Decimal:
    """The sum of the debits."""
    amounts = (amount for _, amount in _amounts(standing, currency_of(standing)))
    return sum((amount for amount in amounts if amount > 0), Decimal(0))


def documents_of(standing: Standing) -> list[str]:
    """The paths of the attached receipts as the file names them, in order."""
    return [path for _, path in numbered_documents(standing)]


def numbered_documents(standing: Standing) -> list[tuple[int, str]]:
    """The receipts with the numbers of their metadata keys, in order."""
    found = ((_DOCUMENT_KEY.fullmatch(key), value) for key, value in standing.transaction.meta.items())
    return sorted((int(key[1]), str(value)) for key, value in found if key and _is_path(value))


def digest_of(path: str) -> str:
    """The SHA-256 under which a receipt is kept."""
    return PurePosixPath(path).stem


def settles(standing: Standing) -> Reference | InvoiceKey | None:
    """What a payment says that it settles."""
    if standing.meta("settles"):
        return Reference(standing.meta("settles"))
    if standing.meta("settles-bill"):
        vendor, currency = standing.meta("settles-vendor"), standing.meta("settles-currency")
        return InvoiceKey(vendor, standing.meta("settles-bill"), currency)
    return None


def is_settled(standing: Standing) -> bool:
    return standing.transaction.meta.get("settled") is True


def is_bill(standing: Standing) -> bool:
    return standing.meta("kind") in ("bill", "credit-note")


def invoice_key(standing: Standing) -> InvoiceKey:
    return InvoiceKey(standing.meta("vendor"), standing.meta("bill-number"), currency_of(standing))


def search_key(key: Reference | InvoiceKey) -> Key:
    """The metadata line to look for."""
    return Key.of("bill-number", key.number) if isinstance(key, InvoiceKey) else Key.of("kontobro", key)


def pick(key: Reference | InvoiceKey, standings: Iterable[Standing]) -> Standing | None:
    """The entry under a key: by reference one that counts before a void one, by invoice key the posted bill first."""
    found = [standing for standing in standings if _is_under(key, standing)]
    return min(found, key=_preference, default=None)


def _is_under(key: Reference | InvoiceKey, standing: Standing) -> bool:
    if isinstance(key, InvoiceKey):
        written = InvoiceKey(one_line(key.vendor), one_line(key.number), key.currency)
        return is_bill(standing) and not standing.is_void and invoice_key(standing) == written
    return standing.meta("kontobro") == key


def _preference(standing: Standing) -> tuple[bool, bool, bool]:
    return standing.is_void, standing.is_draft, standing.meta("kind") == "credit-note"


def keys_to_settle(standing: Standing) -> Iterator[Key]:
    """Where the other half may be: a payment's bill, a bill's payments."""
    bill = settles(standing)
    if bill:
        yield search_key(bill)
    if is_bill(standing):
        yield Key.of("settles", standing.meta("kontobro"))
        yield Key.of("settles-bill", standing.meta("bill-number"))


def settlements(standings: list[Standing]) -> Iterator[tuple[Standing, Standing]]:
    """Each posted payment that is still open, with its posted bill, when both are here."""
    posted = [standing for standing in standings if not standing.is_draft and not standing.is_void]
    for payment in posted:
        key = settles(payment)
        if key and not is_settled(payment):
            bill = pick(key, (other for other in posted if is_bill(other)))
            if bill:
                yield payment, bill


def settlement_lines(payment: Standing, bill: Standing) -> list[str]:
    """What a settled payment gets under it: the bill's link, which Fava shows both by, and a word when they differ."""
    lines = ["settled: TRUE"]
    link = link_of(Reference(bill.meta("kontobro")))
    if link not in payment.transaction.links:
        lines.append(f"^{link}")
    currency, paid, owed = currency_of(bill), total_of(payment), total_of(bill)
    if paid != owed:
        note = f"{number(paid, currency)} of the bill's {number(owed, currency)} {currency}"
        lines.append(f"settled-note: {quoted(note)}")
    return lines


def _status(standing: Standing) -> PostingStatus:
    if standing.is_void:
        return "void"
    return "draft" if standing.is_draft else "posted"


def _amounts(standing: Standing, currency: str) -> Iterator[tuple[Posting, Decimal]]:
    for posting in standing.transaction.postings:
        if posting.units is not None and posting.units.currency == currency and posting.units.number is not None:
            yield posting, posting.units.number


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for account, amount in amounts:
        sums[account] = sums.get(account, Decimal(0)) + amount
    return {account: amount for account, amount in sums.items() if amount}


def _role(posting: Posting) -> object:
    return (posting.meta or {}).get("role")


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith("../documents/")
