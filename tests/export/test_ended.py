"""A job that ended at Pleo while no run of ours was left to note it: whoever looks for work next notes its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kontobro.bootstrap import open_app
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
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    with an_export_harness(tmp_path, kill_company()) as harness:
        yield harness


def die() -> None:
    raise KeyboardInterrupt


def killed_at(harness: ExportHarness, at: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        harness.export_acting(at, die)


def remembered(harness: ExportHarness) -> tuple[str, bool]:
    (row,) = harness.store.jobs("desk")
    return row.status, row.finished_at is not None


def expire(harness: ExportHarness) -> None:
    harness.sandbox.expire_job(harness.sandbox.jobs[0].id)


def cancel(harness: ExportHarness) -> None:
    harness.sandbox.cancel_job(harness.sandbox.jobs[0].id)


def another_ends_it(harness: ExportHarness) -> None:
    harness.sandbox.jobs[0].status = "completed"  # type: ignore[assignment]


ENDS: dict[str, tuple[str, Callable[[ExportHarness], object], str]] = {
    "our final event": ("store.end_job#1:before", lambda harness: None, "completed_with_errors"),
    "expired while it was ours": ("erp.book#1:before", expire, "unfinished"),
    "cancelled while it was ours": ("erp.book#1:before", cancel, "unfinished"),
    "expired when we had only looked": ("store.begin_job#1:after", expire, "unfinished"),
    "another's, which we had only looked at": ("store.begin_job#1:after", another_ends_it, "not ours"),
    "another's, while we asked for it": ("pleo.start#1:before", another_ends_it, "not ours"),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_end_of_a_job_is_noted_by_the_next_who_looks(harness: ExportHarness, end: str) -> None:
    at, act, status = ENDS[end]
    killed_at(harness, at)
    act(harness)
    assert remembered(harness)[1] is False
    note_ends(harness.connection, harness.ports)
    assert remembered(harness) == (status, True)
    asked = harness.pleo.calls.total()
    note_ends(harness.connection, harness.ports)
    assert harness.pleo.calls.total() == asked, "what has ended is not asked for again"


def test_a_job_that_runs_is_left_as_it_is(harness: ExportHarness) -> None:
    killed_at(harness, "erp.book#1:before")
    note_ends(harness.connection, harness.ports)
    assert remembered(harness) == ("in_progress", False)
    assert harness.export().booked == 4


def test_a_job_that_a_run_is_busy_with_is_left_to_it(harness: ExportHarness) -> None:
    killed_at(harness, "store.end_job#1:before")
    with harness.store.lock("export-desk"):
        note_ends(harness.connection, harness.ports)
        assert remembered(harness)[1] is False
        with pytest.raises(Busy), harness.store.lock("export-desk"):
            pass
    note_ends(harness.connection, harness.ports)
    assert remembered(harness)[1] is True


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        (Unreachable("Pleo can't be reached.", "Try again."), ("in_progress", False)),
        (JobGone("Pleo knows no such export job.", "Look at kontobro jobs."), ("unfinished", True)),
    ],
)
def test_a_job_that_pleo_tells_nothing_of(harness: ExportHarness, fault: Exception, after: tuple[str, bool]) -> None:
    """A Pleo that does not answer keeps no one from work; a job that it no longer knows has ended."""
    killed_at(harness, "store.end_job#1:before")

    class Silent:
        def job(self, job_id: str) -> Any:
            raise fault

    note_ends(harness.connection, replace(harness.ports, pleo=Silent()))  # type: ignore[arg-type]
    assert remembered(harness) == after


def test_a_run_that_comes_too_late_notes_how_the_job_ended(harness: ExportHarness) -> None:
    """Between the list of jobs and the look at this one it expired: not another installation's doing."""
    killed_at(harness, "erp.book#1:before")
    job = harness.pleo.jobs(["in_progress"])[0]
    expire(harness)
    with suppress(Exception):
        run_job(harness.connection, job, harness.ports)
    assert remembered(harness) == ("unfinished", True)


@pytest.mark.parametrize("watch", [False, True])
def test_the_command_line_notes_it(tmp_path: Path, watch: bool) -> None:
    bench = Bench(tmp_path / "home")
    bench.connect()
    (connection,) = bench.connections()
    ended = export_job("00000000-0000-4000-8000-000000000001", "completed")
    bench.pleo.waiting = [ended]
    with closing(open_app(bench.path)) as app:
        app.store.begin_job(connection.id, ended, "run", ended.created_at)
        app.store.claim_job(connection.id, ended.id, "claiming", ended.created_at)
        app.store.claim_job(connection.id, ended.id, "in_progress", ended.created_at)
    bench.run("export", *(["--watch"] if watch else []))
    with closing(open_app(bench.path)) as app:
        (row,) = app.store.jobs(connection.id)
    assert (row.status, row.finished_at is not None) == ("completed", True)


@pytest.mark.parametrize("by", ["look", "export"])
def test_the_worker_notes_it(tmp_path: Path, by: str) -> None:
    with a_running_service(tmp_path) as service, service.app() as app:
        job_id = service.press_export("c000")
        connection = pieces.alive(app, "c000")
        ports = app.ports_for(connection)
        dying = replace(
            ports, store=Seam(ports.store, "store", STORE_COMMITS, Boundaries("store.end_job#1:before", die))
        )
        with pytest.raises(KeyboardInterrupt):
            run_job(connection, ports.pleo.job(job_id), dying)
        assert [row.finished_at for row in app.store.jobs("c000")] == [None]
        if by == "look":
            assert pieces.open_job(app, connection) is None
        else:
            pieces.export_open(app, "c000", [])
        assert [row.status for row in app.store.jobs("c000") if row.finished_at] == ["completed"]
