"""Texts of Pleo in the one spelling in which plans compare them, so that nothing flaps."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import Decimal

from kontobro.core.plan import Fields


def name_of(text: str | None) -> str:
    """Composed letters, single spaces, none at the ends; empty for None."""
    return " ".join(unicodedata.normalize("NFC", text or "").split())


def code_of(text: str | None) -> str:
    """A code is an identity: nothing but the spaces around it is taken away."""
    return (text or "").strip()


def rate_text(rate: Decimal) -> str:
    """A fraction in its shortest exact form: `0.25` for 0.250, `0` for 0E-9. What is no sane number stays as it is."""
    if not rate.is_finite() or abs(rate.adjusted()) > 30:
        return str(rate)
    text = f"{rate:f}" if rate else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def fields_of(**fields: str | None) -> Fields:
    """The `fields` of an existing record: sorted by name, absent and empty ones left out."""
    trimmed = ((name, (value or "").strip()) for name, value in sorted(fields.items()))
    return tuple((name, value) for name, value in trimmed if value)


def joined(existing: Fields, wanted: Fields) -> Mapping[str, str]:
    """What the accounting system says, and where it says nothing what Pleo has."""
    return {**dict(existing), **dict(wanted)}
