"""A worker looks into its queues at once when work is asked for, often while it works, and seldom else."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

import psycopg

from kontobro.worker.asking import open_client_runner
from kontobro.worker.queues import UPKEEP, URGENT
from kontobro.worker.waking import Attention, Caller, CallListener, Pause
from tests.support.running_service import wait_for
from tests.worker.conftest import Build

COMPANY = "c000"
LONG = 3600.0


def test_the_first_look_is_at_once() -> None:
    assert Pause(idle=LONG).wait(0.01) is False


def test_a_pause_ends_when_someone_asks() -> None:
    """An hour's pause: it ends, or this test does not."""
    pause = Pause(idle=LONG)
    pause.wait(0)
    threading.Timer(0.05, pause.wake).start()
    assert pause.wait(0) is False


def test_what_is_asked_for_between_two_pauses_ends_the_next() -> None:
    pause = Pause(idle=LONG)
    pause.wait(0)
    pause.wake()
    assert pause.wait(0) is False


def test_a_queue_with_work_is_looked_into_at_its_own_interval() -> None:
    pause = Pause(idle=LONG)
    pause.wait(0)
    with pause.working():
        assert [pause.wait(0.001) for _ in range(3)] == [False] * 3
        assert pause.is_busy
    assert pause.is_busy  # for a moment: DBOS has not noted the end yet
    assert pause.wait(0.001) is False


def test_an_end_is_an_end() -> None:
    pause = Pause(idle=LONG)
    pause.wait(0)
    threading.Timer(0.05, pause.set).start()
    assert pause.wait(0) is True
    assert pause.wait(10) is True


def test_each_queue_has_its_own_pause() -> None:
    attention = Attention()
    with attention.working(URGENT):
        assert [attention.pauses[name].is_busy for name in (URGENT, UPKEEP)] == [True, False]
    attention.wake("a queue of another version")


def test_an_asker_of_another_process_is_heard_and_after_a_broken_session_again(postgres_url: str) -> None:
    heard: list[str] = []
    with ExitStack() as stack:
        listener, caller = CallListener(postgres_url, heard.append), Caller(postgres_url)
        stack.callback(caller.close)
        listener.start()
        stack.callback(listener.end)
        wait_for(lambda: heard == [URGENT, UPKEEP])
        caller(UPKEEP)
        wait_for(lambda: heard == [URGENT, UPKEEP, UPKEEP])
        with psycopg.connect(postgres_url, autocommit=True) as session:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name IN (%s, %s)",
                ["kontobro listener", "kontobro caller"],
            )
        wait_for(lambda: len(heard) == 5)
        caller(URGENT)  # into the broken session: lost, and found by the next look
        caller(URGENT)
        wait_for(lambda: heard[5:] == [URGENT])


def test_a_caller_without_a_database_is_no_error() -> None:
    caller = Caller("postgresql://nobody@127.0.0.1:9/none?connect_timeout=1")
    caller(URGENT)
    caller.close()


def test_work_asked_for_elsewhere_begins_at_once(shared_build: Build) -> None:
    """A worker that has been idle begins what another process asks for long before its next look is due."""
    with shared_build() as service, service.app() as app:
        asker = open_client_runner(service.config, app.store)
        service.press_export(COMPANY)
        with service.at_work() as worker:
            for pause in worker._context.attention.pauses.values():
                pause._idle = LONG
            time.sleep(2)  # the first look, and the moment after it
            asker.export(COMPANY)
            wait_for(lambda: service.states(COMPANY) == ["completed"])
        asker.close()
    service.assert_whole(COMPANY)
