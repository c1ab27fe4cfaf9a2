"""What an accounting system drops of an entry is seen; one without bills gets journal entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.model.journal import Booking, Entry, JournalEntry, as_journal
from kontobro.core.ports import Connector
from kontobro.export.tieout.collect import summarise
from kontobro.testing.connector.entries import Chart, a_bill
from pleo_sandbox.model import Expense
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, a_line, an_item, entry_id, kill_company, money


@pytest.fixture
def tagged(tmp_path: Path) -> Iterator[ExportHarness]:
    """One card purchase with a tag and a tax code."""
    tag = {"id": entry_id(98), "code": "100", "groupCode": "COST"}
    tax = {"id": entry_id(99), "code": "I25", "rate": 0.25, "type": "inclusive", "amount": money(2_000)}
    item = an_item(1, accountingEntryLines=[a_line(10_000, tags=[tag], tax=tax)])
    with an_export_harness(tmp_path, a_company(Expense(item))) as harness:
        yield harness


def losing(**lost: Any) -> dict[str, Any]:
    """A connector that books all entries without something of their lines."""

    def book(behind: Connector, entries: Sequence[Entry]) -> Any:
        return behind.book([replace(e, lines=tuple(replace(line, **lost) for line in e.lines)) for e in entries])

    return {"book": book}


@pytest.mark.parametrize(
    ("lost", "named"),
    [({"dimensions": ()}, "dimension 100"), ({"tax_code": None}, "tax code I25")],
    ids=["dimensions", "tax_codes"],
)
def test_an_entry_that_lost_something_is_refused_and_taken_back(
    tagged: ExportHarness, lost: dict[str, Any], named: str
) -> None:
    tagged.alter(**losing(**lost))
    result = tagged.export()
    assert (result.booked, result.failed) == (0, 1)
    reason, message = tagged.failure(entry_id(1))
    assert reason == "accounting_system_validation_failure"
    assert named in message
    assert "instead of" in message
    assert tagged.entries() == {}


def test_what_the_system_does_not_give_back_is_not_compared(tagged: ExportHarness) -> None:
    def blind(found: Booking) -> Booking:
        return replace(found, dimension_sums=None, tax_code_sums=None)

    def book(behind: Connector, entries: Sequence[Entry]) -> Any:
        return [blind(found) for found in losing(dimensions=(), tax_code=None)["book"](behind, entries)]

    tagged.alter(
        book=book,
        find=lambda behind, keys: {key: blind(one) for key, one in behind.find(keys).items()},
        post=lambda behind, bookings: [blind(one) for one in behind.post(bookings)],
    )
    assert tagged.export().booked == 1


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [("COST=100", "COST=200", "dimension 100"), ('tax-code: "I25"', 'tax-code: "I0"', "tax code I25")],
    ids=["dimensions", "tax_codes"],
)
def test_what_a_person_changed_since_shows_in_the_tie_out(
    tagged: ExportHarness, old: str, new: str, named: str
) -> None:
    assert tagged.export().booked == 1
    assert tied(tagged) == {}
    tagged.edit(entry_id(1), lambda block: block.replace(old, new))
    assert named in tied(tagged)["details_differ"]


def tied(harness: ExportHarness) -> dict[str, str]:
    result = summarise(harness.connection, harness.book_ports)
    assert result.in_detail == result.entries
    return {entry.verdict: "; ".join(entry.changes) for entry in result.differing}


def test_a_system_without_bills_gets_journal_entries(tmp_path: Path) -> None:
    sent: list[Entry] = []

    def book(behind: Connector, entries: Sequence[Entry]) -> Any:
        sent.extend(entries)
        return behind.book(entries)

    with an_export_harness(tmp_path, kill_company()) as harness:
        with_bills = harness.connector.capabilities
        harness.alter(capabilities=replace(with_bills, bills=False), book=book)
        result = harness.export()
        assert (result.booked, result.failed) == (4, 1)
        assert len(sent) == 5
        assert {type(entry) for entry in sent} == {JournalEntry}
        assert {row.kind for row in harness.store.bookings(harness.connection.id)} <= {"journal", "item"}
        assert tied(harness).keys() == {"not_booked"}


def test_a_journal_entry_of_a_bill_keeps_all_that_an_entry_has() -> None:
    bill = a_bill(Chart(), notes=("n",), attendees=("A",))
    journal = as_journal(bill)
    assert all(getattr(journal, one.name) == getattr(bill, one.name) for one in fields(Entry))
