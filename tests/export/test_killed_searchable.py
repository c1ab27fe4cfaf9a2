"""Killed anywhere against an accounting system that refuses nothing: it doubles whatever is written without looking.

Its reference can be searched, no more; absence is proof only `settle_after` the write (design §5).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.connected_home import ConnectedHome, a_connected_home, forget_history
from tests.support.plain_erp import PlainErp
from tests.support.pleo_company import entry_id, kill_company

pytestmark = pytest.mark.kill

SETTLE_AFTER = 0.4
"""Seconds: this system commits at once, or never."""

WRITES = {
    "store.begin_job#1": "the run was noted",
    "store.claim_job#1": "that the job is being claimed was noted",
    "pleo.start#1": "the job was claimed at Pleo",
    "store.claim_job#2": "the claim was noted",
    "store.claim_job#3": "that the job had started was noted, as Pleo shows it",
    "store.plan#1": "the plan was noted",
    "store.move#1": "the item to mend was noted",
    "store.move#2": "the intent to write the first two entries was noted",
    "erp.book#1": "the first two entries were written",
    "store.move#3": "their writing was noted",
    "store.move#4": "the intent to write the other bill was noted",
    "erp.book#2": "the other bill was written",
    "store.move#5": "its writing was noted",
    "store.move#6": "the intent to write the payments was noted",
    "erp.book#3": "the payments were written",
    "store.move#7": "their writing was noted too",
    "erp.attach#1": "the journal entry's receipt was attached",
    "erp.attach#2": "the bill's receipts were attached",
    "erp.post#1": "posting was asked for",
    "store.move#8": "the read-back was noted",
    "pleo.report#1": "Pleo was told of the items",
    "store.move#9": "that Pleo was told was noted",
    "pleo.complete#1": "the job was completed at Pleo",
    "store.end_job#1": "the end was noted",
}
"""Every remote write and every commit of one export, in order, and what it is for a person."""

BOUNDARIES = [f"{write}:{side}" for write in WRITES for side in ("before", "after")]

IN_DOUBT = ("pleo.start#1:after", "store.claim_job#2:before")
"""The claim's outcome is not known, and such a system would double what another installation writes: a person
decides."""

BOOKED = sorted([entry_id(1), entry_id(2), entry_id(2) + "/pay", entry_id(3), entry_id(4)])
STATES = {entry_id(number): "successful" for number in (1, 2, 3, 4)} | {entry_id(5): "failed"}


@contextmanager
def plain_home(folder: Path) -> Iterator[ConnectedHome]:
    with a_connected_home(folder, kill_company(), plain=str(folder / "plain"), settle_after=SETTLE_AFTER) as connected:
        yield connected


def assert_whole(connected: ConnectedHome) -> None:
    """Everything once, and all three of them agree: Pleo, the accounting system, our store."""
    plain = PlainErp(connected.folder / "plain", [])
    lines = plain.lines()
    assert Counter(line["reference"] for line in lines) == Counter(BOOKED)
    receipts = [path for line in lines for path in (plain.receipts / line["id"]).glob("*")]
    assert len(receipts) == len({path.name for path in receipts}) == 3
    assert connected.states() == STATES
    assert [str(job.status) for job in connected.sandbox.jobs] == ["completed_with_errors"]
    with sqlite3.connect(connected.database) as database:
        rows = dict(database.execute("select reference, state from kontobro_booking"))
    database.close()
    # a run that found every item reported, and no history, knows of none
    assert rows in ({}, dict.fromkeys([*BOOKED, entry_id(5)], "reported"))


def test_a_whole_run_crosses_exactly_these_boundaries(tmp_path: Path) -> None:
    with plain_home(tmp_path) as connected:
        result = connected.export()
        assert result is not None
        assert (result["booked"], result["failed"], result["receipts"]) == (4, 1, 3)
        assert connected.boundaries == BOUNDARIES
        assert_whole(connected)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_at_and_run_again(tmp_path: Path, boundary: str) -> None:
    with plain_home(tmp_path) as connected:
        assert connected.export(at=boundary) is None
        if boundary in IN_DOUBT:
            asked = connected.attempt()
            assert asked is not None
            assert asked["fault"] == "Taken"
            assert "take it over at once" in asked["said"]
        connected.export(take_over=boundary in IN_DOUBT)
        assert_whole(connected)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_and_all_history_lost(tmp_path: Path, boundary: str) -> None:
    """Nothing remembers the intent: the run waits before it believes that anything is absent."""
    with plain_home(tmp_path) as connected:
        assert connected.export(at=boundary) is None
        forget_history(connected)
        connected.export(take_over=True)
        assert_whole(connected)
