"""Killed anywhere, run again: every item booked exactly once, receipts once, Pleo's statuses equal to the ledger.

A real process is killed with `kill -9` before and after every remote write and every commit of one export.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Document, Transaction

from tests.support.connected_home import ConnectedHome, a_connected_home, forget_history
from tests.support.pleo_company import entry_id, kill_company

pytestmark = pytest.mark.kill

WRITES = {
    "store.begin_job#1": "the run was noted",
    "store.claim_job#1": "that the job is being claimed was noted",
    "pleo.start#1": "the job was claimed at Pleo",
    "store.claim_job#2": "the claim was noted",
    "store.plan#1": "the plan was noted",
    "store.move#1": "the item to mend was noted",
    "store.move#2": "the intent to write bills and journal entries was noted",
    "erp.book#1": "bills and journal entries were written",
    "store.move#3": "their writing was noted",
    "store.move#4": "the intent to write the payments was noted",
    "erp.book#2": "the payments were written",
    "store.move#5": "their writing was noted too",
    "erp.attach#1": "the journal entry's receipt was attached",
    "erp.attach#2": "the bill's receipts were attached",
    "store.move#6": "the receipts were noted",
    "erp.post#1": "all was posted",
    "store.move#7": "the posting was noted",
    "store.move#8": "the read-back was noted",
    "pleo.report#1": "Pleo was told of the items",
    "store.move#9": "that Pleo was told was noted",
    "pleo.complete#1": "the job was completed at Pleo",
    "store.end_job#1": "the end was noted",
}
"""Every remote write and every commit of one export, in order, and what it is for a person."""

BOUNDARIES = [f"{write}:{side}" for write in WRITES for side in ("before", "after")]

LATER = timedelta(minutes=8)
"""Until the next run: a job whose claim is in doubt has been quiet for long enough."""

BOOKED = sorted([entry_id(1), entry_id(2), entry_id(2) + "/pay", entry_id(3), entry_id(4)])
STATES = {entry_id(number): "successful" for number in (1, 2, 3, 4)} | {entry_id(5): "failed"}


def assert_whole(connected: ConnectedHome) -> None:
    """Everything once, and all three of them agree: Pleo, the ledger, our store."""
    assert_once(connected)
    with sqlite3.connect(connected.database) as database:
        states = {row[0] for row in database.execute("select state from kontobro_booking")}
        ended = [row[0] for row in database.execute("select status from kontobro_job where finished_at is not null")]
        open_rows = database.execute("select count(*) from kontobro_job where finished_at is null").fetchone()[0]
    database.close()
    assert states <= {"reported"}
    assert (open_rows, set(ended) - {"completed_with_errors"}) == (0, set())


def assert_once(connected: ConnectedHome) -> None:
    """The ledger holds everything once, and Pleo says the same of it."""
    entries, errors, _ = loader.load_file(str(connected.ledger))
    assert not errors
    booked = [e for e in entries if isinstance(e, Transaction) and "kontobro" in e.meta]
    assert sorted(entry.meta["kontobro"] for entry in booked) == BOOKED
    assert {entry.flag for entry in booked} == {"*"}
    settled = {entry.meta["kontobro"] for entry in booked if entry.meta.get("settled")}
    assert settled == {entry_id(2) + "/pay", entry_id(3)}
    receipts = [Path(entry.filename).name for entry in entries if isinstance(entry, Document)]
    assert len(receipts) == len(set(receipts)) == 3
    assert connected.states() == STATES
    assert [str(job.status) for job in connected.sandbox.jobs] == ["completed_with_errors"]


def test_a_whole_run_crosses_exactly_these_boundaries(tmp_path: Path) -> None:
    with a_connected_home(tmp_path, kill_company()) as connected:
        result = connected.export()
        assert result is not None
        assert (result["booked"], result["failed"], result["receipts"]) == (4, 1, 3)
        assert connected.boundaries == BOUNDARIES
        assert_whole(connected)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_at_and_run_again(tmp_path: Path, boundary: str) -> None:
    with a_connected_home(tmp_path, kill_company()) as connected:
        assert connected.export(at=boundary) is None
        connected.sandbox.move_clock(LATER)
        connected.export()
        assert_whole(connected)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_and_all_history_lost(tmp_path: Path, boundary: str) -> None:
    """Truth lives in Pleo and in the ledger: our store keeps settings and tokens only, and nothing doubles."""
    with a_connected_home(tmp_path, kill_company()) as connected:
        assert connected.export(at=boundary) is None
        forget_history(connected)
        connected.export(take_over=True)
        assert_whole(connected)
