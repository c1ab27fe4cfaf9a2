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


def test_an_export_books_all_open_jobs_and_is_told_of(town: RunningService) -> None:
    ear = Ear()
    job = town.press_export(COMPANY)
    with town.at_work(ear) as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
        (work,) = worker.runner.work(COMPANY)
    assert (work.state, work.kind, work.failure) == ("done", "export", None)
    assert work.ended_at
    assert datetime.now(UTC) - work.asked_at < timedelta(minutes=1)
    town.assert_whole(COMPANY)
    told, done, fault = ear.heard[0]
    assert (told.id, told.state, fault) == (work_id, "done", None)
    assert [(type(result), getattr(result, "job_id", "")) for result in done] == [(JobResult, job)]


def test_asked_twice_is_done_once(town: RunningService) -> None:
    """Before any worker is there, so that both stand in the queue."""
    with town.at_work():
        pass
    with town.at_home() as home:
        runner = open_client_runner(town.config, home.store)
        first, second = runner.export(COMPANY), runner.export(COMPANY)
        other = runner.settle(COMPANY)
        assert first == second != other
        assert {work.state for work in runner.work(COMPANY)} == {"waiting"}
        runner.close()
    town.press_export(COMPANY)
    with town.at_work() as worker:
        wait_for(lambda: over(worker.runner, first) and over(worker.runner, other))
        assert worker.runner.export(COMPANY) != first
    town.assert_whole(COMPANY)


def test_a_job_that_comes_at_the_very_end_of_an_export_is_not_lost(town: RunningService) -> None:
    """Asked while the export runs, after its last look at Pleo: the id is the running one's, and the job is done."""
    asked: list[str] = []

    def late(work: Work, done: Sequence[Result], fault: KontobroError | None) -> None:
        if work.kind == "export" and not asked:
            town.spend(COMPANY)
            town.press_export(COMPANY)
            asked.append(worker.runner.export(COMPANY))

    town.press_export(COMPANY)
    with town.at_work(late) as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: town.states(COMPANY) == ["completed", "completed"])
    assert asked == [work_id]
    town.assert_whole(COMPANY)


def test_what_a_listener_raises_fails_nothing(town: RunningService) -> None:
    def deaf(work: Work, done: Sequence[Result], fault: KontobroError | None) -> None:
        raise RuntimeError("not today")

    ear = Ear()
    town.press_export(COMPANY)
    with town.at_work(deaf, ear) as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
    assert [(work.state, fault) for work, _, fault in ear.heard] == [("done", None)]


def test_a_job_under_way_elsewhere_is_named(town: RunningService) -> None:
    """A second installation for the same company: tried again, then said, and nothing is booked here."""
    job = town.press_export(COMPANY)
    with town.at_home() as home:
        assert home.pleo_for(home.store.connections()[0]).start(job)
    with town.at_work(pauses=(0.01,)) as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
        (work,) = worker.runner.work(COMPANY)
    assert work.state == "failed"
    assert f"Export job {job} is under way in another installation" in str(work.failure)
    assert not town.booked(COMPANY)


def test_a_job_that_can_not_be_exported_yet_waits_in_pleo_and_is_told_of(town: RunningService) -> None:
    """No wallet account is set: nothing fails, and who is told knows until when there is time."""
    with town.at_home() as home:
        connection = home.store.connections()[0]
        home.store.save_connection(replace(connection, settings=replace(connection.settings, wallets={})))
    job = town.press_export(COMPANY)
    ear = Ear()
    with town.at_work(ear) as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
    assert town.states(COMPANY) == ["pending"]
    _, done, fault = ear.heard[0]
    assert isinstance(fault, NotUsable)
    assert (done, fault.job_id) == ([], job)
    assert timedelta(minutes=50) < fault.expires_at - datetime.now(UTC) <= timedelta(hours=1)


@pytest.mark.parametrize("status", ["reconnect", "disconnected"])
def test_a_connection_without_login_is_not_worked_on(town: RunningService, status: str) -> None:
    with town.at_home() as home:
        home.store.save_connection(replace(home.store.connections()[0], status=status))
    town.press_export(COMPANY)
    with town.at_work() as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
        assert "Connect it again" in str(worker.runner.work(COMPANY)[0].failure)
    assert not sum(town.sandbox.calls.values())


def test_the_schedule_finds_what_no_webhook_told(town: RunningService) -> None:
    town.environment["KONTOBRO_POLL_SECONDS"] = "5"
    town.press_export(COMPANY)
    with town.at_work():
        wait_for(lambda: town.states(COMPANY) == ["completed"])
    town.assert_whole(COMPANY)


def test_history_is_forgotten(town: RunningService) -> None:
    town.press_export(COMPANY)
    with town.at_work() as worker:
        work_id = worker.runner.export(COMPANY)
        wait_for(lambda: over(worker.runner, work_id))
        wait_for(lambda: not worker.runner.client.list_workflows(status=["ENQUEUED", "PENDING"]))
        looks = worker.runner.client.list_workflows(name="look")
        assert len(looks) == 1
        assert forget(worker.runner) == 0
        assert forget(worker.runner, datetime.now(UTC) + timedelta(hours=2)) == 1
        assert worker.runner.work(COMPANY)
        assert forget(worker.runner, datetime.now(UTC) + timedelta(days=31)) == 1
        assert not worker.runner.work(COMPANY)


def test_all_of_a_long_history_is_forgotten_in_one_go(town: RunningService) -> None:
    """Hundreds of connections leave thousands of looks an hour: what is left over would grow for ever."""
    with town.at_work() as worker:
        for slot in range(5):
            worker.runner.look(COMPANY, f"slot-{slot}")
            wait_for(lambda: not worker.runner.client.list_workflows(status=["ENQUEUED", "PENDING"]))
        assert forget(worker.runner, datetime.now(UTC) + timedelta(hours=2), at_once=2) == 5
        assert not worker.runner.client.list_workflows(name="look")


def test_the_text_of_a_bug_is_not_kept_by_the_engine(town: RunningService) -> None:
    """DBOS keeps what a workflow raises, text and all; ours end with a number that the log knows."""
    with town.at_home() as home:
        connection = home.store.connection(COMPANY)
        assert connection
        home.store.save_connection(replace(connection, erp="tests.worker.broken:connector"))
    with town.at_work() as worker:
        worker.runner.look(COMPANY, "slot")
        wait_for(lambda: not worker.runner.client.list_workflows(status=["ENQUEUED", "PENDING"]))
        (look,) = worker.runner.client.list_workflows(name="look")
        assert look.status == "SUCCESS"
        assert "a secret" not in str((look.output, look.error))
        assert re.search(r"lines around [0-9a-f]{12}\b", str(look.output))


def test_a_second_worker_on_sqlite_is_refused(town: RunningService) -> None:
    if town.config.database_url.get_secret_value():
        pytest.skip("PostgreSQL takes any number of workers")
    with town.at_work(), pytest.raises(Busy, match="worker"):
        start_in_process(town.config)


def test_a_sync_keeps_master_data_in_step_and_activates_what_waited(build: Build) -> None:
    with build(settings=replace(SETTINGS, sync=("accounts",))) as town:
        with town.at_home() as home:
            connection = home.store.connections()[0]
            waiting = home.pleo_for(connection).install({}, activate=False)
            assert waiting.status == "PENDING_INTEGRATION"
        ear = Ear()
        with town.at_work(ear) as worker:
            work_id = worker.runner.sync(COMPANY, ["accounts"])
            wait_for(lambda: over(worker.runner, work_id))
            (work,) = worker.runner.work(COMPANY)
        assert (work.state, work.failure) == ("done", None)
        (result,) = ear.heard[0][1]
        assert isinstance(result, SyncResult)
        assert result.creates > 5
        with town.at_home() as home:
            installation = home.pleo_for(connection).installation()
        assert installation
        assert installation.status == "ACTIVATED"


def test_the_schedule_syncs_what_is_due_and_was_synced_before(build: Build) -> None:
    """The first sync of a kind is a person's, who is shown its plan."""
    with build(settings=replace(SETTINGS, sync=("accounts", "tax-codes"))) as town, town.at_home() as home:
        connection = home.store.connections()[0]
        assert due_syncs(home, connection) == []
        home.store.note_sync(COMPANY, "accounts", "in_step", "", home.clock.now() - timedelta(hours=23))
        assert due_syncs(home, connection) == []
        home.store.note_sync(COMPANY, "accounts", "in_step", "", home.clock.now() - timedelta(hours=25))
        assert due_syncs(home, connection) == ["accounts"]


def test_one_piece_at_a_time_for_a_connection_across_queues(town: RunningService) -> None:
    """A sync that a schedule asked for stands in the other queue; the connection's turn is one all the same."""
    with town.at_home() as home, town.at_work() as worker:
        with home.store.lock(f"work {COMPANY}"):
            work_id = worker.runner.export(COMPANY)
            wait_for(lambda: worker.runner.work(COMPANY)[0].state == "running")
            assert not over(worker.runner, work_id)
        wait_for(lambda: over(worker.runner, work_id))
        assert worker.runner.work(COMPANY)[0].state == "done"


def test_a_process_that_only_asks_never_loads_what_works() -> None:
    """Neither DBOS before it is opened, nor the workflows, nor the engine."""
    told = "from kontobro.worker.asking import open_client_runner; import sys; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    loaded = set(out.stdout.split())
    assert "kontobro.worker.asking" in loaded
    assert not loaded & {"dbos", "kontobro.worker.pieces", "kontobro.worker.workflows", "kontobro.export.engine"}
