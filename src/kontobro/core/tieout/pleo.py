"""The left side of the tie-out: one entry as it follows from what Pleo sent, or from our history of it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.model.findings import Findings
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import MONEY_ROLES
from kontobro.core.model.masterdata import Account
from kontobro.core.model.masters import Masters
from kontobro.core.model.money import exponent, is_whole, to_major
from kontobro.core.model.settings import Settings
from kontobro.core.rules.accounts import account_named
from kontobro.core.rules.table import PostingRow, table_of
from kontobro.core.tieout.compare import ZERO, PleoSide, Side
from kontobro.core.words import Phrase

SIDES: dict[str, Side] = {"wallet": "wallet", "employee": "employee", "payable": "payable"}


def left_side(
    row: BookingRow, item: ExportItem | MalformedItem | None, settings: Settings, masters: Masters
) -> PleoSide:
    """What Pleo says of one booking. `item` is None once its JSON was purged: then our history stands in for it.

    Account and direction are those it was booked with; of an item that never had an entry they follow from its type.
    """
    item = item if isinstance(item, ExportItem) and _readable(item) else None
    on_account = _number(row.amount or "")
    side, direction = _side_of(row.role), -1 if on_account < 0 else 1
    if not on_account:
        side, direction = _by_type(row, settings)
    size = abs(_amount_of(item)) if item else abs(on_account) or _number(row.total)
    return PleoSide(
        reference=row.reference,
        kind=row.kind,
        item_type=row.item_type,
        state=row.state,
        side=side,
        wallet=_wallet(row, item, settings, masters) if side == "wallet" else "",
        currency=row.currency,
        amount=size * -direction if size else ZERO,  # what is spent leaves the account
        total=_number(row.total),
        date=_day(row.date),
        source="pleo" if item else "history",
        account=row.account if on_account else None,
        on_account=on_account,
        payee=row.payee,
        job_id=row.job_id,
        pleo_url=row.pleo_url,
        erp_id=row.erp_id,
        erp_url=row.erp_url,
        problems=row.problems,
    )


def _side_of(role: str | None) -> Side:
    return SIDES.get(role or "", "other")


def _by_type(row: BookingRow, settings: Settings) -> tuple[Side, int]:
    """Side and direction as the posting table has them for the type; a bill is owed, a credit note comes back."""
    if row.kind in ("bill", "credit_note"):
        return "payable", 1 if row.kind == "credit_note" else -1
    known = _row_of_type(row.item_type, settings)
    roles = (known.debit, known.credit) if known else ()
    role = next((role for role in MONEY_ROLES if role in roles), "wallet")
    return _side_of(role), 1 if known and known.debit == role else -1


def _row_of_type(item_type: str, settings: Settings) -> PostingRow | None:
    """The type's row; which of its subtypes it was our history does not say."""
    table = table_of(settings.rows)
    return table.get((item_type, None)) or next((row for (type_, _), row in table.items() if type_ == item_type), None)


def _wallet(row: BookingRow, item: ExportItem | None, settings: Settings, masters: Masters) -> str:
    """The wallet's account as a person knows it: where it was booked, else as Pleo or the settings name it."""
    if row.account:
        return _label(masters.accounts.with_id(row.account), row.account)
    contra = item.contra_account if item else None
    if contra and contra.key:
        named = account_named(contra, "", row.currency, Phrase("fix_contra"), masters, Findings())
        return _label(masters.accounts.with_id(named or ""), contra.code or contra.key)
    base = settings.wallet if row.currency == masters.company.currency else None
    code = settings.wallets.get(row.currency) or base or ""
    return _label(masters.accounts.find(code), code)


def _label(found: Sequence[Account], otherwise: str) -> str:
    """Code and name of the one account; else what it was called when it was there."""
    if len(found) != 1:
        return otherwise
    code, name = found[0].code or found[0].id, found[0].name
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
