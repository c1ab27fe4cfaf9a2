"""Pleo's two lists of a job don't say the same: nothing is lost in silence, nothing is booked that is not listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.dialect import Dialect
from kontobro.pleo import Ways, open_pleo
from pleo_sandbox.model import Expense
from tests.support.export_harness import CONTROL, ITEMS, ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, an_item, entry_id

LISTED, SENT = "GET /v3/export-jobs/{jobId}/items", "GET /v3/export-items"
ALL = [entry_id(number) for number in (1, 2, 3)]


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    with an_export_harness(tmp_path, a_company(*(Expense(an_item(number)) for number in (1, 2, 3)))) as harness:
        yield harness


@pytest.mark.parametrize("path", [CONTROL, ITEMS])
@pytest.mark.parametrize("times", [1, 2])
def test_a_list_that_lost_an_item_is_read_again(harness: ExportHarness, path: str, times: int) -> None:
    harness.sandbox.lose_item(path, entry_id(2), times=times)
    result = harness.export()
    assert (result.event, result.booked, result.failed, result.notes) == ("completed", 3, 0, [])
    assert harness.sandbox.calls[LISTED if path == CONTROL else SENT] == 1 + times
    harness.assert_agree()


def test_listed_and_never_sent_fails_that_item(harness: ExportHarness) -> None:
    harness.sandbox.lose_item(ITEMS, entry_id(2), times=99)
    result = harness.export()
    assert (result.event, result.booked, result.failed) == ("completed_with_errors", 2, 1)
    assert harness.sandbox.calls[SENT] == 3
    assert "did not send its content" in harness.failure(entry_id(2))[1]
    harness.sandbox.clear_faults()
    harness.again()
    assert harness.export().event == "completed"
    assert sorted(harness.entries()) == ALL


def test_fewer_listed_than_the_job_has_fails_the_job_after_the_known_ones(harness: ExportHarness) -> None:
    harness.sandbox.lose_item(CONTROL, entry_id(2), times=99)
    result = harness.export()
    assert (result.event, result.booked, result.failure_type) == ("failed", 2, "validation_failure")
    assert "this export has 3 expenses, and lists 2" in (result.failure or "")
    assert harness.connected.states() == {ALL[0]: "successful", ALL[1]: "abandoned", ALL[2]: "successful"}
    assert sorted(harness.entries()) == [ALL[0], ALL[2]], "whether the other one belongs to it is unknown"
    (note,) = result.notes
    assert "1 more expenses than it lists" in note
    harness.sandbox.clear_faults()
    harness.again()
    assert harness.export().event == "completed"
    assert sorted(harness.entries()) == ALL


def test_sent_and_not_listed_is_not_booked_and_told(harness: ExportHarness) -> None:
    """The job's own number agrees with its list: only the items have one more."""

    class Generous:
        """Pleo, with one item more than the job has."""

        def __getattr__(self, name: str) -> Any:
            return getattr(harness.pleo, name)

        def items(self, job_id: str) -> Iterator[Any]:
            for page in harness.pleo.items(job_id):
                yield [*page, *(replace(item, entry_id=entry_id(9)) for item in page[:1])]

    pleo: Any = Generous()
    result = harness._run(replace(harness.ports, pleo=pleo))
    assert (result.event, result.booked) == ("completed", 3)
    assert "1 more expenses than it lists" in result.notes[0]
    assert sorted(harness.entries()) == ALL
    (row,) = harness.store.jobs("desk")
    assert "They were not booked" in (row.failure or "")


def test_an_earlier_runs_item_that_is_not_sent_any_more_is_not_forgotten(harness: ExportHarness) -> None:
    """It was booked by a run that ended before it told Pleo: unfinished is unfinished."""

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        harness.export_acting("pleo.report#1:before", die)
    harness.sandbox.lose_item(ITEMS, entry_id(2), times=99)
    result = harness.export()
    assert (result.event, result.already_booked, result.failed) == ("completed_with_errors", 2, 1)
    assert harness.connected.states()[entry_id(2)] == "failed"


def of_a_pleo_whose_totals_count_more(harness: ExportHarness) -> None:
    harness.sandbox.set_rules({"total_is_length": False})


def told_so(harness: ExportHarness) -> None:
    pleo = open_pleo(harness.connection, harness.store, harness.clock, Ways(dialect=Dialect(total_is_length=False)))
    harness.pleo.close()
    harness.pleo = pleo


def test_a_total_that_is_no_length_fails_a_job_unless_the_client_is_told_so(harness: ExportHarness) -> None:
    of_a_pleo_whose_totals_count_more(harness)
    assert (untold := harness.export()).event == "failed"
    assert "this export has 4 expenses, and lists 3" in (untold.failure or "")
    told_so(harness)
    harness.again(*ALL)
    assert harness.export().event == "completed"
    assert sorted(harness.entries()) == ALL


def test_where_a_total_is_no_length_the_jobs_own_number_still_tells_what_is_missing(harness: ExportHarness) -> None:
    of_a_pleo_whose_totals_count_more(harness)
    told_so(harness)
    harness.sandbox.lose_item(CONTROL, entry_id(2), times=99)
    result = harness.export()
    assert (result.event, result.booked) == ("failed", 2)
    assert "this export has 3 expenses, and lists 2" in (result.failure or "")
