"""A desk: a sandbox being served, a home that is connected to it, a ledger. And how to run an exporter there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from kontobro.core.connection import Connection, Tokens
from kontobro.core.settings import Settings
from kontobro.store import open_store
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state import Sandbox

PROJECT = Path(__file__).resolve().parents[2]
SETTINGS = Settings(
    posting="posted",
    accounts_payable="2440",
    out_of_pocket="2890",
    contra="1089",
    wallets={"DKK": "1081"},
    journal="PLEO",
)


@dataclass
class Desk:
    """One company's exporter and both of its sides."""

    folder: Path
    sandbox: Sandbox
    company_id: str
    key: str
    url: str
    order: dict[str, Any] = field(default_factory=dict)
    erp: str = "beancount"
    options: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger" / "ledger.beancount"

    @property
    def database(self) -> Path:
        return self.folder / "kontobro.sqlite3"

    @property
    def boundaries(self) -> list[str]:
        """The boundaries crossed by the last exporter."""
        return (self.folder / "boundaries").read_text().splitlines()

    def export(self, *, at: str | None = None, **order: Any) -> dict[str, Any] | None:
        """Run a real exporter process: its result, or None when it was killed at the boundary `at`."""
        log = self.folder / "boundaries"
        log.unlink(missing_ok=True)
        log.touch()
        orders = {"home": str(self.folder), "log": str(log), "at": at} | self.order | order
        done = subprocess.run(
            [sys.executable, "-m", "tests.export.exporter"],
            input=json.dumps(orders),
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{PROJECT}"},
            timeout=120,
            check=False,
        )
        if done.returncode == -signal.SIGKILL:
            return None
        assert done.returncode == 0, done.stderr[-3000:]
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def states(self) -> dict[str, str]:
        """Pleo's status of every expense of the newest job."""
        return {item.expense.id: str(item.status) for item in self.sandbox.jobs[-1].items}


@contextmanager
def a_desk(folder: Path, company: SandboxCompany, settings: Settings = SETTINGS, **order: Any) -> Iterator[Desk]:
    """Serve the company with its export pressed, connect a home to it over a copy of the demo ledger."""
    shutil.copytree(Path(str(resources.files("kontobro.erp.beancount") / "demo")), folder / "ledger")
    ledger = {"ledger": str(folder / "ledger" / "ledger.beancount")}
    with a_desk_over(folder, company, settings, "beancount", ledger, {}, **order) as desk:
        yield desk


@contextmanager
def a_desk_over(
    folder: Path,
    company: SandboxCompany,
    settings: Settings,
    erp: str,
    options: dict[str, str],
    secrets: dict[str, str],
    **order: Any,
) -> Iterator[Desk]:
    """The same over any accounting system."""
    sandbox = Sandbox(company)
    key = sandbox.add_api_key(company.id)
    with serve(sandbox) as url:
        desk = Desk(folder, sandbox, company.id, key, url, order, erp, options, secrets)
        sandbox.press_export(company.id, vendor_based=True)
        connect(desk, settings)
        yield desk


def connect(desk: Desk, settings: Settings = SETTINGS) -> Connection:
    """Write the connection and its keys into the home's store."""
    connection = Connection(
        id="desk",
        name="desk",
        environment="sandbox",
        api_url=desk.url,
        auth_url=desk.url,
        auth="api_key",
        company_id=desk.company_id,
        company_name="Fjord & Bro ApS",
        erp=desk.erp,
        erp_options=desk.options,
        settings=settings,
    )
    store = open_store(desk.database)
    store.save_connection(connection)
    store.save_tokens(connection.id, Tokens(access=desk.key))
    for name, value in desk.secrets.items():
        store.save_secret(connection.id, name, value)
    store.close()
    return connection
