"""Amounts with Pleo's sign: what is spent is positive, what comes in is negative. Pure."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import MONEY_ROLES
from kontobro.core.model.settings import Settings
from kontobro.core.rules.table import table_of


def incoming_types(settings: Settings) -> frozenset[str]:
    """The types of expenses that bring money in, by the posting table as these settings have it. A type whose rows
    differ counts by its row without a subtype."""
    table = table_of(settings.rows)
    found = set()
    for type_ in {type_ for type_, _ in table}:
        row = table.get((type_, None)) or next(row for (name, _), row in table.items() if name == type_)
        money = next((role for role in MONEY_ROLES if role in (row.debit, row.credit)), None)
        if money is not None and row.debit == money:
            found.add(type_)
    return frozenset(found)


def pleo_amount(row: BookingRow, incoming: frozenset[str] = frozenset()) -> Decimal | None:
    """A booking's amount; None for an expense whose amount can't be read. What was booked says where the money went;
    of an expense that has no entry its type does."""
    booked = _number(row.amount or "")
    if booked:
        return -booked
    total = _number(row.total)
    return -total if total and row.item_type in incoming else total


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
