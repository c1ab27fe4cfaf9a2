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


def later(office: ExportHarness) -> None:
    office.sandbox.queue(office.desk.company_id)
    office.sandbox.press_export(office.desk.company_id, vendor_based=True)


def is_settled(office: ExportHarness) -> bool:
    return bool(office.entries()[PAYMENT].meta.get("settled"))


def open_payments(office: ExportHarness) -> list[str]:
    return [row.reference for row in office.store.open_payments("desk")]


def test_the_bill_comes_first(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice(1, "INV-1"), invoice_payment(2, "INV-1"))) as office:
        office.export()
        later(office)
        assert office.export().event == "completed"
        assert is_settled(office)
        assert open_payments(office) == []
        office.assert_agree()


def test_the_payment_comes_first(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice_payment(2, "INV-1"), invoice(1, "INV-1"))) as office:
        assert office.export().event == "completed"
        assert not is_settled(office)
        assert open_payments(office) == [PAYMENT]
        office.assert_agree()
        later(office)
        assert office.export().event == "completed"
        assert is_settled(office)
        assert open_payments(office) == []
        assert settle(office.connection, office.ports).open == 0
        office.assert_agree()


OTHER_VENDOR = {"id": "v", "name": "Nordisk Sky ApS", "defaultCurrency": "DKK", "code": "V110"}


@pytest.mark.parametrize("other", [invoice(1, "INV-2"), invoice(1, "INV-1") | {"vendor": OTHER_VENDOR}])
def test_a_payment_of_an_unknown_bill_stays_open(tmp_path: Path, other: Any) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice_payment(2, "INV-1"), other)) as office:
        office.export()
        later(office)
        office.export()
        found = settle(office.connection, office.ports)
        assert (found.settled, found.open) == (0, 1)
        assert not is_settled(office)
        office.assert_agree()


def test_drafts_are_settled_once_posted(tmp_path: Path) -> None:
    company = a_company(Expense(invoice(1, "INV-1")), Expense(invoice_payment(2, "INV-1")))
    with an_export_harness(tmp_path, company, DRAFTS) as office:
        assert office.export().booked == 2
        for posted in (BILL, PAYMENT):
            found = settle(office.connection, office.ports)
            assert (found.settled, found.open) == (0, 1)
            assert not is_settled(office)
            office.post_by_hand(posted)
        found = settle(office.connection, office.ports)
        assert (found.settled, found.open, found.problems) == (1, 0, ())
        assert is_settled(office)
        assert settle(office.connection, office.ports).open == 0


def test_a_settlement_that_our_store_missed_is_caught_up_with(tmp_path: Path) -> None:
    """The ledger settles as the bill is posted; the run that would have remembered it could not ask."""
    with an_export_harness(tmp_path, in_two_jobs(invoice_payment(2, "INV-1"), invoice(1, "INV-1"))) as office:
        office.export()
        later(office)

        def post(behind: Any, bookings: Any) -> Any:
            return away() if any(booking.reference == PAYMENT for booking in bookings) else behind.post(bookings)

        office.alter(post=post)
        assert office.export().event == "completed"
        office.assert_agree()
        assert is_settled(office)
        assert open_payments(office) == [PAYMENT]
        office.mend()
        before = [path.read_bytes() for path in office.batches]
        found = settle(office.connection, office.ports)
        assert (found.settled, found.open) == (1, 0)
        assert [path.read_bytes() for path in office.batches] == before
        assert settle(office.connection, office.ports).settled == 0


def away() -> Any:
    raise Unreachable("The ledger can't be reached.")


def test_settling_that_fails_never_fails_the_job(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice_payment(2, "INV-1"), invoice(1, "INV-1"))) as office:
        office.export()
        later(office)

        def post(behind: Any, bookings: Any) -> Any:
            if any(booking.reference == PAYMENT for booking in bookings):
                raise RuntimeError("the connector broke")
            return behind.post(bookings)

        office.alter(post=post)
        assert office.export().event == "completed"
        office.assert_agree()


def test_settling_says_that_the_accounting_system_is_away(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice_payment(2, "INV-1"), invoice(1, "INV-1"))) as office:
        office.export()
        office.alter(find=lambda behind, keys: away())
        with pytest.raises(Unreachable):
            settle(office.connection, office.ports)
        assert open_payments(office) == [PAYMENT]


def test_a_payment_whose_bill_was_voided_waits_for_the_next(tmp_path: Path) -> None:
    with an_export_harness(tmp_path, in_two_jobs(invoice(1, "INV-1"), invoice_payment(2, "INV-1"))) as office:
        office.export()
        office.void(BILL)
        later(office)
        assert office.export().event == "completed"
        assert not is_settled(office)
        office.again(BILL)
        assert office.export().booked == 1
        assert is_settled(office)
        office.assert_agree()
