"""A slow accounting system: the job is kept alive; where Pleo does not let it live, what stands is recognised."""

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


def slow(office: ExportHarness, minutes: float, *methods: str, batch_size: int = 1) -> None:
    """Make these methods of the accounting system take their time, by the sandbox's clock."""

    def slowed(name: str) -> Any:
        def call(behind: Any, *args: Any) -> Any:
            office.sandbox.move_clock(timedelta(minutes=minutes))
            return getattr(behind, name)(*args)

        return call

    capabilities = replace(office.connector.capabilities, batch_size=batch_size)
    office.alter(capabilities=capabilities, **{name: slowed(name) for name in methods})


def test_a_slow_accounting_system_keeps_its_job(tmp_path: Path) -> None:
    company = a_company(*(Expense(an_item(number)) for number in NUMBERS))
    with an_export_harness(tmp_path, company) as office:
        slow(office, 25, "book")
        result = office.export()
        assert (result.event, result.booked) == ("completed", 5)
        assert office.sandbox.jobs[0].started_at is not None
        lasted = office.clock.now() - office.sandbox.jobs[0].started_at
        assert lasted > timedelta(hours=2)
        assert sorted(office.entries()) == [entry_id(number) for number in NUMBERS]
        office.assert_agree()


@pytest.mark.parametrize("method", ["attach", "post", "find", "validate"])
def test_every_slow_step_keeps_its_job(tmp_path: Path, method: str) -> None:
    company = a_company(*(Expense(payable(number), (a_receipt(number),)) for number in (1, 2, 3)))
    with an_export_harness(tmp_path, company) as office:
        slow(office, 25, "book", method, batch_size=100)
        result = office.export()
        assert (result.event, result.booked, result.receipts) == ("completed", 3, 3)
        assert len(office.entries()) == 6
        office.assert_agree()


def test_a_job_that_expires_is_left_as_it_is_and_its_bookings_are_recognised(tmp_path: Path) -> None:
    company = a_company(*(Expense(an_item(number)) for number in NUMBERS))
    with an_export_harness(tmp_path, company) as office:
        office.sandbox.item_update_moves_clock = False
        slow(office, 25, "book")
        result = office.export()
        assert result.event == "unfinished"
        assert result.failure
        assert result.remedy
        (job,) = office.sandbox.jobs
        assert (str(job.status), job.failure_reason_type) == ("failed", "job_expired")
        standing = office.entries()
        assert standing
        office.mend()
        office.again()
        result = office.export()
        assert result.event == "completed"
        assert result.already_booked == len(standing)
        assert result.booked == 5 - len(standing)
        assert sorted(office.entries()) == [entry_id(number) for number in NUMBERS]
        office.assert_agree()


def test_a_job_expires_between_two_runs(tmp_path: Path) -> None:
    company = a_company(*(Expense(an_item(number), (a_receipt(number),)) for number in NUMBERS))
    with an_export_harness(tmp_path, company) as office:
        with pytest.raises(RuntimeError):
            office.export_with_fault("pleo.report#1:before", RuntimeError("gone"))
        office.sandbox.expire_job(office.sandbox.jobs[0].id)
        office.again()
        result = office.export()
        assert (result.event, result.already_booked, result.booked, result.receipts) == ("completed", 5, 0, 0)
        assert len(office.receipts()) == 5
        office.assert_agree()


def test_a_job_is_cancelled_while_it_is_worked_on(tmp_path: Path) -> None:
    company = a_company(*(Expense(an_item(number)) for number in NUMBERS))
    with an_export_harness(tmp_path, company) as office:

        def book(behind: Any, entries: Sequence[Entry]) -> Sequence[Booking]:
            answer: Sequence[Booking] = behind.book(entries)
            office.sandbox.cancel_job(office.sandbox.jobs[0].id)
            return answer

        office.alter(book=book)
        result = office.export()
        assert result.event == "unfinished"
        assert office.sandbox.jobs[0].failure_reason_type == "canceled_by_user"
        office.mend()
        office.again()
        assert office.export().already_booked == 5
        office.assert_agree()
