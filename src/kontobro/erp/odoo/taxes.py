"""Pleo's own tax in place of what Odoo computed, while the entry is a draft.

A bookkeeper may have typed the VAT of the receipt: Pleo's amount wins over rate times net (`posting-rules.md` §5). Odoo
has made its tax lines, with their tax and their tags for the VAT return; only their amounts are changed, to values that
are the same however often they are written. What can't be had this way is left as Odoo made it: whoever asked compares
it, sees both figures, and takes the draft back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from kontobro.core.model.journal import Bill, Entry, line_sums
from kontobro.core.model.money import EXPONENTS
from kontobro.erp.kit.http import Refused
from kontobro.erp.odoo.api import Api, Row
from kontobro.erp.odoo.booked import BookedMove, amount_in
from kontobro.erp.odoo.entries import is_computed, not_deductible
from kontobro.erp.odoo.masters import Snapshot

Side = tuple[str, int, str]
"""A tax by its id, +1 for input tax or -1 for the output side of reverse charge; 0 for what is not deductible, and the
expense's account."""
RatesOf = Callable[[date], Mapping[str, Decimal]]
Command = list[Any]

TAX_ROUNDS: Final = 2
"""Where a balancing line goes away, Odoo computes other taxes of the entry once more (seen with reverse charge)."""

log = logging.getLogger(__name__)


def keep_pleos_tax(api: Api, pairs: Iterable[tuple[Entry, BookedMove]], masters: Snapshot, rates_of: RatesOf) -> bool:
    """Put Pleo's tax on the drafts whose tax differs. True when something was written: then it has to be read again."""
    changed = False
    for entry, booked in pairs:
        commands = corrections(entry, booked, masters, rates_of)
        if commands:
            try:
                api.write("account.move", "write", ids=[booked.id], vals={"line_ids": commands})
                changed = True
            except Refused as refusal:
                log.info("odoo keeps its own tax on entry %d: %s", booked.id, refusal.name)
    return changed


def corrections(entry: Entry, booked: BookedMove, masters: Snapshot, rates_of: RatesOf) -> list[Command]:
    """What to write on the draft's lines so that it says what Pleo says; nothing when it does, or can't be made to.

    Pure. Only a draft that was made from the same facts is touched, and only when the outcome is the entry to the cent.
    """
    if booked.status != "draft" or booked.facts.get("fingerprint") != entry.fingerprint:
        return []
    draft = _Draft(entry, booked.lines, masters)
    amounts = _amounts(draft)
    if not amounts or _sums(draft, amounts) != line_sums(entry):
        return []
    if isinstance(entry, Bill):
        return [[1, number, {"amount_currency": amount}] for number, amount in amounts.items()]
    return _entry_commands(draft, amounts, rates_of)


@dataclass(frozen=True, slots=True)
class _Draft:
    """An entry, and the lines that Odoo made of it, by ascending id: those that were sent are first."""

    entry: Entry
    lines: Sequence[Row]
    masters: Snapshot

    @property
    def taxes(self) -> list[Row]:
        return [line for line in self.lines if line["tax_repartition_line_id"]]

    @property
    def sent(self) -> list[Row]:
        count = sum(not is_computed(line, self.masters) for line in self.entry.lines)
        return [line for line in self.lines if not line["tax_repartition_line_id"]][:count]

    @property
    def balancing(self) -> list[Row]:
        """What Odoo adds to an entry that its own tax left unbalanced. A bill has its own balance: what is owed."""
        known = {line["id"] for line in [*self.taxes, *self.sent]}
        return [] if isinstance(self.entry, Bill) else [line for line in self.lines if line["id"] not in known]

    def amount(self, line: Row) -> Decimal:
        return amount_in(line, self.entry.currency)


def _amounts(draft: _Draft) -> dict[int, Decimal]:
    """The new amounts of tax lines by id; empty when Pleo's tax exists, or has no line to be on.

    What a side lacks falls on its largest line: a cent of rounding is the same share of none.
    """
    wanted, there = _wanted(draft), _existing(draft)
    if any(amount and side not in there for side, amount in wanted.items()):
        return {}
    amounts = {}
    for side, lines in there.items():
        missing = wanted.get(side, Decimal(0)) - sum(map(draft.amount, lines), Decimal(0))
        if missing:
            largest = max(lines, key=lambda line: abs(draft.amount(line)))
            amounts[largest["id"]] = draft.amount(largest) + missing
    return amounts


def _wanted(draft: _Draft) -> dict[Side, Decimal]:
    """Pleo's tax by side."""
    sums: dict[Side, Decimal] = {}
    for line in draft.entry.lines:
        if line.tax_code and is_computed(line, draft.masters):
            side = (line.tax_code, 1 if line.role == "tax" else -1, "")
            sums[side] = sums.get(side, Decimal(0)) + line.amount
        elif line.tax_code and (kept := not_deductible(line, draft.entry.currency, draft.masters)):
            side = (line.tax_code, 0, line.account)
            sums[side] = sums.get(side, Decimal(0)) + kept
    return sums


def _existing(draft: _Draft) -> dict[Side, list[Row]]:
    """Odoo's tax lines by side."""
    sides = {part: (code, sign) for code, tax in draft.masters.taxes.items() for part, sign in tax.signs.items()}
    lines: dict[Side, list[Row]] = {}
    for line in draft.taxes:
        code, sign = sides.get(line["tax_repartition_line_id"], ("", 1))
        lines.setdefault((code, sign, "" if sign else str(line["account_id"])), []).append(line)
    return lines


def _sums(draft: _Draft, amounts: Mapping[int, Decimal]) -> dict[str, Decimal]:
    """What the accounts will sum to: the balancing line gone, and on a bill what is owed counted again."""
    is_bill = isinstance(draft.entry, Bill)
    gone = {line["id"] for line in draft.balancing}
    sums: dict[str, Decimal] = {}
    for line in draft.lines:
        if line["id"] not in gone and not (is_bill and line["display_type"] == "payment_term"):
            account = str(line["account_id"])
            sums[account] = sums.get(account, Decimal(0)) + amounts.get(line["id"], draft.amount(line))
    owed = next((str(line["account_id"]) for line in draft.lines if line["display_type"] == "payment_term"), None)
    if is_bill and owed:
        sums[owed] = sums.get(owed, Decimal(0)) - sum(sums.values(), Decimal(0))
    return {account: amount for account, amount in sums.items() if amount}


def _entry_commands(draft: _Draft, amounts: Mapping[int, Decimal], rates_of: RatesOf) -> list[Command]:
    """A journal entry's balances are ours to give: the last line that was sent takes what rounding left."""
    home = draft.masters.company.currency
    unit = Decimal(1).scaleb(-EXPONENTS[home])
    rate = Decimal(1) if draft.entry.currency == home else rates_of(draft.entry.date)[draft.entry.currency]
    balances = {number: (amount / rate).quantize(unit, ROUND_HALF_UP) for number, amount in amounts.items()}
    *_, last = draft.sent
    others = [line for line in [*draft.taxes, *draft.sent] if line["id"] != last["id"]]
    total = sum((balances.get(line["id"], amount_in(line, home)) for line in others), Decimal(0))
    commands: list[Command] = [
        [1, number, {"amount_currency": amount, "balance": balances[number]}] for number, amount in amounts.items()
    ]
    if draft.entry.currency != home:
        commands.append([1, last["id"], {"balance": -total}])
    return commands + [[2, line["id"]] for line in draft.balancing]
