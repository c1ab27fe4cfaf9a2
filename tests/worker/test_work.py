"""What the Runner port promises, on both databases."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kontobro.core.errors import Busy, KontobroError, NotUsable
from kontobro.core.ports.runner import Runner, Work
from kontobro.export.engine import JobResult
from kontobro.sync.run import SyncResult
from kontobro.worker.asking import open_client_runner
from kontobro.worker.chores import forget
from kontobro.worker.pieces import Result, due_syncs
from kontobro.worker.serving import start_in_process
from tests.support.connected_home import ENVIRONMENT, SETTINGS
from tests.support.running_service import RunningService, wait_for
from tests.worker.conftest import Build

COMPANY = "c000"


class Ear:
    """Hears of ended work."""

    def __init__(self) -> None:
        self.heard: list[tuple[Work, list[Result], KontobroError | None]] = []

    def __call__(self, work: Work, done: Sequence[Result], fault: KontobroError | None) -> None:
        self.heard.append((work, list(done), fault))


def over(runner: Runner, work_id: str) -> bool:
    return any(work.id == work_id and work.state in ("done", "failed") for work in runner.work(COMPANY))


def test_an_export_books_all_open_jobs_and_is_told_of(service: RunningService) -> None:
    ear = Ear()
    job = service.press_export(COMPANY)
    with service.at_work(ear) as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
        (work,) = worker.runner.work(COMPANY)
    assert (work.state, work.kind, work.failure) == ("done", "export", None)
    assert work.ended_at
    assert datetime.now(UTC) - work.asked_at < timedelta(minutes=1)
    service.assert_whole(COMPANY)
    listeners, done, fault = ear.heard[0]
    assert (listeners.id, listeners.state, fault) == (work_id, "done", None)
    assert [(type(result), getattr(result, "job_id", "")) for result in done] == [(JobResult, job)]


def test_asked_twice_is_done_once(service: RunningService) -> None:
    """Before any worker is there, so that both are in the queue."""
    with service.at_work():
        pass
    with service.app() as app:
        runner = open_client_runner(service.config, app.store)
        first, second = runner.export(COMPANY), runner.export(COMPANY)
        other = runner.settle(COMPANY)
        assert first == second != other
        assert {work.state for work in runner.work(COMPANY)} == {"waiting"}
        runner.close()
    service.press_export(COMPANY)
    with service.at_work() as worker:
        wait_for(lambda: over(worker.runner, first) and over(worker.runner, other))
        assert worker.runner.export(COMPANY) != first
    service.assert_whole(COMPANY)


def test_a_job_that_comes_at_the_very_end_of_an_export_is_not_lost(service: RunningService) -> None:
    """Asked while the export runs, after its last look at Pleo: the id is the running one's, and the job is done."""
    asked: list[str] = []

    def late(work: Work, done: Sequence[Result], fault: KontobroError | None) -> None:
        if work.kind == "export" and not asked:
            service.spend(COMPANY)
            service.press_export(COMPANY)
            asked.append(worker.runner.export(COMPANY))

    service.press_export(COMPANY)
    with service.at_work(late) as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: service.states(COMPANY) == ["completed", "completed"])
    assert asked == [work_id]
    service.assert_whole(COMPANY)


def test_what_a_listener_raises_fails_nothing(service: RunningService) -> None:
    def deaf(work: Work, done: Sequence[Result], fault: KontobroError | None) -> None:
        raise RuntimeError("not today")

    ear = Ear()
    service.press_export(COMPANY)
    with service.at_work(deaf, ear) as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
    assert [(work.state, fault) for work, _, fault in ear.heard] == [("done", None)]


def test_a_job_under_way_elsewhere_is_named(service: RunningService) -> None:
    """A second installation for the same company: tried again, then said, and nothing is booked here."""
    job = service.press_export(COMPANY)
    with service.app() as app:
        assert app.pleo_for(app.store.connections()[0]).start(job)
    with service.at_work(pauses=(0.01,)) as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
        (work,) = worker.runner.work(COMPANY)
    assert work.state == "failed"
    assert f"Export job {job} is under way in another installation" in str(work.failure)
    assert not service.booked(COMPANY)


def test_a_job_that_can_not_be_exported_yet_waits_in_pleo_and_is_told_of(service: RunningService) -> None:
    """No wallet account is set: nothing fails, and who is told knows until when there is time."""
    with service.app() as app:
        connection = app.store.connections()[0]
        app.store.save_connection(replace(connection, settings=replace(connection.settings, wallets={})))
    job = service.press_export(COMPANY)
    ear = Ear()
    with service.at_work(ear) as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
    assert service.states(COMPANY) == ["pending"]
    _, done, fault = ear.heard[0]
    assert isinstance(fault, NotUsable)
    assert (done, fault.job_id) == ([], job)
    assert timedelta(minutes=50) < fault.expires_at - datetime.now(UTC) <= timedelta(hours=1)


@pytest.mark.parametrize("status", ["reconnect", "disconnected"])
def test_a_connection_without_login_is_not_worked_on(service: RunningService, status: str) -> None:
    with service.app() as app:
        app.store.save_connection(replace(app.store.connections()[0], status=status))
    service.press_export(COMPANY)
    with service.at_work() as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
        assert "Connect it again" in str(worker.runner.work(COMPANY)[0].failure)
    assert not sum(service.sandbox.calls.values())


def test_the_schedule_finds_what_no_webhook_told(service: RunningService) -> None:
    service.environment["KONTOBRO_POLL_SECONDS"] = "5"
    service.press_export(COMPANY)
    with service.at_work():
        wait_for(lambda: service.states(COMPANY) == ["completed"])
    service.assert_whole(COMPANY)


def test_history_is_forgotten(service: RunningService) -> None:
    service.press_export(COMPANY)
    with service.at_work() as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
        wait_for(lambda: not worker.runner.client.list_workflows(status=["ENQUEUED", "PENDING"]))
        looks = worker.runner.client.list_workflows(name="look")
        assert len(looks) == 1
        assert forget(worker.runner) == 0
        assert forget(worker.runner, datetime.now(UTC) + timedelta(hours=2)) >= 1
        assert not worker.runner.client.list_workflows(name="look")
        assert worker.runner.work(COMPANY)
        assert forget(worker.runner, datetime.now(UTC) + timedelta(days=31)) >= 1
        assert not worker.runner.work(COMPANY)


def test_all_of_a_long_history_is_forgotten_in_one_go(service: RunningService) -> None:
    """Hundreds of connections leave thousands of looks an hour: what is left over would grow for ever."""
    with service.at_work() as worker:
        for slot in range(5):
            worker.runner.look(COMPANY, f"slot-{slot}")
            wait_for(lambda: not worker.runner.client.list_workflows(status=["ENQUEUED", "PENDING"]))
        assert forget(worker.runner, datetime.now(UTC) + timedelta(hours=2), at_once=2) >= 5
        assert not worker.runner.client.list_workflows(name="look")


def test_the_text_of_a_bug_is_not_kept_by_the_engine(service: RunningService) -> None:
    """DBOS keeps what a workflow raises, text and all; ours end with a number that the log knows."""
    with service.app() as app:
        connection = app.store.connection(COMPANY)
        assert connection
        app.store.save_connection(replace(connection, erp="tests.worker.broken:connector"))
    with service.at_work() as worker:
        worker.runner.look(COMPANY, "slot")
        wait_for(lambda: not worker.runner.client.list_workflows(status=["ENQUEUED", "PENDING"]))
        (look,) = worker.runner.client.list_workflows(name="look")
        assert look.status == "SUCCESS"
        assert "a secret" not in str((look.output, look.error))
        assert re.search(r"lines around [0-9a-f]{12}\b", str(look.output))


def test_a_second_worker_on_sqlite_is_refused(service: RunningService) -> None:
    if service.config.database_url.get_secret_value():
        pytest.skip("PostgreSQL takes any number of workers")
    with service.at_work(), pytest.raises(Busy, match="worker"):
        start_in_process(service.config)


def test_a_sync_keeps_master_data_in_step_and_activates_what_waited(build: Build) -> None:
    with build(settings=replace(SETTINGS, sync=("accounts",))) as service:
        with service.app() as app:
            connection = app.store.connections()[0]
            waiting = app.pleo_for(connection).install({}, activate=False)
            assert waiting.status == "PENDING_INTEGRATION"
        ear = Ear()
        with service.at_work(ear) as worker:
            work_id = worker.runner.sync(COMPANY, ["accounts"])
            wait_for(lambda: over(worker.runner, work_id))
            (work,) = worker.runner.work(COMPANY)
        assert (work.state, work.failure) == ("done", None)
        (result,) = ear.heard[0][1]
        assert isinstance(result, SyncResult)
        assert result.creates > 5
        with service.app() as app:
            installation = app.pleo_for(connection).installation()
        assert installation
        assert installation.status == "ACTIVATED"


def test_the_schedule_syncs_what_is_due_and_was_synced_before(build: Build) -> None:
    """The first sync of a kind is a person's, who is shown its plan."""
    with build(settings=replace(SETTINGS, sync=("accounts", "tax-codes"))) as service, service.app() as app:
        connection = app.store.connections()[0]
        assert due_syncs(app, connection) == []
        app.store.note_sync(COMPANY, "accounts", "in_step", "", app.clock.now() - timedelta(hours=23))
        assert due_syncs(app, connection) == []
        app.store.note_sync(COMPANY, "accounts", "in_step", "", app.clock.now() - timedelta(hours=25))
        assert due_syncs(app, connection) == ["accounts"]


def test_one_piece_at_a_time_for_a_connection_across_queues(service: RunningService) -> None:
    """A sync that a schedule asked for is in the other queue; the connection's turn is one all the same."""
    with service.app() as app, service.at_work() as worker:
        with app.store.lock(f"work {COMPANY}"):
            work_id = worker.runner.export(COMPANY)
            wait_for(lambda: worker.runner.work(COMPANY)[0].state == "running")
            assert not over(worker.runner, work_id)
        wait_for(lambda: over(worker.runner, work_id))
        assert worker.runner.work(COMPANY)[0].state == "done"


def test_a_process_that_only_asks_never_loads_what_works() -> None:
    """Neither DBOS before it is opened, nor the workflows, nor the engine."""
    listeners = "from kontobro.worker.asking import open_client_runner; import sys; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", listeners], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    loaded = set(out.stdout.split())
    assert "kontobro.worker.asking" in loaded
    assert not loaded & {"dbos", "kontobro.worker.pieces", "kontobro.worker.workflows", "kontobro.export.engine"}
