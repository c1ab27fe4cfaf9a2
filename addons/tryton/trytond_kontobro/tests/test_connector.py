"""The connector keeps the contract of all connectors, in Tryton's own process."""

from __future__ import annotations

from functools import partial

import pytest

from kontobro.core.journal import Booking
from kontobro.erp.common import Refused
from kontobro.testing.connector_contract import Books, ConnectorContract
from kontobro.testing.entries import Chart, a_journal

from .house import Bookkeeper, calls, chart, connector


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
    with pytest.raises(Refused, match="booked already"):
        api.write("model.account.move.create", [again | {"kontobro_reference": entry.reference}])


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
