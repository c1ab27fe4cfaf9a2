"""Killed around every write to a real Odoo, run again: every item booked exactly once, receipts once, all settled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kontobro.core.model.settings import Settings
from tests.erp_real.odoo.installation import Company, OdooBookkeeper, key_of
from tests.export.test_killed import BOOKED, STATES
from tests.support.connected_home import ConnectedHome, a_connected_home_over, forget_history
from tests.support.pleo_company import entry_id, kill_company

pytestmark = [pytest.mark.odoo, pytest.mark.kill]

WRITES = ["erp.book#1", "erp.book#2", "erp.attach#1", "erp.attach#2", "erp.post#1"]
BOUNDARIES = [f"{write}:{side}" for write in WRITES for side in ("before", "after")]

CHART = {
    "1081": ("Pleo's wallet", "asset_current"),
    "1089": ("Money on its way", "asset_current"),
    "2890": ("Employees", "liability_current"),
    "7504": ("Office supplies", "expense"),
}
"""What the sandbox's company names, as far as Denmark's chart lacks it."""

SETTINGS = Settings(posting="posted", accounts_payable="7440", out_of_pocket="2890", contra="1089", wallet="1081")


def add_accounts(bookkeeper: OdooBookkeeper) -> None:
    known = {row["code"] for row in bookkeeper.api.rows("account.account", [], ["code"])}
    missing = [{"code": c, "name": n, "account_type": k} for c, (n, k) in CHART.items() if c not in known]
    bookkeeper.api.write("account.account", "create", vals_list=missing)


@pytest.fixture
def connected(tmp_path: Path, company: Company, bookkeeper: OdooBookkeeper) -> Iterator[ConnectedHome]:
    add_accounts(bookkeeper)
    options = {"url": company.url, "database": company.database, "company": "1"}
    secrets = {"api_key": key_of("accountant")}
    with a_connected_home_over(tmp_path, kill_company(), SETTINGS, "odoo", options, secrets) as connected:
        yield connected


def assert_whole(connected: ConnectedHome, bookkeeper: OdooBookkeeper) -> None:
    """Everything once, and both sides agree: Pleo and Odoo."""
    ours = [["invoice_origin", "=like", "kontobro.%"]]
    moves = list(bookkeeper.api.rows("account.move", ours, ["invoice_origin", "state"]))
    assert sorted(move["invoice_origin"].removeprefix("kontobro.") for move in moves) == BOOKED
    assert {move["state"] for move in moves} == {"posted"}
    attached = list(bookkeeper.api.rows("ir.attachment", [["res_model", "=", "account.move"]], ["description"]))
    assert len(attached) == len({receipt["description"] for receipt in attached}) == 3
    owed = [["account_type", "=", "liability_payable"], ["parent_state", "=", "posted"]]
    lines = list(bookkeeper.api.rows("account.move.line", owed, ["reconciled"]))
    assert len(lines) == 4
    assert all(line["reconciled"] for line in lines)
    assert connected.states() == STATES
    assert [str(job.status) for job in connected.sandbox.jobs] == ["completed_with_errors"]


def test_a_whole_run_crosses_exactly_these_boundaries(connected: ConnectedHome, bookkeeper: OdooBookkeeper) -> None:
    result = connected.export()
    assert result is not None
    assert (result["booked"], result["failed"], result["receipts"]) == (4, 1, 3)
    assert [name for name in connected.boundaries if name.startswith("erp.")] == BOUNDARIES
    assert_whole(connected, bookkeeper)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_at_and_run_again(connected: ConnectedHome, bookkeeper: OdooBookkeeper, boundary: str) -> None:
    assert connected.export(at=boundary) is None, "it was not killed"
    connected.export()
    assert_whole(connected, bookkeeper)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_and_all_history_lost(connected: ConnectedHome, bookkeeper: OdooBookkeeper, boundary: str) -> None:
    assert connected.export(at=boundary) is None, "it was not killed"
    forget_history(connected)
    connected.export(take_over=True)
    assert_whole(connected, bookkeeper)


def test_voided_in_odoo_and_exported_again(connected: ConnectedHome, bookkeeper: OdooBookkeeper) -> None:
    """The bookkeeper voids an entry there and presses export again in Pleo: it is booked again, the others are not."""
    connected.export()
    reference = entry_id(1)
    bookkeeper.void(reference)
    connected.sandbox.press_export(connected.company_id, [reference], vendor_based=True)
    connected.export()
    assert sorted(move["state"] for move in bookkeeper.moves(reference)) == ["cancel", "posted"]
