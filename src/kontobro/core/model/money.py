"""Exact money: Pleo's minor units, ISO 4217 exponents, never a float."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import MAX_PREC, Context, Decimal
from functools import reduce
from typing import NamedTuple

# ISO 4217: every currency that is not listed in one of the other two has two decimals.
_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
_TWO_DECIMALS = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
    HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT
    MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD
    SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS
    VED VES WST XCD XCG XSU XUA YER ZAR ZMW ZWG ZWL""".split()
)
_FOUR_DECIMALS = frozenset(["CLF", "UYW"])

EXPONENTS: dict[str, int] = (
    dict.fromkeys(_NO_DECIMALS, 0)
    | dict.fromkeys(_TWO_DECIMALS, 2)
    | dict.fromkeys(_THREE_DECIMALS, 3)
    | dict.fromkeys(_FOUR_DECIMALS, 4)
)
"""Decimals of each currency (ISO 4217)."""


def exponent(currency: str) -> int | None:
    """The number of decimals of a currency, or None when it is no ISO 4217 currency (Pleo's `UNDEFINED`)."""
    return EXPONENTS.get(currency)


class _Money(NamedTuple):
    minor: Decimal
    currency: str


class Money(_Money):
    """An amount as Pleo sends it: `minor` in minor units (89696 SEK is 896.96 kr), exact. An item has four and more, so
    that it is a named tuple; it has no sums and no order, which a tuple would have.

    Nothing is checked here: a fraction, NaN or an unknown currency survives until the posting rules
    turn it into a problem of its item (`posting-rules.md` §4).
    """

    __slots__ = ()
    __add__ = __radd__ = __mul__ = __rmul__ = None  # type: ignore[assignment]
    __lt__ = __le__ = __gt__ = __ge__ = None  # type: ignore[assignment]


def to_major(minor: Decimal, currency: str) -> Decimal:
    """Minor units as an amount in the currency: 89696 SEK -> Decimal("896.96"), 1500 JPY -> Decimal("1500").

    The currency must be known (see `exponent`) and `minor` finite and whole.
    """
    return scaled(int(minor), EXPONENTS[currency])


def scaled(minor: int, decimals: int) -> Decimal:
    """Minor units as an amount with so many decimals: (89696, 2) -> Decimal("896.96"). Exact at any size."""
    return EXACT.scaleb(minor, -decimals)


EXACT = Context(prec=MAX_PREC)
"""Rounds nothing, at any size."""
_ZERO = Decimal(0)

MOST_DIGITS = 1_000
"""Of an amount in minor units. Amounts have no upper limit; a number as long as this is none, it is an attack."""


def is_whole(minor: Decimal) -> bool:
    """True when it is a finite, whole number of minor units, of whatever size (`posting-rules.md` §14.1)."""
    return minor.is_finite() and minor.adjusted() < MOST_DIGITS and minor == minor.to_integral_value()


def fits(amount: Decimal, decimals: int) -> bool:
    """True when an amount is a number of at most so many decimals, zeros behind them apart, of whatever size."""
    return amount.is_finite() and is_whole(amount.scaleb(decimals, EXACT))


exact_add = EXACT.add
"""The sum of two amounts to the last digit."""


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum to the last digit: Decimal's own keeps 28 of them and rounds the rest away without a word."""
    return reduce(exact_add, amounts, _ZERO)
