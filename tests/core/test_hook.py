"""What a company's own function may change, and what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Entry, EntryLine
from kontobro.core.rules.post import Posted, post_item
from kontobro.testing.factories import a_line, a_vendor, an_item, masters, settings

Change = Callable[[tuple[Entry, ...]], Any]
CHANGES: dict[str, Change] = {}


def current(item: object, entries: tuple[Entry, ...], settings: object, masters: object) -> Any:
    return CHANGES["current"](entries)


def posted(change: Change) -> Posted:
    CHANGES["current"] = change
    item = an_item(lines=[a_line(10000)], method="accounts_payable", vendor=a_vendor())
    return post_item(item, settings(hook=f"{__name__}:current"), masters(), dt.date(2026, 11, 22))


def each(**changed: Any) -> Change:
    return lambda entries: tuple(replace(entry, **changed) for entry in entries)


def first_line(**changed: Any) -> Change:
    def change(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        bill, payment = entries
        return replace(bill, lines=(replace(bill.lines[0], **changed), *bill.lines[1:])), payment

    return change


def split(entries: tuple[Entry, ...]) -> list[Entry]:
    bill, payment = entries
    half = replace(bill.lines[0], amount=Decimal("50.00"))
    return [replace(bill, lines=(half, replace(half, account="Expenses:Meals"), *bill.lines[1:])), payment]


def raising(error: Exception) -> Change:
    def change(entries: tuple[Entry, ...]) -> None:
        raise error

    return change


@pytest.mark.parametrize(
    "change",
    [
        each(text="Changed"),
        each(payee="Changed", date=dt.date(2026, 11, 30)),
        first_line(account="Expenses:Travel"),
        first_line(dimensions=(("COST", "200"),)),
        split,
    ],
    ids=["text", "date", "account", "dimensions", "split"],
)
def test_it_may_change_what_is_not_money(change: Change) -> None:
    result = posted(change)
    assert result.problems == ()
    assert result.changed_by_hook
    assert result.entries == tuple(change(result.before_hook))
    assert result.entries != result.before_hook


def test_an_unchanged_answer_is_no_change() -> None:
    result = posted(lambda entries: list(entries))
    assert not result.changed_by_hook
    assert result.before_hook == ()


def more(amount: str) -> Change:
    """A little more expense, balanced by the payable line: still balanced, but not Pleo's amount."""

    def change(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        bill, payment = entries
        lines = tuple(
            replace(line, amount=line.amount + Decimal(amount) * sign)
            for line, sign in zip(bill.lines, (1, -1), strict=True)
        )
        return replace(bill, lines=lines), payment

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda entries: None, "answered NoneType"),
        (lambda entries: (), "answered tuple"),
        (lambda entries: entries[:1], "1 entries instead of 2"),
        (lambda entries: entries[::-1], "Payment instead of Bill"),
        (lambda entries: ["bill", "payment"], "str instead of Bill"),
        (each(reference="other"), "reference was changed"),
        (each(fingerprint=""), "fingerprint was changed"),
        (each(currency="EUR"), "currency was changed"),
        (each(reconciliation_id=""), "reconciliation_id was changed"),
        (first_line(amount=Decimal(1)), "the lines do not sum to zero"),
        (first_line(amount=Decimal("99.999")), "has more than 2 decimals"),
        (first_line(amount=100.0), "has more than 2 decimals"),
        (first_line(amount=Decimal("NaN")), "has more than 2 decimals"),
        (first_line(amount=Decimal("Infinity")), "has more than 2 decimals"),
        (first_line(account="Expenses:Nowhere"), "Expenses:Nowhere does not exist"),
        (first_line(account="Expenses:Old"), "Expenses:Old does not exist in the accounting system or is blocked"),
        (more("0.01"), "the total of the payable lines was changed"),
        (each(lines=(None,)), "can't be read"),
        (each(lines=()), "the total of the payable lines was changed"),
    ],
)  # fmt: skip
def test_it_may_not_change_what_makes_it_the_same_entry(change: Change, said: str) -> None:
    result = posted(change)
    assert result.entries == ()
    (problem,) = result.problems
    assert problem.code == "hook_result_wrong"
    assert said in problem.message


@pytest.mark.parametrize("error", [ValueError("no\nsuch thing"), RecursionError(), StopIteration()])
def test_its_exceptions_are_problems_of_the_item(error: Exception) -> None:
    (problem,) = posted(raising(error)).problems
    assert (problem.code, problem.reason) == ("hook_failed", "unexpected_failure")
    assert type(error).__name__ in problem.message
    assert "\n" not in problem.message
    assert "Traceback" not in problem.message


def test_it_may_refuse_with_several_problems() -> None:
    ours, too = (Problem(code, "note", "", "No.", "Ask.", "validation_failure") for code in ("ours", "ours_too"))
    assert posted(lambda entries: [ours, too]).problems == (ours, too)
    assert posted(lambda entries: ours).problems == (ours,)


def test_it_is_not_asked_about_items_with_problems() -> None:
    CHANGES["current"] = raising(AssertionError("must not be called"))
    item = an_item(lines=[a_line(account=None)])
    result = post_item(item, settings(hook=f"{__name__}:current"), masters(), dt.date(2026, 11, 22))
    assert [problem.code for problem in result.problems] == ["account_missing"]


def test_lines_are_what_they_say() -> None:
    """The guard reads lines by role: a line of another role can't carry the wallet's money away."""
    line = EntryLine(account="Assets:Pleo:DKK", amount=Decimal("-100.00"), role="expense")
    moved = posted(lambda entries: (entries[0], replace(entries[1], lines=(entries[1].lines[0], line))))
    assert "the total of the wallet lines was changed" in moved.problems[0].message
