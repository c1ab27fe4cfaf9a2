"""The whole job against a real Odoo: 1,000 items with their receipts, from Pleo's pages to Pleo told and completed.

Three processes: the sandbox, Odoo (with PostgreSQL), and this one, which is ours alone. What share of the time do we
wait for Odoo, and what is the rest?
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import books
from bench.erp_pleo import ITEMS, RECEIPTS, pleo_elsewhere
from bench.result import Result
from bench.waiting import Waiting
from kontobro.bootstrap import SystemClock
from kontobro.core.connection import Connection, Tokens
from kontobro.erp.odoo.api import Api, open_http
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.export import Ports, next_job, run_job
from kontobro.pleo import open_pleo
from kontobro.store import open_store
from tests.erp_real.odoo.house import Company, key_of

LEAST_SHARE = 0.85

ACCOUNTS = {
    "1081": ("Pleo's wallet", "asset_current"),
    "1089": ("Money on its way", "asset_current"),
    "2890": ("Employees", "liability_current"),
    "7504": ("Office supplies", "expense"),
}
"""What the items and the settings name and the Danish chart lacks."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one job. `cpu` is this process's own."""

    total: float
    odoo: float
    pleo: float
    cpu: float
    told: str

    @property
    def share(self) -> float:
        return self.odoo / self.total


def measure(company: Company) -> list[Result]:
    """Export the job into the company and count there."""
    furnish(company.api())
    with pleo_elsewhere() as (url, key):
        spent = export(company, url, key)
    ours = [["invoice_origin", "=like", "kontobro.%"], ["state", "=", "posted"]]
    moves = [row["id"] for row in company.api().rows("account.move", ours, ["name"], names=False)]
    assert len(moves) >= ITEMS, f"{len(moves)} entries stand"
    rest = spent.total - spent.odoo - spent.pleo
    note = f"{spent.total:.1f} s: Odoo {spent.odoo:.1f} ({spent.told}); Pleo {spent.pleo:.1f}; "
    note += f"the rest {rest:.1f} is ours (CPU of our process, HTTP included: {spent.cpu:.1f})"
    return [
        Result("odoo_job_waiting", spent.share, LEAST_SHARE, "of the time", note, at_least=True),
        Result("odoo_job_entries", ITEMS / spent.total * 60, 0, "a minute", f"{RECEIPTS} receipts", at_least=True),
    ]


def furnish(api: Api) -> None:
    """The accounts, the tax and the dimension that the items name, by their codes."""
    values = [{"code": code, "name": name, "account_type": kind} for code, (name, kind) in ACCOUNTS.items()]
    api.write("account.account", "create", vals_list=values)
    rename(api, "account.tax", "K_DK_FuldFradrag", "I25")
    rename(api, "account.analytic.plan", "Cost centre", "COST")


def rename(api: Api, model: str, old: str, new: str) -> None:
    ids = [row["id"] for row in api.rows(model, [["name", "=", old]], ["name"])]
    api.write(model, "write", ids=ids, vals={"name": new})


def export(company: Company, url: str, key: str) -> Spent:
    """Run the job with the product's own clock and store; what was waited for is counted at both transports."""
    at_odoo, at_pleo = Waiting(), Waiting()
    http = open_http(company.url, company.database, key_of("accountant"), transport=at_odoo)
    connector = OdooConnector(Api(http, 1), company.url)
    with tempfile.TemporaryDirectory() as folder:
        connected, clock = connection(url), SystemClock()
        store = open_store(Path(folder) / "bench.sqlite3")
        store.save_connection(connected)
        store.save_tokens(connected.id, Tokens(access=key))
        pleo = open_pleo(connected, store, clock, transport=at_pleo)
        ports = Ports(pleo=pleo, connector=connector, store=store, clock=clock)
        began, cpu = time.perf_counter(), time.process_time()
        result = run(connected, ports)
        total, cpu = time.perf_counter() - began, time.process_time() - cpu
        store.close()
    assert (result.event, result.booked, result.receipts) == ("completed", ITEMS, RECEIPTS), result
    told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in at_odoo.by_path.most_common(5))
    return Spent(total, at_odoo.seconds, at_pleo.seconds, cpu, told)


def run(connected: Connection, ports: Ports) -> Any:
    job = next_job(ports)
    assert job
    return run_job(connected, job, ports)


def connection(url: str) -> Connection:
    """Posted, over the accounts of the Danish chart."""
    connected = books.connection(url)
    return replace(connected, settings=replace(connected.settings, accounts_payable="7440"))
