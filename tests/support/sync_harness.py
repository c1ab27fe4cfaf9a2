"""A company on both sides: an accounting system whose masters a test sets, Pleo, our store, and short words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from kontobro.core.errors import Problem
from kontobro.core.model.connection import Connection
from kontobro.core.model.masterdata import Company, MasterRecord, Vendor
from kontobro.core.model.settings import Settings
from kontobro.core.plan.make import Plan
from kontobro.core.ports import Connector, R, Store
from kontobro.sync import SyncPorts, SyncResult, apply_plan, plan_sync
from kontobro.testing.connector.memory import CAPABILITIES
from tests.support.memory_store import MemoryStore
from tests.support.strict_pleo import StrictPleo

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


@dataclass
class Books:
    """The masters of an accounting system. `fault` is raised by reading, `short` after half of the records."""

    records: list[MasterRecord] = field(default_factory=list)
    company: Company = field(default_factory=lambda: Company("C1", "Fjord & Bro ApS", "DKK"))
    capabilities: Any = CAPABILITIES
    fault: Exception | None = None
    short: bool = False

    def check(self) -> Company:
        return self.company

    def read(self, kind: type[R]) -> Iterable[R]:
        found = [record for record in self.records if isinstance(record, kind)]
        if self.short:
            yield from found[: len(found) // 2]
        if self.fault:
            raise self.fault
        yield from found

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        answers = []
        for vendor in vendors:
            known = next((it for it in self.read(Vendor) if it.pleo_id == vendor.pleo_id), None)
            if known is None:
                known = replace(vendor, id=f"erp-{vendor.id}", code=vendor.code or f"V-{vendor.id}")
                self.records.append(known)
            answers.append(known)
        return answers


@dataclass
class Clock:
    time: dt.datetime = NOW

    def now(self) -> dt.datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += dt.timedelta(seconds=seconds)


@dataclass
class SyncHarness:
    books: Books = field(default_factory=Books)
    pleo: StrictPleo = field(default_factory=StrictPleo)
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: Clock = field(default_factory=Clock)
    settings: Settings = field(default_factory=Settings)

    @property
    def connection(self) -> Connection:
        return Connection(
            id="conn-1",
            name="Demo",
            environment="sandbox",
            api_url="http://127.0.0.1:1",
            auth_url="http://127.0.0.1:1",
            auth="api_key",
            company_id="company-1",
            company_name="Demo ApS",
            erp="memory",
            erp_company="C1",
            settings=self.settings,
        )

    @property
    def ports(self) -> SyncPorts:
        return SyncPorts(
            target=self.pleo,
            connector=cast(Connector, self.books),
            store=cast(Store, self.store),
            clock=self.clock,
        )

    def has(self, *records: MasterRecord) -> None:
        """The accounting system's masters from now on."""
        self.books.records = list(records)

    def plan(self, kind: str) -> Plan:
        return plan_sync(self.connection, kind, self.ports)

    def apply(self, kind: str) -> SyncResult:
        """Plan, look, and apply what was shown."""
        return apply_plan(self.connection, kind, self.plan(kind).digest, self.ports)

    def scheduled(self, kind: str) -> SyncResult:
        return apply_plan(self.connection, kind, None, self.ports, yes=True)
