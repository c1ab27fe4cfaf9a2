"""A company's own functions, as the golden files name them."""

from __future__ import annotations

from dataclasses import replace

from kontobro.core.errors import Problem
from kontobro.core.model.export import ExportItem
from kontobro.core.model.journal import Entry
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import Settings


def meals_to_travel(
    item: ExportItem, entries: tuple[Entry, ...], settings: Settings, masters: Masters
) -> tuple[Entry, ...]:
    """Books what the rules put on meals on travel."""
    return tuple(
        replace(
            entry,
            lines=tuple(
                replace(line, account="Expenses:Travel") if line.account == "Expenses:Meals" else line
                for line in entry.lines
            ),
        )
        for entry in entries
    )


def no_weekends(
    item: ExportItem, entries: tuple[Entry, ...], settings: Settings, masters: Masters
) -> tuple[Entry, ...] | Problem:
    """Refuses what was bought on a Saturday or Sunday."""
    if entries[0].date.weekday() < 5:
        return entries
    return Problem(
        code="fjord_weekend",
        field="date",
        value=str(entries[0].date),
        message="Bought on a weekend.",
        remedy="Ask the employee's manager.",
        reason="validation_failure",
    )


def crashes(item: ExportItem, entries: tuple[Entry, ...], settings: Settings, masters: Masters) -> tuple[Entry, ...]:
    raise KeyError("cost centre of Anna")


def gives_money_away(
    item: ExportItem, entries: tuple[Entry, ...], settings: Settings, masters: Masters
) -> tuple[Entry, ...]:
    """Doubles every line: still balanced, but not what Pleo said."""
    return tuple(
        replace(entry, lines=tuple(replace(line, amount=2 * line.amount) for line in entry.lines)) for entry in entries
    )
