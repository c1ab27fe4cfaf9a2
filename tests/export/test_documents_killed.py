"""Documents, killed anywhere and run again: each item in exactly one sealed document, numbers without a gap, the folder
as if nothing had happened; also with all history lost, since the manifests are beside the documents."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.connected_home import ConnectedHome, a_connected_home, forget_history
from tests.support.plain_documents import rows_of
from tests.support.pleo_company import entry_id, kill_company

pytestmark = pytest.mark.kill

WRITES = [
    "store.begin_job#1",
    "store.claim_job#1",
    "pleo.start#1",
    "store.claim_job#2",
    "store.plan#1",
    "store.move#1",
    "store.move#2",
    "store.begin_documents#1",
    "store.keep_file#1",
    "store.keep_file#2",
    "store.keep_file#3",
    "store.keep_file#4",
    "store.keep_file#5",
    "store.seal_documents#1",
    "store.note_delivery#1",
    "delivery.deliver#1",
    "delivery.deliver#2",
    "delivery.deliver#3",
    "delivery.deliver#4",
    "delivery.deliver#5",
    "store.note_delivery#3",
    "store.move#3",
    "store.move#4",
    "pleo.report#1",
    "store.move#5",
    "pleo.complete#1",
    "store.end_job#1",
]
BOUNDARIES = [f"{write}:{side}" for write in WRITES for side in ("before", "after")]
NAMED = BOUNDARIES.index("delivery.deliver#5:after")
BOUNDARIES[NAMED:NAMED] = ["store.note_delivery#2:before", "store.note_delivery#2:after"]
"""The rows, the last file, are written beside; that they get their name now is stored before they do."""
IN_DOUBT = "store.note_delivery#2:after"
LATER = timedelta(minutes=8)
STATES = {entry_id(number): "successful" for number in (1, 2, 3, 4)} | {entry_id(5): "failed"}
BOOKED = sorted([entry_id(1), entry_id(2), entry_id(2) + "/pay", entry_id(3), entry_id(4)])


def assert_whole(connected: ConnectedHome, folder: Path) -> None:
    rows = rows_of(folder)
    assert sorted(str(row["reference"]) for row in rows) == BOOKED
    assert sorted(str(row["number"]) for row in rows) == ["A1", "A2", "A3", "P1", "P2"]
    for manifest in folder.glob("*.manifest.json"):
        for name, _, digest, _ in json.loads(manifest.read_text())["files"]:
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {name for row in rows for name in row["receipts"]} == {  # type: ignore[attr-defined]
        path.name for path in folder.iterdir() if path.suffix not in (".jsonl", ".json")
    }
    assert connected.states() == STATES
    assert [str(job.status) for job in connected.sandbox.jobs] == ["completed_with_errors"]


def test_a_whole_run_crosses_exactly_these_boundaries(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    with a_connected_home(tmp_path, kill_company(), documents=str(folder)) as connected:
        result = connected.export()
        assert result is not None
        assert connected.boundaries == BOUNDARIES
        assert (result["booked"], result["failed"], result["receipts"]) == (4, 1, 3)
        assert_whole(connected, folder)


@pytest.mark.parametrize("boundary", [name for name in BOUNDARIES if name != IN_DOUBT])
def test_killed_at_and_run_again(tmp_path: Path, boundary: str) -> None:
    folder = tmp_path / "documents"
    with a_connected_home(tmp_path, kill_company(), documents=str(folder)) as connected:
        assert connected.export(at=boundary) is None
        connected.sandbox.move_clock(LATER)
        connected.export()
        assert_whole(connected, folder)


NOWHERE = BOUNDARIES[BOUNDARIES.index("store.seal_documents#1:after") : BOUNDARIES.index("delivery.deliver#1:after")]
"""Sealed, and nothing of it delivered."""

HALF = BOUNDARIES[BOUNDARIES.index("delivery.deliver#1:after") : BOUNDARIES.index("delivery.deliver#5:after")]
"""Sealed, its manifest there, and not yet all of its files."""


@pytest.mark.parametrize("boundary", [name for name in BOUNDARIES if name not in (*NOWHERE, *HALF)])
def test_killed_and_all_history_lost(tmp_path: Path, boundary: str) -> None:
    """What is in the folder is known again from its manifest; what was never sealed is written for the first time."""
    folder = tmp_path / "documents"
    with a_connected_home(tmp_path, kill_company(), documents=str(folder)) as connected:
        assert connected.export(at=boundary) is None
        forget_history(connected)
        connected.export(take_over=True)
        assert_whole(connected, folder)


@pytest.mark.parametrize("boundary", NOWHERE)
def test_a_sealed_document_that_is_nowhere_stops_the_export(tmp_path: Path, boundary: str) -> None:
    """The last number is kept with the secrets: a backup is restored, or a person says what was last."""
    folder = tmp_path / "documents"
    with a_connected_home(tmp_path, kill_company(), documents=str(folder)) as connected:
        assert connected.export(at=boundary) is None
        forget_history(connected)
        result = connected.export(take_over=True)
        if boundary == "store.seal_documents#1:after":  # killed before the secret: nothing was said of it to anyone
            assert_whole(connected, folder)
            return
        assert result is not None
        assert (result["event"], result["booked"], result["failure_type"]) == ("failed", 0, "invalid_configuration")
        assert "document 1 was sealed" in result["failure"]
        assert rows_of(folder) == []


@pytest.mark.parametrize("boundary", HALF)
def test_a_half_delivered_document_without_history_waits_for_a_person(tmp_path: Path, boundary: str) -> None:
    """Whether its files never came or were taken by the accounting system, no one can tell."""
    folder = tmp_path / "documents"
    with a_connected_home(tmp_path, kill_company(), documents=str(folder)) as connected:
        assert connected.export(at=boundary) is None
        before = rows_of(folder)
        forget_history(connected)
        result = connected.export(take_over=True)
        assert result is not None
        assert (result["booked"], result["failed"]) == (0, 5)
        assert rows_of(folder) == before
        assert set(connected.states().values()) == {"failed"}


def test_what_was_sealed_right_before_the_kill_is_remembered_before_it_is_delivered(tmp_path: Path) -> None:
    """Delivered by the next run, taken from the folder with its manifest: no one else knows of it then."""
    folder = tmp_path / "documents"
    with a_connected_home(tmp_path, kill_company(), documents=str(folder)) as connected:
        assert connected.export(at="store.seal_documents#1:after") is None
        connected.sandbox.move_clock(LATER)
        connected.export()
        assert_whole(connected, folder)
        for path in folder.iterdir():
            path.unlink()
        forget_history(connected)
        ids = [entry_id(1)]
        connected.sandbox.queue(connected.company_id, ids)
        connected.sandbox.press_export(connected.company_id, ids, vendor_based=True)
        result = connected.export()
        assert result is not None
        assert (result["event"], result["booked"]) == ("failed", 0)
        assert "document 1 was sealed" in result["failure"]


def document_state(connected: ConnectedHome) -> str:
    with sqlite3.connect(connected.database) as database:
        ((state,),) = database.execute("SELECT state FROM kontobro_document").fetchall()
    database.close()
    return str(state)


@pytest.mark.parametrize("boundary", [IN_DOUBT, "delivery.deliver#5:after", "store.note_delivery#3:before"])
def test_rows_that_may_have_been_taken_are_not_delivered_again(tmp_path: Path, boundary: str) -> None:
    """The accounting system takes rows as soon as they have their name; killed before we could note that they had."""
    folder = tmp_path / "documents"
    with a_connected_home(tmp_path, kill_company(), documents=str(folder)) as connected:
        assert connected.export(at=boundary) is None
        for path in folder.glob("document-*.jsonl"):
            path.unlink()
        connected.sandbox.move_clock(LATER)
        result = connected.export()
        assert result is not None
        assert (result["event"], result["booked"]) == ("failed", 0)
        assert "may have been delivered" in result["failure"]
        assert rows_of(folder) == []
        assert document_state(connected) == "unsure"


@pytest.mark.parametrize("boundary", ["delivery.deliver#5:before", "store.note_delivery#2:before"])
def test_rows_that_never_had_their_name_are_delivered(tmp_path: Path, boundary: str) -> None:
    """Whatever else was taken meanwhile."""
    folder = tmp_path / "documents"
    with a_connected_home(tmp_path, kill_company(), documents=str(folder)) as connected:
        assert connected.export(at=boundary) is None
        assert rows_of(folder) == []
        connected.sandbox.move_clock(LATER)
        connected.export()
        assert_whole(connected, folder)
