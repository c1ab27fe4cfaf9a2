"""Payments find their bill, in whichever job it comes, and are settled once both are posted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.errors import Unreachable
from kontobro.export import settle
from pleo_sandbox.model import Expense, SandboxCompany
from tests.support.connected_home import SETTINGS
from tests.support.export_harness import ExportHarness, an_export_harness
from tests.support.pleo_company import a_company, entry_id, invoice, invoice_payment

BILL, PAYMENT = entry_id(1), entry_id(2)
DRAFTS = replace(SETTINGS, posting="draft")


def in_two_jobs(first: Any, second: Any) -> SandboxCompany:
    """The first is exported at once; the second waits for `later`."""
    return a_company(Expense(first), Expense(second, queued=False))


def later(harness: ExportHarness) -> None:
    harness.sandbox.queue(harness.connected.company_id)
    harness.sandbox.press_export(harness.connected.company_id, vendor_based=True)


def is_settled(harness: ExportHarness) -> bool:
    return bool(harness.entries()[PAYMENT].meta.get("settled"))


def open_payments(harness: ExportHarness) -> list[str]:
    return [row.reference for row in harness.store.open_payments("desk")]


def test_the_bill_comes_first(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice(1, "INV-1"), invoice_payment(2, "INV-1"))) as harness:
        harness.export()
        later(harness)
        assert harness.export().event == "completed"
        assert is_settled(harness)
        assert open_payments(harness) == []
        harness.assert_agree()


def test_the_payment_comes_first(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice_payment(2, "INV-1"), invoice(1, "INV-1"))) as harness:
        assert harness.export().event == "completed"
        assert not is_settled(harness)
        assert open_payments(harness) == [PAYMENT]
        harness.assert_agree()
        later(harness)
        assert harness.export().event == "completed"
        assert is_settled(harness)
        assert open_payments(harness) == []
        assert settle(harness.connection, harness.ports).open == 0
        harness.assert_agree()


OTHER_VENDOR = {"id": "v", "name": "Nordisk Sky ApS", "defaultCurrency": "DKK", "code": "V110"}


@pytest.mark.parametrize("other", [invoice(1, "INV-2"), invoice(1, "INV-1") | {"vendor": OTHER_VENDOR}])
def test_a_payment_of_an_unknown_bill_stays_open(tmp_path: Path, other: Any) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice_payment(2, "INV-1"), other)) as harness:
        harness.export()
        later(harness)
        harness.export()
        found = settle(harness.connection, harness.ports)
        assert (found.settled, found.open) == (0, 1)
        assert not is_settled(harness)
        harness.assert_agree()


def test_drafts_are_settled_once_posted(tmp_path: Path) -> None:
    company = a_company(Expense(invoice(1, "INV-1")), Expense(invoice_payment(2, "INV-1")))
    with an_export_harness(tmp_path, company, DRAFTS) as harness:
        assert harness.export().booked == 2
        for posted in (BILL, PAYMENT):
            found = settle(harness.connection, harness.ports)
            assert (found.settled, found.open) == (0, 1)
            assert not is_settled(harness)
            harness.post_by_hand(posted)
        found = settle(harness.connection, harness.ports)
        assert (found.settled, found.open, found.problems) == (1, 0, ())
        assert is_settled(harness)
        assert settle(harness.connection, harness.ports).open == 0


def test_a_settlement_that_our_store_missed_is_caught_up_with(tmp_path: Path) -> None:
    """The ledger settles as the bill is posted; the run that would have remembered it could not ask."""
    with an_export_harness(tmp_path, in_two_jobs(invoice_payment(2, "INV-1"), invoice(1, "INV-1"))) as harness:
        harness.export()
        later(harness)

        def post(behind: Any, bookings: Any) -> Any:
            return away() if any(booking.reference == PAYMENT for booking in bookings) else behind.post(bookings)

        harness.alter(post=post)
        assert harness.export().event == "completed"
        harness.assert_agree()
        assert is_settled(harness)
        assert open_payments(harness) == [PAYMENT]
        harness.fix()
        before = [path.read_bytes() for path in harness.batches]
        found = settle(harness.connection, harness.ports)
        assert (found.settled, found.open) == (1, 0)
        assert [path.read_bytes() for path in harness.batches] == before
        assert settle(harness.connection, harness.ports).settled == 0


def away() -> Any:
    raise Unreachable("The ledger can't be reached.")


def test_settling_that_fails_never_fails_the_job(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice_payment(2, "INV-1"), invoice(1, "INV-1"))) as harness:
        harness.export()
        later(harness)

        def post(behind: Any, bookings: Any) -> Any:
            if any(booking.reference == PAYMENT for booking in bookings):
                raise RuntimeError("the connector broke")
            return behind.post(bookings)

        harness.alter(post=post)
        assert harness.export().event == "completed"
        harness.assert_agree()


def test_settling_says_that_the_accounting_system_is_away(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice_payment(2, "INV-1"), invoice(1, "INV-1"))) as harness:
        harness.export()
        harness.alter(find=lambda behind, keys: away())
        with pytest.raises(Unreachable):
            settle(harness.connection, harness.ports)
        assert open_payments(harness) == [PAYMENT]


def test_a_payment_whose_bill_was_voided_waits_for_the_next(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice(1, "INV-1"), invoice_payment(2, "INV-1"))) as harness:
        harness.export()
        harness.void(BILL)
        later(harness)
        assert harness.export().event == "completed"
        assert not is_settled(harness)
        harness.again(BILL)
        assert harness.export().booked == 1
        assert is_settled(harness)
        harness.assert_agree()
