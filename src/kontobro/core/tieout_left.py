"""The left side of the tie-out: one entry as it follows from what Pleo sent, or from our history of it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from kontobro.core.export import ExportItem, MalformedItem
from kontobro.core.history import BookingRow
from kontobro.core.journal import Entry, EntryLine, line_sums
from kontobro.core.masters import Masters
from kontobro.core.money import exponent, is_whole, to_major
from kontobro.core.posting import post_item
from kontobro.core.posting_table import Row, table_of
from kontobro.core.settings import Role, Settings
from kontobro.core.tieout import ZERO, PleoSide, Side

MONEY_ROLES: Sequence[Role] = ("wallet", "employee", "payable", "external", "transit")
"""Whose line carries an entry's whole amount, first hit wins."""

SIDES: dict[Role, Side] = {"wallet": "wallet", "employee": "employee", "payable": "payable"}


def left_side(
    row: BookingRow, item: ExportItem | MalformedItem | None, settings: Settings, masters: Masters, today: dt.date
) -> PleoSide:
    """What Pleo says of one booking. `item` is None once its JSON was purged: then our history stands in for it.

    Which account takes the amount follows from the rules under today's settings; where they don't make this entry
    any more, only totals can be compared.
    """
    readable = isinstance(item, ExportItem) and _readable(item)
    entry = _entry_of(row, item, settings, masters, today) if isinstance(item, ExportItem) else None
    line = _money_line(entry) if entry else None
    side, direction = _by_line(line) if line else _by_history(row, settings)
    size = abs(_amount_of(item)) if readable and isinstance(item, ExportItem) else _number(row.total)
    return PleoSide(
        reference=row.reference,
        kind=row.kind,
        item_type=row.item_type,
        state=row.state,
        side=side,
        wallet=_wallet(row, side, line, settings, masters),
        currency=row.currency,
        amount=size * direction,
        total=_number(row.total),
        date=_day(row.date),
        source="pleo" if readable else "history",
        account=line.account if line else None,
        on_account=line_sums(entry).get(line.account, ZERO) if entry and line else ZERO,
        payee=row.payee,
        job_id=row.job_id,
        pleo_url=row.pleo_url,
        erp_id=row.erp_id,
        erp_url=row.erp_url,
        problems=row.problems,
    )


def _entry_of(row: BookingRow, item: ExportItem, settings: Settings, masters: Masters, today: dt.date) -> Entry | None:
    """The entry of this reference by the rules. Closed periods don't matter: it is booked already."""
    posted = post_item(item, settings, replace(masters, periods=()), today)
    return next((entry for entry in posted.entries if entry.reference == row.reference), None)


def _money_line(entry: Entry) -> EntryLine | None:
    found = (line for role in MONEY_ROLES for line in entry.lines if line.role == role)
    return next(found, None)


def _by_line(line: EntryLine) -> tuple[Side, int]:
    side: Side = "other" if line.role in ("expense", "tax", "reverse_tax") else _side_of(line.role)
    return side, -1 if line.amount < 0 else 1


def _side_of(role: str) -> Side:
    return next((side for known, side in SIDES.items() if known == role), "other")


def _by_history(row: BookingRow, settings: Settings) -> tuple[Side, int]:
    """Side and direction as the posting table has them for the type; a bill is owed, a credit note comes back."""
    if row.kind in ("bill", "credit_note"):
        return "payable", 1 if row.kind == "credit_note" else -1
    known = _row_of_type(row.item_type, settings)
    for role in MONEY_ROLES if known else ():
        if known and role in (known.debit, known.credit):
            return _side_of(role), 1 if known.debit == role else -1
    return "wallet", -1


def _row_of_type(item_type: str, settings: Settings) -> Row | None:
    """The type's row; which of its subtypes it was our history does not say."""
    table = table_of(settings.rows)
    return table.get((item_type, None)) or next((row for (type_, _), row in table.items() if type_ == item_type), None)


def _wallet(row: BookingRow, side: Side, line: EntryLine | None, settings: Settings, masters: Masters) -> str:
    """The wallet's account as a person knows it; empty when it is no wallet's entry or can't be told any more."""
    if side != "wallet":
        return ""
    if line:
        return _label(line.account, masters)
    named = settings.wallets.get(row.currency) or (
        settings.wallet if row.currency == masters.company.currency else None
    )
    found = masters.accounts.find(named) if named else ()
    return _label(found[0].id, masters) if len(found) == 1 else ""


def _label(account: str, masters: Masters) -> str:
    found = masters.accounts.identify(account)
    if not found:
        return account
    code, name = found[0].code, found[0].name
    return code if name in ("", code) else f"{code} {name}".strip()


def _readable(item: ExportItem) -> bool:
    wallet = item.amount.wallet
    return exponent(wallet.currency) is not None and is_whole(wallet.minor)


def _amount_of(item: ExportItem) -> Decimal:
    return to_major(item.amount.wallet.minor, item.amount.wallet.currency)


def _number(text: str) -> Decimal:
    """An amount as our history keeps it; nothing for an item that had none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ZERO
    return number if number.is_finite() else ZERO


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
