"""Turns: each connection's Pleo is asked once an interval, in its own moment, by one call; a look follows."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from kontobro.core.model.connection import Tokens
from kontobro.core.model.settings import Settings
from kontobro.core.ports import Store
from kontobro.worker.asking import open_client_runner
from kontobro.worker.rounds import PLEO_IS_AWAY, Intervals, Rounds, Timetable, Turns
from tests.support.connected_home import SETTINGS
from tests.support.running_service import RunningService, wait_for
from tests.worker.conftest import Build

COMPANY = "c000"
INTERVALS = Intervals(told=900, polled=120)
DAY = 86_400.0
JOBS = "GET /v3/export-jobs"


class Asked(list[tuple[int, float]]):
    """Turns that were asked for."""

    def turn(self, number: int, seconds: float) -> str:
        self.append((number, seconds))
        return str(number)


@contextmanager
def turns(service: RunningService, intervals: Intervals = INTERVALS) -> Iterator[Turns]:
    with service.app() as app:
        made = Turns(app, intervals)
        try:
            yield made
        finally:
            made.end()


def found(made: Turns, seconds: float = 120.0) -> list[str]:
    """What all the turns of an interval find."""
    return [id for number in range(int(seconds / 5)) for id in made.something_to_do(number, 5)]


def test_each_connection_has_one_moment_in_its_interval() -> None:
    alive = [(f"c{number}", number % 3 == 0) for number in range(300)]
    table = Timetable(INTERVALS, alive)
    begun = 1_800_000_033.0
    asked = Counter(id for at in range(0, 1800, 5) for id in table.due(begun + at, begun + at + 5))
    assert asked == {id: 2 if told else 15 for id, told in alive}


def test_an_interval_is_no_multiple_of_a_turn() -> None:
    """Turns that reach over the end of an interval, and begin anywhere."""
    alive = [(f"c{number}", False) for number in range(100)]
    table = Timetable(Intervals(told=900, polled=7), alive)
    asked = Counter(id for at in range(1000, 1007 * 3) for id in table.due(at / 2, at / 2 + 0.5))
    assert set(asked.values()) <= {144, 145}
    assert len(asked) == 100


def test_moments_are_spread() -> None:
    """No turn asks for more than a few times its share."""
    table = Timetable(INTERVALS, [(f"c{number}", True) for number in range(9000)])
    assert max(len(table.due(at, at + 5)) for at in range(0, 900, 5)) < 2 * 9000 * 5 / 900


def test_a_start_wakes_no_one_and_an_outage_is_made_up_for() -> None:
    asked = Asked()
    rounds = Rounds(asked, INTERVALS)
    assert rounds.make(DAY + 2) == 0
    assert rounds.make(DAY + 4.9) == 0
    assert rounds.make(DAY + 5) == 1
    assert rounds.make(DAY + 31) == 5
    assert asked == [(17_280 + number, 5.0) for number in range(1, 7)]
    assert rounds.make(3 * DAY) == 181  # no more than the longest interval has


def test_two_workers_ask_for_the_same_turns(shared_build: Build) -> None:
    with shared_build() as service, service.app() as app:
        first, second = (open_client_runner(service.config, app.store) for _ in range(2))
        for runner in (first, second):
            rounds = Rounds(runner, INTERVALS)
            assert (rounds.make(DAY), rounds.make(DAY + 10)) == (0, 2)
        assert len(first.client.list_workflows(name="turn")) == 2
        first.close()
        second.close()


def test_an_idle_connection_costs_one_call(service: RunningService) -> None:
    with turns(service) as made:
        assert found(made) == []
    assert service.sandbox.calls == {JOBS: 1}


def test_a_waiting_job_is_found(service: RunningService) -> None:
    service.press_export(COMPANY)
    with turns(service) as made:
        assert found(made) == [COMPANY]


def test_webhooks_make_the_interval_longer(service: RunningService) -> None:
    with service.app() as app:
        (connection,) = app.store.connections()
        app.store.save_secret(connection, "webhook", "whsec_any")
    with turns(service) as made:
        found(made, 900.0)
    assert service.sandbox.calls == {JOBS: 1}


def test_disconnected_and_trial_connections_are_left_alone(build: Build) -> None:
    with build(companies=2) as service:
        with service.app() as app:
            first, second = app.store.connections()
            app.store.save_connection(replace(first, status="disconnected"))
            app.store.save_connection(replace(second, trial=True))
        with turns(service) as made:
            assert found(made) == []
        assert service.sandbox.calls == {}


def test_an_ended_login_is_told_by_the_look(service: RunningService) -> None:
    with service.app() as app:
        (connection,) = app.store.connections()
        app.store.save_tokens(connection, Tokens(access="revoked"))
    with turns(service) as made:
        assert found(made) == [COMPANY]


def test_a_job_without_an_end_is_looked_at_and_pleo_is_not_asked_twice(service: RunningService) -> None:
    with service.app() as app:
        (connection,) = app.store.connections()
        job_id = service.press_export(COMPANY)
        job = app.pleo_for(connection).job(job_id)
        app.store.begin_job(connection.id, job, "run", app.clock.now())
    before = service.sandbox.calls
    with turns(service) as made:
        assert found(made) == [COMPANY]
    assert service.sandbox.calls == before


@pytest.mark.parametrize(("age", "due"), [(timedelta(hours=1), []), (timedelta(hours=25), [COMPANY])])
def test_a_sync_that_is_due_is_looked_at(build: Build, age: timedelta, due: list[str]) -> None:
    settings: Settings = replace(SETTINGS, sync=("accounts",))
    with build(settings=settings) as service:
        with service.app() as app:
            store: Store = app.store
            store.note_sync(COMPANY, "accounts", "in_step", "digest", app.clock.now() - age)
        with turns(service) as made:
            assert found(made) == due


def test_a_pleo_that_is_away_ends_the_turn(shared_build: Build) -> None:
    """Two hundred connections, and not four hundred tries: what does not answer is not asked again and again."""
    with shared_build(companies=1) as service, hanging_up() as (url, tries):
        with service.app() as app:
            (connection,) = app.store.connections()
            for number in range(200):
                company = f"00000000-0000-4000-8000-{number:012}"
                away = replace(connection, api_url=url, id=f"a{number}", name=f"a{number}", company_id=company)
                app.store.save_connection(away, Tokens(access="key"))
        with turns(service, Intervals(told=900, polled=5)) as made:
            assert made.something_to_do(1, 5) == []
        assert PLEO_IS_AWAY <= len(tries) < 200


@contextmanager
def hanging_up() -> Iterator[tuple[str, list[int]]]:
    """A host that takes each connection and answers nothing; grows with each."""
    tries: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    taken, _ = server.accept()
                    tries.append(1)
                    taken.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", tries
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_the_schedule_finds_what_no_webhook_told_by_a_look(service: RunningService) -> None:
    service.environment |= {"KONTOBRO_POLL_SECONDS": "5"}
    service.press_export(COMPANY)
    with service.at_work() as worker:
        wait_for(lambda: service.states(COMPANY) == ["completed"])
        assert worker.runner.client.list_workflows(name="look")
    service.assert_whole(COMPANY)
