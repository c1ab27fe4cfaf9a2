"""What a person sets for DATEV, read from the connection's options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.money import EXPONENTS, fits
from kontobro.core.words import Fact, phrase
from kontobro.erp.files.common.years import first_month
from kontobro.erp.kit.masters_file import unusable

LONGEST_KOST: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """`rates` by currency, or by month and currency (`2026-11:USD`): units for one of the company currency."""

    consultant: str
    client: str
    account_length: int
    first_month: int = 1
    chart: str = ""
    tax: str = "keys"
    clearing: str | None = None
    number: str = "reference"
    kost: tuple[str, str] = ("", "")
    kost_length: int = LONGEST_KOST
    service_date: bool = False
    lock: bool = False
    shorten: bool = True
    rates: Mapping[str, Decimal]
    receipts_version: str = "06.0"

    def rate(self, currency: str, day: date) -> Decimal | None:
        """The month's own rate, else the currency's."""
        return self.rates.get(f"{day.year:04}-{day.month:02}:{currency}") or self.rates.get(currency)


def read_setup(options: Mapping[str, str]) -> Setup:
    """Raises Misconfigured for the first option that DATEV would not take."""
    given = {name: value.strip() for name, value in options.items()}
    return Setup(
        consultant=_number(given, "consultant", (1001, 9_999_999)),
        client=_number(given, "client", (1, 99_999)),
        account_length=int(_number(given, "account_length", (4, 8))),
        first_month=first_month(given.get("fiscal_year_start", "")),
        chart=_chart(given.get("chart", "")),
        tax=given.get("tax") or "keys",
        clearing=given.get("clearing_account") or None,
        number=given.get("document_number") or "reference",
        kost=(given.get("kost1", ""), given.get("kost2", "")),
        kost_length=int(_number(given, "kost_length", (1, LONGEST_KOST), str(LONGEST_KOST))),
        service_date=given.get("service_date") == "yes",
        lock=given.get("lock") == "yes",
        shorten=given.get("long_texts") != "refuse",
        rates=_rates(given.get("rates", "")),
        receipts_version=given.get("receipts_version") or "06.0",
    )


def _number(given: Mapping[str, str], name: str, limits: tuple[int, int], default: str = "") -> str:
    """Digits within limits, as DATEV writes them: without zeros before."""
    text = given.get(name) or default
    least, most = limits
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        what = phrase(f"datev_{name}", given=shown(text), least=str(least), most=str(most))
        raise wrong(what, phrase("datev_as_adviser", name=name))
    return str(int(text))


def _chart(text: str) -> str:
    if text and not re.fullmatch(r"[0-9]{2}", text, re.ASCII):
        raise wrong(phrase("datev_chart", given=shown(text)), phrase("datev_chart_set"))
    return text


def _rates(text: str) -> dict[str, Decimal]:
    rates: dict[str, Decimal] = {}
    for part in filter(None, re.split(r"[\s,;]+", text)):
        key, _, value = part.partition("=")
        month, _, currency = key.rpartition(":")
        if currency not in EXPONENTS or not re.fullmatch(r"([0-9]{4}-(0[1-9]|1[0-2]))?", month, re.ASCII):
            raise _wrong_rate(part)
        rates[key] = _rate(value, part)
    return rates


def _rate(value: str, part: str) -> Decimal:
    try:
        rate = Decimal(value)
    except InvalidOperation as bad:
        raise _wrong_rate(part) from bad
    if not fits(rate, 6) or not 0 < rate < 10_000:
        raise _wrong_rate(part)
    return rate


def _wrong_rate(part: str) -> Misconfigured:
    return wrong(phrase("datev_rate", given=shown(part)), phrase("datev_rate_set"))


def wrong(what: Fact, remedy: Fact) -> Misconfigured:
    """The one error for options and master data that can't be used. `what` has no full stop."""
    return unusable(what, remedy)
