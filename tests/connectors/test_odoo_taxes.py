"""Pleo's tax on Odoo's tax lines: what is written, and when nothing is. Pure, by example and by property."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.model.journal import Entry, line_sums
from kontobro.core.model.masterdata import Company, TaxCode
from kontobro.erp.kit.http import Refused
from kontobro.erp.odoo.booked import BookedMove
from kontobro.erp.odoo.entries import MARK, is_computed
from kontobro.erp.odoo.masters import Snapshot, Tax
from kontobro.erp.odoo.taxes import corrections, keep_pleos_tax
from kontobro.testing.connector.entries import Chart, a_reverse_journal, a_taxed_bill, a_taxed_journal

CHART = Chart()
CENTS = st.integers(0, 100_000).map(lambda cents: Decimal(cents) / 100)


def a_tax(code: str, type_: Any, signs: Mapping[int, int]) -> Tax:
    tax = TaxCode(code, code, code, Decimal("0.25"), type_, CHART.input_tax)
    return Tax(code=tax, included=False, computes=True, signs=signs)


MASTERS = Snapshot(
    company=Company("1", "Fjord & Bro ApS", "DKK"),
    accounts={},
    taxes={"I25": a_tax("I25", "inclusive", {1: 1, 2: 1}), "R25": a_tax("R25", "reverse", {3: 1, 4: -1})},
    values={},
    books=[],
    currencies={"DKK": 10, "EUR": 126},
)
PARTS = {("I25", "tax"): 1, ("R25", "tax"): 3, ("R25", "reverse_tax"): 4}


def rates_of(day: object) -> Mapping[str, Decimal]:
    return {"EUR": Decimal("0.13534")}


def draft(entry: Entry, tax: str = "19.80", **changes: Any) -> BookedMove:
    """What Odoo makes of an entry: the sent lines, its own tax on each tax line, and what balances it."""
    lines: list[dict[str, Any]] = []

    def add(account: str, amount: Decimal, part: int | bool = False, kind: str = "product") -> None:
        facts = {"id": len(lines) + 1, "account_id": account, "tax_repartition_line_id": part, "display_type": kind}
        lines.append(facts | {"amount_currency": amount, "balance": amount, "currency": entry.currency})

    is_bill = hasattr(entry, "number")
    taxes = [line for line in entry.lines if is_computed(line, MASTERS)]
    for line in entry.lines:
        if line not in taxes and not (is_bill and line.role == "payable"):
            add(line.account, line.amount)
    for line in taxes:
        add(line.account, Decimal(tax).copy_sign(line.amount), PARTS[str(line.tax_code), line.role], "tax")
    left = -sum((line["amount_currency"] for line in lines), Decimal(0))
    if is_bill:
        add(CHART.payable, left, kind="payment_term")
    elif left:
        add("582", left)
    move = {"id": 7, "state": "draft", "narration": f"<p>{MARK}fingerprint={entry.fingerprint}</p>"}
    return BookedMove(move | changes, lines)


def after(booked: BookedMove, commands: list[list[Any]]) -> dict[str, Decimal]:
    """The sums of the accounts when the commands were carried out; what is owed follows on a bill."""
    changes = {command[1]: command[2] for command in commands if command[0] == 1}
    gone = {command[1] for command in commands if command[0] == 2}
    sums: dict[str, Decimal] = {}
    for line in booked.lines:
        if line["id"] not in gone and line["display_type"] != "payment_term":
            amount = changes.get(line["id"], {}).get("amount_currency", line["amount_currency"])
            sums[line["account_id"]] = sums.get(line["account_id"], Decimal(0)) + amount
    if any(line["display_type"] == "payment_term" for line in booked.lines):
        sums[CHART.payable] = -sum(sums.values(), Decimal(0))
    return {account: amount for account, amount in sums.items() if amount}


@pytest.mark.parametrize("make", [a_taxed_journal, a_taxed_bill, a_reverse_journal])
@given(net=CENTS, tax=CENTS, computed=CENTS)
def test_what_is_written_makes_the_entry_to_the_cent_or_nothing_is(
    make: Any, net: Decimal, tax: Decimal, computed: Decimal
) -> None:
    entry = make(CHART, str(net), str(tax))
    booked = draft(entry, str(computed))
    commands = corrections(entry, booked, MASTERS, rates_of)
    assert (commands == []) == (tax == computed)
    assert after(booked, commands) == line_sums(entry)


def test_a_foreign_entry_balances_in_the_companys_currency() -> None:
    entry = a_taxed_journal(CHART, "79.20", "19.81", "EUR")
    booked = draft(entry)
    for line in booked.lines:
        line["balance"] = round(line["amount_currency"] / Decimal("0.13534"), 2)
    commands = corrections(entry, booked, MASTERS, rates_of)
    gone = {command[1] for command in commands if command[0] == 2}
    balances = {line["id"]: line["balance"] for line in booked.lines if line["id"] not in gone}
    balances |= {command[1]: command[2]["balance"] for command in commands if command[0] == 1}
    assert sum(balances.values()) == 0
    assert balances[3] == Decimal("146.37")


@pytest.mark.parametrize(
    "changes",
    [{"state": "posted"}, {"state": "cancel"}, {"narration": "<p>typed by a bookkeeper</p>"}],
    ids=["posted", "void", "not ours"],
)
def test_only_a_draft_of_ours_is_touched(changes: dict[str, Any]) -> None:
    entry = a_taxed_journal(CHART, "79.20", "19.81")
    assert corrections(entry, draft(entry, **changes), MASTERS, rates_of) == []


def test_a_tax_on_another_account_is_left_alone() -> None:
    """Part of it falls on the expense: the sums would not be Pleo's."""
    entry = a_taxed_journal(CHART, "79.20", "19.81")
    booked = draft(entry)
    half = booked.lines[2] | {"id": 9, "account_id": CHART.expense, "tax_repartition_line_id": 2}
    assert corrections(entry, replace(booked, lines=[*booked.lines, half]), MASTERS, rates_of) == []


def test_a_tax_that_odoo_did_not_compute_has_no_line_to_stand_on() -> None:
    entry = a_taxed_journal(CHART, "0.01", "0.01")
    booked = draft(entry)
    lines = [line for line in booked.lines if not line["tax_repartition_line_id"]]
    assert corrections(entry, replace(booked, lines=lines), MASTERS, rates_of) == []


class Refusing:
    """Odoo, saying no."""

    def write(self, model: str, method: str, **arguments: Any) -> None:
        raise Refused("Odoo", "odoo.exceptions.UserError", "no")


def test_where_odoo_refuses_its_own_tax_stays_to_be_compared() -> None:
    entry = a_taxed_journal(CHART, "79.20", "19.81")
    assert keep_pleos_tax(Refusing(), [(entry, draft(entry))], MASTERS, rates_of) is False  # type: ignore[arg-type]
