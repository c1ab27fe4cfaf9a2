"""Accounts and tax codes are open or closed on a day, not for ever."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from kontobro.core.model.masterdata import Account, TaxCode, is_open
from kontobro.core.rules.post import post_item
from kontobro.sync.source import accounts_of, tax_codes_of
from kontobro.testing.factories import ACCOUNTS, TAX_CODES, a_line, a_tax, an_item, masters, settings

FIRST, LAST = dt.date(2026, 11, 2), dt.date(2026, 11, 20)
NOON = dt.time(12, tzinfo=dt.UTC)


def posted(day: dt.date, *, account: str = "3600", tax: bool = False, **changed: object):  # type: ignore[no-untyped-def]
    line = a_line(account=account, tax=a_tax() if tax else None)
    item = an_item(lines=[line], date=dt.datetime.combine(day, NOON))
    return post_item(item, settings(), masters(**changed), dt.date(2026, 11, 28))


def with_span(opened: dt.date | None, closed: dt.date | None) -> tuple[Account, ...]:
    return tuple(replace(it, opened=opened, closed=closed) if it.code == "3600" else it for it in ACCOUNTS)


@pytest.mark.parametrize(
    ("day", "opened", "closed", "told"),
    [
        (FIRST, FIRST, LAST, None),
        (LAST, FIRST, LAST, None),
        (LAST, None, None, None),
        (FIRST - dt.timedelta(1), FIRST, None, "from 2026-11-02 only, and this one is of 2026-11-01"),
        (LAST + dt.timedelta(1), None, LAST, "until 2026-11-20 only, and this one is of 2026-11-21"),
        (LAST + dt.timedelta(1), FIRST, LAST, "from 2026-11-02 until 2026-11-20 only"),
    ],
)
def test_an_account_takes_the_days_from_its_first_to_its_last(
    day: dt.date, opened: dt.date | None, closed: dt.date | None, told: str | None
) -> None:
    answer = posted(day, accounts=with_span(opened, closed))
    if told is None:
        assert answer.problems == ()
        assert answer.entries[0].lines[0].account == "Expenses:Office"
    else:
        assert [problem.code for problem in answer.problems] == ["account_closed"]
        assert told in answer.problems[0].message


def test_of_two_accounts_of_one_code_the_one_that_is_open_on_the_day_is_meant() -> None:
    old = Account("Expenses:Phone:Old", "3650", "Phone", closed=LAST)
    new = Account("Expenses:Phone:New", "3650", "Phone", opened=LAST + dt.timedelta(1))
    for day, name in ((FIRST, old.id), (LAST, old.id), (LAST + dt.timedelta(1), new.id)):
        answer = posted(day, account="3650", accounts=(*ACCOUNTS, old, new))
        assert [entry.lines[0].account for entry in answer.entries] == [name]


def test_a_wallet_that_is_closed_by_today_still_takes_what_was_spent_before() -> None:
    closed = tuple(replace(it, closed=LAST) if it.code == "5810" else it for it in ACCOUNTS)
    assert posted(FIRST, accounts=closed).problems == ()
    (problem,) = posted(LAST + dt.timedelta(1), accounts=closed).problems
    assert (problem.code, problem.field) == ("account_closed", "settings.wallet")


def test_a_tax_code_is_used_on_its_days_only() -> None:
    codes = tuple(replace(code, opened=FIRST, closed=LAST) if code.id == "I25" else code for code in TAX_CODES)
    assert posted(LAST, tax=True, tax_codes=codes).problems == ()
    (problem,) = posted(LAST + dt.timedelta(1), tax=True, tax_codes=codes).problems
    assert problem.code == "tax_code_unknown"
    assert "until 2026-11-20 only, and this expense is of 2026-11-21" in problem.message


def test_pleo_is_sent_what_is_open_today() -> None:
    today = dt.date(2026, 11, 10)
    accounts = [
        Account("1", "1", "ended", closed=today - dt.timedelta(1)),
        Account("2", "2", "last day", closed=today),
        Account("3", "3", "first day", opened=today),
        Account("4", "4", "tomorrow", opened=today + dt.timedelta(1)),
    ]
    assert [it.name for it in accounts_of(accounts, today).desired] == ["last day", "first day"]
    codes = [TaxCode(it.id, it.code, it.name, Decimal(0), "inclusive", None, None, True, it.opened, it.closed)
             for it in accounts]  # fmt: skip
    assert [it.name for it in tax_codes_of(codes, today).desired] == ["last day", "first day"]
    assert is_open(accounts[0], None)
