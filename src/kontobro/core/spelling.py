"""One spelling of what two systems call the same, so that a plan compares like with like and nothing flaps."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import Decimal

from kontobro.core.plan import Fields

_UPPER = frozenset({"country", "currency"})
_LOWER = frozenset({"type"})


def tidy(text: str | None) -> str:
    """A name or code: composed letters, single spaces, none at the ends; empty for None."""
    return " ".join(unicodedata.normalize("NFC", text or "").split())


def rate_text(rate: Decimal) -> str:
    """A fraction in its shortest exact form: `0.25` for 0.250, `0` for 0E-9. What is no number stays as it is."""
    if not rate.is_finite() or abs(rate.adjusted()) > 30:
        return str(rate)
    text = f"{rate:f}" if rate else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def spelled_fields(fields: Mapping[str, str | Decimal | None]) -> Fields:
    """The `fields` of a desired or an existing record: sorted, in one spelling, absent and empty ones left out."""
    spelled = ((name, _spelled(name, value)) for name, value in sorted(fields.items()))
    return tuple((name, value) for name, value in spelled if value)


def _spelled(name: str, value: str | Decimal | None) -> str:
    if isinstance(value, Decimal):
        return rate_text(value)
    if name in _UPPER:
        return tidy(value).upper()
    return tidy(value).lower() if name in _LOWER else tidy(value)
