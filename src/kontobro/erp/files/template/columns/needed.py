"""What a template has to say so that its rows are postings: an amount, its side, an account for each side. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from kontobro.core.words import phrase

if TYPE_CHECKING:
    from kontobro.erp.files.template.layout import Column, Flaw, Layout

_NAMES: Final = re.compile(r"\{([^{}]+)\}")
_KINDS: Final = ("amount", "net_amount", "gross_amount")

SIGNED: Final = frozenset(f"{sign}{kind}" for sign in ("", "negated_") for kind in _KINDS)
ABSOLUTE: Final = frozenset(f"absolute_{kind}" for kind in _KINDS)
ACCOUNTS: Final = frozenset(["account_number", "account_name", "category_name", "account_column"])
CONTRA: Final = frozenset(["contra_account", "contra_account_name"])
SIDES: Final = frozenset(["credit_debit_indicator", "kind", "role"])
"""What says on which side an amount without a sign is: a letter, or what a lookup makes one of."""


def lacking(layout: Layout) -> Iterator[Flaw]:
    """What is missing, and what to add."""
    whole = layout.rows.per in ("entry", "entry_and_lines")
    names = _names(layout.line_columns if whole else layout.columns)
    table = "[[line_columns]]" if whole else "[[columns]]"
    both = {"debit_account", "credit_account"}
    if layout.rows.per == "pair":
        if not (both <= names or (names & ACCOUNTS and names & CONTRA)):
            none = not names & (both | ACCOUNTS | CONTRA)
            points = "{debit_account}", "{credit_account}"
            yield phrase("lacks_both_sides" if none else "lacks_one_side"), phrase("lacks_add_columns", points=points)
    elif not names & ACCOUNTS:
        yield phrase("lacks_account"), phrase("lacks_add_column", point="{account_number}", table=table)
    yield from _amount(names, table, stands_alone=both <= names)


def _amount(names: set[str], table: str, *, stands_alone: bool) -> Iterator[Flaw]:
    """`stands_alone`: the accounts themselves say the side."""
    if names & SIGNED or {"debit", "credit"} <= names:
        return
    if one := names & {"debit", "credit"}:
        (other,) = {"debit", "credit"} - one
        remedy = phrase("lacks_add_column", point=f"{{{other}}}", table=table)
        yield phrase("lacks_other_side", one=min(one), other=other), remedy
    elif not names & ABSOLUTE:
        yield phrase("lacks_amount"), phrase("lacks_add_amount", table=table)
    elif not stands_alone and not names & SIDES:
        yield phrase("lacks_side"), phrase("lacks_add_side", table=table)


def _names(columns: Sequence[Column]) -> set[str]:
    """The data points that are named; of `account_column.datev` what comes before the point."""
    return {name.strip().partition(".")[0] for column in columns for name in _NAMES.findall(column.value)}
