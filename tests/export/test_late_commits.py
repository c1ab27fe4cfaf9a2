"""A write that commits only after its caller has gone: by its time, the caller's next run must not have written again.

The accounting system commits in a process of its own, `LATE` seconds after it was asked; the caller is told nothing
(as of a gateway's timeout), or is dead by then.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.export.test_killed_searchable import BOOKED, assert_whole
from tests.support.connected_home import ConnectedHome, a_connected_home, forget_history
from tests.support.plain_erp import PlainErp
from tests.support.pleo_company import entry_id, kill_company

pytestmark = pytest.mark.kill

LATE = 0.6
SETTLE_AFTER = 2.0

DEAD_WHILE_IT_COMMITS = "store.move#3:before"
"""The first write is on its way, its outcome unknown; the caller dies before it can even note that."""


@contextmanager
def late_home(folder: Path, **order: Any) -> Iterator[ConnectedHome]:
    orders = {"plain": str(folder / "plain"), "settle_after": SETTLE_AFTER} | order
    with a_connected_home(folder, kill_company(), **orders) as connected:
        yield connected


def booked(connected: ConnectedHome) -> Counter[str]:
    """How often each reference is in the accounting system."""
    return Counter(line["reference"] for line in PlainErp(connected.folder / "plain", []).lines())


def wait_for(connected: ConnectedHome, entries: int) -> Counter[str]:
    """The accounting system has committed that many entries; it would take half a minute to give up on it."""
    end = time.monotonic() + 30
    while (is_booked := booked(connected)).total() < entries:
        assert time.monotonic() < end, f"only {is_booked} ever came"
        time.sleep(0.05)
    return is_booked


def test_one_run_heals_itself(tmp_path: Path) -> None:
    """No write is ever answered: each is waited for and found."""
    with late_home(tmp_path, commit_after=LATE) as connected:
        result = connected.export()
        assert result is not None
        assert (result["booked"], result["failed"], result["uncertain"]) == (4, 1, 0)
        assert connected.boundaries.count("erp.book#1:before") == 1
        assert "erp.book#4:before" not in connected.boundaries, "it wrote again"
        assert_whole(connected)


@pytest.mark.parametrize("forgetful", [False, True], ids=["history kept", "history lost"])
def test_killed_while_it_commits(tmp_path: Path, forgetful: bool) -> None:
    with late_home(tmp_path) as connected:
        assert connected.export(at=DEAD_WHILE_IT_COMMITS, commit_after=LATE) is None
        assert not booked(connected), "it committed before the next run began: nothing would be proved"
        if forgetful:
            forget_history(connected)
        connected.export(take_over=forgetful)
        assert_whole(connected)


def test_killed_while_it_commits_and_exported_again(tmp_path: Path) -> None:
    """Found by seeds: all history is lost, the job is cancelled in Pleo, and a person presses Export again. The new job
    is no one else's, and what the old one wrote is still under way when the next run begins."""
    with late_home(tmp_path, settle_after=8) as connected:
        assert connected.export(at=DEAD_WHILE_IT_COMMITS, commit_after=6) is None
        dead = time.monotonic()
        forget_history(connected)
        connected.sandbox.cancel_job(connected.sandbox.jobs[-1].id)
        expenses = [entry_id(number) for number in range(1, 6)]
        connected.sandbox.press_export(connected.company_id, expenses, vendor_based=True)
        connected.export()
        time.sleep(max(0.0, dead + 8 - time.monotonic()))  # all that was under way is there
        assert booked(connected) == dict.fromkeys(BOOKED, 1)


@pytest.mark.parametrize("forgetful", [False, True], ids=["history kept", "history lost"])
def test_without_the_wait_it_would_double(tmp_path: Path, forgetful: bool) -> None:
    """What the tests above can tell: an accounting system that says "at once" and commits late gets doubles."""
    with late_home(tmp_path, settle_after=0) as connected:
        assert connected.export(at=DEAD_WHILE_IT_COMMITS, commit_after=4) is None
        if forgetful:
            forget_history(connected)
        connected.export(take_over=forgetful)
        is_booked = wait_for(connected, len(BOOKED) + 2)
        assert {reference for reference, times in is_booked.items() if times > 1} == {entry_id(1), entry_id(2)}
