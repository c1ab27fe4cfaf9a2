"""Several companies at one Pleo in a box, each with a ledger of its own, connected to one service."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from kontobro.bootstrap import DATABASE, App
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.settings import Settings
from kontobro.service.app import open_service_app
from kontobro.service.config import ServiceConfig, read_config
from kontobro.worker.perform import Listener
from kontobro.worker.serving import Worker, start_in_process
from pleo_sandbox.model import Expense, Json, SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.support.connected_home import SETTINGS
from tests.support.empty_store import put_empty_store
from tests.support.pleo_company import CONTRA, an_item

PROJECT = Path(__file__).resolve().parents[2]
REFERENCE = 'kontobro: "'
"""How a ledger's text names the reference of an entry of ours."""


@dataclass
class RunningService:
    """Its companies by connection id."""

    folder: Path
    sandbox: Sandbox
    url: str
    environment: dict[str, str]
    companies: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> ServiceConfig:
        return read_config(self.environment)

    def ledger(self, connection_id: str) -> Path:
        return self.folder / "ledgers" / connection_id / "ledger.beancount"

    def settle_down(self, number: int, items: int, settings: Settings = SETTINGS) -> str:
        """A company moves in, with so many expenses in Pleo's queue; its connection's id."""
        connection_id = f"c{number:03}"
        company = SandboxCompany(f"Company {number}", "DKK", "DK", contra_accounts={"DKK": CONTRA})
        company.expenses = [Expense(a_purchase(company.id)) for _ in range(items)]
        self.sandbox.add_company(company)
        self.companies[connection_id] = company.id
        shutil.copytree(
            Path(str(resources.files("kontobro.erp.beancount") / "demo")), self.ledger(connection_id).parent
        )
        self.connect(connection_id, settings)
        return connection_id

    def connect(self, connection_id: str, settings: Settings = SETTINGS) -> Connection:
        connection = Connection(
            id=connection_id,
            name=connection_id,
            environment="sandbox",
            api_url=self.url,
            auth_url=self.url,
            auth="api_key",
            company_id=self.companies[connection_id],
            company_name=connection_id,
            erp="beancount",
            erp_options={"ledger": str(self.ledger(connection_id))},
            settings=settings,
        )
        with self.app() as app:
            app.store.save_connection(connection)
            app.store.save_tokens(connection, Tokens(access=self.sandbox.add_api_key(connection.company_id)))
        return connection

    @contextmanager
    def app(self) -> Iterator[App]:
        """The service's home, open beside its workers."""
        app = open_service_app(self.config)
        try:
            yield app
        finally:
            app.close()

    def press_export(self, connection_id: str) -> str:
        return self.sandbox.press_export(self.companies[connection_id])

    def spend(self, connection_id: str) -> str:
        """One more expense, queued."""
        company_id = self.companies[connection_id]
        return self.sandbox.add_expense(company_id, a_purchase(company_id))

    @contextmanager
    def at_work(
        self, *listeners: Listener, pauses: Sequence[float] = (), owner: Callable[[str], str] = str
    ) -> Iterator[Worker]:
        """A worker in this process."""
        app = open_service_app(self.config)
        worker = start_in_process(self.config, listeners=listeners, app=app, pauses=pauses, owner=owner)
        try:
            yield worker
        finally:
            worker.stop(10)

    def hire(self) -> subprocess.Popen[bytes]:
        """A worker in a process of its own."""
        log = (self.folder / "workers.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.worker.at_work"],
                cwd=PROJECT,
                env=os.environ | {"PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{PROJECT}"} | self.environment,
                stdout=log,
                stderr=log,
            )

    @property
    def said(self) -> str:
        """What the hired workers logged."""
        return (self.folder / "workers.log").read_text()

    def booked(self, connection_id: str) -> Counter[str]:
        """How often each reference is in the company's ledger."""
        batches = sorted((self.ledger(connection_id).parent / "bookings").glob("*.beancount"))
        lines = [line.strip() for batch in batches for line in batch.read_text().splitlines()]
        return Counter(line.removeprefix(REFERENCE).rstrip('"') for line in lines if line.startswith(REFERENCE))

    def states(self, connection_id: str) -> list[str]:
        """Pleo's status of each of the company's jobs, oldest first."""
        company_id = self.companies[connection_id]
        return [str(job.status) for job in self.sandbox.jobs if job.company_id == company_id]

    def expenses(self, connection_id: str) -> set[str]:
        """What was exported in Pleo, in any job."""
        company_id = self.companies[connection_id]
        return {item.expense.id for job in self.sandbox.jobs if job.company_id == company_id for item in job.items}

    def assert_whole(self, connection_id: str) -> None:
        """All jobs have ended well, and each item exists once."""
        assert set(self.states(connection_id)) == {"completed"}, (connection_id, self.states(connection_id))
        assert self.booked(connection_id) == Counter(self.expenses(connection_id))


def a_purchase(company_id: str) -> Json:
    return an_item(1, accountingEntryId=str(uuid.uuid4()), companyId=company_id)


@contextmanager
def a_running_service(
    folder: Path, companies: int = 1, items: int = 2, settings: Settings = SETTINGS, **environment: str
) -> Iterator[RunningService]:
    """Serve Pleo, connect the companies. `environment`: more of the service's variables, without their prefix."""
    given = {"home": str(folder / "home"), "poll_seconds": "3600"} | environment
    sandbox = Sandbox()
    if "database_url" not in given:
        put_empty_store(Path(given["home"]) / DATABASE)
    with serve(sandbox) as url:
        service = RunningService(
            folder, sandbox, url, {f"KONTOBRO_{name.upper()}": value for name, value in given.items()}
        )
        for number in range(companies):
            service.settle_down(number, items, settings)
        yield service


def wait_for(true: Callable[[], object], seconds: float = 120, pause: float = 0.05) -> None:
    """Look again and again until it is so; `seconds` only bound what never comes, on a busy machine too."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(pause)
