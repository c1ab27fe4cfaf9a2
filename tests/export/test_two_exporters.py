"""Two exporters at one job: one works, the other says so; and when a person lets both loose, nothing doubles."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.export.test_killed import LATER, assert_once, assert_whole
from tests.support.connected_home import ENVIRONMENT, PROJECT, ConnectedHome, Started, a_connected_home, another_home
from tests.support.pleo_company import kill_company

pytestmark = pytest.mark.kill

BUSY = 5
"""The exit code of docs/cli.md."""


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[ConnectedHome]:
    with a_connected_home(tmp_path, kill_company()) as connected:
        yield connected


@pytest.fixture
def other(connected: ConnectedHome) -> ConnectedHome:
    """The same company's second installation."""
    return another_home(connected, connected.folder / "other")


def ended(exporter: Started) -> dict[str, Any]:
    """What it answered; no one kills it here."""
    answer = exporter.end()
    assert answer is not None
    return answer


@pytest.mark.parametrize("at", ["store.begin_job#1:before", "erp.book#1:before", "pleo.complete#1:after"])
def test_at_one_home_the_second_says_who_is_at_it(connected: ConnectedHome, at: str) -> None:
    first = connected.start(at=at)
    calls = connected.sandbox.calls
    second = command_line(connected)
    said = f"Another run is in progress (process {first.process.pid}, lock export-desk); nothing was done."
    if at == "pleo.complete#1:after":  # for the second, the job is over: there is none left
        assert (second.returncode, second.stderr) == (0, "")
    else:
        assert second.returncode == BUSY, second
        assert said in " ".join(second.stderr.split())
    asked = {name for name, count in connected.sandbox.calls.items() if count != calls.get(name)}
    assert asked == {"GET /v3/export-jobs"}, "it did more than look"
    assert ended(first)["event"] == "completed_with_errors"
    assert_whole(connected)


def command_line(connected: ConnectedHome) -> subprocess.CompletedProcess[str]:
    """`kontobro export` as a person would start it."""
    return subprocess.run(
        [sys.executable, "-m", "kontobro.cli", "--home", str(connected.folder), "export"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=ENVIRONMENT | {"COLUMNS": "200"},
        timeout=60,
        check=False,
    )


def test_at_one_home_started_at_once(connected: ConnectedHome) -> None:
    """Whoever is first: one result, and the other finds the lock held, or nothing left to do."""
    answers = [ended(exporter) for exporter in (connected.start(), connected.start())]
    worked = [answer for answer in answers if answer.get("event") == "completed_with_errors"]
    others = [answer for answer in answers if answer not in worked]
    assert len(worked) == 1, answers
    assert others[0].get("fault") == "Busy" or others[0] == {"event": None}, others
    assert_whole(connected)


@pytest.mark.parametrize("at", ["pleo.start#1:after", "erp.book#1:before", "pleo.report#1:after"])
def test_another_installation_refuses_a_job_under_way(connected: ConnectedHome, other: ConnectedHome, at: str) -> None:
    first = connected.start(at=at)
    answer = other.attempt()
    assert answer is not None
    assert answer["fault"] == "Taken"
    assert "is under way in another installation" in answer["said"]
    assert "take it over at once" in answer["said"]
    assert other.boundaries == [], "it wrote all the same"
    assert ended(first)["event"] == "completed_with_errors"
    assert_whole(connected)


def test_both_saw_it_pending(connected: ConnectedHome, other: ConnectedHome) -> None:
    """The first to claim it works; the other learns it from Pleo's answer."""
    slow = other.start(at="pleo.start#1:before")
    connected.export()
    answer = ended(slow)
    assert answer["fault"] == "Taken"
    assert "claimed by another installation. Nothing was done here." in answer["said"]
    assert_whole(connected)


def test_one_that_was_killed_while_it_waited_for_its_accounting_system(
    connected: ConnectedHome, other: ConnectedHome
) -> None:
    """It had only looked at the job: started again, it leaves it to the one that claimed it meanwhile."""
    assert other.export(at="store.begin_job#1:after") is None
    first = connected.start(at="erp.book#1:before")
    connected.sandbox.move_clock(LATER)
    answer = other.attempt()
    assert answer is not None
    assert answer["fault"] == "Taken"
    assert "is under way in another installation" in answer["said"]
    assert other.boundaries == ["store.end_job#1:before", "store.end_job#1:after"], "it wrote all the same"
    assert ended(first)["event"] == "completed_with_errors"
    assert_whole(connected)


def test_one_that_was_killed_while_it_claimed(connected: ConnectedHome, other: ConnectedHome) -> None:
    """Nothing tells whose claim it was that Pleo took, until the other one acts: then it is left alone."""
    assert other.export(at="store.claim_job#1:after") is None
    first = connected.start(at="pleo.report#1:after")
    connected.sandbox.move_clock(LATER)
    answer = other.attempt()
    assert answer is not None
    assert answer["fault"] == "Taken"
    assert ended(first)["event"] == "completed_with_errors"
    assert_whole(connected)


@pytest.mark.parametrize(
    "at",
    [
        "store.plan#1:before",
        "erp.book#1:before",
        "erp.book#1:after",
        "erp.book#2:before",
        "erp.attach#1:before",
        "erp.attach#1:after",
        "erp.post#1:before",
        "pleo.report#1:before",
        "pleo.complete#1:before",
    ],
)
def test_taken_over_from_a_living_one(connected: ConnectedHome, other: ConnectedHome, at: str) -> None:
    """The worst that a person can order: both work on one ledger. It refuses a second entry under one reference."""
    first = connected.start(at=at)
    taken = other.export(take_over=True)
    assert taken is not None
    assert taken["event"] == "completed_with_errors"
    assert ended(first)["event"] in ("unfinished", "completed_with_errors")
    assert_once(connected)


def test_both_take_over_at_once(connected: ConnectedHome, other: ConnectedHome) -> None:
    assert connected.export(at="erp.book#1:before") is None
    both = [connected.start(take_over=True), other.start(take_over=True)]
    events = [ended(exporter).get("event") for exporter in both]
    assert "completed_with_errors" in events, events
    assert_once(connected)
