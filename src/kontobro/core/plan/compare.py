"""When are two records alike? Compared normalised, so that nothing flaps; marks remember what was alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import get_args

from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.masterdata import TaxType
from kontobro.core.model.masters import tax_number_key
from kontobro.core.plan.types import Desired, Existing

EXTERNAL_IDS: frozenset[MasterKind] = frozenset({"accounts", "vendors"})
"""Kinds whose records at Pleo keep the accounting system's id."""

_NUMBERS = ("registration_number", "tax_registration_number")
_SEPARATOR = "\x1f"


def fold(code: str) -> str:
    """A code as Pleo compares it: without case and surrounding spaces (`pleo/rules.md` §3)."""
    text = code.strip().casefold()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def clean(text: str) -> str:
    """A text with single spaces and one spelling of its accents."""
    plain = " ".join(text.split())
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain)


def rate_text(rate: Decimal) -> str:
    """A tax rate as an exact fraction in one spelling: 0.250 is "0.25", 1E-1 is "0.1", -0 is "0"."""
    text = format(rate, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def same_name(one: str, other: str) -> bool:
    return one == other or clean(one) == clean(other)


def differences(kind: MasterKind, desired: Desired, existing: Existing) -> tuple[str, ...]:
    """The names of what differs. What the accounting system does not give is left as Pleo has it."""
    code = desired.code.strip()
    found = ["code"] if code and code != existing.code.strip() else []
    if not same_name(desired.name, existing.name):
        found.append("name")
    if desired.fields != existing.fields:
        there = dict(existing.fields)
        found += [name for name, value in desired.fields if _plain(name, there.get(name, "")) != _plain(name, value)]
    if kind == "vendors" and existing.external_id != desired.id:
        found.append("external_id")
    return tuple(found)


TAX_TYPES = frozenset(get_args(TaxType))
"""What Pleo documents (`pleo/api.md` D)."""


def only_type_unknown(kind: MasterKind, different: Sequence[str], existing: Existing) -> bool:
    """Whether nothing differs but a tax code's type, and Pleo's is a word that its documents do not have."""
    return kind == "tax_codes" and list(different) == ["type"] and dict(existing.fields).get("type") not in TAX_TYPES


def mark_of(desired: Desired) -> str:
    """What tells this content from any other: the names of its fields, and a hash of all values."""
    return _mark(desired.code, desired.name, desired.fields)


def mark_at_pleo(existing: Existing, like: str) -> str:
    """The mark of Pleo's record, of those fields that another mark was made of."""
    there = dict(existing.fields)
    names = filter(None, like.partition(":")[0].split(","))
    return _mark(existing.code, existing.name, [(name, there.get(name, "")) for name in names])


def _mark(code: str, name: str, fields: Iterable[tuple[str, str]]) -> str:
    pairs = [(field, _plain(field, value)) for field, value in fields]
    content = _SEPARATOR.join([code.strip(), clean(name), *(value for _, value in pairs)])
    digest = blake2b(content.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{','.join(field for field, _ in pairs)}:{digest}"


def _plain(name: str, value: str) -> str:
    return tax_number_key(value) or "" if name in _NUMBERS else value.strip()
