"""Dates and amounts as the reader's browser asks for them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime
from babel.localedata import locale_identifiers
from babel.numbers import format_currency, get_currency_precision
from starlette.requests import Request

_LONGEST = 200


class Reader:
    """The formats of a locale."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale

    def day(self, text: str) -> str:
        """Of a moment as Pleo writes it."""
        return format_date(date.fromisoformat(text[:10]), format="medium", locale=self._locale)

    def moment(self, at: datetime) -> str:
        """In UTC, which is said."""
        return format_datetime(at, format="medium", locale=self._locale) + " UTC"

    def money(self, amount: dict[str, Any]) -> str:
        """`{currency, value}` with the value in minor units."""
        currency = amount["currency"]
        major = Decimal(amount["value"]).scaleb(-get_currency_precision(currency))
        return format_currency(major, currency, locale=self._locale)


def reader(request: Request) -> Reader:
    """As Accept-Language says; English of Ireland, which writes days first, where it says nothing of use."""
    header = request.headers.get("accept-language", "")[:_LONGEST]
    asked = [part.partition(";")[0].strip().replace("-", "_") for part in header.split(",")]
    found = negotiate_locale([name for name in asked if name], locale_identifiers())
    try:
        return Reader(Locale.parse(found or "en_IE"))
    except (UnknownLocaleError, ValueError):
        return Reader(Locale("en", "IE"))
