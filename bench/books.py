"""The company that benchmarks are booked in: its chart, in memory and as a Beancount ledger."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx2

from bench.pleo import COMPANY, MockPleo
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.masterdata import Account, Company, Dimension, DimensionValue, MasterRecord, TaxCode
from kontobro.core.model.settings import Settings
from kontobro.core.ports import Connector
from kontobro.export import Ports, next_job, run_job
from kontobro.pleo import Ways, open_pleo
from kontobro.store import open_store
from kontobro.testing.connector.memory import MemoryConnector

CHART: list[MasterRecord] = [
    Company("bench", "Bench ApS", "DKK", "Europe/Copenhagen"),
    Account("Assets:Pleo:DKK", "1081", "Pleo wallet"),
    Account("Assets:VAT:Input", "1401", "Input VAT"),
    Account("Expenses:Office-Supplies", "7504", "Office supplies"),
    Account("Assets:Pleo:Transit", "1089", "Pleo in transit"),
    Account("Liabilities:Employees", "2890", "Employees"),
    Account("Liabilities:Payables", "2440", "Payables"),
    TaxCode("I25", "I25", "Input VAT 25 %", Decimal("0.25"), "inclusive", "Assets:VAT:Input"),
    Dimension("COST", "COST", "Cost centre"),
    DimensionValue("100", "COST", "100", "Sales"),
]

LEDGER = """option "title" "Bench"
option "operating_currency" "DKK"
2020-01-01 custom "company" "Bench ApS"
  id: "bench"
  currency: "DKK"
  time-zone: "Europe/Copenhagen"
2020-01-01 open Assets:Pleo:DKK
  code: "1081"
2020-01-01 open Assets:VAT:Input
  code: "1401"
2020-01-01 open Expenses:Office-Supplies
  code: "7504"
2020-01-01 open Assets:Pleo:Transit
  code: "1089"
2020-01-01 open Liabilities:Employees
  code: "2890"
2020-01-01 open Liabilities:Payables
  code: "2440"
2020-01-01 custom "tax-code" "I25" "Input VAT 25 %" 0.25 "inclusive"
  ingoing: Assets:VAT:Input
2020-01-01 custom "dimension" "COST" "Cost centre"
2020-01-01 custom "dimension-value" "COST" "100" "Sales"
include "bookings/*.beancount"
"""


class BenchClock:
    """Time that passes by sleeping only in name: the client's pace is kept, and costs nothing."""

    def __init__(self) -> None:
        self._slept = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += timedelta(seconds=seconds)


def connection(api_url: str = "http://127.0.0.1:1", company_id: str = COMPANY) -> Connection:
    return Connection(
        id="bench",
        name="bench",
        environment="sandbox",
        api_url=api_url,
        auth_url=api_url,
        auth="api_key",
        company_id=company_id,
        company_name="Bench ApS",
        erp="beancount",
        settings=Settings(
            posting="posted",
            wallets={"DKK": "1081"},
            out_of_pocket="2890",
            contra="1089",
            accounts_payable="2440",
        ),
    )


@contextmanager
def ports(
    folder: Path, pleo: MockPleo | None, connector: Connector, connected: Connection, key: str = "bench"
) -> Iterator[Ports]:
    """The engine's ports over a fresh store in `folder`; Pleo is `pleo`, or the one at the connection's address."""
    store = open_store(folder / "bench.sqlite3")
    store.save_connection(connected)
    store.save_tokens(connected, Tokens(access=key))
    clock = BenchClock()
    transport = httpx2.MockTransport(pleo) if pleo else None
    client = open_pleo(connected, store, clock, Ways(transport=transport))
    try:
        yield Ports(pleo=client, connector=connector, store=store, clock=clock)
    finally:
        client.close()
        store.close()


def exported(folder: Path, pleo: MockPleo, connector: Connector) -> float:
    """CPU seconds of the job that waits in that Pleo, into a store in the folder. All of its items are booked."""
    with ports(folder, pleo, connector, connection()) as opened:
        job = next_job(opened)
        assert job
        gc.collect()
        began = time.process_time()
        result = run_job(connection(), job, opened)
        spent = time.process_time() - began
    assert (result.event, result.booked, pleo.updates) == ("completed", pleo.total, pleo.total), result
    return spent


def in_memory() -> MemoryConnector:
    return MemoryConnector(CHART)


def beancount_ledger(folder: Path) -> Path:
    """A ledger with nothing booked yet."""
    ledger = folder / "ledger.beancount"
    ledger.write_text(LEDGER)
    return ledger
