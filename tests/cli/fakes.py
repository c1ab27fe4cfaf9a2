"""A Pleo and an accounting system that answer from memory, for verbs that need no more; and how to run a verb."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from kontobro.bootstrap import DATABASE, App, open_app
from kontobro.cli.app import app
from kontobro.cli.common.context import CliContext
from kontobro.core.dialect import Dialect
from kontobro.core.errors import KontobroError, Problem
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.export import (
    ExportItem,
    ExportJob,
    Identity,
    Installation,
    ItemReport,
    JobItem,
    JobOutcome,
    MalformedItem,
    NotExported,
    Receipt,
    ReportError,
)
from kontobro.core.model.journal import Booking, Entry, InvoiceKey, Reference
from kontobro.core.model.masterdata import Account, Company
from kontobro.core.ports import Capabilities, R, Store, TokenStore
from kontobro.export.job.run import Ports
from tests.support.empty_store import put_empty_store

COMPANY = "7d0c3a52-54d4-4f0b-8f6e-0f5b8f1b7a11"
KEY = "plp_key-that-must-never-be-shown"
SCOPES = frozenset({"export-jobs:read", "export-jobs:write", "export-items:read"})
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@dataclass
class FakePleo:
    """A company with jobs and no items. `fault` is raised by every call, `tokens` is what it was opened with."""

    identity: Identity = field(default_factory=lambda: Identity("API_KEY", SCOPES, f"urn:pleo:company:{COMPANY}"))
    installed: Installation | None = None
    answer: Installation = field(
        default_factory=lambda: Installation("i-1", "ACTIVATED", f"urn:pleo:company:{COMPANY}")
    )
    waiting: list[ExportJob] = field(default_factory=list)
    faults: list[KontobroError] = field(default_factory=list)
    fault: KontobroError | None = None
    bug: Exception | None = None
    dialect: Dialect = field(default_factory=Dialect)

    def _answered(self) -> None:
        if self.bug:
            raise self.bug
        if self.faults:
            raise self.faults.pop(0)
        if self.fault:
            raise self.fault

    def introspect(self) -> Identity:
        self._answered()
        return self.identity

    def company_name(self) -> str | None:
        return "Fjord & Bro ApS"

    def jobs(self, statuses: Sequence[str]) -> Sequence[ExportJob]:
        self._answered()
        assert set(statuses) <= {"pending", "in_progress", "failed", "completed", "completed_with_errors"}
        return [job for job in self.waiting if job.status in statuses]

    def job(self, job_id: str) -> ExportJob:
        self._answered()
        return next(job for job in self.waiting if job.id == job_id)

    def start(self, job_id: str) -> bool:
        self._become(job_id, "in_progress")
        return True

    def _become(self, job_id: str, status: str) -> None:
        self.waiting = [replace(job, status=status) if job.id == job_id else job for job in self.waiting]

    def control_items(self, job_id: str) -> Iterator[Sequence[JobItem]]:
        yield []

    def items(self, job_id: str) -> Iterator[Sequence[ExportItem | MalformedItem]]:
        yield []

    def report(self, job_id: str, reports: Sequence[ItemReport]) -> Sequence[ReportError]:
        return []

    def complete(self, job_id: str, outcome: JobOutcome) -> None:
        self._become(job_id, outcome.event)

    def fetch(self, url: str, limit: int) -> bytes:
        return b""

    def not_exported(self, first: date, last: date, zone: tzinfo) -> NotExported:
        self._answered()
        return NotExported(0)

    def installation(self) -> Installation | None:
        self._answered()
        return self.installed

    def install(self, metadata: Mapping[str, object], *, activate: bool = True) -> Installation:
        self._answered()
        waits = self.answer.status == "ACTIVATED" and not activate and self.installed is None
        self.installed = replace(self.answer, status="PENDING_INTEGRATION") if waits else self.answer
        return self.installed

    def uninstall(self) -> None:
        self._answered()
        self.installed = None


@dataclass
class FakeErp:
    """A company with a few accounts. `fault` is raised by every call; `opened_with` is what it was opened with."""

    company: Company = field(default_factory=lambda: Company("books", "Fjord & Bro", "DKK", "Europe/Copenhagen"))
    fault: KontobroError | None = None
    faults: list[KontobroError] = field(default_factory=list)
    accounts: list[Account] = field(
        default_factory=lambda: [Account(code, code, f"Account {code}") for code in ("1080", "2440", "2890", "1089")]
    )
    opened_with: list[tuple[Mapping[str, str], str | None]] = field(default_factory=list)
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(
            kinds=frozenset({Company, Account}),
            bills=False,
            drafts=False,
            receipts=None,
            batch_size=100,
            reference="enforced",
        )
    )

    def check(self) -> Company:
        if self.faults:
            raise self.faults.pop(0)
        if self.fault:
            raise self.fault
        return self.company

    def read(self, kind: type[R]) -> Iterable[R]:
        self.check()
        return [record for record in self.accounts if isinstance(record, kind)]

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        return [[] for _ in entries]

    def find(self, keys: Sequence[Reference | InvoiceKey]) -> Mapping[Reference | InvoiceKey, Booking]:
        return {}

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        raise AssertionError("nothing is booked in these tests")

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        raise AssertionError("nothing is booked in these tests")

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        return []


@dataclass
class FakeClock:
    """Moves only by sleeping; after `sleeps` sleeps someone presses Ctrl-C."""

    time: datetime = NOW
    sleeps: int = 0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)
        if len(self.slept) > self.sleeps:
            raise KeyboardInterrupt


@dataclass
class FakeApp:
    """A real store in a temporary folder, with a Pleo and an accounting system from memory."""

    app: App
    pleo: FakePleo
    erp: FakeErp
    clock: FakeClock

    @property
    def store(self) -> Store:
        return self.app.store

    def pleo_for(self, connection: Connection, tokens: TokenStore | None = None) -> FakePleo:
        return self.pleo

    def document_store_for(self, connection: Connection) -> None:
        """It is booked into: there are no documents."""

    def connector_for(self, connection: Connection, secrets: Mapping[str, str] | None = None) -> FakeErp:
        """Its API key is what the connection's secrets say, stored or on trial."""
        key = secrets.get("api_key") if secrets is not None else self.store.secret(connection, "api_key")
        self.erp.opened_with.append((connection.erp_options, key))
        return self.erp

    def ports_for(self, connection: Connection) -> Ports:
        return Ports(pleo=self.pleo, connector=self.erp, store=self.store, clock=self.clock)

    def close(self) -> None:
        self.app.close()


@dataclass
class Bench:
    """Verbs run against fakes, in a home of their own."""

    path: Path
    pleo: FakePleo = field(default_factory=FakePleo)
    erp: FakeErp = field(default_factory=FakeErp)
    clock: FakeClock = field(default_factory=FakeClock)

    def open(self, path: Path) -> FakeApp:
        put_empty_store(path / DATABASE)
        return FakeApp(open_app(path), self.pleo, self.erp, self.clock)

    def run(self, *words: str, stdin: str | None = None, at_terminal: bool = False, **environment: str) -> Result:
        cli = CliContext(open_app=self.open, can_ask=lambda: at_terminal)
        variables: dict[str, Any] = {"KONTOBRO_HOME": None, "KONTOBRO_API_KEY": None, "LANG": "C.UTF-8"} | environment
        return CliRunner().invoke(app, ["--home", str(self.path), *words], obj=cli, input=stdin, env=variables)

    def connect(self, *words: str) -> Result:
        return self.run("connect", "--ledger", "books.beancount", *words, KONTOBRO_API_KEY=KEY)

    def connections(self) -> Sequence[Connection]:
        app = open_app(self.path)
        try:
            return app.store.connections()
        finally:
            app.close()

    def secret(self, connection: Connection, name: str) -> str | None:
        app = open_app(self.path)
        try:
            return app.store.secret(connection, name)
        finally:
            app.close()

    def tokens(self, connection: Connection) -> Tokens | None:
        app = open_app(self.path)
        try:
            return app.store.tokens(connection)
        finally:
            app.close()


def export_job(
    job_id: str = "4b1f0f9e-2c0f-4a53-9d38-0f7a7a1c2b3d", status: str = "pending", **facts: Any
) -> ExportJob:
    made: dict[str, Any] = {
        "id": job_id,
        "company_id": COMPANY,
        "status": status,
        "created_at": NOW,
        "number_of_items": 0,
        "expires_in": 3600,
    }
    return ExportJob(**(made | facts))
