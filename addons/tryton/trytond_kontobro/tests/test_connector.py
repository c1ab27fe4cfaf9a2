"""The connector keeps the contract of all connectors, in Tryton's own process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import pytest
from trytond.pool import Pool
from trytond.transaction import Transaction

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking
from kontobro.core.model.masterdata import Vendor
from kontobro.erp.kit.http import Refused
from kontobro.testing.connector.entries import Chart, a_journal
from kontobro.testing.connector.faults import in_processes
from kontobro.testing.connector.vendors import a_vendor
from kontobro.testing.connector_contract import Books, ConnectorContract

from ..series import connect
from .company import DATABASE, Bookkeeper, calls, chart, connector, user


@pytest.fixture(scope="module")
def company() -> Chart:
    return chart()


class TestInProcess(ConnectorContract):
    @pytest.fixture
    def books(self, company: Chart) -> Books:
        bookkeeper = Bookkeeper()
        return Books(
            connector=connector(),
            bookkeeper=bookkeeper,
            chart=company,
            elsewhere=partial(connector, "accountant"),
            stranger=connector("stranger"),
            in_base=bookkeeper.in_base,
        )


def test_tryton_itself_refuses_a_second_entry_under_one_reference(company: Chart) -> None:
    entry = a_journal(company)
    (booking,) = connector().book([entry])
    assert isinstance(booking, Booking)
    api = calls("accountant")
    (move,) = api.rows("account.move", [["id", "=", int(booking.id)]], ["journal", "period", "date", "company"])
    again = {**{name: move[name] for name in ("journal", "period", "date", "company")}}
    with pytest.raises(Refused, match="already booked"):
        api.write("model.account.move.create", [again | {"kontobro_reference": entry.reference}])


@pytest.mark.parametrize("reference", ["another", None])
def test_no_one_changes_the_reference_of_an_entry(company: Chart, reference: str | None) -> None:
    entry = a_journal(company)
    (booking,) = connector().book([entry])
    assert isinstance(booking, Booking)
    changes = [[int(booking.id)], {"description": "mine"}, [int(booking.id)], {"kontobro_reference": reference}]
    for asked in (changes, changes[2:]):
        with pytest.raises(Refused, match="can't be changed"):
            calls("bookkeeper").write("model.account.move.write", *asked)
    assert connector().find([entry.reference])[entry.reference] == booking


def test_a_copy_stands_for_no_expense(company: Chart) -> None:
    entry = a_journal(company)
    (booking,) = connector().book([entry])
    assert isinstance(booking, Booking)
    calls("bookkeeper").write("model.account.move.copy", [int(booking.id)])
    rows = list(calls("bookkeeper").rows("account.move", [["kontobro_reference", "=", entry.reference]], ["id"]))
    assert [str(row["id"]) for row in rows] == [booking.id]


def test_an_entry_is_found_though_a_person_changed_its_texts(company: Chart) -> None:
    entry = a_journal(company)
    (booking,) = connector().book([entry])
    assert isinstance(booking, Booking)
    api = calls("bookkeeper")
    lines = [row["id"] for row in api.rows("account.move.line", [["move", "=", int(booking.id)]], ["id"])]
    api.write("model.account.move.line.write", lines, {"description": "my own words"})
    assert connector().find([entry.reference])[entry.reference].id == booking.id
    assert connector().book([entry]) == connector().book([entry])


@contextmanager
def held(statement: str, seconds: float) -> Iterator[None]:
    """What a statement locks is another session's for a while."""
    with closing(connect(DATABASE)) as other:
        other.autocommit = False
        other.cursor().execute(statement)
        timer = threading.Timer(seconds, other.rollback)
        timer.start()
        try:
            yield
        finally:
            timer.join()


@pytest.mark.parametrize("table", ["ir_sequence", "ir_sequence_strict", "account_move"])
def test_what_another_holds_is_waited_for(company: Chart, table: str) -> None:
    """Tryton asks for them without waiting, and is refused: nothing was done, so it is asked again."""
    entry = a_journal(company)
    with held(f"SELECT id FROM {table} FOR UPDATE", 2.0):  # noqa: S608 - our own names
        (booking,) = connector().book([entry])
        assert isinstance(booking, Booking)
        posted = connector().post([booking])
    assert [one.id for one in posted if isinstance(one, Booking)] == [booking.id]
    assert Bookkeeper().count(entry.reference) == 1


def written(vendors: list[Vendor]) -> list[Vendor | Problem]:
    """By a connector of this process's own."""
    return list(connector().write(vendors))


def test_two_processes_at_once_write_each_vendor_once() -> None:
    asked = [a_vendor(f"both-{n}") for n in range(20)]
    one, other = in_processes(partial(written, asked), 2)
    assert one == other
    rows = calls("bookkeeper").rows("party.party", [["name", "like", "Vendor both-%"]], ["name"])
    assert sorted(row["name"] for row in rows) == sorted(vendor.name for vendor in asked)


def test_a_vendor_that_tryton_refuses_is_a_problem_alone() -> None:
    first, problem, last = written(
        [a_vendor("good-1"), a_vendor("bad", tax_registration_number="DK12345678"), a_vendor("good-2")]
    )
    assert [type(first), type(last)] == [Vendor, Vendor]
    assert isinstance(problem, Problem)
    assert "DK12345678" in problem.message


def test_a_call_leaves_the_transaction_around_it_alone() -> None:
    """A wizard's, say. With a tax number Tryton puts something off until after the commit."""
    with Transaction().start(DATABASE, user("bookkeeper")) as around:
        mine = Pool().get("party.party").create([{"name": "Not saved yet"}])
        (vendor,) = written([a_vendor("within", tax_registration_number="SE556036079301")])
        assert isinstance(vendor, Vendor)
        assert (Transaction(), around.user) == (around, user("bookkeeper"))
        assert [party.name for party in mine] == ["Not saved yet"]
        around.rollback()


def test_a_vendor_whose_party_is_not_active_is_told() -> None:
    (vendor,) = written([a_vendor("asleep")])
    assert isinstance(vendor, Vendor)
    calls("bookkeeper").write("model.party.party.write", [int(vendor.id)], {"active": False})
    (problem,) = written([a_vendor("asleep")])
    assert isinstance(problem, Problem)
    assert problem.code == "vendor_inactive"
