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
from kontobro.erp.kit.flow import not_posted
from pleo_sandbox.model import Expense, Json
from tests.support.connected_home import SETTINGS
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, a_line, a_receipt, an_item, entry_id, money, payable

ONE, TWO = entry_id(1), entry_id(2)


def exported_once(item: Json) -> Any:
    return a_company(Expense(item, (a_receipt(1),)), Expense(payable(2)))


def test_the_same_facts_are_already_booked(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        assert harness.export().booked == 2
        before = [path.read_bytes() for path in harness.batches]
        harness.again(ONE, TWO)
        result = harness.export()
        assert (result.event, result.booked, result.already_booked, result.receipts) == ("completed", 0, 2, 0)
        assert [path.read_bytes() for path in harness.batches] == before
        state = harness.sandbox.item_state(harness.connected.company_id, ONE)
        assert state is not None
        assert state["externalId"] == ONE
        harness.assert_agree()


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
    with an_export_harness(tmp_path, exported_once(item)) as harness:
        harness.export()
        before = harness.entries()[ONE]
        item.update(changed)
        harness.again(ONE, TWO)
        result = harness.export()
        assert (result.event, result.already_booked, result.failed) == ("completed_with_errors", 1, 1)
        failure, text = harness.failure(ONE)
        assert failure == "accounting_system_validation_failure"
        assert f"Already booked as {ONE} with other content" in text
        assert "Void it" in text
        assert harness.entries()[ONE].postings == before.postings
        harness.void(ONE)
        harness.again(ONE)
        assert harness.export().booked == 1
        assert harness.connected.states() == {ONE: "successful"}


def test_other_texts_and_settings_are_no_conflict(tmp_path: Path) -> None:
    item = an_item(1)
    with an_export_harness(tmp_path, exported_once(item)) as harness:
        harness.export()
        item.update({"note": "another note", "supplier": {"name": "Another name"}})
        harness.set(wallets={"DKK": "1010"})
        harness.again(ONE)
        assert harness.export().already_booked == 1
        assert harness.entries()[ONE].payee == "Kontor & Papir A/S"


def test_a_bookkeepers_corrections_stay(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        harness.export()
        harness.edit(ONE, lambda block: block.replace("Expenses:Office-Supplies", "Expenses:Goods"))
        harness.again(ONE)
        assert harness.export().already_booked == 1
        assert {posting.account for posting in harness.entries()[ONE].postings} >= {"Expenses:Goods"}


@pytest.mark.parametrize("reference", [ONE, TWO, TWO + "/pay"])
def test_what_was_voided_is_booked_anew(tmp_path: Path, reference: str) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        harness.export()
        harness.void(reference)
        harness.again(ONE, TWO)
        result = harness.export()
        assert (result.event, result.booked, result.already_booked) == ("completed", 1, 1)
        assert sorted(harness.entries()) == [ONE, TWO, TWO + "/pay"]
        harness.assert_agree()


def test_what_was_voided_is_asked_about_if_so_set(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        harness.export()
        harness.void(ONE)
        harness.set(voided="ask")
        harness.again(ONE, TWO)
        result = harness.export()
        assert (result.already_booked, result.failed) == (1, 1)
        assert "voided" in harness.failure(ONE)[1]
        assert sorted(harness.entries()) == [TWO, TWO + "/pay"]


@pytest.mark.parametrize("reference", [ONE, TWO, TWO + "/pay"])
def test_what_was_deleted_is_booked_anew(tmp_path: Path, reference: str) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        harness.export()
        harness.delete(reference)
        harness.again(ONE, TWO)
        result = harness.export()
        assert (result.booked, result.already_booked) == (1, 1)
        assert sorted(harness.entries()) == [ONE, TWO, TWO + "/pay"]
        harness.assert_agree()


def test_what_stands_is_recognised_after_its_period_was_closed(tmp_path: Path) -> None:
    """It was booked while the period was open, and Pleo was never told: closing the books makes it no failure."""
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        with pytest.raises(RuntimeError):
            harness.export_with_fault("pleo.report#1:before", RuntimeError("gone"))
        text = harness.connected.ledger.read_text()
        harness.connected.ledger.write_text(text.replace('2026-10-31 "open"', '2026-10-31 "closed"'))
        harness.fix()
        harness.export()
        assert sorted(harness.entries()) == [ONE, TWO, TWO + "/pay"]
        _, said = harness.failure(ONE)
        assert "Booked all the same" in said


# ------------------------------------------------------------------ booked otherwise than it was sent


def shifted(entry: Entry) -> Entry:
    return replace(entry, date=entry.date + timedelta(days=30))


def moving_on_book(behind: Any, entries: Sequence[Entry]) -> Any:
    return behind.book([shifted(entry) if entry.reference == ONE else entry for entry in entries])


def test_a_draft_with_another_date_is_withdrawn(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        harness.alter(book=moving_on_book)
        result = harness.export()
        assert (result.booked, result.failed) == (1, 1)
        failure, text = harness.failure(ONE)
        assert failure == "accounting_system_validation_failure"
        assert "2026-11-04 instead of 2026-10-05" in text
        assert "withdrawn" in text
        assert sorted(harness.entries()) == [TWO, TWO + "/pay"]
        harness.fix()
        harness.again(ONE)
        assert harness.export().booked == 1
        harness.assert_agree()


def test_a_draft_left_half_done_by_a_write_whose_answer_was_lost_is_written_again(tmp_path: Path) -> None:
    """A connector may need a second call to finish a draft, and be cut off before it."""
    calls = []

    def lost_half_way(behind: Any, entries: Sequence[Entry]) -> Any:
        calls.append(entries)
        if len(calls) > 1:
            return behind.book(entries)
        moving_on_book(behind, entries)
        raise Uncertain("The answer was lost.")

    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        harness.alter(book=lost_half_way)
        result = harness.export()
        assert (result.booked, result.failed, result.uncertain) == (2, 0, 0)
        harness.fix()
        harness.assert_agree()


def moving_on_post(harness: ExportHarness, reference: str = ONE) -> Any:
    def post(behind: Any, bookings: Sequence[Booking]) -> Any:
        if any(booking.reference == reference and booking.status == "draft" for booking in bookings):
            harness.edit(reference, lambda block: block.replace("2026-10-05", "2026-11-04"))
        return behind.post(bookings)

    return post


def test_a_date_that_moves_as_it_is_posted_is_said(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        harness.alter(post=moving_on_post(harness))
        result = harness.export()
        assert (result.booked, result.failed) == (1, 1)
        _, text = harness.failure(ONE)
        assert "2026-11-04 instead of 2026-10-05" in text
        assert "Booked all the same" in text


def test_a_date_that_moves_as_a_draft_of_an_earlier_run_is_posted_is_said(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        with pytest.raises(RuntimeError):
            harness.export_with_fault("erp.post#1:before", RuntimeError("gone"))
        harness.alter(post=moving_on_post(harness))
        result = harness.export()
        assert (result.failed, result.already_booked) == (1, 1)
        assert "2026-11-04 instead of 2026-10-05" in harness.failure(ONE)[1]


def test_a_draft_that_was_corrected_by_hand_is_posted_as_it_is(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1)), replace(SETTINGS, posting="draft")) as harness:
        assert harness.export().booked == 2
        assert {entry.flag for entry in harness.entries().values()} == {"!"}
        harness.edit(ONE, lambda block: block.replace("Expenses:Office-Supplies", "Expenses:Goods"))
        harness.set(posting="posted")
        harness.again(ONE, TWO)
        result = harness.export()
        assert (result.event, result.already_booked) == ("completed", 2)
        entries = harness.entries()
        assert {entry.flag for entry in entries.values()} == {"*"}
        assert "Expenses:Goods" in {posting.account for posting in entries[ONE].postings}


def refuses(harness: ExportHarness, reference: str) -> Any:
    """An accounting system that will not post one entry, for want of a mandatory dimension say."""

    def post(behind: Any, bookings: Sequence[Booking]) -> Any:
        wanted = [booking for booking in bookings if booking.reference != reference]
        posted = {one.reference: one for one in behind.post(wanted)}
        return [posted.get(one.reference) or not_posted(one.reference, "Odoo", "No department.") for one in bookings]

    return post


def test_a_draft_that_someone_posts_while_it_is_withdrawn_is_not_written_a_second_time(tmp_path: Path) -> None:
    sent: list[str] = []

    def book(behind: Any, entries: Sequence[Entry]) -> Any:
        sent.extend(entry.reference for entry in entries)
        moving_on_book(behind, entries)
        raise Uncertain("The accounting system did not answer in time.")

    def withdraw(behind: Any, bookings: Sequence[Booking]) -> None:
        behind.post(bookings)  # by a person, a moment before

    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        harness.alter(book=book, withdraw=withdraw)
        harness.export()
        assert sent.count(ONE) == 1
        assert "2026-11-04 instead of 2026-10-05" in harness.failure(ONE)[1]


@pytest.mark.parametrize("voided", ["book", "ask"])
@pytest.mark.parametrize("differs", [True, False], ids=["as it is withdrawn", "as it is looked for"])
def test_what_someone_voids_after_a_lost_answer_is_written_again_where_the_setting_does_not_ask(
    tmp_path: Path, voided: str, differs: bool
) -> None:
    sent: list[str] = []

    def book(behind: Any, entries: Sequence[Entry]) -> Any:
        sent.extend(entry.reference for entry in entries)
        if sent.count(ONE) > 1:
            return behind.book(entries)
        if differs:
            moving_on_book(behind, entries)
        else:
            behind.book(entries)
            harness.void(ONE)
        raise Uncertain("The accounting system did not answer in time.")

    def withdraw(_: Any, bookings: Sequence[Booking]) -> None:
        if any(booking.reference == ONE for booking in bookings):
            harness.void(ONE)  # by a person, a moment before

    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        harness.set(voided=voided)
        harness.alter(book=book, withdraw=withdraw)
        harness.export()
        assert sent.count(ONE) == (1 if voided == "ask" else 2)
        assert (ONE in harness.entries()) is (voided == "book")
        if voided == "ask":
            assert "voided" in harness.failure(ONE)[1]


def test_a_draft_that_is_not_posted_is_withdrawn_and_booked_again_once_it_can_be(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:
        harness.alter(post=refuses(harness, ONE))
        result = harness.export()
        assert (result.booked, result.failed) == (1, 1)
        assert (ONE in harness.entries(), TWO in harness.entries()) == (False, True)
        _, text = harness.failure(ONE)
        assert "Odoo did not post the entry, and the draft was withdrawn: No department." in text
        harness.fix()
        harness.again(ONE)
        assert (harness.export().failed, ONE in harness.entries()) == (0, True)


def test_a_draft_that_a_person_changed_is_not_withdrawn(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1)), replace(SETTINGS, posting="draft")) as harness:
        assert harness.export().booked == 2
        harness.edit(ONE, lambda block: block.replace("Expenses:Office-Supplies", "Expenses:Goods"))
        harness.set(posting="posted")
        harness.again(ONE, TWO)
        harness.alter(post=refuses(harness, ONE))
        assert harness.export().failed == 1
        assert harness.entries()[ONE].flag == "!"
        assert "Odoo keeps the entry a draft: No department." in harness.failure(ONE)[1]


def test_an_entry_that_vanishes_before_it_is_read_back(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, exported_once(an_item(1))) as harness:

        def post(behind: Any, bookings: Sequence[Booking]) -> Any:
            answers = behind.post(bookings)
            harness.delete(ONE)
            return answers

        harness.alter(post=post)
        result = harness.export()
        assert (result.booked, result.failed) == (1, 1)
        assert "no longer exists" in harness.failure(ONE)[1]
