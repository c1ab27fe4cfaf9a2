"""A whole job over an accounting system's API: its items with their receipts, from Pleo's pages to Pleo told.

Three processes: the sandbox, the accounting system (with PostgreSQL), and this one, which is ours alone.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import httpx2

from bench import books
from bench.erp.pleo import pleo_elsewhere, receipts_of
from bench.result import Result
from bench.service.waiting import Waiting
from kontobro.bootstrap import SystemClock
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.ports import Connector
from kontobro.erp.odoo.api import Api, open_http
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.export import JobResult, Ports, next_job, run_job
from kontobro.pleo import Ways, open_pleo
from kontobro.store import open_store
from tests.erp_real.odoo.installation import Company, key_of

LEAST_SHARE = 0.85

ACCOUNTS = {
    "1081": ("Pleo's wallet", "asset_current"),
    "1089": ("Money on its way", "asset_current"),
    "2890": ("Employees", "liability_current"),
    "7504": ("Office supplies", "expense"),
}
"""What the items and the settings name and the Danish chart lacks."""

PAYABLE = "7440"
"""The account for payables of Odoo's Danish chart."""


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


def measure(company: Company, items: int) -> list[Result]:
    """Export a job into a real Odoo and count there: what share of the time do we wait for it, what is the rest?"""
    furnish(company.api())
    with pleo_elsewhere(items) as (url, key):
        spent = export(company, url, key, items)
    ours = [["invoice_origin", "=like", "kontobro.%"], ["state", "=", "posted"]]
    moves = [row["id"] for row in company.api().rows("account.move", ours, ["name"], names=False)]
    assert len(moves) >= items, f"{len(moves)} entries booked"
    rest = spent.total - spent.odoo - spent.pleo
    note = f"{spent.total:.1f} s: Odoo {spent.odoo:.1f} ({spent.told}); Pleo {spent.pleo:.1f}; "
    note += f"the rest {rest:.1f} is ours (CPU of our process, HTTP included: {spent.cpu:.1f})"
    receipts = f"{receipts_of(items)} receipts"
    return [
        Result("odoo_job_waiting", spent.share, LEAST_SHARE, "of the time", note, at_least=True),
        Result("odoo_job_entries", items / spent.total * 60, 0, "a minute", receipts, at_least=True),
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


def export(company: Company, url: str, key: str, items: int) -> Spent:
    """Run the job; what was waited for is counted at both transports."""
    at_odoo, at_pleo = Waiting(), Waiting()
    http = open_http(company.url, company.database, key_of("accountant"), transport=at_odoo)
    connector = OdooConnector(Api(http, 1), company.url)
    connected = connection(url, PAYABLE)
    with ports(connected, connector, key, at_pleo) as opened:
        cpu = time.process_time()
        total = run(connected, opened, items)
        cpu = time.process_time() - cpu
    told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in at_odoo.by_path.most_common(5))
    return Spent(total, at_odoo.seconds, at_pleo.seconds, cpu, told)


# ------------------------------------------------------------------------------- whichever accounting system


@contextmanager
def ports(
    connected: Connection, connector: Connector, key: str, at_pleo: httpx2.BaseTransport | None = None
) -> Iterator[Ports]:
    """The engine's ports with the product's own clock and store."""
    with tempfile.TemporaryDirectory() as folder:
        clock, store = SystemClock(), open_store(Path(folder) / "bench.sqlite3")
        store.save_connection(connected)
        store.save_tokens(connected, Tokens(access=key))
        pleo = open_pleo(connected, store, clock, Ways(transport=at_pleo))
        try:
            yield Ports(pleo=pleo, connector=connector, store=store, clock=clock)
        finally:
            pleo.close()
            store.close()


def run(connected: Connection, opened: Ports, items: int) -> float:
    """Export the job that waits; seconds."""
    job = next_job(opened)
    assert job
    result = run_job(connected, job, opened)
    assert is_whole(result, items), result
    (row,) = opened.store.jobs(connected.id)
    return lasted(row.started_at, row.finished_at)


def is_whole(result: JobResult, items: int) -> bool:
    return (result.event, result.booked, result.receipts) == ("completed", items, receipts_of(items))


def lasted(began: datetime, ended: datetime | None) -> float:
    """Seconds of a job, by what the store noted of it: from claiming it to Pleo told that it is completed."""
    assert ended
    return (ended - began).total_seconds()


def connection(url: str, payable: str) -> Connection:
    """Posted; `payable` is the chart's own account."""
    connected = books.connection(url)
    return replace(connected, settings=replace(connected.settings, accounts_payable=payable))
