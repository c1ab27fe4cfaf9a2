"""A company that was moved, and an exporter of its new books that is killed anywhere: nothing comes into both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from kontobro.core.model.connection import Tokens
from kontobro.store import open_store
from pleo_sandbox.model import Expense
from tests.support.connected_home import ConnectedHome, a_connected_home, forget_history
from tests.support.pleo_company import a_company, an_item, entry_id

OLD, NEW = entry_id(1), entry_id(2)
BEFORE_BOOKING = ["store.plan#1:after", "store.move#1:after", "pleo.report#1:after"]
BOUNDARIES = [*BEFORE_BOOKING, "erp.book#1:before", "erp.book#1:after"]


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[ConnectedHome]:
    """Both expenses are in the first books; the company has new ones."""
    with a_connected_home(tmp_path, a_company(Expense(an_item(1)), Expense(an_item(2)))) as first:
        result = first.export()
        assert result is not None
        path = tmp_path / "second"
        shutil.copytree(Path(str(resources.files("kontobro.erp.beancount") / "demo")), path)
        second = replace(first, options={"ledger": str(path / "ledger.beancount")})
        with open_store(first.database) as store:
            (old,) = store.connections()
            store.save_connection(replace(old, status="disconnected"))
            new = replace(old, id="a-second", name="Second", erp_options=second.options)
            store.save_connection(new, Tokens(access=first.key))
        yield second


def in_books(folder: Path) -> set[str]:
    """The references in a ledger's bookings."""
    text = "".join(path.read_text() for path in (folder / "bookings").glob("*.beancount"))
    return {reference for reference in (OLD, NEW) if f'kontobro: "{reference}"' in text}


def export_to_its_end(home: ConnectedHome, at: str) -> None:
    """Killed at that boundary, where it is crossed, and then again until the job has ended."""
    home.sandbox.queue(home.company_id, (OLD, NEW))
    home.sandbox.press_export(home.company_id, (OLD, NEW), vendor_based=True)
    home.attempt(at=at)
    if home.sandbox.jobs[-1].is_open:
        assert home.export() is not None


@pytest.mark.parametrize("at", BEFORE_BOOKING)
@pytest.mark.parametrize("shown", [False, True])
def test_nothing_comes_into_both_books(moved: ConnectedHome, at: str, shown: bool) -> None:
    moved.sandbox.set_rules({"keeps_external_id": shown})
    first, second = moved.folder / "ledger", moved.folder / "second"
    before = in_books(first)
    export_to_its_end(moved, at)
    assert in_books(first) == before
    assert not in_books(first) & in_books(second)
    assert not [name for name in moved.boundaries if name.startswith("erp.book")]
    assert moved.states() == dict.fromkeys(before, "failed")


@pytest.mark.parametrize("at", BOUNDARIES)
def test_history_lost_after_a_kill_makes_no_second_booking_and_no_conflict(tmp_path: Path, at: str) -> None:
    """Where Pleo shows the ids that we gave: the ledger's own entry is proof enough."""
    with a_connected_home(tmp_path, a_company(Expense(an_item(1)), Expense(an_item(2)))) as home:
        home.sandbox.set_rules({"keeps_external_id": True})
        home.attempt(at=at)
        forget_history(home)
        if home.sandbox.jobs[-1].is_open:
            home.export(take_over=True)
        home.sandbox.queue(home.company_id, (OLD, NEW))
        home.sandbox.press_export(home.company_id, (OLD, NEW), vendor_based=True)
        forget_history(home)
        assert home.export() is not None
        assert in_books(tmp_path / "ledger") == {OLD, NEW}
        text = "".join(path.read_text() for path in (tmp_path / "ledger" / "bookings").glob("*.beancount"))
        assert text.count(f'kontobro: "{OLD}"') == 1
        assert home.states() == dict.fromkeys([OLD, NEW], "successful")
