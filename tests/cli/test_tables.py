"""Tables on a narrow terminal: the first and last column stay, figures are whole, nothing runs out of the screen."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from kontobro.cli.common.tables import Sheet, sheet

SUMS = ("Pleo", "books", "drafts", "difference")


def drawn(table: Sheet, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, emoji=False, markup=False).print(table)
    return stream.getvalue()


def tie_out(amount: str = "123.456.789,50 DKK") -> Sheet:
    table = sheet(
        "of", "month", *SUMS, "entries", "",
        right=(*SUMS, "entries"), whole=("month", ""), spare=("drafts", "entries", "books"),
    )  # fmt: skip
    table.add_row("Wallet Assets:Pleo:DKK in kroner", "2026-10", amount, amount, "1,00 DKK", "–", "1.234", "✗")
    return table


@pytest.mark.parametrize("width", [200, 80, 60, 40])
def test_the_first_and_last_column_stay(width: int) -> None:
    shown = drawn(tie_out(), width)
    assert "Wallet" in shown
    assert "✗" in shown
    assert "123.456.789,50 DKK" in shown
    assert all(cell_len(line) <= width for line in shown.splitlines())


def test_at_80_columns_the_spare_ones_go_first() -> None:
    heads = drawn(tie_out(), 80).splitlines()[1]
    assert heads.split() == ["of", "month", "Pleo", "difference"]
    wide = drawn(tie_out(), 200).splitlines()[1]
    assert wide.split() == ["of", "month", *SUMS, "entries"]


def test_columns_without_content_are_not_shown() -> None:
    table = sheet("account", "debit", "tax", right=["debit"])
    table.add_row("3210 Meals", "10.00 DKK", "")
    assert "tax" not in drawn(table, 80)


def test_where_nothing_fits_side_by_side_each_row_is_a_block() -> None:
    lines = drawn(tie_out(), 40).splitlines()
    assert lines[0].startswith("of: Wallet")
    assert "  Pleo: 123.456.789,50 DKK" in [line.rstrip() for line in lines]
    assert "  drafts: 1,00 DKK" in [line.rstrip() for line in lines], "a block has room for all of them"


@given(
    st.lists(
        st.tuples(st.text("abcdefg æøå\n", max_size=60), st.decimals(places=2, allow_nan=False, allow_infinity=False)),
        min_size=1,
        max_size=5,
    ),
    st.integers(50, 120),
)
def test_no_digit_and_no_currency_is_cut(rows: list[tuple[str, object]], width: int) -> None:
    table = sheet("who", "amount", "why, and what to do", right=["amount"])
    for text, amount in rows:
        table.add_row(text, f"{amount:.2f} DKK", text)
    shown = drawn(table, width)
    assert re.findall(r"[-\d.E+]+ DKK", shown) == [f"{amount:.2f} DKK" for _, amount in rows]
    assert all(cell_len(line) <= width for line in shown.splitlines())
