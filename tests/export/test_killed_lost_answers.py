"""Pleo's answer is lost after the write took effect, and the exporter is killed before it can ask again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.export.test_killed import LATER, assert_whole
from tests.support.connected_home import ConnectedHome, a_connected_home, forget_history
from tests.support.pleo_company import kill_company

pytestmark = pytest.mark.kill

EVENTS = ("POST", "/v3/export-job-events")
WRITES = {
    "pleo.start#1": (*EVENTS, 0),
    "pleo.report#1": ("PUT", "/v3/export-jobs/*/items", 0),
    "pleo.complete#1": (*EVENTS, 1),
}
"""What Pleo is sent, by the call it is part of: method, path, and how many such calls come before it."""


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[ConnectedHome]:
    with a_connected_home(tmp_path, kill_company()) as connected:
        yield connected


def lose_answer(connected: ConnectedHome, write: str) -> None:
    method, path, skip = WRITES[write]
    connected.sandbox.lose_response(method, path, skip=skip)


def run_again(connected: ConnectedHome, *, forgetful: bool) -> None:
    if forgetful:
        forget_history(connected)
    connected.sandbox.move_clock(LATER)
    connected.export(take_over=forgetful)
    assert_whole(connected)


@pytest.mark.parametrize("forgetful", [False, True], ids=["history kept", "history lost"])
@pytest.mark.parametrize("write", WRITES)
def test_killed_before_it_asks_again(connected: ConnectedHome, write: str, forgetful: bool) -> None:
    lose_answer(connected, write)
    assert connected.export(die_asleep=True) is None
    assert connected.boundaries[-1] == f"{write}:before"
    run_again(connected, forgetful=forgetful)


@pytest.mark.parametrize("forgetful", [False, True], ids=["history kept", "history lost"])
@pytest.mark.parametrize("write", ["pleo.report#1", "pleo.complete#1"])
def test_killed_when_it_has_asked_again(connected: ConnectedHome, write: str, forgetful: bool) -> None:
    lose_answer(connected, write)
    assert connected.export(at=f"{write}:after") is None
    run_again(connected, forgetful=forgetful)


def test_the_answers_were_lost(connected: ConnectedHome) -> None:
    """What the tests above rest on: an answer that is lost costs one run another call, and no more."""
    for write in ("pleo.report#1", "pleo.complete#1"):
        lose_answer(connected, write)
    connected.export()
    assert connected.sandbox.calls["GET /v3/export-jobs/{jobId}"] == 3 + 1, (
        "after a lost event it looks before it sends again"
    )
    assert connected.sandbox.calls["PUT /v3/export-jobs/{jobId}/items"] == 2
    assert connected.sandbox.calls["POST /v3/export-job-events"] == 2
    assert_whole(connected)
