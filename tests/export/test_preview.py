"""What would be booked, without a trace of having looked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from kontobro.core.errors import KontobroError, Unreachable
from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.model.journal import Bill, JournalEntry, Payment
from kontobro.export import ItemPreview, next_job, preview_job
from pleo_sandbox.control import state
from pleo_sandbox.model import Expense, FileBlob
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, a_line, a_receipt, an_item, entry_id, kill_company, payable


def traces(harness: ExportHarness) -> tuple[object, ...]:
    """All that a preview may not change: Pleo's jobs, the ledger's bytes, our history. What it read may be remembered
    beside the ledger."""
    there = sorted(harness.connected.ledger.parent.rglob("*"))
    files = {path: path.read_bytes() for path in there if path.is_file() and path.suffix != ".index"}
    return state(harness.sandbox)["jobs"], files, harness.rows(), list(harness.store.jobs("desk"))


def preview(harness: ExportHarness) -> list[ItemPreview]:
    job = next_job(harness.ports)
    assert job is not None
    return list(preview_job(harness.connection, job, harness.ports))


def test_a_preview_leaves_no_trace(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        before = traces(harness)
        found = preview(harness)
        assert traces(harness) == before
        assert [one.item.entry_id for one in found] == [entry_id(number) for number in range(1, 6)]
        kinds = [[type(entry) for entry in one.entries] for one in found]
        assert kinds == [[JournalEntry], [Bill, Payment], [Payment], [Bill], []]
        assert [len(one.problems) for one in found] == [0, 0, 0, 0, 1]
        assert found[4].problems[0].remedy
        assert [one.receipts for one in found] == [1, 2, 0, 0, 0]
        assert "GET /files/{entryId}/{place}" not in harness.sandbox.calls


class Away:
    """An accounting system that can't be reached."""

    def check(self) -> NoReturn:
        raise Unreachable("It is away.")


class Hurried:
    """The clock of someone who waits for the page."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> NoReturn:
        raise AssertionError("a preview must not wait: it takes a thread that serves pages")


def test_a_preview_has_no_patience(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        connector: Any = Away()
        ports = replace(harness.ports, connector=connector, clock=Hurried())
        job = next_job(harness.ports)
        assert job
        with pytest.raises(Unreachable):
            list(preview_job(harness.connection, job, ports))


def test_what_is_previewed_is_what_is_booked(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, kill_company()) as harness:
        previewed = {entry.reference: entry for one in preview(harness) for entry in one.entries if not one.problems}
        harness.export()
        booked = harness.entries()
        assert sorted(previewed) == sorted(booked)
        for reference, entry in previewed.items():
            assert booked[reference].date == entry.date
            assert [str(line.units.number) for line in booked[reference].postings] == [
                str(line.amount) for line in entry.lines
            ]


def test_a_preview_says_what_stands_already(tmp_path: Path) -> None:
    item = an_item(3)
    company = a_company(Expense(an_item(1)), Expense(payable(2)), Expense(item), Expense(an_item(4)))
    with an_export_harness(tmp_path, company) as harness:
        harness.export()
        item["accountingEntryLines"] = [a_line(4_000), a_line(6_000)]
        harness.void(entry_id(4))
        harness.set(voided="ask")
        harness.again(*(entry_id(number) for number in range(1, 5)))
        one, two, three, four = preview(harness)
        assert [booking.reference for booking in one.already] == [entry_id(1)]
        assert [booking.reference for booking in two.already] == [entry_id(2), entry_id(2) + "/pay"]
        assert [problem.code for problem in three.problems] == ["already_booked_differently"]
        assert [problem.code for problem in four.problems] == ["booked_and_voided"]


def test_bad_items_are_previewed_too(tmp_path: Path) -> None:
    malformed = {key: value for key, value in an_item(1).items() if key != "date"}
    huge = FileBlob("r", "image/png", bytes(31 * 1024 * 1024))
    with an_export_harness(tmp_path, a_company(Expense(malformed), Expense(an_item(2), (huge,)))) as harness:
        one, two = preview(harness)
        assert isinstance(one.item, MalformedItem)
        assert [problem.field for problem in one.problems] == ["date"]
        assert isinstance(two.item, ExportItem)
        assert [problem.code for problem in two.problems] == ["receipt_too_large"]


def test_what_stops_an_export_is_raised_as_itself(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, a_company(Expense(an_item(1), (a_receipt(1),)))) as harness:
        harness.connection = replace(harness.connection, erp_company="another")
        with pytest.raises(KontobroError, match="not on the company"):
            preview(harness)
