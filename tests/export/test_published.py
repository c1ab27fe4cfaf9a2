"""The payloads that Pleo itself publishes go through the whole line unchanged."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from kontobro.pleo import Ways, open_pleo
from pleo_sandbox.model import Expense
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, an_item, entry_id

PAGES = ["export_items_printer_ink.json", "export_items_reference_page.json"]


def test_published_items_are_answered_one_by_one(tmp_path: Path, shared: Path) -> None:
    with an_export_harness(tmp_path, a_company(Expense(an_item(1)))) as harness:
        harness.export()
        away_from_the_network(harness)
        ids = [harness.sandbox.add_published(harness.connected.company_id, samples(shared) / page) for page in PAGES]
        harness.sandbox.press_export(harness.connected.company_id, vendor_based=True)
        result = harness.export()
        ink, reference_page = ids[0], ids[1]
        assert result.event == "failed"
        assert result.failed == len(ink) + len(reference_page)
        assert result.uncertain == 0
        for entry in ink:
            _, text = harness.failure(entry)
            assert "receipt" in text.lower() or "account" in text.lower()
        for entry in reference_page:
            failure, text = harness.failure(entry)
            assert failure != "unexpected_failure"
            assert text
        assert sorted(harness.entries()) == [entry_id(1)]


def test_published_receipts_can_not_be_fetched(tmp_path: Path, shared: Path) -> None:
    """example.com is no place where receipts are: with the books in order, only they are in the way."""
    with an_export_harness(tmp_path, a_company(Expense(an_item(1)))) as harness:
        harness.export()
        away_from_the_network(harness)
        harness.set(wallets={"GBP": "1089"})
        ledger = harness.connected.ledger
        ledger.write_text(ledger.read_text().replace('2025-12-31 "locked"', '2025-12-31 "open"'))
        ids = harness.sandbox.add_published(harness.connected.company_id, samples(shared) / PAGES[0])
        harness.sandbox.press_export(harness.connected.company_id, vendor_based=True)
        harness.export()
        assert {harness.failure(entry)[0] for entry in ids} == {"receipt_download_failure"}
        harness.set(receipt_missing="book")
        harness.again()
        assert harness.export().event == "completed"
        assert sorted(harness.entries()) == sorted([entry_id(1), *ids])


class Loopback(httpx2.BaseTransport):
    """This machine alone: every other host can't be reached."""

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host != "127.0.0.1":
            raise httpx2.ConnectError("no network")
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def away_from_the_network(harness: ExportHarness) -> None:
    harness.pleo.close()
    harness.pleo = open_pleo(harness.connection, harness.store, harness.clock, Ways(transport=Loopback()))


def samples(shared: Path) -> Path:
    folder = shared / "pleo" / "samples"
    if not folder.is_dir():
        pytest.skip("Pleo's published samples are missing: put them at ../shared/pleo/samples")
    return folder
