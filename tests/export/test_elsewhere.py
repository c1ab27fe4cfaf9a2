"""No path exports one expense into two books: every way that a company, its history and its books can go."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Tokens
from kontobro.erp.registry import load_connector
from kontobro.export.preview import preview_job
from kontobro.store import open_store
from pleo_sandbox.model import Expense
from tests.support.connected_home import forget_history
from tests.support.empty_store import put_empty_store
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, an_item, entry_id, invoice

FIRST, SECOND = entry_id(1), entry_id(2)


@dataclass
class TwoBooks:
    """A company whose expenses are booked in the first books, and other books that it gets next."""

    first: ExportHarness
    second: ExportHarness

    def booked_once(self) -> None:
        """Whatever happened: no expense is in both."""
        assert not set(self.first.entries()) & set(self.second.entries())


@contextmanager
def two_books(folder: Path) -> Iterator[TwoBooks]:
    company = a_company(Expense(an_item(1)), Expense(invoice(2, "INV-1")))
    with an_export_harness(folder, company) as first:
        assert first.export().event == "completed"
        path = folder / "second"
        shutil.copytree(Path(str(resources.files("kontobro.erp.beancount") / "demo")), path)
        options = {"ledger": str(path / "ledger.beancount")}
        connection = replace(first.connection, id="second", name="Second", erp_options=options)
        connected = replace(first.connected, options=options)
        books = load_connector("beancount", options)
        yield TwoBooks(first, replace(first, connected=connected, connector=books, connection=connection))


@pytest.fixture
def both(tmp_path: Path) -> Iterator[TwoBooks]:
    with two_books(tmp_path) as opened:
        yield opened


def tokens_of(both: TwoBooks) -> Tokens:
    return Tokens(access=both.first.connected.key)


def end_first(both: TwoBooks) -> None:
    both.first.store.save_connection(replace(both.first.connection, status="disconnected"))


def move(both: TwoBooks) -> None:
    """The first connection ends, the second takes the company over."""
    end_first(both)
    use_second(both)


def delete_first(both: TwoBooks) -> None:
    end_first(both)
    both.first.store.delete_connection("desk")
    use_second(both)


def use_second(both: TwoBooks) -> None:
    both.second.store.save_connection(both.second.connection, tokens_of(both))


def another_home(both: TwoBooks) -> None:
    """The second books are in an installation that can't see the first; Pleo knows that they were exported."""
    both.second.sandbox.set_rules({"keeps_external_id": True})
    store = open_store(put_empty_store(both.first.connected.folder / "elsewhere.sqlite3"))
    both.second.store = store
    use_second(both)


PATHS = [move, delete_first, another_home]


@pytest.mark.parametrize("path", PATHS)
def test_what_is_in_the_first_books_is_a_conflict_in_the_second(
    both: TwoBooks, path: Callable[[TwoBooks], None]
) -> None:
    path(both)
    for _ in range(3):  # also after the conflict was reported
        both.second.again(FIRST, SECOND)
        result = both.second.export()
        assert (result.failed, result.booked, result.already_booked) == (2, 0, 0)
        assert not both.second.entries()
    reason, told = both.second.failure(FIRST)
    number = both.first.connector.find([FIRST])[FIRST].id  # type: ignore[index,list-item]
    assert reason == "accounting_system_validation_failure"
    assert number in told
    assert ("beancount" in told) == (path is not another_home)
    both.booked_once()


@pytest.mark.parametrize("path", PATHS)
def test_a_person_decides_for_one_expense(both: TwoBooks, path: Callable[[TwoBooks], None]) -> None:
    path(both)
    both.second.again(FIRST, SECOND)
    both.second.export()
    waiting = both.second.store.elsewhere("second")  # type: ignore[attr-defined]
    assert {one.entry_id for one in waiting} == {FIRST, SECOND}
    both.first.delete(FIRST)  # it was wrong there
    assert both.second.store.book_here("second", FIRST, both.second.clock.now())  # type: ignore[attr-defined]
    both.second.again(FIRST, SECOND)
    result = both.second.export()
    assert (result.booked, result.failed) == (1, 1)
    assert set(both.second.entries()) == {FIRST}
    both.booked_once()
    both.second.again(FIRST, SECOND)
    assert both.second.export().already_booked == 1


@pytest.mark.parametrize("path", PATHS)
def test_the_preview_says_it_first(both: TwoBooks, path: Callable[[TwoBooks], None]) -> None:
    path(both)
    both.second.again(FIRST)
    (job,) = both.second.pleo.jobs(["pending"])
    (shown,) = preview_job(both.second.connection, job, both.second.ports)
    assert [one.code for one in shown.problems] == ["booked_elsewhere"]


def test_back_in_the_first_books_everything_is_as_it_was(both: TwoBooks) -> None:
    move(both)
    both.second.store.save_connection(replace(both.second.connection, status="disconnected"))
    both.first.store.save_connection(both.first.connection, tokens_of(both))
    both.first.again(FIRST, SECOND)
    assert both.first.export().already_booked == 2


@pytest.mark.parametrize("shown", [False, True])
def test_history_that_is_lost_makes_no_conflict_where_the_ledger_shows_the_entry(both: TwoBooks, shown: bool) -> None:
    """Also where Pleo shows the ids that we gave: they are ours, though nothing here remembers them."""
    desk = both.first
    desk.sandbox.set_rules({"keeps_external_id": shown})
    forget_history(desk.connected)
    desk.again(FIRST, SECOND)
    result = desk.export()
    assert (result.already_booked, result.failed, result.booked) == (2, 0, 0)
    desk.assert_agree()


def test_what_was_voided_here_is_booked_again_though_pleo_has_its_id(both: TwoBooks) -> None:
    desk = both.first
    desk.sandbox.set_rules({"keeps_external_id": True})
    desk.set(voided="book")
    desk.void(FIRST)
    desk.delete(SECOND)
    desk.again(FIRST, SECOND)
    result = desk.export()
    assert (result.booked, result.failed) == (2, 0)
    desk.void(FIRST)
    forget_history(desk.connected)
    desk.again(FIRST)
    assert desk.export().booked == 1  # the void document itself says whose id it was


def test_what_was_deleted_here_with_its_history_waits_for_a_person(both: TwoBooks) -> None:
    desk = both.first
    desk.sandbox.set_rules({"keeps_external_id": True})
    desk.delete(FIRST)
    forget_history(desk.connected)
    desk.again(FIRST)
    assert desk.export().failed == 1
    assert desk.store.book_here("desk", FIRST, desk.clock.now())  # type: ignore[attr-defined]
    desk.again(FIRST)
    assert desk.export().booked == 1


@pytest.mark.parametrize("ended", [{"trial": True}, {"status": "disconnected"}])
def test_a_trial_and_a_connection_that_ended_export_nothing(both: TwoBooks, ended: dict[str, object]) -> None:
    desk = both.first
    desk.again(FIRST)
    desk.store.save_connection(replace(desk.connection, **ended))  # type: ignore[arg-type]
    with pytest.raises(Misconfigured):
        desk.export()  # with the connection as it was read before
    assert desk.connected.states() == {FIRST: "pending"}
