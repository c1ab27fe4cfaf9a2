"""Answers of Pleo's that show only in a case of their own: what was left alone is found later, and what can't be read
stops before anything is booked."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kontobro.core.errors import BadAnswer, LoginFailed, Unreachable
from kontobro.core.model.journal import Reference, line_sums
from kontobro.core.model.masterdata import Company
from kontobro.core.model.settings import RowOverride
from kontobro.export.preview import preview_job
from pleo_sandbox.model import Expense, SandboxCompany
from tests.support.export_harness import EVENTS, ExportHarness, an_export_harness
from tests.support.pleo_answers import GOOD, REFUNDS, STUCK, expenses
from tests.support.pleo_company import COMPANY, CONTRA, a_company, an_item, entry_id

WALLET = "Assets:Pleo:DKK"
UNREACHABLE = "accounting_system_unreachable"


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


@pytest.mark.parametrize(("sign", "sums"), [(None, {Decimal(50)}), ("follow", {Decimal(50), Decimal(-50)})])
def test_with_both_signs_of_a_type_the_type_is_the_direction_unless_a_row_says_otherwise(
    harness: ExportHarness, sign: Any, sums: set[Decimal]
) -> None:
    """Pleo states no sign (`posting-rules.md` §3): a preview shows what is booked, a row of the settings changes it."""
    harness.sandbox.set_rules({"incoming_sign": "both"})
    if sign:
        harness.set(rows=(RowOverride(type="refund", sign=sign),))
    (job,) = harness.pleo.jobs(["pending"])
    shown = {one.item.entry_id: one.entries for one in preview_job(harness.connection, job, harness.ports)}
    assert {line_sums(shown[entry_id(number)][0])[WALLET] for number in REFUNDS} == sums
    assert harness.export().event == "completed"
    found = harness.connector.find([Reference(entry_id(number)) for number in REFUNDS])
    assert {booking.line_sums[WALLET] for booking in found.values()} == sums


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


def _refuse(behind: object) -> Company:
    raise LoginFailed("The accounting system refuses the login.", "Give it again.")


@pytest.mark.parametrize("early", [True, False])
def test_a_job_that_can_not_be_done_is_started_and_then_failed(harness: ExportHarness, early: bool) -> None:
    """Whether Pleo lets a pending job fail is not stated: no job of ours fails before Pleo shows it as started."""
    sandbox = harness.sandbox
    sandbox.set_rules({"pending_may_fail": early})
    failed = {"jobId": sandbox.jobs[0].id, "event": "failed", "failureReason": "No.", "failureReasonType": UNREACHABLE}
    sent = httpx2.post(f"{harness.connected.url}{EVENTS}", json=failed, auth=(harness.connected.key, ""))
    assert (sent.status_code, str(sandbox.jobs[0].status)) == ((202, "failed") if early else (422, "pending"))
    sandbox.cancel_job(sandbox.jobs[0].id)

    sandbox.set_rules({"events_take": 2})
    harness.again()
    harness.alter(check=_refuse)
    assert harness.export().event == "failed"
    job = sandbox.jobs[1]
    assert (str(job.status), job.failure_reason_type) == ("failed", "accounting_system_authentication_failure")
    assert job.started_at is not None
    assert harness.entries() == {}

    harness.again()
    sandbox.lose_request("POST", EVENTS, times=1_000)
    with pytest.raises(Unreachable):
        harness.export()
    assert (str(sandbox.jobs[2].status), harness.entries()) == ("pending", {})
    sandbox.clear_faults()
    harness.fix()
    assert (harness.export().event, str(sandbox.jobs[2].status)) == ("completed", "completed")
    assert len({reference.removesuffix("/pay") for reference in harness.entries()}) == GOOD
