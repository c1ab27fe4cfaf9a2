"""The pace of calls to Pleo: at most so many within any window, whoever calls."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import RateLimited
from kontobro.net.deadline import time_limit
from kontobro.pleo.http.calls import WINDOW_SECONDS, Pace, shared_pace

WINDOW = timedelta(seconds=WINDOW_SECONDS)


class Clock:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class StoppedClock(Clock):
    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@given(
    limit=st.integers(1, 5),
    pauses=st.lists(
        st.integers(0, 2 * WINDOW_SECONDS * 1000).map(lambda each: timedelta(milliseconds=each)), max_size=40
    ),
)
def test_no_window_has_more_calls_than_the_limit_and_no_call_waits_longer_than_it_must(
    limit: int, pauses: list[timedelta]
) -> None:
    clock, pace = Clock(), Pace(limit)
    left: list[datetime] = []
    for pause in pauses:
        clock.time += pause
        asked = clock.time
        pace.wait(clock)
        free = left[-limit] + WINDOW if len(left) >= limit else asked
        assert timedelta(0) <= clock.time - max(asked, free) <= timedelta(milliseconds=2)
        left.append(clock.time)


def test_a_burst_leaves_at_once_and_the_next_call_waits_for_the_first_to_be_a_window_ago() -> None:
    clock, pace = Clock(), Pace(3)
    for _ in range(3):
        pace.wait(clock)
        clock.time += timedelta(seconds=1)
    assert clock.slept == []
    pace.wait(clock)
    assert clock.slept == [pytest.approx(WINDOW_SECONDS - 3, abs=0.002)]


def test_a_stopped_clock_hangs_nothing() -> None:
    clock, pace = StoppedClock(), Pace(1)
    pace.wait(clock)
    pace.wait(clock)
    assert clock.slept == [pytest.approx(WINDOW_SECONDS, abs=0.002)] * 3


def test_a_clock_that_is_put_back_makes_no_call_wait_longer_than_a_window() -> None:
    clock, pace = Clock(), Pace(2)
    pace.wait(clock)
    pace.wait(clock)
    clock.time -= timedelta(hours=1)
    for _ in range(4):
        pace.wait(clock)
    assert sum(clock.slept) <= WINDOW_SECONDS + 0.002


def test_a_person_who_waits_is_told_instead() -> None:
    clock, pace = Clock(), Pace(1)
    pace.wait(clock)
    with time_limit(5), pytest.raises(RateLimited) as refused:
        pace.wait(clock)
    assert refused.value.retry_after == pytest.approx(WINDOW_SECONDS, abs=0.002)
    assert clock.slept == []


def test_threads_share_the_places() -> None:
    """Eight threads over a stopped clock: as many as there are places find one, each of the others waits."""
    pace, clocks = Pace(100), [StoppedClock() for _ in range(8)]
    threads = [threading.Thread(target=lambda clock=clock: [pace.wait(clock) for _ in range(20)]) for clock in clocks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(clock.slept) for clock in clocks) == 3 * (8 * 20 - 100)


def test_clients_of_a_connection_share_one_and_other_connections_do_not() -> None:
    clock = Clock()
    assert shared_pace("a", clock) is shared_pace("a", clock)
    assert shared_pace("a", clock) is not shared_pace("b", clock)
    assert shared_pace("a", clock) is not shared_pace("a", Clock())
