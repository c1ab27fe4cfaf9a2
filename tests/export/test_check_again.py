"""Check again: a failed item under new settings, as a preview; nothing is booked and Pleo hears nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.model.journal import Reference, line_sums
from kontobro.core.model.settings import RowOverride
from kontobro.export.again import check_again, check_failed
from pleo_sandbox.model import Expense, FileBlob
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, an_item, entry_id, kill_company

FIFTH = Reference(entry_id(5))
FIXED = RowOverride(type="card_purchase", line_account="7504")


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ExportHarness]:
    with an_export_harness(tmp_path, kill_company()) as harness:
        harness.export()
        yield harness


def test_under_the_same_settings_it_still_fails(harness: ExportHarness) -> None:
    checked = check_again(harness.connection, FIFTH, harness.book_ports)
    assert not checked.fixed
    assert checked.preview is not None
    assert [problem.code for problem in checked.preview.problems] == ["account_missing"]


def test_under_new_settings_it_shows_its_entry_and_books_nothing(harness: ExportHarness) -> None:
    ledger, rows, states = [p.read_text() for p in harness.batches], harness.rows(), harness.connected.states()
    harness.set(rows=(FIXED,))
    (checked,) = check_failed(harness.connection, harness.book_ports)
    assert checked.fixed
    assert checked.preview is not None
    (entry,) = checked.preview.entries
    assert line_sums(entry) == {"Expenses:Office-Supplies": Decimal("100.00"), "Assets:Pleo:DKK": Decimal("-100.00")}
    assert checked.pleo_url == "https://app.example.com/expenses/5"
    assert [p.read_text() for p in harness.batches] == ledger
    assert harness.rows() == rows
    assert harness.connected.states() == states


def test_exported_again_in_pleo_it_is_booked_as_shown(harness: ExportHarness) -> None:
    harness.set(rows=(FIXED,))
    (checked,) = check_failed(harness.connection, harness.book_ports)
    harness.again(FIFTH)
    harness.export()
    assert harness.connected.states() == {FIFTH: "successful"}
    assert checked.preview is not None
    assert set(harness.entries()) >= {entry.reference for entry in checked.preview.entries}
    assert list(check_failed(harness.connection, harness.book_ports)) == []


def test_what_stands_already_is_told(harness: ExportHarness) -> None:
    checked = check_again(harness.connection, Reference(f"{entry_id(2)}/pay"), harness.book_ports)
    assert checked.preview is not None
    assert [booking.reference for booking in checked.preview.already] == [entry_id(2), f"{entry_id(2)}/pay"]


def test_an_expense_that_we_never_had(harness: ExportHarness) -> None:
    with pytest.raises(Misconfigured, match="no expense"):
        check_again(harness.connection, Reference("nothing"), harness.book_ports)


def test_purged_content_can_not_be_looked_at(harness: ExportHarness) -> None:
    harness.store.purge(harness.connection.id, harness.clock.now() + dt.timedelta(days=1))
    checked = check_again(harness.connection, FIFTH, harness.book_ports)
    assert (checked.preview, checked.fixed) == (None, False)


def test_a_receipt_that_stopped_it_still_does(tmp_path: Path) -> None:
    """Receipts are not fetched again: it is not fixed before another export has seen a better one."""
    wrong = FileBlob("receipt.jpg", "image/jpeg", b"This is a text.")
    with an_export_harness(tmp_path, a_company(Expense(an_item(1), (wrong,)))) as harness:
        harness.export()
        checked = check_again(harness.connection, Reference(entry_id(1)), harness.book_ports)
        assert checked.preview is not None
        assert [problem.code for problem in checked.preview.problems] == ["receipt_not_what_it_says"]
        harness.set(receipt_missing="book")
        assert check_again(harness.connection, Reference(entry_id(1)), harness.book_ports).fixed


def test_with_no_days_to_keep_it_content_is_gone_as_soon_as_the_job_ends(harness: ExportHarness) -> None:
    kept = harness.store.payload(harness.connection.id, FIFTH)
    harness.set(retention_days=0, rows=(FIXED,))
    harness.again(FIFTH)
    harness.export()
    assert kept is not None
    assert harness.store.payload(harness.connection.id, FIFTH) is None
    assert {row.payee for row in harness.store.bookings(harness.connection.id)} == {""}
    assert harness.connected.states() == {FIFTH: "successful"}
