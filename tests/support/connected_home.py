"""A home that is connected to a served sandbox, with a ledger. And how to run an exporter there."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.settings import Settings
from kontobro.store import open_store
from kontobro.testing.export import home
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.support.empty_store import put_empty_store

PROJECT = Path(__file__).resolve().parents[2]
SETTINGS = Settings(
    posting="posted",
    accounts_payable="2440",
    out_of_pocket="2890",
    contra="1089",
    wallets={"DKK": "1081"},
    journal="PLEO",
)


ENVIRONMENT = os.environ | {"PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{PROJECT}"}
EXPORTER = [sys.executable, "-m", "tests.support.exporter_process"]


class Warm:
    """A process that has everything loaded and forks a real one for each order: one for all tests here."""

    _all: ClassVar[dict[str, Warm]] = {}

    def __init__(self, module: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--warm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=ENVIRONMENT,
        )
        atexit.register(self.stop)

    @classmethod
    def started(cls, module: str = "tests.support.exporter_process") -> Warm:
        """The one of this module: what it does with an order is the module's business."""
        if module not in cls._all:
            cls._all[module] = cls(module)
        return cls._all[module]

    def run(self, order: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        """One exporter from its birth to its end."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        status, out, errors = json.loads(self.process.stdout.readline())
        return subprocess.CompletedProcess(EXPORTER, status, out, errors)

    def stop(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@dataclass
class Started:
    """An exporter under way; `end` lets it go and answers as `CliContext.attempt` does."""

    process: subprocess.Popen[str]
    gate: Path

    def end(self) -> dict[str, Any] | None:
        self.gate.touch()
        out, errors = self.process.communicate(timeout=120)
        if self.process.returncode == -signal.SIGKILL:
            return None
        assert self.process.returncode == 0, errors[-3000:]
        result: dict[str, Any] = json.loads(out)
        return result


@dataclass
class ConnectedHome:
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
    shared_ledger: Path | None = None

    @property
    def ledger(self) -> Path:
        return Path(self.options["ledger"])

    @property
    def database(self) -> Path:
        return self.folder / "kontobro.sqlite3"

    @property
    def boundaries(self) -> list[str]:
        """The boundaries crossed by the last exporter."""
        return (self.folder / "boundaries").read_text().splitlines()

    def export(self, *, at: str | None = None, **order: Any) -> dict[str, Any] | None:
        """Run a real exporter process: its result, or None when it was killed at the boundary `at`."""
        result = self.attempt(at=at, **order)
        assert result is None or "fault" not in result, f"the exporter refused: {result}"
        return result

    def attempt(self, *, at: str | None = None, **order: Any) -> dict[str, Any] | None:
        """The same of one that may refuse: then `fault` (its kind) and `said` are there instead of a result."""
        done = Warm.started().run(self.orders(at, order))
        if done.returncode == -signal.SIGKILL:
            return None
        assert done.returncode == 0, f"the exporter ended with {done.returncode}: {done.stderr[-3000:]}"
        result: dict[str, Any] = json.loads(done.stdout)
        assert at is None, f"it crossed no boundary {at}: {result}, {self.boundaries}"
        return result

    def orders(self, at: str | None, order: dict[str, Any]) -> dict[str, Any]:
        """What an exporter is told; the log of boundaries begins again."""
        log = self.folder / "boundaries"
        log.write_text("")
        return {"home": str(self.folder), "log": str(log), "at": at} | self.order | order

    def start(self, *, at: str | None = None, **order: Any) -> Started:
        """Start an exporter beside this one. With `at` it exists still at that boundary until it is let go."""
        gate = self.folder / "gate"
        orders = self.orders(at, order | ({"until": str(gate)} if at else {}))
        process = subprocess.Popen(
            EXPORTER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=ENVIRONMENT,
        )
        assert process.stdin
        process.stdin.write(json.dumps(orders))
        process.stdin.close()
        process.stdin = None
        started = Started(process, gate)
        while at and at not in self.boundaries:
            assert process.poll() is None, f"it ended before {at}: {started.end()}"
            time.sleep(0.02)
        return started

    def states(self) -> dict[str, str]:
        """Pleo's status of every expense of the newest job."""
        return {item.expense.id: str(item.status) for item in self.sandbox.jobs[-1].items}


@contextmanager
def a_connected_home(
    folder: Path, company: SandboxCompany, settings: Settings = SETTINGS, **order: Any
) -> Iterator[ConnectedHome]:
    """Serve the company with its export pressed, connect a home to it over a copy of the demo ledger."""
    shutil.copytree(Path(str(resources.files("kontobro.erp.beancount") / "demo")), folder / "ledger")
    ledger = {"ledger": str(folder / "ledger" / "ledger.beancount")}
    with a_connected_home_over(folder, company, settings, "beancount", ledger, {}, **order) as connected:
        yield connected


@contextmanager
def a_connected_home_over(
    folder: Path,
    company: SandboxCompany,
    settings: Settings,
    erp: str,
    options: dict[str, str],
    secrets: dict[str, str],
    **order: Any,
) -> Iterator[ConnectedHome]:
    """The same over any accounting system."""
    sandbox = Sandbox(company)
    key = sandbox.add_api_key(company.id)
    with serve(sandbox) as url:
        connected = ConnectedHome(folder, sandbox, company.id, key, url, order, erp, options, secrets)
        sandbox.press_export(company.id, vendor_based=True)
        connect(connected, settings)
        yield connected


def another_home(connected: ConnectedHome, folder: Path) -> ConnectedHome:
    """A second installation for the same company and the same ledger, with an API key of its own."""
    folder.mkdir()
    key = connected.sandbox.add_api_key(connected.company_id)
    other = replace(connected, folder=folder, key=key, order={}, shared_ledger=connected.ledger)
    connect(other)
    return other


def connect(connected: ConnectedHome, settings: Settings = SETTINGS) -> Connection:
    """Write the connection and its keys into the home's store."""
    connection = Connection(
        id="desk",
        name="desk",
        environment="sandbox",
        api_url=connected.url,
        auth_url=connected.url,
        auth="api_key",
        company_id=connected.company_id,
        company_name="Fjord & Bro ApS",
        erp=connected.erp,
        erp_options=connected.options,
        settings=settings,
    )
    store = open_store(put_empty_store(connected.database))
    store.save_connection(connection)
    store.save_tokens(connection, Tokens(access=connected.key))
    for name, value in connected.secrets.items():
        store.save_secret(connection, name, value)
    store.close()
    return connection


def forget_history(connected: ConnectedHome) -> None:
    """Delete every table's rows but those of connections, secrets and migrations."""
    assert len(home.forget_history(connected.database)) >= 4
