"""An accounting system in which nothing can be found (`reference` none): what is in doubt is left to a person.

Nothing doubles, whatever is killed or forgotten; what our own history knows to stand is reported without a look.
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

WRITTEN = BOUNDARIES[BOUNDARIES.index("store.move#2:before") : BOUNDARIES.index("pleo.report#1:before")]
"""From the first intent to book to the last booking verified."""


@contextmanager
def blind_desk(folder: Path) -> Iterator[ConnectedHome]:
    """Its system may commit for an hour to come: to wait for it is no use, and nobody may."""
    orders = {"plain": str(folder / "plain"), "settle_after": 3600, "reference": "none"}
    with a_connected_home(folder, kill_company(), **orders) as desk:
        yield desk


def booked(desk: ConnectedHome) -> Counter[str]:
    return Counter(line["reference"] for line in PlainErp(desk.folder / "plain", []).lines())


def assert_truthful(desk: ConnectedHome) -> None:
    """Nothing twice, and what Pleo calls successful stands."""
    stands = booked(desk)
    assert set(stands.values()) <= {1}, f"doubled: {stands}"
    for id, state in desk.states().items():
        assert state in (STATES[id], "in_progress", "abandoned"), f"{id}: {state}"
        if state == "successful":
            assert {reference for reference in BOOKED if reference.startswith(id)} <= set(stands)


def test_a_whole_run_needs_no_look(tmp_path: Path) -> None:
    with blind_desk(tmp_path) as desk:
        assert desk.export()
        assert desk.boundaries == BOUNDARIES
        assert_whole(desk)


def test_answers_that_never_came_are_left_unreported(tmp_path: Path) -> None:
    with blind_desk(tmp_path) as desk:
        result = desk.export(commit_after=0.2)
        assert result is not None
        assert (result["event"], result["booked"], result["failed"], result["uncertain"]) == ("failed", 0, 1, 4)
        assert result["failure"].startswith("The outcome of 4 of 5 items is unknown.")
        assert "successful" not in desk.states().values()
        again(desk)
        assert_truthful(desk)


@pytest.mark.parametrize("boundary", WRITTEN)
def test_killed_and_run_again(tmp_path: Path, boundary: str) -> None:
    with blind_desk(tmp_path) as desk:
        assert desk.export(at=boundary) is None
        desk.export()
        assert_truthful(desk)
        again(desk)
        assert_truthful(desk)


@pytest.mark.parametrize("boundary", [name for name in WRITTEN if name.startswith("erp.")])
def test_killed_and_all_history_lost(tmp_path: Path, boundary: str) -> None:
    with blind_desk(tmp_path) as desk:
        assert desk.export(at=boundary) is None
        stood = booked(desk)
        forget_history(desk)
        result = desk.export(take_over=True)
        assert result is not None
        assert (result["booked"], result["uncertain"]) == (0, 4)
        assert booked(desk) == stood


@pytest.mark.parametrize("boundary", ["store.move#3:after", "store.move#5:after", "store.move#7:after"])
def test_what_our_history_knows_is_reported(tmp_path: Path, boundary: str) -> None:
    """The answer was committed before the kill: nobody has to decide about these."""
    with blind_desk(tmp_path) as desk:
        assert desk.export(at=boundary) is None
        result = desk.export()
        assert result is not None
        assert result["uncertain"] == 0
        assert_whole(desk)


def test_killed_twice_it_is_left_to_a_person(tmp_path: Path) -> None:
    """The second run's plan begins each reference anew; that these were written once is remembered all the same."""
    with blind_desk(tmp_path) as desk:
        assert desk.export(at="store.move#7:after") is None
        assert desk.export(at="store.plan#1:after") is None
        result = desk.export()
        assert result is not None
        assert (result["booked"], result["uncertain"]) == (0, 4)
        assert_truthful(desk)
        assert booked(desk).total() == len(BOOKED)


def again(desk: ConnectedHome) -> None:
    """The bookkeeper exports what is not successful once more, in a new job."""
    if desk.sandbox.queue(desk.company_id, [entry_id(n) for n in range(1, 6)]):
        desk.sandbox.press_export(desk.company_id, vendor_based=True)
        desk.export()
