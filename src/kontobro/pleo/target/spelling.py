"""Texts of Pleo in the one spelling in which plans compare them, so that nothing flaps."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from kontobro.core.plan.compare import clean, rate_text
from kontobro.core.plan.make import Fields


def name_of(text: str | None) -> str:
    return clean(text or "")


def code_of(text: str | None) -> str:
    """A code is an identity: nothing but the spaces around it is taken away."""
    return (text or "").strip()


def rate_of(rate: Decimal) -> str:
    """What is no sane number stays as it came: 1E+999999 would be a long text."""
    return rate_text(rate) if rate.is_finite() and abs(rate.adjusted()) < 30 else str(rate)


def fields_of(**fields: str | None) -> Fields:
    """The `fields` of an existing record: sorted by name, absent and empty ones left out."""
    trimmed = ((name, (value or "").strip()) for name, value in sorted(fields.items()))
    return tuple((name, value) for name, value in trimmed if value)


def joined(existing: Fields, wanted: Fields) -> Mapping[str, str]:
    """What the accounting system says, and where it says nothing what Pleo has."""
    return {**dict(existing), **dict(wanted)}
