"""The same expense comes again: recognised, in conflict, voided or deleted; and what is booked otherwise than sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import Uncertain
from kontobro.core.model.journal import Booking, Entry
from pleo_sandbox.model import Expense, Json
from tests.support.connected_home import SETTINGS
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, a_line, a_receipt, an_item, entry_id, money, payable

ONE, TWO = entry_id(1), entry_id(2)


def exported_once(item: Json) -> Any:
    return a_company(Expense(item, (a_receipt(1),)), Expense(payable(2)))


def test_the_same_facts_are_already_booked(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:
        assert office.export().booked == 2
        before = [path.read_bytes() for path in office.batches]
        office.again(ONE, TWO)
        result = office.export()
        assert (result.event, result.booked, result.already_booked, result.receipts) == ("completed", 0, 2, 0)
        assert [path.read_bytes() for path in office.batches] == before
        state = office.sandbox.item_state(office.desk.company_id, ONE)
        assert state is not None
        assert state["externalId"] == ONE
        office.assert_agree()


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": money(20_000), "accountingEntryLines": [a_line(20_000)]},
        {"date": "2026-10-06T11:22:33Z"},
        {"accountingEntryLines": [a_line(10_000, account={"id": "x", "name": "Goods", "code": "4010"})]},
        {"accountingEntryLines": [a_line(4_000), a_line(6_000)]},
        {"type": "refund"},
    ],
    ids=["amount", "date", "account", "split", "type"],
)
def test_other_facts_are_a_conflict(tmp_path: Path, changed: Json) -> None:
    item = an_item(1)
    with an_export_harness(tmp_path, exported_once(item)) as office:
        office.export()
        before = office.entries()[ONE]
        item.update(changed)
        office.again(ONE, TWO)
        result = office.export()
        assert (result.event, result.already_booked, result.failed) == ("completed_with_errors", 1, 1)
        failure, text = office.failure(ONE)
        assert failure == "accounting_system_validation_failure"
        assert f"Already booked as {ONE} with other content" in text
        assert "Void it" in text
        assert office.entries()[ONE].postings == before.postings
        office.void(ONE)
        office.again(ONE)
        assert office.export().booked == 1
        assert office.desk.states() == {ONE: "successful"}


def test_other_texts_and_settings_are_no_conflict(tmp_path: Path) -> None:
    item = an_item(1)
    with an_export_harness(tmp_path, exported_once(item)) as office:
        office.export()
        item.update({"note": "another note", "supplier": {"name": "Another name"}})
        office.set(wallets={"DKK": "1010"})
        office.again(ONE)
        assert office.export().already_booked == 1
        assert office.entries()[ONE].payee == "Kontor & Papir A/S"


def test_a_bookkeepers_corrections_stay(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:
        office.export()
        office.edit(ONE, lambda block: block.replace("Expenses:Office-Supplies", "Expenses:Goods"))
        office.again(ONE)
        assert office.export().already_booked == 1
        assert {posting.account for posting in office.entries()[ONE].postings} >= {"Expenses:Goods"}


@pytest.mark.parametrize("reference", [ONE, TWO, TWO + "/pay"])
def test_what_was_voided_is_booked_anew(tmp_path: Path, reference: str) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:
        office.export()
        office.void(reference)
        office.again(ONE, TWO)
        result = office.export()
        assert (result.event, result.booked, result.already_booked) == ("completed", 1, 1)
        assert sorted(office.entries()) == [ONE, TWO, TWO + "/pay"]
        office.assert_agree()


def test_what_was_voided_is_asked_about_if_so_set(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:
        office.export()
        office.void(ONE)
        office.set(voided="ask")
        office.again(ONE, TWO)
        result = office.export()
        assert (result.already_booked, result.failed) == (1, 1)
        assert "voided" in office.failure(ONE)[1]
        assert sorted(office.entries()) == [TWO, TWO + "/pay"]


@pytest.mark.parametrize("reference", [ONE, TWO, TWO + "/pay"])
def test_what_was_deleted_is_booked_anew(tmp_path: Path, reference: str) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:
        office.export()
        office.delete(reference)
        office.again(ONE, TWO)
        result = office.export()
        assert (result.booked, result.already_booked) == (1, 1)
        assert sorted(office.entries()) == [ONE, TWO, TWO + "/pay"]
        office.assert_agree()


def test_what_stands_is_recognised_after_its_period_was_closed(tmp_path: Path) -> None:
    """It was booked while the period was open, and Pleo was never told: closing the books makes it no failure."""
    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:
        with pytest.raises(RuntimeError):
            office.export_with_fault("pleo.report#1:before", RuntimeError("gone"))
        text = office.desk.ledger.read_text()
        office.desk.ledger.write_text(text.replace('2026-10-31 "open"', '2026-10-31 "closed"'))
        office.mend()
        office.export()
        assert sorted(office.entries()) == [ONE, TWO, TWO + "/pay"]
        _, said = office.failure(ONE)
        assert "Booked all the same" in said


# ------------------------------------------------------------------ booked otherwise than it was sent


def shifted(entry: Entry) -> Entry:
    return replace(entry, date=entry.date + timedelta(days=30))


def moving_on_book(behind: Any, entries: Sequence[Entry]) -> Any:
    return behind.book([shifted(entry) if entry.reference == ONE else entry for entry in entries])


def test_a_draft_with_another_date_is_withdrawn(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:
        office.alter(book=moving_on_book)
        result = office.export()
        assert (result.booked, result.failed) == (1, 1)
        failure, text = office.failure(ONE)
        assert failure == "accounting_system_validation_failure"
        assert "2026-11-04 instead of 2026-10-05" in text
        assert "withdrawn" in text
        assert sorted(office.entries()) == [TWO, TWO + "/pay"]
        office.mend()
        office.again(ONE)
        assert office.export().booked == 1
        office.assert_agree()


def test_a_draft_left_half_done_by_a_write_whose_answer_was_lost_is_written_again(tmp_path: Path) -> None:
    """A connector may need a second call to finish a draft, and be cut off before it."""
    calls = []

    def lost_half_way(behind: Any, entries: Sequence[Entry]) -> Any:
        calls.append(entries)
        if len(calls) > 1:
            return behind.book(entries)
        moving_on_book(behind, entries)
        raise Uncertain("The answer was lost.")

    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:
        office.alter(book=lost_half_way)
        result = office.export()
        assert (result.booked, result.failed, result.uncertain) == (2, 0, 0)
        office.mend()
        office.assert_agree()


def moving_on_post(office: ExportHarness, reference: str = ONE) -> Any:
    def post(behind: Any, bookings: Sequence[Booking]) -> Any:
        if any(booking.reference == reference and booking.status == "draft" for booking in bookings):
            office.edit(reference, lambda block: block.replace("2026-10-05", "2026-11-04"))
        return behind.post(bookings)

    return post


def test_a_date_that_moves_as_it_is_posted_is_said(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:
        office.alter(post=moving_on_post(office))
        result = office.export()
        assert (result.booked, result.failed) == (1, 1)
        _, text = office.failure(ONE)
        assert "2026-11-04 instead of 2026-10-05" in text
        assert "Booked all the same" in text


def test_a_date_that_moves_as_a_draft_of_an_earlier_run_is_posted_is_said(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:
        with pytest.raises(RuntimeError):
            office.export_with_fault("erp.post#1:before", RuntimeError("gone"))
        office.alter(post=moving_on_post(office))
        result = office.export()
        assert (result.failed, result.already_booked) == (1, 1)
        assert "2026-11-04 instead of 2026-10-05" in office.failure(ONE)[1]


def test_a_draft_that_was_corrected_by_hand_is_posted_as_it_is(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1)), replace(SETTINGS, posting="draft")) as office:
        assert office.export().booked == 2
        assert {entry.flag for entry in office.entries().values()} == {"!"}
        office.edit(ONE, lambda block: block.replace("Expenses:Office-Supplies", "Expenses:Goods"))
        office.set(posting="posted")
        office.again(ONE, TWO)
        result = office.export()
        assert (result.event, result.already_booked) == ("completed", 2)
        entries = office.entries()
        assert {entry.flag for entry in entries.values()} == {"*"}
        assert "Expenses:Goods" in {posting.account for posting in entries[ONE].postings}


def test_an_entry_that_vanishes_before_it_is_read_back(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as office:

        def post(behind: Any, bookings: Sequence[Booking]) -> Any:
            answers = behind.post(bookings)
            office.delete(ONE)
            return answers

        office.alter(post=post)
        result = office.export()
        assert (result.booked, result.failed) == (1, 1)
        assert "no longer exists" in office.failure(ONE)[1]
