"""Tax that can't be is refused, tax that is odd is noted, and what receipts really say is booked without a word."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.model.masterdata import TaxCode
from kontobro.core.rules.post import Posted, post_item
from kontobro.core.rules.tax import rounded, signed
from kontobro.core.words import Phrase
from kontobro.testing.factories import ACCOUNTS, a_line, a_tax, a_vendor, an_item, masters, settings

MASTERS = masters()
NO_ACCOUNTS = masters(
    tax_codes=[replace(code, ingoing_account=None) for code in MASTERS.tax_codes.by_id.values() if code.code == "I0"]
)
IMPOSSIBLE = ["tax_type_differs", "tax_on_zero_rate", "tax_sign_differs", "tax_exceeds_line", "tax_rate_impossible"]


def post(line: int, tax: int, code: str = "I25", kind: str = "inclusive", rate: str = "0.25", **more: Any) -> Posted:
    item = an_item(lines=[a_line(line, tax=a_tax(tax, code, kind, rate))], **more)
    return post_item(item, settings(), MASTERS, dt.date(2026, 11, 22))


@pytest.mark.parametrize(
    ("posted", "code"),
    [
        (post(1000, 200, "I0", rate="0"), "tax_on_zero_rate"),
        (post(1000, 200, "I0"), "tax_on_zero_rate"),
        (post(1000, 1100), "tax_exceeds_line"),
        (post(-1000, -1001), "tax_exceeds_line"),
        (post(0, 5, total=0), "tax_exceeds_line"),
        (post(1000, -160), "tax_sign_differs"),
        (post(-1000, 160), "tax_sign_differs"),
        (post(1000, -250, "R25", "reverse"), "tax_sign_differs"),
        (post(1000, 1001, "R25", "reverse"), "tax_exceeds_line"),
        (post(1000, 250, "I25", "reverse"), "tax_type_differs"),
        (post(1000, 200, "R25", "inclusive"), "tax_type_differs"),
        (post(1000, 0, "R25", "reverse", "1.01"), "tax_rate_impossible"),
    ],
)
def test_what_can_not_be_is_refused_in_words_of_its_own(posted: Posted, code: str) -> None:
    problems = [problem for problem in posted.problems if problem.code != "amount_zero"]
    assert [(problem.code, problem.reason) for problem in problems] == [(code, "validation_failure")]
    assert problems[0].field.startswith("accountingEntryLines[0].tax.")
    assert problems[0].value
    assert "account" not in problems[0].remedy.replace("accounting system", "")


def test_nobody_is_asked_for_an_account_of_a_code_of_0_percent() -> None:
    item = an_item(lines=[a_line(1000, tax=a_tax(200, "I0", rate="0"))])
    posted = post_item(item, settings(), NO_ACCOUNTS, dt.date(2026, 11, 22))
    assert [problem.code for problem in posted.problems] == ["tax_on_zero_rate"]


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        (post(1000, 990), ["9.90", "25 %", "10.00", "I25"]),
        (post(1000, 107, rate="0.12"), ["12 %", "25 %", "I25"]),
        (post(1000, 0, "I0", rate="0.25"), ["25 %", "0 %", "I0"]),
        (post(1000, 300, "R25", "reverse"), ["3.00", "25 %", "R25"]),
    ],
)
def test_what_is_odd_is_booked_with_a_note(posted: Posted, words: list[str]) -> None:
    assert posted.problems == ()
    (note,) = [note for note in posted.notes if "tax" in note.lower() and "neither with" not in note]
    assert [word for word in words if word not in note] == []
    assert posted.entries[0].notes


@given(lines=st.lists(st.integers(1, 100_000), min_size=1, max_size=8))
def test_receipts_that_round_each_position_are_not_odd(lines: list[int]) -> None:
    """VAT rounded position by position is off by half a minor unit each: of small receipts no reason for a note."""
    gross = sum(lines)
    tax = sum(rounded(line, Decimal("0.2")) for line in lines)  # 25 % included is a fifth
    posted = post(gross, min(tax, rounded(gross, Decimal("0.2")) + 1))
    assert posted.problems == ()
    assert not [note for note in posted.notes if "more than" in note]


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.sampled_from(["I25", "I0", "R25"]))
def test_no_entry_has_more_tax_than_line_or_of_the_other_sign(line: int, tax: int, code: str) -> None:
    posted = post(line, tax, code, "reverse" if code == "R25" else "inclusive", total=line)
    if tax and (abs(tax) > abs(line) or tax * line < 0 or code == "I0"):
        assert {problem.code for problem in posted.problems} & set(IMPOSSIBLE)
    elif line:
        assert posted.problems == ()
        assert posted.entries[0].tax == Decimal(tax or (rounded(line, Decimal("0.25")) if code == "R25" else 0)) / 100


@given(st.integers(1, 10**30), st.integers(0, 10**30), st.sampled_from([("I25", "inclusive"), ("R25", "reverse")]))
def test_more_than_its_rate_is_told_exactly_at_any_size(line: int, tax: int, code: tuple[str, str]) -> None:
    posted = post(line, min(line, tax), *code, total=line)
    share = Fraction(1, 5) if code[0] == "I25" else Fraction(1, 4)
    assert any("more than" in note for note in posted.notes) == (min(line, tax) > line * share * Fraction(101, 100) + 2)


@given(st.integers(-(10**30), 10**30), st.decimals(0, 2, places=4))
def test_tax_at_a_rate_is_exact_with_halves_away_from_zero(line: int, rate: Decimal) -> None:
    exact = abs(line) * Fraction(rate) + Fraction(1, 2)
    assert rounded(line, rate) == (exact.numerator // exact.denominator) * (1 if line >= 0 else -1)


def test_a_computed_tax_on_a_code_of_0_percent_is_refused() -> None:
    zero = masters(
        tax_codes=[replace(one, rate=Decimal(0)) for one in MASTERS.tax_codes.by_id.values() if one.code == "R25"]
    )
    item = an_item(lines=[a_line(1000, tax=a_tax(0, "R25", "reverse"))])
    (problem,) = post_item(item, settings(), zero, dt.date(2026, 11, 22)).problems
    assert (problem.code, problem.value) == ("tax_on_zero_rate", "2.50 DKK")


def test_one_switch_takes_tax_without_a_sign() -> None:
    """If Pleo's staging shows that tax comes unsigned (`posting-rules.md` §13.2)."""
    assert signed(Decimal(160), Decimal(-1000), is_signed=True) == 160
    assert signed(Decimal(160), Decimal(-1000), is_signed=False) == -160
    assert signed(Decimal(-160), Decimal(1000), is_signed=False) == 160


def test_halves_are_rounded_away_from_zero_at_any_size() -> None:
    assert rounded(-10, Decimal("0.25")) == -3
    assert rounded(10**40 + 2, Decimal("0.25")) == (10**40 + 4) // 4


# ------------------------------------------------------------ tax that is partly deductible, or due on payment

PARTLY = TaxCode("P", "P", "Fuel", Decimal("0.25"), "inclusive", "Assets:Tax:Input", deductible=Decimal("0.8"))
NOT_AT_ALL = TaxCode("N", "N", "Gifts", Decimal("0.25"), "inclusive", deductible=Decimal(0))
ABROAD = TaxCode(
    "R0", "R0", "Abroad, not deducted", Decimal("0.25"), "reverse", None, "Liabilities:Tax:OutputAbroad",
    deductible=Decimal(0),
)  # fmt: skip
LATER = TaxCode("L", "L", "On payment", Decimal("0.25"), "inclusive", "Assets:Tax:Input", until_paid="Assets:Transit")


def lines_of(code: TaxCode, tax: int, **changed: Any) -> list[tuple[str, str]]:
    """Account and amount of the lines of an expense of 100.00 with that tax code."""
    known = masters(tax_codes=(code,), **{name: changed.pop(name) for name in ("accounts",) if name in changed})
    item = an_item(lines=[a_line(10_000, tax=a_tax(tax, code.code, code.type))], **changed)
    posted = post_item(item, settings(), known, dt.date(2026, 11, 22))
    assert not posted.problems
    return [(line.account, str(line.amount)) for line in posted.entries[0].lines]


def test_what_is_not_deductible_is_part_of_the_expense() -> None:
    assert lines_of(PARTLY, 2000)[:2] == [("Expenses:Office", "84.00"), ("Assets:Tax:Input", "16.00")]
    assert lines_of(NOT_AT_ALL, 2000) == [("Expenses:Office", "100.00"), ("Assets:Pleo:DKK", "-100.00")]
    assert lines_of(ABROAD, 2500) == [
        ("Expenses:Office", "125.00"),
        ("Liabilities:Tax:OutputAbroad", "-25.00"),
        ("Assets:Pleo:DKK", "-100.00"),
    ]


@pytest.mark.parametrize("tax", [1, 3, 1999, 2003])
@pytest.mark.parametrize("share", ["0.5", "0.35", "0.125"])
def test_no_cent_of_a_partly_deductible_tax_is_lost(tax: int, share: str) -> None:
    lines = lines_of(replace(PARTLY, deductible=Decimal(share)), tax)
    assert sum(Decimal(amount) for _, amount in lines[:-1]) == 100


@pytest.mark.parametrize(
    ("kind", "first", "second", "accounts"),
    [
        ("card_purchase", 10_000, 5_000, ["Assets:Tax:Input", "Assets:Tax:Input"]),
        ("card_purchase", -10_000, -5_000, ["Assets:Transit", "Assets:Transit"]),
        ("card_purchase", 10_000, -5_000, ["Assets:Tax:Input", "Assets:Transit"]),
        ("invoice", 10_000, -5_000, ["Assets:Tax:Input", "Assets:Tax:Input"]),
        ("invoice", -10_000, 5_000, ["Assets:Transit", "Assets:Transit"]),
        ("refund", 10_000, 5_000, ["Assets:Transit", "Assets:Transit"]),
    ],
)
def test_a_refund_has_its_tax_on_the_account_of_refunds(
    kind: str, first: int, second: int, accounts: list[str]
) -> None:
    """A journal entry's lines each by their own sign, a bill or credit note as a whole: as Odoo does."""
    code = replace(PARTLY, refund_ingoing_account="Assets:Transit")
    lines = [a_line(minor, tax=a_tax(minor // 5, code.code, code.type)) for minor in (first, second)]
    known = {"vendor": a_vendor(), "method": "accounts_payable"} if kind == "invoice" else {}
    posted = post_item(an_item(kind, lines, **known), settings(), masters(tax_codes=(code,)), dt.date(2026, 11, 22))
    assert not posted.problems
    assert [line.account for line in posted.entries[0].lines if line.role == "tax"] == accounts


@pytest.mark.parametrize(
    ("kind", "first", "second", "accounts"),
    [
        ("invoice", 10_000, -5_000, ["Assets:Tax:Input", "Assets:Transit"]),
        ("invoice", -10_000, 5_000, ["Assets:Transit", "Assets:Tax:Input"]),
        ("card_purchase", 10_000, -5_000, ["Assets:Tax:Input", "Assets:Transit"]),
    ],
)
def test_a_system_may_count_each_line_of_a_bill_as_a_refund_or_not(
    kind: str, first: int, second: int, accounts: list[str]
) -> None:
    """As Tryton does."""
    code = replace(PARTLY, refund_ingoing_account="Assets:Transit", refund_by_line=True)
    lines = [a_line(minor, tax=a_tax(minor // 5, code.code, code.type)) for minor in (first, second)]
    known = {"vendor": a_vendor(), "method": "accounts_payable"} if kind == "invoice" else {}
    posted = post_item(an_item(kind, lines, **known), settings(), masters(tax_codes=(code,)), dt.date(2026, 11, 22))
    assert not posted.problems
    assert [line.account for line in posted.entries[0].lines if line.role == "tax"] == accounts


def test_reverse_charge_of_a_refund_has_both_sides_on_the_accounts_of_refunds() -> None:
    code = replace(ABROAD, deductible=Decimal(1), ingoing_account="Assets:Tax:Input")
    code = replace(code, refund_ingoing_account=code.outgoing_account, refund_outgoing_account="Assets:Tax:Input")
    item = an_item(lines=[a_line(-10_000, tax=a_tax(-2_500, code.code, code.type))])
    posted = post_item(item, settings(), masters(tax_codes=(code,)), dt.date(2026, 11, 22))
    assert [(line.account, str(line.amount)) for line in posted.entries[0].lines if line.role != "expense"][:2] == [
        ("Liabilities:Tax:OutputAbroad", "-25.00"),
        ("Assets:Tax:Input", "25.00"),
    ]


def test_tax_on_payment_waits_where_something_is_owed() -> None:
    waiting, due = ("Assets:Transit", "20.00"), ("Assets:Tax:Input", "20.00")
    assert due in lines_of(LATER, 2000)
    assert waiting in lines_of(LATER, 2000, method="accounts_payable", vendor=a_vendor())
    owed = [replace(account, owed=account.id == "Assets:Pleo:DKK") for account in ACCOUNTS]
    assert waiting in lines_of(LATER, 2000, accounts=owed)


def test_a_code_that_nothing_can_be_booked_with_says_why() -> None:
    known = masters(tax_codes=(replace(PARTLY, unsupported=Phrase("tax_withheld")),))
    posted = post_item(an_item(lines=[a_line(tax=a_tax(code="P"))]), settings(), known, dt.date(2026, 11, 22))
    (problem,) = posted.problems
    assert problem.code == "tax_code_unsupported"
    assert "a negative rate is a withholding" in problem.message


def test_accounts_are_called_by_their_codes_not_by_their_ids() -> None:
    blocked = [replace(account, active=account.id != "Assets:Tax:Input") for account in ACCOUNTS]
    item = an_item(lines=[a_line(tax=a_tax())])
    (problem,) = post_item(item, settings(), masters(accounts=blocked), dt.date(2026, 11, 22)).problems
    assert (problem.code, problem.value) == ("account_blocked", "6410")
