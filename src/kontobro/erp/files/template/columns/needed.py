"""What a template has to say so that its rows are postings: an amount, its side, an account for each side. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kontobro.erp.files.template.layout import Column, Layout

_NAMES: Final = re.compile(r"\{([^{}]+)\}")
_KINDS: Final = ("amount", "net_amount", "gross_amount")

SIGNED: Final = frozenset(f"{sign}{kind}" for sign in ("", "negated_") for kind in _KINDS)
ABSOLUTE: Final = frozenset(f"absolute_{kind}" for kind in _KINDS)
ACCOUNTS: Final = frozenset(["account_number", "account_name", "category_name", "account_column"])
CONTRA: Final = frozenset(["contra_account", "contra_account_name"])
SIDES: Final = frozenset(["credit_debit_indicator", "kind", "role"])
"""What says on which side an amount without a sign is: a letter, or what a lookup makes one of."""

Fault = tuple[str, str]


def lacking(layout: Layout) -> Iterator[Fault]:
    """What is missing, and what to add."""
    whole = layout.rows.per in ("entry", "entry_and_lines")
    names = _names(layout.line_columns if whole else layout.columns)
    table = "[[line_columns]]" if whole else "[[columns]]"
    both = {"debit_account", "credit_account"}
    if layout.rows.per == "pair":
        if not (both <= names or (names & ACCOUNTS and names & CONTRA)):
            what = "its rows say no account for both sides" if not names & (both | ACCOUNTS | CONTRA) else (
                "its rows say an account for one side only"
            )  # fmt: skip
            yield what, "Add columns with {debit_account} and {credit_account}."
    elif not names & ACCOUNTS:
        yield "its rows say no account", f"Add a column with {{account_number}} to {table}."
    yield from _amount(names, table, stands_alone=both <= names)


def _amount(names: set[str], table: str, *, stands_alone: bool) -> Iterator[Fault]:
    """`stands_alone`: the accounts themselves say the side."""
    if names & SIGNED or {"debit", "credit"} <= names:
        return
    if one := names & {"debit", "credit"}:
        (other,) = {"debit", "credit"} - one
        yield f"its rows say the {min(one)} and not the {other}", f"Add a column with {{{other}}} to {table}."
    elif not names & ABSOLUTE:
        what = "Add a column with {amount}, or two with {debit} and {credit}"
        yield "its rows say no amount", f"{what}, to {table}."
    elif not stands_alone and not names & SIDES:
        what = "Add a column with {credit_debit_indicator}, or write {amount} with its sign"
        yield "its rows say an amount and not its side", f"{what}, in {table}."


def _names(columns: Sequence[Column]) -> set[str]:
    """The data points that are named; of `account_column.datev` what comes before the point."""
    return {name.strip().partition(".")[0] for column in columns for name in _NAMES.findall(column.value)}
