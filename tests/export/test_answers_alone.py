"""Answers of Pleo's that show only in a case of their own: what was left alone is found later, and what can't be read
stops before anything is booked."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import BadAnswer
from kontobro.core.model.settings import RowOverride
from kontobro.export.preview import preview_job
from pleo_sandbox.model import Expense, SandboxCompany
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_answers import GOOD, REFUNDS, STUCK, expenses
from tests.support.pleo_company import COMPANY, CONTRA, a_company, an_item, entry_id


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    with an_export_harness(tmp_path, a_company(*expenses())) as harness:
        yield harness


def test_a_list_whose_cursor_leads_nowhere_stops_before_anything_is_booked(harness: ExportHarness) -> None:
    harness.sandbox.set_rules(STUCK)
    with pytest.raises(BadAnswer, match="same cursor"):
        harness.export()
    assert harness.entries() == {}
    harness.sandbox.set_rules({"follows_cursors": True})
    assert harness.export().event == "completed"


def test_an_item_of_an_unknown_status_is_not_booked_and_the_next_export_has_it(harness: ExportHarness) -> None:
    harness.sandbox.set_rules({"unseen_word": "itemStatus"})
    result = harness.export()
    assert (result.event, result.booked) == ("failed", GOOD - 1)
    assert "1 expenses of this export with the status unseen_word" in (result.failure or "")
    assert "export again" in (result.failure or "")
    assert entry_id(1) not in harness.entries()
    harness.sandbox.set_rules({"unseen_word": "none"})
    harness.again()
    assert harness.export().event == "completed"
    assert entry_id(1) in harness.entries()


@pytest.mark.parametrize(("sign", "sums"), [("ignore", {Decimal(50)}), ("follow", {Decimal(50), Decimal(-50)})])
def test_both_signs_of_a_type_wait_for_a_bookkeepers_word(
    harness: ExportHarness, sign: Any, sums: set[Decimal]
) -> None:
    """Which of them is money that came in is not known; a row of the settings says it."""
    harness.sandbox.set_rules({"incoming_sign": "both"})
    (job,) = harness.pleo.jobs(["pending"])
    shown = {one.item.entry_id: one for one in preview_job(harness.connection, job, harness.ports)}
    assert all(not shown[entry_id(number)].entries and shown[entry_id(number)].problems for number in REFUNDS)
    result = harness.export()
    assert (result.event, result.booked, result.failed) == ("completed_with_errors", GOOD - 2, 2)
    assert harness.failure(entry_id(GOOD))[0] == "invalid_configuration"
    assert "Negative total" in harness.failure(entry_id(GOOD))[1]
    harness.set(rows=(RowOverride(type="refund", sign=sign),))
    harness.again()
    assert harness.export().event == "completed"
    found = harness.connector.find([entry_id(number) for number in REFUNDS])  # type: ignore[list-item]
    assert {booking.line_sums["Assets:Pleo:DKK"] for booking in found.values()} == sums


@pytest.mark.parametrize("sign", ["positive", "negative"])
def test_a_later_batch_with_the_other_sign_is_not_booked(tmp_path: Path, sign: str) -> None:
    first = 1 if sign == "positive" else -1
    many = [an_item(number, type="refund", minor=first * 5_000) for number in range(1, 101)]
    last = an_item(101, type="refund", minor=-first * 5_000)
    with an_export_harness(tmp_path, a_company(*map(Expense, [*many, last]))) as harness:
        assert harness.export().event == "completed_with_errors"
        assert list(harness.connected.states().values()) == ["successful"] * 100 + ["failed"]


def test_without_contra_accounts_the_settings_wallet_is_booked(tmp_path: Path) -> None:
    company = SandboxCompany("Fjord & Bro ApS", "DKK", "DK", id=COMPANY, contra_accounts={"DKK": CONTRA})
    company.expenses = [Expense(an_item(1, contraAccount=None))]
    with an_export_harness(tmp_path, company) as harness:
        harness.sandbox.set_rules({"contra_accounts_needed": False})
        company.contra_accounts.clear()
        assert harness.export().event == "completed"
        assert len(harness.entries()) == 1


@pytest.mark.parametrize("stated", [True, False])
def test_a_pleo_that_is_asked_too_often_is_waited_for(harness: ExportHarness, stated: bool) -> None:
    harness.sandbox.set_rules({"states_pauses": stated})
    harness.sandbox.traffic.limit = 8
    assert harness.export().event == "completed"
    assert harness.pleo.limited > 0
