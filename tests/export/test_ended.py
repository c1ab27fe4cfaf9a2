"""A job that ended at Pleo while no run of ours was left to note it: whoever looks for work next notes its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kontobro.bootstrap import open_home
from kontobro.core.errors import Busy, JobGone, Unreachable
from kontobro.export import run_job
from kontobro.export.job.ended import note_ends
from kontobro.testing.faults import STORE_COMMITS, Boundaries, Seam
from kontobro.worker import pieces
from tests.cli.fakes import Bench, export_job
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import kill_company
from tests.support.running_service import a_running_service


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ExportHarness]:
    with an_export_harness(tmp_path, kill_company()) as office:
        yield office


def die() -> None:
    raise KeyboardInterrupt


def killed_at(office: ExportHarness, at: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        office.export_acting(at, die)


def remembered(office: ExportHarness) -> tuple[str, bool]:
    (row,) = office.store.jobs("desk")
    return row.status, row.finished_at is not None


def expire(office: ExportHarness) -> None:
    office.sandbox.expire_job(office.sandbox.jobs[0].id)


def cancel(office: ExportHarness) -> None:
    office.sandbox.cancel_job(office.sandbox.jobs[0].id)


def another_ends_it(office: ExportHarness) -> None:
    office.sandbox.jobs[0].status = "completed"  # type: ignore[assignment]


ENDS: dict[str, tuple[str, Callable[[ExportHarness], object], str]] = {
    "our final event": ("store.end_job#1:before", lambda office: None, "completed_with_errors"),
    "expired while it was ours": ("erp.book#1:before", expire, "unfinished"),
    "cancelled while it was ours": ("erp.book#1:before", cancel, "unfinished"),
    "expired when we had only looked": ("store.begin_job#1:after", expire, "unfinished"),
    "another's, which we had only looked at": ("store.begin_job#1:after", another_ends_it, "not ours"),
    "another's, while we asked for it": ("pleo.start#1:before", another_ends_it, "not ours"),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_end_of_a_job_is_noted_by_the_next_who_looks(office: ExportHarness, end: str) -> None:
    at, act, status = ENDS[end]
    killed_at(office, at)
    act(office)
    assert remembered(office)[1] is False
    note_ends(office.connection, office.ports)
    assert remembered(office) == (status, True)
    asked = office.pleo.calls.total()
    note_ends(office.connection, office.ports)
    assert office.pleo.calls.total() == asked, "what has ended is not asked for again"


def test_a_job_that_runs_is_left_as_it_is(office: ExportHarness) -> None:
    killed_at(office, "erp.book#1:before")
    note_ends(office.connection, office.ports)
    assert remembered(office) == ("in_progress", False)
    assert office.export().booked == 4


def test_a_job_that_a_run_is_busy_with_is_left_to_it(office: ExportHarness) -> None:
    killed_at(office, "store.end_job#1:before")
    with office.store.lock("export-desk"):
        note_ends(office.connection, office.ports)
        assert remembered(office)[1] is False
        with pytest.raises(Busy), office.store.lock("export-desk"):
            pass
    note_ends(office.connection, office.ports)
    assert remembered(office)[1] is True


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        (Unreachable("Pleo can't be reached.", "Try again."), ("in_progress", False)),
        (JobGone("Pleo knows no such export job.", "Look at kontobro jobs."), ("unfinished", True)),
    ],
)
def test_a_job_that_pleo_tells_nothing_of(office: ExportHarness, fault: Exception, after: tuple[str, bool]) -> None:
    """A Pleo that does not answer keeps no one from work; a job that it no longer knows has ended."""
    killed_at(office, "store.end_job#1:before")

    class Silent:
        def job(self, job_id: str) -> Any:
            raise fault

    note_ends(office.connection, replace(office.ports, pleo=Silent()))  # type: ignore[arg-type]
    assert remembered(office) == after


def test_a_run_that_comes_too_late_notes_how_the_job_ended(office: ExportHarness) -> None:
    """Between the list of jobs and the look at this one it expired: not another installation's doing."""
    killed_at(office, "erp.book#1:before")
    job = office.pleo.jobs(["in_progress"])[0]
    expire(office)
    with suppress(Exception):
        run_job(office.connection, job, office.ports)
    assert remembered(office) == ("unfinished", True)


@pytest.mark.parametrize("watch", [False, True])
def test_the_command_line_notes_it(tmp_path: Path, watch: bool) -> None:
    bench = Bench(tmp_path / "home")
    bench.connect()
    (connection,) = bench.connections()
    ended = export_job("00000000-0000-4000-8000-000000000001", "completed")
    bench.pleo.waiting = [ended]
    with closing(open_home(bench.path)) as home:
        home.store.begin_job(connection.id, ended, "run", ended.created_at)
        home.store.claim_job(connection.id, ended.id, "claiming", ended.created_at)
        home.store.claim_job(connection.id, ended.id, "in_progress", ended.created_at)
    bench.run("export", *(["--watch"] if watch else []))
    with closing(open_home(bench.path)) as home:
        (row,) = home.store.jobs(connection.id)
    assert (row.status, row.finished_at is not None) == ("completed", True)


@pytest.mark.parametrize("by", ["look", "export"])
def test_the_worker_notes_it(tmp_path: Path, by: str) -> None:
    with a_running_service(tmp_path) as town, town.at_home() as home:
        job_id = town.press_export("c000")
        connection = pieces.alive(home, "c000")
        ports = home.ports_for(connection)
        dying = replace(
            ports, store=Seam(ports.store, "store", STORE_COMMITS, Boundaries("store.end_job#1:before", die))
        )
        with pytest.raises(KeyboardInterrupt):
            run_job(connection, ports.pleo.job(job_id), dying)
        assert [row.finished_at for row in home.store.jobs("c000")] == [None]
        if by == "look":
            assert pieces.open_job(home, connection) is None
        else:
            pieces.export_open(home, "c000", [])
        assert [row.status for row in home.store.jobs("c000") if row.finished_at] == ["completed"]
