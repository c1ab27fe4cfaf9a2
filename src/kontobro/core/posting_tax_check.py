"""Tax that can't be, and tax that is odd (`posting-rules.md` §14.3 and §14.4): each in words of its own.

What can't be is a problem: the item is not booked. What is odd is a note on the entry: a bookkeeper may have typed the
receipt's VAT, and whoever typed less than the rate gives may have a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from kontobro.core.errors import shown
from kontobro.core.export import ItemTax
from kontobro.core.findings import Findings
from kontobro.core.masterdata import TaxCode
from kontobro.core.money import is_whole
from kontobro.core.posting_amounts import Amounts

TAX_IS_SIGNED: Final = True
"""Pleo's tax has its line's sign. If its staging shows that tax comes unsigned (`posting-rules.md` §13.2), False gives
each tax the sign of its line."""

SAME_RATE: Final = Fraction(1, 20_000)
"""Two rates this close are one: systems keep rates with four decimals or in binary."""

ROUNDING: Final = Fraction(1, 100)
ROUNDED: Final = 2
"""Tax may be this share more than the rate gives, and so many minor units, before it is odd: receipts round position by
position."""

WORDS: Final = {"inclusive": "tax included in the price", "reverse": "reverse charge"}


@dataclass(frozen=True, slots=True)
class Checked:
    """One line's tax, and what it is compared with. `gross` in minor units as Pleo sends it; `field` is the tax's."""

    gross: Decimal
    tax: ItemTax
    code: TaxCode
    field: str
    amounts: Amounts

    @property
    def amount(self) -> Decimal:
        return signed(self.tax.amount.wallet.minor, self.gross)

    def money(self, minor: Decimal) -> str:
        return f"{shown(self.amounts.major(int(minor)), 40)} {self.amounts.currency}"


def signed(tax: Decimal, line: Decimal, *, is_signed: bool = TAX_IS_SIGNED) -> Decimal:
    """A tax in minor units with its sign: Pleo's own, or where that says nothing the line's."""
    return tax if is_signed else abs(tax).copy_sign(line)


def percent(rate: Decimal) -> str:
    """A rate as people write it: 0.25 is "25 %", 0.055 is "5.5 %"."""
    return f"{(rate * 100).normalize():f} %" if rate.is_finite() else shown(rate)


def rounded(line: int, rate: Decimal) -> int:
    """The tax on a line at a rate, to the minor unit, halves away from zero. Exact at any size."""
    exact = abs(line) * Fraction(rate)
    return int(exact + Fraction(1, 2)) * (1 if line >= 0 else -1)


def impossible(checked: Checked, findings: Findings) -> bool:
    """True, with the problem, when such a tax can't be: the first reason is the one that is said."""
    tax, code, field = checked.tax, checked.code, checked.field
    if {tax.type, code.type} == set(WORDS):
        findings.fail(
            "tax_type_differs",
            f"{field}.type",
            f"{tax.type} / {code.type}",
            f"Pleo says {WORDS[tax.type]}, but tax code {shown(code.code)} is {WORDS[code.type]} in the accounting "
            "system.",
            f"Choose another tax code in Pleo, or change the type of {shown(code.code)} on one side, then export it "
            "again.",
        )
        return True
    if not (is_whole(checked.amount) and is_whole(checked.gross)) or not checked.amount:
        return False
    return on_zero_rate(checked, checked.amount, findings) or _beside_its_line(checked, findings)


def on_zero_rate(checked: Checked, tax: Decimal | int, findings: Findings) -> bool:
    """True, with the problem, when this tax (minor units) would be on a code of 0 %."""
    code, amount = checked.code, checked.money(Decimal(tax))
    if code.rate or not tax:
        return False
    findings.fail(
        "tax_on_zero_rate",
        f"{checked.field}.amount",
        amount,
        f"The line has a tax of {amount}, but tax code {shown(code.code)} is a code of 0 %.",
        "Choose the tax code of the right rate in Pleo, or set the tax amount to 0, then export it again.",
    )
    return True


def _beside_its_line(checked: Checked, findings: Findings) -> bool:
    """Tax of the other sign would be claimed on money that came back; more tax than line leaves less than nothing."""
    amount, gross = checked.money(checked.amount), checked.money(checked.gross)
    if checked.amount * checked.gross < 0:
        findings.fail(
            "tax_sign_differs",
            f"{checked.field}.amount",
            amount,
            f"The tax of {amount} has the other sign than its line of {gross}.",
            "Correct the tax amount in Pleo so that it has the sign of its line, then export it again.",
        )
        return True
    if abs(checked.amount) > abs(checked.gross):
        findings.fail(
            "tax_exceeds_line",
            f"{checked.field}.amount",
            amount,
            f"The tax of {amount} is more than its whole line of {gross}.",
            "Correct the tax amount in Pleo, then export it again.",
        )
        return True
    return False


def odd(checked: Checked, findings: Findings) -> None:
    """Notes on what is unlikely, and booked as Pleo sends it."""
    tax, code = checked.tax, checked.code
    if tax.rate.is_finite() and abs(Fraction(tax.rate) - Fraction(code.rate)) > SAME_RATE:
        findings.note(
            f"Pleo's tax rate is {percent(tax.rate)}, that of tax code {shown(code.code)} in the accounting system "
            f"{percent(code.rate)}: booked as Pleo sends it. Check the tax code on both sides."
        )
    elif is_whole(checked.amount) and is_whole(checked.gross) and checked.amount:
        _more_than_its_rate(checked, findings)


def _more_than_its_rate(checked: Checked, findings: Findings) -> None:
    rate = Fraction(checked.code.rate)
    most = abs(Fraction(checked.gross)) * (rate / (1 + rate) if checked.tax.type == "inclusive" else rate)
    if abs(Fraction(checked.amount)) <= most * (1 + ROUNDING) + ROUNDED:
        return
    findings.note(
        f"The tax of {checked.money(checked.amount)} is more than {percent(checked.code.rate)} of its line of "
        f"{checked.money(checked.gross)} (tax code {shown(checked.code.code)}): booked as Pleo sent it. Check the tax "
        "amount on the receipt."
    )
