"""Tax of one line (`posting-rules.md` §5). `tax.amount` wins over rate times net; the net is never a base.

Tax that can't be is a problem: the item is not booked. Tax that is odd is a note on the entry (§14.3 and §14.4): a
bookkeeper may have typed the receipt's VAT, and whoever typed less than the rate gives may have a reason.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from kontobro.core.errors import shown
from kontobro.core.model.export import ItemTax
from kontobro.core.model.masterdata import Account, TaxCode, is_open, span_of, within
from kontobro.core.model.masters import Masters
from kontobro.core.model.money import is_whole
from kontobro.core.rules.accounts import pick_account
from kontobro.core.rules.item import Item
from kontobro.core.words import Phrase


class LineTax(NamedTuple):
    """The tax of a line in minor units, in the direction of the row. `code` is the tax code's id.

    `inside`: the amount is part of the line and leaves the expense (inclusive). `deducted` is the share of the amount
    that goes to `ingoing`; what is left of it is part of the expense. `ingoing` and `outgoing` are account ids; None
    where nothing is posted there.
    """

    code: str
    amount: int
    inside: bool
    deducted: int = 0
    ingoing: str | None = None
    outgoing: str | None = None


def tax_of(item: Item, at: int) -> LineTax | None:
    """The tax of the line at index `at`, or None when it has none (or a problem)."""
    tax = item.given.lines[at].tax
    if tax is None or (not tax.code and not tax.amount.wallet.minor):
        return None
    if tax.type not in ("inclusive", "reverse"):
        item.findings.fail("tax_type_unsupported", f"{_field(at)}.type", tax.type)
        return None
    code = _tax_code(item, tax, at)
    if code is None:
        return None
    gross = item.given.lines[at].amount.wallet.minor
    amount = signed(tax.amount.wallet.minor, gross)
    whole = item.amounts.whole or (is_whole(amount) and is_whole(gross))
    checked = Checked(item, at, tax, code, gross, amount, whole)
    if impossible(checked):
        return None
    odd(checked)
    return _inclusive(checked) if tax.type == "inclusive" else _reverse(checked)


def _field(at: int) -> str:
    return f"accountingEntryLines[{at}].tax"


def _tax_code(item: Item, tax: ItemTax, at: int) -> TaxCode | None:
    findings = item.findings
    if not tax.code:
        findings.fail("tax_code_missing", f"{_field(at)}.code", "")
        return None
    sure = item.masters.tax_codes.sure.get(tax.code)
    if sure and is_open(sure, findings.day):
        return sure
    found, field = item.masters.tax_codes.find(tax.code), f"{_field(at)}.code"
    key = shown(tax.code)
    found = tuple(one for one in found if is_open(one, findings.day)) or found
    if len(found) > 1:
        findings.fail("tax_code_ambiguous", field, key)
        return None
    if not found or not found[0].active:
        findings.fail("tax_code_unknown", field, key)
        return None
    if findings.day and not within(found[0], findings.day):
        findings.fail("tax_code_unknown.closed", field, key, span=span_of(found[0]), day=findings.day)
        return None
    if found[0].unsupported:
        findings.fail("tax_code_unsupported", field, key, why=found[0].unsupported)
        return None
    return found[0]


def _inclusive(checked: Checked) -> LineTax:
    """The tax leaves the expense line. The net may be with or without tax: both give the same entry."""
    item, code = checked.item, checked.code
    gross, amount = checked.gross, checked.tax.amount.wallet.minor
    net = item.given.lines[checked.at].net.wallet.minor
    known = gross.is_finite() and amount.is_finite()
    if known and not (net.is_finite() and (net == gross or net == gross - amount)):
        item.findings.note("net_odd", net=shown(net, 30))
    posted = item.amounts.oriented(checked.amount)
    if not posted:
        return LineTax(code.id, 0, inside=True)
    return LineTax(code.id, posted, True, *_deducted(checked, posted))


def _deducted(checked: Checked, posted: int) -> tuple[int, str | None]:
    """The share of a tax that may be deducted, and its account: none is needed where nothing may be."""
    deducted = rounded(posted, checked.code.deductible)
    return deducted, _tax_account(checked, "ingoing") if deducted else None


def _reverse(checked: Checked) -> LineTax | None:
    """Both legs of reverse charge, the same amount on two accounts, never one netted line."""
    code = checked.code
    posted = checked.item.amounts.oriented(checked.amount)
    if not posted:
        posted = _reverse_missing(checked)
        if on_zero_rate(checked, posted):
            return None
    if not posted:
        return LineTax(code.id, 0, inside=False)
    deducted, ingoing = _deducted(checked, posted)
    return LineTax(code.id, posted, False, deducted, ingoing, _tax_account(checked, "outgoing"))


def _reverse_missing(checked: Checked) -> int:
    """Reverse charge at a rate, but without an amount: leaving it out would drop the purchase from the VAT return."""
    item, tax, field, findings = checked.item, checked.tax, checked.field, checked.item.findings
    if not tax.rate.is_finite():
        findings.fail("amount_invalid.rate", f"{field}.rate", tax.rate)
        return 0
    if tax.rate <= 0 or item.settings.reverse_tax_missing == "as_given":
        return 0
    if tax.rate > 1:
        findings.fail("tax_rate_impossible", f"{field}.rate", tax.rate, percent=percentage(tax.rate))
        return 0
    if item.settings.reverse_tax_missing == "fail":
        findings.fail("reverse_tax_missing", f"{field}.amount", "0", percent=percentage(tax.rate))
        return 0
    computed = rounded(item.amounts.lines[checked.at], tax.rate)
    findings.note("reverse_computed", amount=f"{item.amounts.major(computed)} {item.currency}")
    return computed


def _named_by_pleo(account: str, tax: ItemTax, masters: Masters) -> tuple[Account, ...]:
    """An account of a tax code at Pleo: a sync writes its id, a person the code. Not known by whom, it is neither."""
    given = masters.given_tax_codes
    if given and tax.id in given.pleo_ids:
        return masters.accounts.with_id(account)
    return () if given and given.lost else masters.accounts.find(account)


def _tax_account(checked: Checked, side: str) -> str | None:
    """The accounting system's own tax account of the code, else the one that Pleo names."""
    item, code, tax, findings = checked.item, checked.code, checked.tax, checked.item.findings
    ours, refunds, pleos = (
        (code.ingoing_account, code.refund_ingoing_account, tax.ingoing_account)
        if side == "ingoing"
        else (code.outgoing_account, code.refund_outgoing_account, tax.outgoing_account)
    )
    if refunds and item.is_refund(checked.at, by_line=code.refund_by_line):
        ours = refunds
    remedy = _fix_account(side, code.code)
    if ours:
        found = item.masters.accounts.with_id(ours)
        named = found[0].code if found else ours
        return pick_account(found, named, f"tax code {code.code}: {side} account", item.currency, remedy, findings)
    name = f"{checked.field}.{side}TaxAccount"
    if pleos:
        found = _named_by_pleo(pleos, tax, item.masters)
        return pick_account(found, pleos, name, item.currency, remedy, findings)
    findings.fail(f"tax_account_missing.{side}", name, code.code)
    return None


@lru_cache(maxsize=1024)
def _fix_account(side: str, tax_code: str) -> Phrase:
    return Phrase(f"fix_{side}_account", {"tax_code": tax_code})


TAX_IS_SIGNED: Final = True
"""Pleo's tax has its line's sign. If its staging shows that tax comes unsigned (`posting-rules.md` §13.2), False gives
each tax the sign of its line."""


SAME_RATE: Final = Fraction(1, 20_000)
"""Two rates this close are one: systems keep rates with four decimals or in binary."""


ROUNDING: Final = 1


ROUNDED: Final = 2
"""Tax may be so many percent more than the rate gives, and so many minor units, before it is odd: receipts round
position by position."""


class Checked(NamedTuple):
    """The tax of the line at index `at`, and the tax code it is compared with. `gross` (of its line) and `amount` are
    in minor units as Pleo sends them, the amount with its sign; `whole`: both are whole numbers."""

    item: Item
    at: int
    tax: ItemTax
    code: TaxCode
    gross: Decimal
    amount: Decimal
    whole: bool

    @property
    def field(self) -> str:
        return _field(self.at)

    def money(self, minor: Decimal) -> str:
        return f"{shown(self.item.amounts.major(int(minor)), 40)} {self.item.currency}"


def signed(tax: Decimal, line: Decimal, *, is_signed: bool = TAX_IS_SIGNED) -> Decimal:
    """A tax in minor units with its sign: Pleo's own, or where that says nothing the line's."""
    return tax if is_signed else abs(tax).copy_sign(line)


def percent(rate: Decimal) -> str:
    """A rate as people write it: 0.25 is "25 %", 0.055 is "5.5 %"."""
    return f"{percentage(rate)} %" if rate.is_finite() else shown(rate)


def percentage(rate: Decimal) -> Decimal:
    """Of a finite rate, as people write it: 25 of 0.25, 5.5 of 0.055."""
    return Decimal(f"{(rate * 100).normalize():f}")


def rounded(line: int, rate: Decimal) -> int:
    """The tax on a line at a rate, to the minor unit, halves away from zero. Exact at any size."""
    if rate == 1:
        return line
    over, under = rate.as_integer_ratio()
    tax = (2 * abs(line) * over + under) // (2 * under)
    return tax if line >= 0 else -tax


def impossible(checked: Checked) -> bool:
    """True, with the problem, when such a tax can't be: the first reason is the one that is said."""
    tax, code = checked.tax, checked.code
    if tax.type != code.type and {tax.type, code.type} == {"inclusive", "reverse"}:
        types = f"{tax.type} / {code.type}"
        checked.item.findings.fail(f"tax_type_differs.{tax.type}", f"{checked.field}.type", types, tax_code=code.code)
        return True
    if not checked.whole or not checked.amount:
        return False
    return on_zero_rate(checked, checked.amount) or _beside_its_line(checked)


def on_zero_rate(checked: Checked, tax: Decimal | int) -> bool:
    """True, with the problem, when this tax (minor units) would be on a code of 0 %."""
    code = checked.code
    if code.rate or not tax:
        return False
    checked.item.findings.fail(
        "tax_on_zero_rate",
        f"{checked.field}.amount",
        checked.money(Decimal(tax)),
        tax=checked.item.amounts.major(int(tax)),
        currency=checked.item.currency,
        tax_code=code.code,
    )
    return True


def _beside_its_line(checked: Checked) -> bool:
    """Tax of the other sign would be claimed on money that came back; more tax than line leaves less than nothing."""
    opposite = checked.amount * checked.gross < 0
    if not opposite and abs(checked.amount) <= abs(checked.gross):
        return False
    amounts = checked.item.amounts
    tax, line = (amounts.major(int(minor)) for minor in (checked.amount, checked.gross))
    checked.item.findings.fail(
        "tax_sign_differs" if opposite else "tax_exceeds_line",
        f"{checked.field}.amount",
        checked.money(checked.amount),
        tax=tax,
        line=line,
        currency=checked.item.currency,
    )
    return True


def odd(checked: Checked) -> None:
    """Notes on what is unlikely, and booked as Pleo sends it."""
    tax, code = checked.tax, checked.code
    if tax.rate != code.rate and tax.rate.is_finite() and abs(Fraction(tax.rate) - Fraction(code.rate)) > SAME_RATE:
        checked.item.findings.note(
            "rate_differs", sent=percent(tax.rate), code=shown(code.code), known=percent(code.rate)
        )
    elif checked.whole and checked.amount:
        _more_than_its_rate(checked)


def _more_than_its_rate(checked: Checked) -> None:
    over, under = checked.code.rate.as_integer_ratio()
    whole = over + under if checked.tax.type == "inclusive" else under
    most = abs(int(checked.gross)) * over  # over `whole`, as the amount; both in whole numbers, many times faster
    if (abs(int(checked.amount)) - ROUNDED) * whole * 100 <= most * (100 + ROUNDING):
        return
    checked.item.findings.note(
        "tax_too_high",
        tax=checked.money(checked.amount),
        rate=percent(checked.code.rate),
        gross=checked.money(checked.gross),
        code=shown(checked.code.code),
    )
