"""Pleo answers something that is not its contract: one clear error, nothing lost, and the next run goes on."""

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
    with an_export_harness(tmp_path, kill_company()) as office:
        office.sandbox.break_page("GET", path, how)
        with pytest.raises(BadAnswer) as fault:
            office.export()
        assert fault.value.message.startswith("Pleo")
        assert "export-" in fault.value.message
        assert fault.value.remedy
        assert office.entries() == {}
        result = office.export()
        assert (result.event, result.booked, result.failed) == ("completed_with_errors", 4, 1)
        office.assert_agree()


@pytest.mark.parametrize("path", [JOBS, CONTROL, ITEMS])
def test_a_gateway_s_page_is_waited_out(tmp_path: Path, path: str) -> None:
    """It says nothing of Pleo, and goes away; one that stays ends the run, and the next one goes on."""
    with an_export_harness(tmp_path, kill_company()) as office:
        office.sandbox.break_page("GET", path, "html", times=FOR_EVER)
        with pytest.raises(Unreachable, match="A page came in place of Pleo's answer"):
            office.export()
        office.sandbox.clear_faults()
        office.sandbox.break_page("GET", path, "html", times=2)
        result = office.export()
        assert (result.event, result.booked, result.failed) == ("completed_with_errors", 4, 1)
        office.assert_agree()


@pytest.mark.parametrize("path", [CONTROL, ITEMS])
@pytest.mark.parametrize("how", [*BREAKS, "stuck_cursor"])
def test_the_second_page_is_broken(tmp_path: Path, path: str, how: PageFault) -> None:
    many = a_company(*(Expense(an_item(number)) for number in range(1, 141)))
    with an_export_harness(tmp_path, many) as office:
        office.sandbox.break_page("GET", path, how, skip=1, times=3)
        with pytest.raises(BadAnswer, match="Pleo"):
            office.export()
        office.sandbox.clear_faults()
        result = office.export()
        assert result.event == "completed"
        assert sorted(office.entries()) == sorted(entry_id(number) for number in range(1, 141))
        office.assert_agree()


def test_a_third_page_is_broken_after_a_batch_was_booked(tmp_path: Path) -> None:
    """What was booked and told before the fault is not gone through again."""
    many = a_company(*(Expense(an_item(number)) for number in range(1, 251)))
    with an_export_harness(tmp_path, many) as office:
        office.sandbox.break_page("GET", ITEMS, "truncated", skip=5)  # three pages were read for the rehearsal
        with pytest.raises(BadAnswer):
            office.export()
        assert len(office.entries()) >= 100
        result = office.export()
        assert result.event == "completed"
        assert len(office.entries()) == 250
        office.assert_agree()


def test_a_bad_answer_to_an_update_loses_nothing(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as office:
        office.sandbox.break_page("PUT", CONTROL, "html", times=FOR_EVER)
        with pytest.raises(Unreachable):
            office.export()
        office.sandbox.clear_faults()
        office.export()
        assert len(office.entries()) == 5
        office.assert_agree()
