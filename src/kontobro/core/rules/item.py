"""One export item on its way through the rules, and the books it goes into.

Its amounts: checks, direction and the rounding difference (`posting-rules.md` §3 and §4). What lives for one item only
is a named tuple: as immutable as a frozen dataclass, and made in a third of its time.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from kontobro.core.errors import shown
from kontobro.core.model.export import Amount, ExportItem
from kontobro.core.model.findings import Findings
from kontobro.core.model.masterdata import Vendor
from kontobro.core.model.masters import Masters
from kontobro.core.model.money import exponent, is_whole, scaled
from kontobro.core.model.settings import Settings
from kontobro.core.rules.table import PostingRow


class Books(NamedTuple):
    """What all items of a job share. `today` is the day in the company's time zone."""

    settings: Settings
    masters: Masters
    today: dt.date


class Days(NamedTuple):
    """`posted` is the booking date, `own` the expense's own day, which a closed period never moves."""

    posted: dt.date
    own: dt.date
    service_period: tuple[dt.date, dt.date] | None = None


class Party(NamedTuple):
    """The matched vendor (or employee who is one), and whether documents or a journal entry are made."""

    vendor: Vendor | None
    documents: bool


class Amounts(NamedTuple):
    """An item's amounts in minor units of its wallet currency, in the direction of its row.

    `factor` (1 or -1) is decided once, by the total, and is in `total` and `lines` already; taxes are
    multiplied by it where they are read. `lines` hold the rounding difference. `whole`: so is every amount of the item.
    """

    currency: str
    exponent: int
    factor: int
    total: int
    lines: tuple[int, ...]
    whole: bool

    def major(self, minor: int) -> Decimal:
        """Minor units as an amount in the currency, with all its decimals."""
        return scaled(minor, self.exponent)

    def oriented(self, minor: Decimal) -> int:
        """An amount of the item in the direction of its row; 0 for one that can't be used (a problem of its own)."""
        return int(minor) * self.factor if self.whole or is_whole(minor) else 0


class Item(NamedTuple):
    """An item as Pleo sends it, and what the rules found out about it so far. `days` is None where it can't be booked
    on any; what is wrong goes to `findings`."""

    given: ExportItem
    row: PostingRow
    amounts: Amounts
    party: Party
    days: Days | None
    settings: Settings
    masters: Masters
    findings: Findings

    @property
    def currency(self) -> str:
        return self.amounts.currency

    def is_refund(self, at: int, *, by_line: bool = False) -> bool:
        """Whether the line at index `at` is money back: on a document by the whole unless `by_line`, on a journal entry
        by itself."""
        is_document = self.party.documents and self.row.payables != "journal"
        amount = self.amounts.total if is_document and not by_line else self.amounts.lines[at]
        return amount < 0 if self.row.debit == "expense" else amount > 0


def amounts_of(item: ExportItem, row: PostingRow | None, findings: Findings) -> Amounts:
    """The item's amounts; all zero when one of them can't be used, so that the other checks can continue."""
    currency, nothing = item.amount.wallet.currency, (0,) * len(item.lines)
    return _read(item, row, findings) or Amounts(currency, exponent(currency) or 0, 1, 0, nothing, whole=False)


def _read(item: ExportItem, row: PostingRow | None, findings: Findings) -> Amounts | None:
    currency = item.amount.wallet.currency
    decimals = exponent(currency)
    if decimals is None:
        findings.fail("currency_unknown", "amount.inWalletCurrency.currency", currency)
    if not _usable(item, findings) or decimals is None:
        return None
    if row and not row.movement and not item.lines:
        findings.fail("lines_missing", "accountingEntryLines", "")
        return None
    total = int(item.amount.wallet.minor)
    given = [int(line.amount.wallet.minor) for line in item.lines]
    lines = _summing_to(total, given, decimals, currency, findings)
    if lines is None:
        return None
    factor = -1 if row and row.sign == "ignore" and total < 0 else 1
    return Amounts(currency, decimals, factor, total * factor, tuple([line * factor for line in lines]), whole=True)


def _usable(item: ExportItem, findings: Findings) -> bool:
    """True when each amount is whole and in the item's wallet currency."""
    currency = item.amount.wallet.currency
    fine = _checked(item.amount, currency, findings, "amount")
    for at, line in enumerate(item.lines):
        fine &= _checked(line.amount, currency, findings, "accountingEntryLines[{at}].lineAmount", at)
        if line.tax:
            fine &= _checked(line.tax.amount, currency, findings, "accountingEntryLines[{at}].tax.amount", at)
    return fine


def _checked(amount: Amount, currency: str, findings: Findings, place: str, at: int = 0) -> bool:
    money = amount.wallet
    whole = is_whole(money.minor)
    if whole and money.currency == currency:
        return True
    field = place.format(at=at)
    if not whole:
        findings.fail("amount_invalid", f"{field}.inWalletCurrency.value", money.minor, amount=money.minor)
    if money.currency != currency:
        findings.fail("currency_mixed", f"{field}.inWalletCurrency.currency", money.currency, wallet=currency)
    return False


def _summing_to(total: int, lines: list[int], decimals: int, currency: str, findings: Findings) -> list[int] | None:
    """The lines with a rounding difference on the largest (first of equals), so that they sum to the total.

    Splits are converted line by line: one minor unit per line beyond the first may be off.
    """
    if not lines:
        return lines
    difference = total - sum(lines)
    if not difference:
        return lines
    if abs(difference) > len(lines) - 1:
        expense, summed = (scaled(minor, decimals) for minor in (total, sum(lines)))
        value = f"{shown(summed, 40)} {currency}"
        findings.fail("sum_differs", "accountingEntryLines", value, sum=summed, total=expense, currency=currency)
        return None
    largest = max(range(len(lines)), key=lambda at: abs(lines[at]))
    findings.note("rounding", amount=f"{scaled(difference, decimals)} {currency}")
    return [line + difference if at == largest else line for at, line in enumerate(lines)]


def is_nothing(amounts: Amounts, row: PostingRow) -> bool:
    """True when there is nothing to book: no amount at all, or a movement of zero."""
    return not amounts.total and (row.movement or not any(amounts.lines))
