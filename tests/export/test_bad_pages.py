"""Pleo answers something that is not its contract: one clear error, nothing lost, and the next run continues."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontobro.core.errors import BadAnswer, Unreachable
from pleo_sandbox.company.faults import PageFault
from pleo_sandbox.model import Expense
from tests.support.export_harness import CONTROL, ITEMS, JOBS, an_export_harness
from tests.support.pleo_company import a_company, an_item, entry_id, kill_company

BREAKS: list[PageFault] = ["truncated", "content_type", "malformed"]
FOR_EVER = 99


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("path", [JOBS, CONTROL, ITEMS])
def test_a_broken_page_is_one_clear_error(tmp_path: Path, path: str, how: PageFault) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.sandbox.break_page("GET", path, how)
        with pytest.raises(BadAnswer) as fault:
            harness.export()
        assert fault.value.message.startswith("Pleo")
        assert "export-" in fault.value.message
        assert fault.value.remedy
        assert harness.entries() == {}
        result = harness.export()
        assert (result.event, result.booked, result.failed) == ("completed_with_errors", 4, 1)
        harness.assert_agree()


@pytest.mark.parametrize("path", [JOBS, CONTROL, ITEMS])
def test_a_gateway_s_page_is_waited_out(tmp_path: Path, path: str) -> None:
    """It says nothing of Pleo, and goes away; one that stays ends the run, and the next one continues."""
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.sandbox.break_page("GET", path, "html", times=FOR_EVER)
        with pytest.raises(Unreachable, match="A page came in place of Pleo's answer"):
            harness.export()
        harness.sandbox.clear_faults()
        harness.sandbox.break_page("GET", path, "html", times=2)
        result = harness.export()
        assert (result.event, result.booked, result.failed) == ("completed_with_errors", 4, 1)
        harness.assert_agree()


@pytest.mark.parametrize("path", [CONTROL, ITEMS])
@pytest.mark.parametrize("how", [*BREAKS, "stuck_cursor"])
def test_the_second_page_is_broken(tmp_path: Path, path: str, how: PageFault) -> None:
    many = a_company(*(Expense(an_item(number)) for number in range(1, 141)))
    with an_export_harness(tmp_path, many) as harness:
        harness.sandbox.break_page("GET", path, how, skip=1, times=3)
        with pytest.raises(BadAnswer, match="Pleo"):
            harness.export()
        harness.sandbox.clear_faults()
        result = harness.export()
        assert result.event == "completed"
        assert sorted(harness.entries()) == sorted(entry_id(number) for number in range(1, 141))
        harness.assert_agree()


def test_a_third_page_is_broken_after_a_batch_was_booked(tmp_path: Path) -> None:
    """What was booked and told before the fault is not gone through again."""
    many = a_company(*(Expense(an_item(number)) for number in range(1, 251)))
    with an_export_harness(tmp_path, many) as harness:
        harness.sandbox.break_page("GET", ITEMS, "truncated", skip=5)  # three pages were read for the rehearsal
        with pytest.raises(BadAnswer):
            harness.export()
        assert len(harness.entries()) >= 100
        result = harness.export()
        assert result.event == "completed"
        assert len(harness.entries()) == 250
        harness.assert_agree()


def test_a_bad_answer_to_an_update_loses_nothing(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.sandbox.break_page("PUT", CONTROL, "html", times=FOR_EVER)
        with pytest.raises(Unreachable):
            harness.export()
        harness.sandbox.clear_faults()
        harness.export()
        assert len(harness.entries()) == 5
        harness.assert_agree()
