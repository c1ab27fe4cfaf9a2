"""Several workers on one PostgreSQL: the dead are noticed, tokens are refreshed once, Pleo's limit holds in total."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.ports.runner import Work
from kontobro.worker.asking import ClientRunner, open_client_runner
from kontobro.worker.life import Life
from kontobro.worker.queues import engine_url
from tests.support.running_service import RunningService, wait_for
from tests.worker.conftest import Build

COMPANY = "c000"


@contextmanager
def asker(service: RunningService) -> Iterator[ClientRunner]:
    """A process that only asks."""
    with service.app() as app:
        runner = open_client_runner(service.config, app.store)
        try:
            yield runner
        finally:
            runner.close()


def dismiss(workers: list[subprocess.Popen[bytes]]) -> None:
    for worker in workers:
        worker.kill()
    for worker in workers:
        worker.wait(10)


def test_work_of_a_dead_worker_is_taken_over_and_that_of_a_living_one_left(shared_build: Build) -> None:
    with shared_build() as service, asker(service) as runner:
        url = engine_url(service.config)
        living, dead = Life(url, "living", runner), Life(url, "dead", runner)
        with service.at_work() as worker:
            # work that is under way in the names of two other workers, as DBOS writes it
            for name in ("living", "dead"):
                _under_way(service, runner, name)
            dead.end()
            wait_for(lambda: _states(runner) == {"living": "running", "dead": "failed"})
            assert worker.executor_id not in ("living", "dead")
        living.end()


def _under_way(service: RunningService, runner: ClientRunner, executor: str) -> None:
    import psycopg

    work_id = f"gone-{executor}.1"
    runner.client.enqueue(
        {"workflow_name": "export", "queue_name": "elsewhere", "workflow_id": work_id, "queue_partition_key": work_id},
        f"gone-{executor}", None, False,
    )  # fmt: skip
    with psycopg.connect(engine_url(service.config)) as session:
        session.execute(
            "UPDATE kontobro_engine.workflow_status SET status = 'PENDING', executor_id = %s,"
            " application_version = '1', queue_name = 'kontobro-urgent' WHERE workflow_uuid = %s",
            [executor, work_id],
        )


def _states(runner: ClientRunner) -> dict[str, str]:
    works: list[Work] = [work for name in ("living", "dead") for work in runner.work(f"gone-{name}")]
    return {work.id.removeprefix("gone-").partition(".")[0]: work.state for work in works}


@pytest.mark.kill
def test_work_that_kills_its_workers_is_given_up(shared_build: Build) -> None:
    """A connector that ends its process, again and again: after the first, which had planned what to book, five came
    no further: the next worker says so and lives."""
    with shared_build() as service, asker(service) as runner:
        with service.app() as app:
            deadly = replace(app.store.connections()[0], erp="tests.worker.deadly:Deadly")
            app.store.save_connection(deadly)
        service.press_export(COMPANY)
        work_id = runner.export(COMPANY)
        deaths = 0
        while runner.work(COMPANY)[0].state != "failed":
            worker = service.hire()
            wait_for(lambda w=worker: w.poll() is not None or runner.work(COMPANY)[0].state == "failed")
            deaths += worker.poll() == -signal.SIGKILL
            dismiss([worker])
            assert deaths <= 6
        (work,) = runner.work(COMPANY)
        assert (deaths, work.id) == (6, work_id)
        assert "crashed its worker 6 times" in str(work.failure)
        assert "Nothing is booked twice" in str(work.failure)


def test_sigterm_ends_in_order(shared_build: Build) -> None:
    with shared_build() as service, asker(service) as runner:
        worker = service.hire()
        try:
            wait_for(lambda: "worker begins" in service.said)
            service.press_export(COMPANY)
            runner.export(COMPANY)
            wait_for(lambda: runner.work(COMPANY)[0].state != "waiting", pause=0.01)
            worker.terminate()
            assert worker.wait(40) == 0
        finally:
            dismiss([worker])
        assert runner.work(COMPANY)[0].state == "done"
        service.assert_whole(COMPANY)


@pytest.mark.kill
def test_one_refresh_by_three_workers_at_once(shared_build: Build) -> None:
    with shared_build(companies=1, items=2) as service, asker(service) as runner:
        _with_oauth(service)
        before = _refreshes(service)
        workers = [service.hire() for _ in range(3)]
        try:
            wait_for(lambda: service.said.count("worker begins") == 3)
            service.press_export(COMPANY)
            asked = [runner.export(COMPANY), runner.settle(COMPANY), runner.look(COMPANY, "now")]
            wait_for(lambda: service.states(COMPANY) == ["completed"])
        finally:
            dismiss(workers)
        assert len(set(asked)) == 3
        assert _refreshes(service) - before == 1
        service.assert_whole(COMPANY)


def _with_oauth(service: RunningService) -> None:
    """The connection made by consent, its access token past its life."""
    from tests.export.test_refresh_killed import LIFE, REDIRECT, authorised
    from tests.support.connected_home import ConnectedHome

    client = service.sandbox.register_client([REDIRECT])
    with service.app() as app:
        connection = replace(app.store.connections()[0], auth="oauth", client_id=client.client_id)
        connected = ConnectedHome(service.folder, service.sandbox, connection.company_id, "", service.url)
        tokens: Tokens = authorised(connected, connection, client)
        app.store.save_connection(connection)
        app.store.save_tokens(connection, replace(tokens, expires_at=app.clock.now() - timedelta(seconds=1)))
        app.pleo_for(connection, _Given(app.store, tokens)).install({})
    service.sandbox.move_clock(LIFE)


class _Given:
    """The tokens as they came, while connecting."""

    def __init__(self, store: object, tokens: Tokens) -> None:
        self._store, self._tokens = store, tokens

    def tokens(self, connection: Connection) -> Tokens:
        return self._tokens

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def _refreshes(service: RunningService) -> int:
    return sum(count for name, count in service.sandbox.calls.items() if "token" in name)


@pytest.mark.kill
def test_pleos_limit_holds_over_processes(shared_build: Build) -> None:
    """Three processes call as fast as they can: 500 calls pass at once, and then none."""
    with shared_build() as service:
        callers = [_caller(service) for _ in range(3)]
        try:
            wait_for(lambda: sum(service.sandbox.calls.values()) >= 500, pause=0.2)
            time.sleep(2)
            assert sum(service.sandbox.calls.values()) == 500
        finally:
            dismiss(callers)


def _caller(service: RunningService) -> subprocess.Popen[bytes]:
    import os
    import sys

    from tests.support.running_service import PROJECT

    return subprocess.Popen(
        [sys.executable, "-m", "tests.worker.caller", COMPANY],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{PROJECT}"} | service.environment,
    )
