"""An entry as a transaction of a journal, and back from hledger's JSON. Pure.

What hledger has a place for is there: the day, the code (invoice number), payee and note. All else is a tag. What would
end a tag or a description is written as `%2C` (a comma): every text is kept to the letter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

from kontobro.core.errors import Misconfigured
from kontobro.core.model.journal import Booking, Entry, EntryKey, EntryLine, JournalEntry, Reference
from kontobro.erp.kit.lookup import booking_of

SPECIAL = re.compile(r"[%,;|\[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]|^[\s(]|\s$")
FIELDS = "vendor document_date due_date fingerprint attendees notes reconciliation_id url".split()
"""Of an entry: a tag each, or several."""
DIMENSION = "dim-"


def escaped(value: object) -> str:
    """A text on one line, which hledger gives back; `unquote` makes the text again."""
    return SPECIAL.sub(lambda match: quote(match[0], safe="", errors="replace"), str(value))


def rendered(entry: Entry) -> str:
    """The entry's transaction, with a blank line before it."""
    code = f"({escaped(entry.number).replace(')', '%29')}) " if entry.number else ""
    lines = [f"\n{entry.date} * {code}{escaped(entry.payee)} | {escaped(entry.text)}"]
    lines += [f"    ; {tag}:{escaped(value)}" for tag, value in _tags(entry) if value]
    for line in entry.lines:
        said = ", ".join(f"{tag}:{escaped(value)}" for tag, value in _line_tags(line) if value)
        lines.append(f"    {line.account}  {line.amount:f} {entry.currency}  ; {said}")
    return "\n".join(lines) + "\n"


def _tags(entry: Entry) -> Iterator[tuple[str, object]]:
    yield "kontobro", entry.reference
    for field in FIELDS:
        value = getattr(entry, field)
        yield from ((field.replace("_", "-"), one) for one in (value if isinstance(value, tuple) else (value,)))


def _line_tags(line: EntryLine) -> Iterator[tuple[str, str | None]]:
    yield from (("role", line.role), ("tax-code", line.tax_code), ("line-vendor", line.vendor))
    yield from ((f"{DIMENSION}{quote(dimension, safe='')}", value) for dimension, value in line.dimensions)
    yield from (("employee", line.employee), ("text", line.text))


def bookings(transactions: list[Any]) -> dict[EntryKey, Booking]:
    """What is booked under each reference, of hledger's transactions in any order.

    A bookkeeper voids an entry by a transaction with the opposite amounts and the tag `voids` instead of `kontobro`.
    """
    voids = Counter(unquote(value) for one in transactions for tag, value in one["ttags"] if tag == "voids")
    found: dict[EntryKey, Booking] = {}
    for one in sorted(transactions, key=lambda one: int(one["tindex"])):
        tags = _first_of_each(one["ttags"])
        if reference := tags.get("kontobro"):
            found[Reference(reference)] = _booking(one, tags, is_void=voids[reference] > 0)
            voids[reference] -= 1
    return found


def _booking(transaction: Any, tags: dict[str, str], is_void: bool) -> Booking:
    currencies = {amount["acommodity"] for posting in transaction["tpostings"] for amount in posting["pamount"]}
    if len(currencies) != 1:
        place = "{sourceName}, line {sourceLine}".format(**transaction["tsourcepos"][0])
        raise Misconfigured(f"The entry at {place} does not have one currency.", "Correct it.", "invalid_configuration")
    entry = JournalEntry(
        reference=Reference(tags["kontobro"]),
        date=date.fromisoformat(transaction["tdate"]),
        currency=currencies.pop(),
        lines=tuple(line for posting in transaction["tpostings"] for line in _lines(posting)),
        fingerprint=tags.get("fingerprint", ""),
    )
    return booking_of(entry, entry.reference, "void" if is_void else "posted")


def _lines(posting: Any) -> Iterator[EntryLine]:
    tags = _first_of_each(posting["ptags"])
    for amount in posting["pamount"]:
        exact = amount["aquantity"]  # `floatingPoint` is there too, and no money
        yield EntryLine(
            account=posting["paccount"],
            amount=Decimal(f"{int(exact['decimalMantissa'])}e-{exact['decimalPlaces']}"),
            role=tags.get("role", ""),  # type: ignore[arg-type]  # a person may have written another one
            tax_code=tags.get("tax-code"),
            dimensions=tuple((unquote(tag[len(DIMENSION) :]), tags[tag]) for tag in tags if tag.startswith(DIMENSION)),
        )


def _first_of_each(tags: list[tuple[str, str]]) -> dict[str, str]:
    """The first value of each tag: hledger may add an account's own tags behind a posting's."""
    return {tag: unquote(value) for tag, value in reversed(tags)}
