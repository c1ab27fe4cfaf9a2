"""One bad item among good ones fails alone, and says which field, what was there and what to do."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pleo_sandbox.model import Expense, FileBlob, Json
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import PNG, a_company, a_line, a_receipt, an_item, entry_id

BAD = entry_id(2)
MEGABYTE = 1024 * 1024


def amounting(value: Any, currency: str = "DKK") -> Json:
    both = {"currency": currency, "value": value}
    amount = {"inSupplierCurrency": both, "inWalletCurrency": both}
    return {"amount": amount, "accountingEntryLines": [a_line(0, lineAmount=amount, netAmount=amount)]}


def lacking(name: str) -> Expense:
    return Expense({key: value for key, value in an_item(2).items() if key != name})


def with_receipt(content: bytes, media_type: str = "image/png") -> Expense:
    return Expense(an_item(2), (FileBlob("receipt", media_type, content),))


CASES: dict[str, tuple[Expense, str, tuple[str, ...]]] = {
    "no account": (
        Expense(an_item(2, accountingEntryLines=[a_line(10_000, account=None)])),
        "missing_configuration",
        ("category", "export it again"),
    ),
    "unknown account": (
        Expense(an_item(2, accountingEntryLines=[a_line(10_000, account={"id": "x", "name": "?", "code": "9999"})])),
        "account_unknown",
        ("9999",),
    ),
    "unknown type": (
        Expense(an_item(2, type="moon_landing")),
        "invalid_configuration",
        ("moon_landing",),
    ),
    "undefined currency": (
        Expense(an_item(2, "out_of_pocket", **amounting(10_000, "UNDEFINED"))),
        "validation_failure",
        ("UNDEFINED", "Correct the expense in Pleo"),
    ),
    "text as picture": (
        with_receipt(b"just a text"),
        "receipt_conversion_failure",
        ("Receipt 1", "image/png", "txt", "Upload the receipt again"),
    ),
    "text as text": (
        with_receipt(b"just a text", "text/plain"),
        "receipt_conversion_failure",
        ("Receipt 1", "txt", "PDF, JPG or PNG"),
    ),
    "HTML as PDF": (
        with_receipt(b"<!doctype html><html><body>Sign in</body></html>", "application/pdf"),
        "receipt_conversion_failure",
        ("Receipt 1", "application/pdf", "Upload the receipt again"),
    ),
    "empty receipt": (with_receipt(b""), "receipt_download_failure", ("Receipt 1", "empty")),
    "31 MB receipt": (
        with_receipt(PNG + bytes(31 * MEGABYTE)),
        "receipt_file_size_limit_exceeded",
        ("Receipt 1", "31.0 MB", "30 MB", "smaller copy"),
    ),
    "NaN": (Expense(an_item(2, **amounting("NaN"))), "validation_failure", ("NaN", "amount")),
    "infinite": (Expense(an_item(2, **amounting("Infinity"))), "validation_failure", ("Infinity", "amount")),
    "no number": (Expense(an_item(2, **amounting("ten"))), "validation_failure", ("ten", "amount")),
    "1e999": (Expense(an_item(2, **amounting(Decimal("1e999")))), "validation_failure", ("amount",)),
    "a fraction": (Expense(an_item(2, **amounting(Decimal("100.5")))), "validation_failure", ("100.5", "whole number")),
    "zero": (Expense(an_item(2, minor=0)), "validation_failure", ("zero",)),
    "no lines": (Expense(an_item(2, accountingEntryLines=[])), "validation_failure", ("no lines", "category")),
    "lines that don't sum": (
        Expense(an_item(2, accountingEntryLines=[a_line(9_000), a_line(500)])),
        "validation_failure",
        ("95", "100", "Correct the split"),
    ),
    "no date": (lacking("date"), "validation_failure", ("date", "export it again")),
    "no amount": (lacking("amount"), "validation_failure", ("amount", "export it again")),
    "no additional information": (lacking("additionalInformation"), "validation_failure", ("additionalInformation",)),
    "date of no zone": (Expense(an_item(2, date="2026-10-05T11:22:33")), "validation_failure", ("date",)),
    "date that is none": (Expense(an_item(2, date="the fifth")), "validation_failure", ("date", "the fifth")),
    "lines that are none": (
        Expense(an_item(2, accountingEntryLines={"not": "a list"})),
        "validation_failure",
        ("accountingEntryLines",),
    ),
    "period closed": (
        Expense(an_item(2, date="2026-08-05T11:22:33Z")),
        "accounting_system_validation_failure",
        ("2026-08-05", "eriod"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_item_fails_alone(tmp_path: Path, case: str) -> None:
    expense, failure_type, said = CASES[case]
    with an_export_harness(tmp_path, among_good(expense)) as harness:
        result = harness.export()
        assert (result.event, result.booked, result.failed) == ("completed_with_errors", 2, 1)
        assert sorted(harness.entries()) == [entry_id(1), entry_id(3)]
        found, text = harness.failure(BAD)
        assert found == failure_type
        assert [part for part in said if part not in text] == [], text
        assert len(text) <= 1000
        assert text.isprintable()
        harness.assert_agree()


def among_good(expense: Expense) -> Any:
    return a_company(Expense(an_item(1), (a_receipt(1),)), expense, Expense(an_item(3), (a_receipt(3),)))


def unannounced(size: int | None) -> Callable[[ExportHarness], Json]:
    """The same receipt, its address the sandbox's own, its size left out or a lie."""

    def file(harness: ExportHarness) -> Json:
        with harness.sandbox.lock:
            expense = harness.sandbox.exports.expense(BAD)
            assert expense is not None
            (link,) = harness.sandbox.files.links(expense, harness.connected.url)
        return {key: value for key, value in {**link, "size": size}.items() if value is not None}

    return file


@pytest.mark.parametrize("size", [None, 12], ids=["unannounced", "lying"])
def test_a_receipt_that_is_larger_than_announced(tmp_path: Path, size: int | None) -> None:
    item = an_item(2)
    with an_export_harness(
        tmp_path, among_good(Expense(item, (FileBlob("r", "image/png", PNG + bytes(31 * MEGABYTE)),)))
    ) as harness:
        say(harness, item, unannounced(size)(harness))
        result = harness.export()
        assert (result.booked, result.failed) == (2, 1)
        found, text = harness.failure(BAD)
        assert found == "receipt_file_size_limit_exceeded"
        assert "30 MB" in text
        assert sorted(harness.entries()) == [entry_id(1), entry_id(3)]


def say(harness: ExportHarness, item: Json, file: Json) -> None:
    """Let the item name this file, in place of what the sandbox would say of it."""
    job = harness.sandbox.jobs[0]
    listed = next(one for one in job.items if one.expense.id == BAD)
    listed.expense = Expense(item, listed.expense.files, links=(file,))


HARMLESS: dict[str, Json] = {
    "10,000 characters": {"supplier": {"name": "x" * 10_000}},
    "10,000 words": {"supplier": {"name": "Å bc " * 2_000}, "note": "n " * 5_000},
    "emoji": {"supplier": {"name": "Café 🥐 👩‍💻"}, "note": "🎈🎈"},
    "control characters": {
        "supplier": {"name": 'a\x00b\x1b[31mc\r\n2026-01-01 * "x"\x7f\u2028\u202ed'},
        "note": "\x00\n\t",
    },
    "syntax": {"supplier": {"name": '"; 2026-01-01 open Assets:X "\\'}, "note": "\n2026-01-01 close Expenses:Goods\n"},
    "no names": {"supplier": None, "user": None, "team": None, "note": None},
    "unknown fields": {"futureField": {"deep": [1, 2, {"x": None}]}, "labels": ["new"]},
}


@pytest.mark.parametrize("case", HARMLESS)
def test_odd_texts_are_booked(tmp_path: Path, case: str) -> None:
    with an_export_harness(tmp_path, among_good(Expense(an_item(2, **HARMLESS[case])))) as harness:
        result = harness.export()
        assert (result.event, result.booked, result.failed) == ("completed", 3, 0)
        entry = harness.entries()[BAD]
        assert len(entry.payee or "") <= 120
        assert (entry.payee or "").isprintable() or "\u200d" in (entry.payee or "")
        harness.assert_agree()


def test_an_item_that_names_no_entry(tmp_path: Path) -> None:
    """It is listed in the job, but what comes in its place can't be matched: it is said of the listed one."""
    item = an_item(2)
    with an_export_harness(tmp_path, among_good(Expense(item))) as harness:
        item["accountingEntryId"] = "no-uuid"
        job = harness.sandbox.jobs[0]
        listed = job.by_entry[BAD]
        assert listed.expense.id == "no-uuid"
        listed.expense = Named(item)
        result = harness.export()
        assert (result.booked, result.failed) == (2, 1)
        found, text = harness.failure(BAD)
        assert found == "unexpected_failure"
        assert "did not send its content" in text


class Named(Expense):
    """An expense that Pleo lists under one id and sends under another."""

    @property
    def id(self) -> str:
        return BAD


def test_nothing_to_book_can_be_skipped(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, among_good(Expense(an_item(2, minor=0)))) as harness:
        harness.set(zero_amount="skip")
        result = harness.export()
        assert (result.event, result.failed) == ("completed", 0)
        assert sorted(harness.entries()) == [entry_id(1), entry_id(3)]
        assert harness.connected.states()[BAD] == "successful"


def test_all_items_are_bad(tmp_path: Path) -> None:
    with an_export_harness(
        tmp_path, a_company(CASES["no account"][0], Expense(an_item(3, type="moon_landing")))
    ) as harness:
        result = harness.export()
        assert (result.event, result.failed, result.failure_type) == ("failed", 2, "validation_failure")
        assert harness.entries() == {}
        assert set(harness.connected.states().values()) == {"failed"}
