"""Killed around every write to a real Tryton, run again: every item booked exactly once, receipts once, all settled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from erp_lab.places import cloned
from kontobro.core.model.settings import Settings
from tests.erp_real.tryton.installation import TEMPLATE, Company, TrytonBookkeeper, TrytonServer, password_of
from tests.export.test_killed import BOOKED, STATES
from tests.support.connected_home import ConnectedHome, a_connected_home_over, forget_history
from tests.support.pleo_company import kill_company

pytestmark = [pytest.mark.tryton, pytest.mark.kill]

WRITES = ["erp.book#1", "erp.book#2", "erp.attach#1", "erp.attach#2", "erp.post#1"]
BOUNDARIES = [f"{write}:{side}" for write in WRITES for side in ("before", "after")]

CHART = {"1081": "Pleo's wallet", "1089": "Money on its way", "2890": "Employees", "7504": "Office supplies"}
"""What the sandbox's company names."""

SETTINGS = Settings(
    posting="posted", accounts_payable="2.1.1", out_of_pocket="2890", contra="1089", wallets={"DKK": "1081"}
)


@pytest.fixture
def database(postgres: int) -> Iterator[str]:
    """A fresh one for each test: all of them export the same expenses."""
    with cloned(postgres, TEMPLATE) as name:
        yield name


@pytest.fixture
def tryton_server(database: str, tmp_path: Path) -> Iterator[TrytonServer]:
    server = TrytonServer(database, tmp_path / "server.log")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def company(tryton_server: TrytonServer, database: str) -> Company:
    return Company(tryton_server.url, database)


@pytest.fixture
def bookkeeper(company: Company) -> TrytonBookkeeper:
    return TrytonBookkeeper(company)


@pytest.fixture
def connected(tmp_path: Path, company: Company, bookkeeper: TrytonBookkeeper) -> Iterator[ConnectedHome]:
    rows = bookkeeper.api.rows(
        "account.account", [["code", "in", ["6490", "99999"]]], ["code", "type", "parent", "company"]
    )
    like = {row.pop("code"): {name: row[name] for name in ("type", "parent", "company")} for row in rows}
    accounts = [like["99999" if c == "7504" else "6490"] | {"code": c, "name": name} for c, name in CHART.items()]
    bookkeeper.api.write("model.account.account.create", accounts)
    options = {"url": company.url, "database": company.database, "user": "accountant", "settle_after": "1"}
    secrets = {"password": password_of("accountant")}
    with a_connected_home_over(tmp_path, kill_company(), SETTINGS, "tryton", options, secrets) as connected:
        yield connected


def assert_whole(connected: ConnectedHome, bookkeeper: TrytonBookkeeper) -> None:
    """Everything once, and both sides agree: Pleo and Tryton."""
    lines = bookkeeper.api.rows("account.move.line", [["description", "like", "kontobro%:%"]], ["description"])
    assert sorted(line["description"].partition(":")[2] for line in lines) == BOOKED
    moves = list(bookkeeper.api.rows("account.move", [], ["state"]))
    assert (len(moves), {move["state"] for move in moves}) == (len(BOOKED), {"posted"})
    bills = list(bookkeeper.api.rows("account.invoice", [], ["state"]))
    assert {bill["state"] for bill in bills} == {"paid"}
    resources = [f"account.move,{move['id']}" for move in moves] + [f"account.invoice,{bill['id']}" for bill in bills]
    attached = list(bookkeeper.api.rows("ir.attachment", [["resource", "in", resources]], ["description"]))
    assert len(attached) == len({receipt["description"] for receipt in attached}) == 3
    owed = list(bookkeeper.api.rows("account.move.line", [["account.code", "=", "2.1.1"]], ["reconciliation"]))
    assert len(owed) == 4
    assert all(line["reconciliation"] for line in owed)
    assert connected.states() == STATES
    assert [str(job.status) for job in connected.sandbox.jobs] == ["completed_with_errors"]


def test_a_whole_run_crosses_exactly_these_boundaries(connected: ConnectedHome, bookkeeper: TrytonBookkeeper) -> None:
    result = connected.export()
    assert result is not None
    assert (result["booked"], result["failed"], result["receipts"]) == (4, 1, 3)
    assert [name for name in connected.boundaries if name.startswith("erp.")] == BOUNDARIES
    assert_whole(connected, bookkeeper)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_at_and_run_again(connected: ConnectedHome, bookkeeper: TrytonBookkeeper, boundary: str) -> None:
    assert connected.export(at=boundary) is None, "it was not killed"
    connected.export()
    assert_whole(connected, bookkeeper)


def test_killed_and_all_history_lost(connected: ConnectedHome, bookkeeper: TrytonBookkeeper) -> None:
    assert connected.export(at="erp.book#2:after") is None, "it was not killed"
    forget_history(connected)
    connected.export(take_over=True)
    assert_whole(connected, bookkeeper)
