"""An entry in Beancount notation, as a bookkeeper reads it. Needs no Beancount.

The notation is Beancount's own (https://beancount.github.io/docs/beancount_language_syntax.html); our
metadata keys are listed in `docs/connectors/beancount.md`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from kontobro.core.model.journal import Bill, Entry, EntryLine, InvoiceKey, Payment, Reference, entry_id_of
from kontobro.core.model.money import exponent

_NOT_IN_LINKS = re.compile(r"[^A-Za-z0-9\-_/.]")
_CURRENCY = re.compile(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]")

Meta = tuple[str, str]
"""A metadata key and its value, already in Beancount notation."""


def render_entry(entry: Entry, *, posted: bool, notes: Sequence[str] = ()) -> str:
    """The entry as one Beancount transaction, ending in a line break. `posted` `*`, else the draft's `!`.

    `notes` are more than those that the entry has itself.
    """
    told = replace(entry, notes=(*entry.notes, *notes)) if notes else entry
    lines = [_head(entry, posted), *(f"  {key}: {value}" for key, value in entry_meta(told))]
    lines += _postings(entry)
    return "\n".join(lines) + "\n"


def link_of(reference: Reference) -> str:
    """The link (without `^`) that all entries of one accounting entry id share."""
    return "kontobro-" + _NOT_IN_LINKS.sub("-", entry_id_of(reference))


def kind_of(entry: Entry) -> str:
    """`journal`, `bill`, `credit-note` or `payment`."""
    if isinstance(entry, Bill):
        return "credit-note" if entry.credit_note else "bill"
    return "payment" if isinstance(entry, Payment) else "journal"


def one_line(text: str) -> str:
    """A text as Beancount can keep it: control characters and line breaks become spaces, emoji stay."""
    if text.isprintable():  # then it has neither of these, nor half of a surrogate pair
        return text
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in _encodable(text))


def quoted(text: str) -> str:
    """A Beancount string."""
    return '"' + one_line(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_currency(text: str) -> bool:
    """True for what Beancount takes as a currency."""
    return _CURRENCY.fullmatch(text) is not None


def number(amount: Decimal, currency: str) -> str:
    """An exact number with at least the currency's digits: 99 DKK -> 99.00, 1500 JPY -> 1500."""
    digits = max(exponent(currency) or 0, -int(amount.as_tuple().exponent))
    return f"{amount:.{digits}f}"


def _encodable(text: str) -> str:
    """Half surrogate pairs, which no file can hold, become �."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _head(entry: Entry, posted: bool) -> str:
    texts = [quoted(text) for text in (entry.payee, entry.text) if text]
    if entry.payee and not entry.text:
        texts.append('""')
    return " ".join(
        [entry.date.isoformat(), "*" if posted else "!", *(texts or ['""']), f"^{link_of(entry.reference)}"]
    )


def entry_meta(entry: Entry) -> list[Meta]:
    """The metadata of the whole entry, in reading order, only what is present."""
    return [
        ("kontobro", quoted(entry.reference)),
        ("kind", quoted(kind_of(entry))),
        *_texts(("item-type", entry.item_type), ("fingerprint", entry.fingerprint)),
        *_texts(("reconciliation-id", entry.reconciliation_id), ("pleo", entry.url)),
        *_texts(("vendor", entry.vendor), ("vendor-name", entry.vendor_name), ("journal", entry.journal)),
        *(_bill_meta(entry) if isinstance(entry, Bill) else _paper_meta(entry)),
        *(_payment_meta(entry) if isinstance(entry, Payment) else ()),
        *_information(entry),
    ]


def _texts(*pairs: tuple[str, str | None]) -> Iterator[Meta]:
    return ((key, quoted(value)) for key, value in pairs if value)


def _bill_meta(bill: Bill) -> Iterator[Meta]:
    yield "bill-number", quoted(bill.number)
    yield "bill-date", bill.document_date.isoformat()
    if bill.due_date:
        yield "due-date", bill.due_date.isoformat()


def _paper_meta(entry: Entry) -> Iterator[Meta]:
    """Of an invoice that is no bill here: a journal entry's, or its payment's."""
    yield from _texts(("invoice-number", entry.number))
    if entry.document_date:
        yield "invoice-date", entry.document_date.isoformat()
    if entry.due_date:
        yield "due-date", entry.due_date.isoformat()


def _payment_meta(payment: Payment) -> Iterator[Meta]:
    settles = payment.settles
    if isinstance(settles, InvoiceKey):
        yield "settles-vendor", quoted(settles.vendor)
        yield "settles-bill", quoted(settles.number)
        yield "settles-currency", quoted(settles.currency)
    elif settles:
        yield "settles", quoted(settles)
    if payment.received:
        yield "received", "TRUE"
    if payment.returned:
        yield "returned", "TRUE"


def _information(entry: Entry) -> Iterator[Meta]:
    if entry.service_period:
        yield "service-from", entry.service_period[0].isoformat()
        yield "service-to", entry.service_period[1].isoformat()
    if entry.supplier_amount:
        yield "supplier-amount", _amount(*entry.supplier_amount)
    if entry.attendees:
        yield "attendees", quoted(", ".join(entry.attendees))
    if entry.reconciled_entries:
        yield "reconciled-entries", quoted(" ".join(entry.reconciled_entries))
    for n, note in enumerate(entry.notes, 1):
        yield f"note-{n}", quoted(note)


def _amount(amount: Decimal, currency: str) -> str:
    text = f"{number(amount, currency)} {currency}"
    return text if is_currency(currency) else quoted(text)


def _postings(entry: Entry) -> Iterator[str]:
    """The lines in two columns, each with its metadata under it."""
    numbers = [number(line.amount, entry.currency) for line in entry.lines]
    accounts = max((len(line.account) for line in entry.lines), default=0)
    width = max(map(len, numbers), default=0)
    for line, amount in zip(entry.lines, numbers, strict=True):
        yield f"  {line.account:<{accounts}}  {amount:>{width}} {entry.currency}"
        for key, value in _line_meta(line, entry.currency):
            yield f"    {key}: {value}"


def _line_meta(line: EntryLine, currency: str) -> Iterator[Meta]:
    yield "role", quoted(line.role)
    yield from _texts(("tax-code", line.tax_code))
    if line.tax_amount is not None:
        yield "tax-amount", _amount(line.tax_amount, currency)
    if line.dimensions:
        yield "dimensions", quoted("; ".join(f"{dimension}={value}" for dimension, value in line.dimensions))
    yield from _texts(("text", line.text), ("vendor", line.vendor), ("employee", line.employee))
