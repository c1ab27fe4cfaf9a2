"""Master data over real HTTP, counted by the sandbox itself: the first load, a sync with nothing to do, the pace."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import books
from bench.pleo import COMPANY
from bench.result import Result
from kontobro.core.model.connection import Tokens
from kontobro.core.model.masterdata import Account, MasterRecord, Vendor
from kontobro.pleo.target.masterdata import open_target
from kontobro.store import open_store
from kontobro.sync.run import SyncPorts, SyncResult, apply_plan, plan_sync
from kontobro.testing.connector.memory import MemoryConnector
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox

ACCOUNTS, VENDORS = 10_000, 1_200
BATCH, PAGE = "POST /v1/chart-of-accounts/batch", "POST /v1/chart-of-accounts:search"


class SandboxClock:
    """The sandbox's time; sleeping moves it, so that a minute of calls takes no minute."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def now(self) -> datetime:
        return self._sandbox.clock.now()

    def sleep(self, seconds: float) -> None:
        self._sandbox.move_clock(timedelta(seconds=seconds))


def measure() -> list[Result]:
    accounts: list[MasterRecord] = [Account(f"A{n}", f"{n:05}", f"Account {n}") for n in range(ACCOUNTS)]
    vendors: list[MasterRecord] = [
        Vendor(id=f"V{n}", code=f"V{n}", name=f"Vendor {n}", currency="DKK") for n in range(VENDORS)
    ]
    sandbox = Sandbox(SandboxCompany("Bench ApS", "DKK", "DK", id=COMPANY))
    first = _sync(sandbox, "accounts", accounts)
    searches = first[PAGE]
    again = _sync(sandbox, "accounts", accounts)
    _sync(sandbox, "vendors", vendors)
    pages = ceil(ACCOUNTS / 100)
    return [
        Result("first_load_writes", first[BATCH], 10, "calls", f"{ACCOUNTS:,} accounts; {searches} searches besides"),
        Result("in_step_writes", again[BATCH], 0, "calls", "the same again"),
        Result("in_step_reads", again[PAGE], pages, "calls", f"{pages} pages of 100"),
        Result(
            "calls_a_minute", sandbox.max_per_minute, 500, "calls", f"the most seen, {VENDORS:,} vendors one by one"
        ),
    ]


def _sync(sandbox: Sandbox, kind: str, records: list[MasterRecord]) -> dict[str, int]:
    """Sync one kind as a person would, in sync by the digest shown: the calls of applying it, by endpoint."""
    key = sandbox.add_api_key(COMPANY)
    clock = SandboxClock(sandbox)
    sandbox.move_clock(
        timedelta(minutes=2)
    )  # each sync is a program of its own and knows nothing of the last one's pace
    with serve(sandbox) as url, TemporaryDirectory() as folder, open_store(Path(folder) / "bench.sqlite3") as store:
        connected = books.connection(url)
        store.save_connection(connected)
        store.save_tokens(connected, Tokens(access=key))
        target = open_target(connected, store, clock)
        connector = MemoryConnector([*books.CHART[:1], *records])
        ports = SyncPorts(target=target, connector=connector, store=store, clock=clock)
        plan = plan_sync(connected, kind, ports)
        before = dict(sandbox.calls)
        result = apply_plan(connected, kind, plan.digest, ports)
        target.close()
    _assert_in_sync(result, len(records), plan.counts)
    return {name: sandbox.calls.get(name, 0) - before.get(name, 0) for name in (BATCH, PAGE)}


def _assert_in_sync(result: SyncResult, records: int, counts: object) -> None:
    assert result.outcome == "in_step", result
    assert result.creates + result.adopted in (0, records), counts
