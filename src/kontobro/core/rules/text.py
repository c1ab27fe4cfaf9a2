"""What people read of an entry: payee, text, supplier amount (`posting-rules.md` §10)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial

from kontobro.core.model.export import ExportItem
from kontobro.core.model.money import exponent, is_whole, to_major

PAYEE_LIMIT = 120
"""Characters of a payee or vendor's name."""
FIELD_LIMIT = 200
"""Characters of one field of the description: a long name must not push the rest out."""
TEXT_LIMIT = 600
"""Characters of an entry's text."""
KEY_LIMIT = 80
"""Characters of a key that Pleo makes, such as the reconciliation id. An invoice number has no limit here."""

# Control characters, line and paragraph separators, marks that turn the direction of what follows, and lone
# surrogates, which no file can hold. Joiners inside emoji are neither of these and stay.
_CONTROLS = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_FIELD = re.compile(r"\{(\w+)\}")
_BRACES = re.compile(r"\{([^{}]*)\}")
_SEPARATOR = "·"
_JOINT = f" {_SEPARATOR} "
UNLIMITED = sys.maxsize
"""Characters of what is never cut: an accounting system that can't hold it refuses it."""


def clean(text: str | None, limit: int = FIELD_LIMIT) -> str:
    """One line without control characters, of at most `limit` characters, cut at a word where one ends near."""
    if not text:
        return ""
    # but for runs of blanks, all that the pattern looks for is unprintable: most texts need no search
    tidy = text.isprintable() and "  " not in text
    line = (text if tidy else _CONTROLS.sub(" ", text)).strip()
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ", limit - 1 - limit // 5)
    return f"{cut[:space] if space > 0 else cut}…".replace("\u200d…", "…")


def amount_of(item: ExportItem) -> Decimal | None:
    """What left the wallet; None when Pleo's amount is none."""
    money = item.amount.wallet
    readable = exponent(money.currency) is not None and is_whole(money.minor)
    return to_major(money.minor, money.currency) if readable else None


FIELDS: Mapping[str, Callable[[ExportItem], str]] = {
    "supplier": lambda item: clean(item.supplier.name if item.supplier else ""),
    "vendor": lambda item: clean(item.vendor.name if item.vendor else ""),
    "user": lambda item: clean(item.user.name if item.user else ""),
    "team": lambda item: clean(item.team.name if item.team else ""),
    "note": lambda item: clean(item.note),
    "type": lambda item: clean(item.type.replace("_", " ")),
    "category": lambda item: clean(", ".join(dict.fromkeys(line.account.name for line in item.lines if line.account))),
    "reconciliation_id": lambda item: clean(item.reconciliation_id, KEY_LIMIT),
    "invoice_number": lambda item: invoice_number(item),
    "supplier_amount": lambda item: " ".join(str(part) for part in supplier_amount(item) or ()),
}
"""The fields that the setting `description` may name."""


@lru_cache(maxsize=64)
def _parts(template: str) -> tuple[Callable[[ExportItem], str], ...]:
    """What fills in each part between the template's dots."""
    return tuple(_filler(part.strip(), tuple(_FIELD.findall(part))) for part in template.split(_SEPARATOR))


def _filler(part: str, names: tuple[str, ...]) -> Callable[[ExportItem], str]:
    """Fills in one part; one that is a field and nothing else, as most are, at once."""
    if len(names) == 1 and names[0] in FIELDS and part == f"{{{names[0]}}}":
        return FIELDS[names[0]]
    return partial(_filled, part, names)


def unknown_fields(template: str) -> list[str]:
    """What is in a template's braces and is no field: it would stay in the text as it is."""
    return [name for name in _BRACES.findall(template) if name not in FIELDS]


def text_of(item: ExportItem, template: str, extras: Sequence[str], payee: str = "") -> str:
    """The description by the template (of nothing at all: the type), then attendees and what else has no field of
    its own, last the invoice's number, which is never cut. Empty parts vanish, and so does what only says again who it
    is with."""
    filled = [fill(item) for fill in _parts(template)]
    texts = [text for text in filled if text and text != payee] or [FIELDS["type"](item)]
    if item.attendees:
        texts.append(_with(attendees_of(item)))
    texts += [clean(extra) for extra in extras]
    text = clean(_JOINT.join(texts), TEXT_LIMIT)
    number = invoice_number(item)
    if not number or ("{invoice_number}" in template and number in text):
        return text
    return f"{text}{_JOINT}invoice {number}"


def _with(names: tuple[str, ...]) -> str:
    """Who came along; of so many that the line can't hold them, how many: the entry keeps all of them beside it."""
    all_of_them = clean(", ".join(names), TEXT_LIMIT)
    return f"with {all_of_them}" if len(all_of_them) <= FIELD_LIMIT else f"with {len(names)} attendees"


def attendees_of(item: ExportItem) -> tuple[str, ...]:
    """Every attendee, whole: tax law asks for each name (`posting-rules.md` §14.7)."""
    return tuple([name for one in item.attendees if (name := clean(one, UNLIMITED))])


def invoice_number(item: ExportItem) -> str:
    """The supplier's invoice number, whole (`posting-rules.md` §14.2); empty without one."""
    return clean(item.invoice.number, UNLIMITED) if item.invoice else ""


def _filled(part: str, names: tuple[str, ...], item: ExportItem) -> str:
    """A part with its fields filled in; nothing when it has fields and all of them are empty."""
    values = {name: FIELDS[name](item) if name in FIELDS else "" for name in names}
    if names and not any(values.values()):
        return ""
    return _FIELD.sub(lambda field: values[field[1]], part).strip()


def payee_of(item: ExportItem, *, of_employee: bool) -> str:
    """Who it is with: the employee on reimbursements and the like, else the vendor, else the supplier."""
    return (not of_employee and vendor_name_of(item)) or employee_of(item)


def employee_of(item: ExportItem) -> str:
    """The employee's name."""
    return clean(item.user.name, PAYEE_LIMIT) if item.user else ""


def vendor_name_of(item: ExportItem) -> str:
    """The vendor's name as Pleo knows it, else the supplier's."""
    vendor = item.vendor.name if item.vendor else ""
    supplier = item.supplier.name if item.supplier else ""
    return clean(vendor or supplier, PAYEE_LIMIT)


def supplier_amount(item: ExportItem) -> tuple[Decimal, str] | None:
    """What the supplier asked for, when that was in another currency; information only."""
    money = item.amount.supplier
    if money.currency == item.amount.wallet.currency or exponent(money.currency) is None or not is_whole(money.minor):
        return None
    return to_major(money.minor, money.currency), money.currency
