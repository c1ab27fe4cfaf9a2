"""Where an outline says that an entry can be booked, Beancount says so of the whole ledger: tried on generated ones."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from beancount.core.data import Transaction
from hypothesis import assume, event, given
from hypothesis import strategies as st

from kontobro.core.errors import Misconfigured
from kontobro.erp.beancount.load.ledger import faults_with, load_ledger
from kontobro.erp.beancount.load.masters import load
from kontobro.erp.beancount.load.outline import consulted_in, earliest, touched_by

HEAD = """\
option "operating_currency" "DKK"
2020-01-01 custom "company" "Fjord"
2020-01-01 open Equity:Open
2020-01-01 open Assets:Wallet
2020-01-01 open Assets:Wallet:Card
2020-01-01 open Assets:Stock
2020-01-02 open Expenses:Office DKK,EUR
2020-01-01 open Expenses:Old
2020-01-08 close Expenses:Old
"""
ACCOUNTS = ["Assets:Wallet", "Assets:Wallet:Card", "Assets:Stock", "Expenses:Office", "Expenses:Old", "Assets:Lacking"]
FIRST = date(2020, 1, 1)

days = st.integers(0, 9).map(lambda number: FIRST + timedelta(number))
accounts = st.sampled_from(ACCOUNTS[:4])
currencies = st.sampled_from(["DKK", "DKK", "EUR", "SEK"])
numbers = st.integers(1, 3)


@st.composite
def company_entries(draw: st.DrawFn) -> str:
    """What a company writes, in all the forms in which one entry leans upon others."""
    day, some, other = draw(days), draw(accounts), draw(accounts)
    currency, number = draw(currencies), draw(numbers)
    form = draw(
        st.sampled_from(
            [
                '{day} * "whole"\n  {some}  {number} {currency}\n  {other}  -{number} {currency}\n',
                '{day} * "the rest"\n  {some}  {number} {currency}\n  {other}\n',
                '{day} * "no currency"\n  {some}  -{number}\n  {other}  1 {currency}\n  Equity:Open  -1 EUR\n',
                '{day} * "no currency, and the rest"\n  {some}  -{number}\n  {other}\n',
                '{day} * "bought"\n  {some}  {number} STK {{10 {currency}}}\n  {other}\n',
                '{day} * "bought with money"\n  {some}  {number} DKK {{10 EUR}}\n  Equity:Open\n',
                '{day} * "sold"\n  {some}  -{number} STK {{}}\n  Equity:Open\n',
                '{day} * "sold money"\n  {some}  -{number} DKK {{}}\n  Equity:Open\n',
                '{day} * "at a price"\n  {some}  {number} {currency} @ 7\n  {other}\n',
                "{day} balance {some}  {number} {currency}\n",
                "{day} balance {some}  0 ~ {number} {currency}\n",
                "{day} pad {some} Equity:Open\n{later} balance {some}  {number} {currency}\n",
            ]
        )
    )
    later = day + timedelta(draw(st.integers(1, 4)))
    return form.format(day=day, some=some, other=other, currency=currency, number=number, later=later)


@st.composite
def new_entries(draw: st.DrawFn) -> str:
    """One as we write it."""
    number, currency = draw(numbers), draw(currencies)
    some, other = draw(st.sampled_from(ACCOUNTS)), draw(st.sampled_from(ACCOUNTS))
    return f'{draw(days)} ! "new"\n  {some}  {number} {currency}\n  {other}  -{number} {currency}\n'


@given(st.lists(company_entries(), max_size=4), st.lists(new_entries(), min_size=1, max_size=2))
def test_what_an_outline_takes_the_whole_ledger_takes(company: list[str], new: list[str]) -> None:
    with TemporaryDirectory() as folder:
        ledger, candidate = Path(folder, "main.beancount"), Path(folder, "new.txt")
        ledger.write_text(HEAD + "\n".join(company))
        candidate.write_text("\n".join(new))
        try:
            masters = load(ledger)
        except Misconfigured:
            assume(False)
        touched = touched_by("\n".join(new))
        assert masters.outline
        assert touched
        if not masters.outline.suffices(touched, masters.assertions):
            event("the whole ledger is asked")
            return
        outline = Path(folder, "outline.beancount")
        outline.write_text(masters.outline.text)
        said = faults_with(outline, candidate)
        event("the outline refuses" if said else "the outline takes it")
        assert bool(said) == bool(faults_with(ledger, candidate))
        if not said:
            alone = meaning_of(ledger)
            ledger.write_text("\n".join([HEAD, *company, *new]))
            assert meaning_of(ledger) == alone


def meaning_of(ledger: Path) -> list[object]:
    """What the company's own transactions are, all left out filled in."""
    found = (one for one in load_ledger(ledger)[0] if isinstance(one, Transaction) and one.narration != "new")
    return [(one.date, one.narration, [(p.account, p.units, p.cost, p.price) for p in one.postings]) for one in found]


@pytest.mark.parametrize(
    ("posting", "is_asked"),
    [
        ("1 DKK", False),
        ("", False),
        ("DKK", False),
        ("1 DKK @ 7 EUR", False),
        ("1", True),
        ("1 DKK @ 7", True),
        ("1 DKK @", True),
        ("@ 7 EUR", True),
        ("1 STK {}", True),
        ("1 STK {10 DKK}", True),
        ("{10 DKK}", True),
    ],
)
def test_which_accounts_complete_a_transaction(posting: str, is_asked: bool) -> None:
    text = f'2020-01-01 * "x"\n  Assets:Wallet  {posting}\n  Assets:Stock  -1 DKK\n'
    assert list(consulted_in(text.encode())) == (["Assets:Wallet"] if is_asked else [])


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-01 open Assets:Wallet\n",
        '2020-01-01 * "x"\n  Assets:Wallet  1 DKK\n  Assets:Stock\n',
        '2020-01-01 * "x"\n  Assets:Wallet  1\n  Assets:Stock  -1 DKK\n',
        '2020-01-01 * "x"\n  Assets:Wallet  1 DKK @ 1 EUR\n  Assets:Stock  -1 EUR\n',
        '2020-01-01 * "x"\n  Assets:Wallet  1 DKK {1 EUR}\n  Assets:Stock  -1 EUR\n',
        '2020-01-01 * "x\n',
    ],
)
def test_only_whole_transactions_are_tried_by_an_outline(text: str) -> None:
    assert touched_by(text) is None


def test_of_what_entries_touch_the_earliest_day_counts() -> None:
    first, second = {("A", "DKK"): FIRST}, {("A", "DKK"): FIRST - timedelta(1), ("B", "EUR"): FIRST}
    assert earliest(first, second) == {("A", "DKK"): FIRST - timedelta(1), ("B", "EUR"): FIRST}
    twice = touched_by("".join(f'{day} * "x"\n  A:B  1 DKK\n  A:C  -1 DKK\n' for day in ("2020-01-02", "2020-01-01")))
    assert twice is None  # no such root
    text = "".join(f'{day} * "x"\n  Assets:B  1 DKK\n  Assets:C  -1 DKK\n' for day in ("2020-01-02", "2020-01-01"))
    assert touched_by(text) == {("Assets:B", "DKK"): FIRST, ("Assets:C", "DKK"): FIRST}
