"""Receipts: missing ones, uploads that fail and heal, links that went stale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from beancount.core.data import Transaction

from kontobro.core.errors import Uncertain, Unreachable
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Booking
from kontobro.core.ports import ReceiptRules
from pleo_sandbox.model import Expense, FileBlob
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import PNG, a_company, a_receipt, an_item, entry_id, payable

ONE, TWO = entry_id(1), entry_id(2)


def two_with_receipts() -> Any:
    return a_company(Expense(an_item(1), (a_receipt(1),)), Expense(payable(2), (a_receipt(2), a_receipt(3))))


def failing_upload(reference: str, times: int) -> Any:
    """An upload that fails so many times, half of them after it took effect."""
    left = times

    def attach(behind: Any, booking: Booking, receipts: Sequence[Receipt]) -> None:
        nonlocal left
        if booking.reference == reference and left:
            left -= 1
            if left % 2:
                behind.attach(booking, receipts)
                raise Uncertain("The outcome is unknown.")
            raise Unreachable("The store of documents can't be reached.")
        behind.attach(booking, receipts)

    return attach


@pytest.mark.parametrize("times", [1, 2])
def test_an_upload_is_tried_again(tmp_path: Path, times: int) -> None:
    with an_export_harness(tmp_path, two_with_receipts()) as harness:
        harness.alter(attach=failing_upload(TWO, times))
        result = harness.export()
        assert (result.event, result.booked, result.receipts) == ("completed", 2, 3)
        assert len(harness.receipts()) == 3
        harness.assert_agree()


def unreachable_upload(behind: Any, booking: Booking, receipts: Sequence[Receipt]) -> None:
    raise Unreachable("The store of documents can't be reached.")


def test_an_upload_that_keeps_failing_fails_its_item_and_heals(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, two_with_receipts()) as harness:
        harness.alter(attach=unreachable_upload)
        result = harness.export()
        assert (result.event, result.booked, result.failed, result.receipts) == ("failed", 0, 2, 0)
        failure, text = harness.failure(ONE)
        assert failure == "receipt_upload_failure"
        assert "only the receipt will be added" in text
        standing = harness.entries()
        assert sorted(standing) == [ONE, TWO, TWO + "/pay"]
        harness.fix()
        harness.again()
        result = harness.export()
        assert (result.event, result.already_booked, result.booked, result.receipts) == ("completed", 2, 0, 3)
        assert sums(harness.entries()) == sums(standing)
        assert len(harness.receipts()) == 3
        harness.assert_agree()


def sums(entries: dict[str, Transaction]) -> dict[str, list[object]]:
    return {ref: [(line.account, line.units) for line in entry.postings] for ref, entry in entries.items()}


def test_an_upload_that_keeps_failing_may_be_passed_over(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, two_with_receipts()) as harness:
        harness.set(receipt_upload_failed="book")
        harness.alter(attach=unreachable_upload)
        result = harness.export()
        assert (result.event, result.booked, result.receipts) == ("completed", 2, 0)
        assert harness.receipts() == []
        harness.assert_agree()
        harness.fix()
        harness.again(ONE, TWO)
        result = harness.export()
        assert (result.already_booked, result.receipts) == (2, 3)
        assert len(harness.receipts()) == 3


@pytest.mark.parametrize("setting", ["fail", "book"])
def test_links_that_went_stale(tmp_path: Path, setting: str) -> None:
    with an_export_harness(tmp_path, two_with_receipts()) as harness:
        harness.set(receipt_missing=setting)
        harness.sandbox.storm("GET", "/files/*", 403, times=3)
        result = harness.export()
        assert (result.booked, result.failed) == ((0, 2) if setting == "fail" else (2, 0))
        if setting == "fail":
            failure, text = harness.failure(ONE)
            assert failure == "receipt_download_failure"
            assert "signature" not in text
        harness.assert_agree()
        harness.again(ONE, TWO)
        assert harness.export().receipts == 3
        assert len(harness.receipts()) == 3
        harness.assert_agree()


def test_a_bad_receipt_may_be_left_out(tmp_path: Path) -> None:
    """The good one of the two is attached all the same."""
    bad = FileBlob("r.png", "image/png", b"only a text")
    with an_export_harness(tmp_path, a_company(Expense(an_item(1), (bad, a_receipt(2))))) as harness:
        harness.set(receipt_missing="book")
        result = harness.export()
        assert (result.event, result.booked, result.receipts) == ("completed", 1, 1)
        assert len(harness.receipts()) == 1


def test_the_same_receipt_twice_is_attached_once(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(Expense(an_item(1), (a_receipt(1), a_receipt(1))))) as harness:
        result = harness.export()
        assert (result.booked, result.receipts) == (1, 1)
        assert len(harness.receipts()) == 1


def limited(harness: ExportHarness, **rules: Any) -> None:
    given = ReceiptRules(**{"media_types": frozenset(["image/png"]), "max_bytes": 1_000} | rules)
    harness.alter(capabilities=replace(harness.connector.capabilities, receipts=given))


@pytest.mark.parametrize(
    ("rules", "files", "failure_type", "said"),
    [
        ({"max_count": 1}, (a_receipt(1), a_receipt(2)), "receipt_upload_failure", "takes 1 an entry"),
        (
            {"max_bytes": 100},
            (FileBlob("r", "image/png", PNG + bytes(200)),),
            "receipt_file_size_limit_exceeded",
            "limit",
        ),
        ({}, (FileBlob("r", "application/pdf", b"%PDF-1.4"),), "receipt_conversion_failure", "a PDF"),
    ],
)
def test_what_the_accounting_system_does_not_take(
    tmp_path: Path, rules: dict[str, Any], files: tuple[FileBlob, ...], failure_type: str, said: str
) -> None:
    company = a_company(Expense(an_item(1), (a_receipt(1),)), Expense(an_item(2), files))
    with an_export_harness(tmp_path, company) as harness:
        limited(harness, **rules)
        result = harness.export()
        assert (result.booked, result.failed) == (1, 1)
        failure, text = harness.failure(TWO)
        assert failure == failure_type
        assert said in text
        harness.assert_agree()


def test_an_accounting_system_without_receipts_asks_for_none(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, two_with_receipts()) as harness:
        harness.alter(capabilities=replace(harness.connector.capabilities, receipts=None))
        assert harness.export().booked == 2
        assert "GET /files/{entryId}/{place}" not in harness.sandbox.calls
