"""An accounting system in which nothing can be found (`reference` none): what is in doubt is left to a person.

Nothing doubles, whatever is killed or forgotten; what our own history knows to exist is reported without a look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.export.test_killed_searchable import BOOKED, BOUNDARIES, STATES, assert_whole
from tests.support.connected_home import ConnectedHome, a_connected_home, forget_history
from tests.support.plain_erp import PlainErp
from tests.support.pleo_company import entry_id, kill_company

pytestmark = pytest.mark.kill

WITHOUT_A_LOOK = [boundary for boundary in BOUNDARIES if not boundary.startswith("store.claim_job#3:")]
"""Who acted on the job last matters only where a look can tell what was written."""

WRITTEN = BOUNDARIES[BOUNDARIES.index("store.move#2:before") : BOUNDARIES.index("pleo.report#1:before")]
"""From the first intent to book to the last booking verified."""


@contextmanager
def blind_home(folder: Path) -> Iterator[ConnectedHome]:
    """Its system may commit for an hour to come: to wait for it is no use, and no one may."""
    orders = {"plain": str(folder / "plain"), "settle_after": 3600, "reference": "none"}
    with a_connected_home(folder, kill_company(), **orders) as connected:
        yield connected


def booked(connected: ConnectedHome) -> Counter[str]:
    return Counter(line["reference"] for line in PlainErp(connected.folder / "plain", []).lines())


def assert_truthful(connected: ConnectedHome) -> None:
    """Nothing twice, and what Pleo calls successful exists."""
    is_booked = booked(connected)
    assert set(is_booked.values()) <= {1}, f"doubled: {is_booked}"
    for id, state in connected.states().items():
        assert state in (STATES[id], "in_progress", "abandoned"), f"{id}: {state}"
        if state == "successful":
            assert {reference for reference in BOOKED if reference.startswith(id)} <= set(is_booked)


def test_a_whole_run_needs_no_look(tmp_path: Path) -> None:
    with blind_home(tmp_path) as connected:
        assert connected.export()
        assert connected.boundaries == WITHOUT_A_LOOK
        assert_whole(connected)


def test_answers_that_never_came_are_left_unreported(tmp_path: Path) -> None:
    with blind_home(tmp_path) as connected:
        result = connected.export(commit_after=0.2)
        assert result is not None
        assert (result["event"], result["booked"], result["failed"], result["uncertain"]) == ("failed", 0, 1, 4)
        assert result["failure"].startswith("The outcome of 4 of 5 items is unknown.")
        assert "successful" not in connected.states().values()
        again(connected)
        assert_truthful(connected)


@pytest.mark.parametrize("boundary", WRITTEN)
def test_killed_and_run_again(tmp_path: Path, boundary: str) -> None:
    with blind_home(tmp_path) as connected:
        assert connected.export(at=boundary) is None
        connected.export()
        assert_truthful(connected)
        again(connected)
        assert_truthful(connected)


@pytest.mark.parametrize("boundary", [name for name in WRITTEN if name.startswith("erp.")])
def test_killed_and_all_history_lost(tmp_path: Path, boundary: str) -> None:
    with blind_home(tmp_path) as connected:
        assert connected.export(at=boundary) is None
        stood = booked(connected)
        forget_history(connected)
        result = connected.export(take_over=True)
        assert result is not None
        assert (result["booked"], result["uncertain"]) == (0, 4)
        assert booked(connected) == stood


@pytest.mark.parametrize("boundary", ["store.move#3:after", "store.move#5:after", "store.move#7:after"])
def test_what_our_history_knows_is_reported(tmp_path: Path, boundary: str) -> None:
    """The answer was committed before the kill: no one has to decide about these."""
    with blind_home(tmp_path) as connected:
        assert connected.export(at=boundary) is None
        result = connected.export()
        assert result is not None
        assert result["uncertain"] == 0
        assert_whole(connected)


def test_killed_twice_it_is_left_to_a_person(tmp_path: Path) -> None:
    """The second run's plan begins each reference again; that these were written once is remembered all the same."""
    with blind_home(tmp_path) as connected:
        assert connected.export(at="store.move#7:after") is None
        assert connected.export(at="store.plan#1:after") is None
        result = connected.export()
        assert result is not None
        assert (result["booked"], result["uncertain"]) == (0, 4)
        assert_truthful(connected)
        assert booked(connected).total() == len(BOOKED)


def again(connected: ConnectedHome) -> None:
    """The bookkeeper exports what is not successful once more, in a new job."""
    if connected.sandbox.queue(connected.company_id, [entry_id(n) for n in range(1, 6)]):
        connected.sandbox.press_export(connected.company_id, vendor_based=True)
        connected.export()
