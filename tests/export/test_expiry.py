"""A slow accounting system: the job is kept alive; where Pleo does not let it live, what exists is recognised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.model.journal import Booking, Entry
from pleo_sandbox.model import Expense
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, a_receipt, an_item, entry_id, payable

NUMBERS = range(1, 6)


def slow(harness: ExportHarness, minutes: float, *methods: str, batch_size: int = 1) -> None:
    """Make these methods of the accounting system take their time, by the sandbox's clock."""

    def slowed(name: str) -> Any:
        def call(behind: Any, *args: Any) -> Any:
            harness.sandbox.move_clock(timedelta(minutes=minutes))
            return getattr(behind, name)(*args)

        return call

    capabilities = replace(harness.connector.capabilities, batch_size=batch_size)
    harness.alter(capabilities=capabilities, **{name: slowed(name) for name in methods})


def test_a_slow_accounting_system_keeps_its_job(tmp_path: Path) -> None:
    company = a_company(*(Expense(an_item(number)) for number in NUMBERS))
    with an_export_harness(tmp_path, company) as harness:
        slow(harness, 25, "book")
        result = harness.export()
        assert (result.event, result.booked) == ("completed", 5)
        assert harness.sandbox.jobs[0].started_at is not None
        lasted = harness.clock.now() - harness.sandbox.jobs[0].started_at
        assert lasted > timedelta(hours=2)
        assert sorted(harness.entries()) == [entry_id(number) for number in NUMBERS]
        harness.assert_agree()


@pytest.mark.parametrize("method", ["attach", "post", "find", "validate"])
def test_every_slow_step_keeps_its_job(tmp_path: Path, method: str) -> None:
    company = a_company(*(Expense(payable(number), (a_receipt(number),)) for number in (1, 2, 3)))
    with an_export_harness(tmp_path, company) as harness:
        slow(harness, 25, "book", method, batch_size=100)
        result = harness.export()
        assert (result.event, result.booked, result.receipts) == ("completed", 3, 3)
        assert len(harness.entries()) == 6
        harness.assert_agree()


def test_a_job_that_expires_is_left_as_it_is_and_its_bookings_are_recognised(tmp_path: Path) -> None:
    company = a_company(*(Expense(an_item(number)) for number in NUMBERS))
    with an_export_harness(tmp_path, company) as harness:
        harness.sandbox.item_update_moves_clock = False
        slow(harness, 25, "book")
        result = harness.export()
        assert result.event == "unfinished"
        assert result.failure
        assert result.remedy
        (job,) = harness.sandbox.jobs
        assert (str(job.status), job.failure_reason_type) == ("failed", "job_expired")
        standing = harness.entries()
        assert standing
        harness.fix()
        harness.again()
        result = harness.export()
        assert result.event == "completed"
        assert result.already_booked == len(standing)
        assert result.booked == 5 - len(standing)
        assert sorted(harness.entries()) == [entry_id(number) for number in NUMBERS]
        harness.assert_agree()


def test_a_job_expires_between_two_runs(tmp_path: Path) -> None:
    company = a_company(*(Expense(an_item(number), (a_receipt(number),)) for number in NUMBERS))
    with an_export_harness(tmp_path, company) as harness:
        with pytest.raises(RuntimeError):
            harness.export_with_fault("pleo.report#1:before", RuntimeError("gone"))
        harness.sandbox.expire_job(harness.sandbox.jobs[0].id)
        harness.again()
        result = harness.export()
        assert (result.event, result.already_booked, result.booked, result.receipts) == ("completed", 5, 0, 0)
        assert len(harness.receipts()) == 5
        harness.assert_agree()


def test_a_job_is_cancelled_while_it_is_worked_on(tmp_path: Path) -> None:
    company = a_company(*(Expense(an_item(number)) for number in NUMBERS))
    with an_export_harness(tmp_path, company) as harness:

        def book(behind: Any, entries: Sequence[Entry]) -> Sequence[Booking]:
            answer: Sequence[Booking] = behind.book(entries)
            harness.sandbox.cancel_job(harness.sandbox.jobs[0].id)
            return answer

        harness.alter(book=book)
        result = harness.export()
        assert result.event == "unfinished"
        assert harness.sandbox.jobs[0].failure_reason_type == "canceled_by_user"
        harness.fix()
        harness.again()
        assert harness.export().already_booked == 5
        harness.assert_agree()
