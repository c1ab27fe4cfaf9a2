"""A Pleo-in-a-box and a service beside it, each started as a person starts it, on free ports of this machine."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parent.parent.parent
KONTOBRO = (sys.executable, "-c", "from kontobro.cli import main; main()")
START_SECONDS = 60.0
"""Longest that a process may take until it serves: a busy machine is slow."""

TAIL = 4000
"""Characters of each log that a failure shows."""


@dataclass
class StartedService:
    """Where everything is. `folder` holds the logs, the service's home and the ledger."""

    folder: Path
    pleo: str
    company_id: str
    service: str
    client_secret: str = field(repr=False)

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger" / "ledger.beancount"

    @property
    def urls(self) -> tuple[str, str]:
        """The hosts that a page may ask."""
        return (self.pleo, self.service)

    @property
    def accounting(self) -> str:
        """Pleo's page with the Connect button."""
        return f"{self.pleo}/companies/{self.company_id}/accounting"

    def control(self, verb: str, **arguments: Any) -> Any:
        """Tell the sandbox something that no page of it can."""
        answer = httpx2.post(f"{self.pleo}/_control/{verb}", json=arguments, timeout=20)
        answer.raise_for_status()
        return answer.json()["result"]

    def state(self) -> Any:
        """What the sandbox knows: jobs, installations, subscriptions, deliveries."""
        return httpx2.get(f"{self.pleo}/_control/state", timeout=20).json()

    def logs(self) -> str:
        """The end of each process's log."""
        parts = (f"--- {path.name}\n{path.read_text()[-TAIL:]}" for path in sorted(self.folder.glob("*.log")))
        return "\n".join(parts)


@contextmanager
def start_service(folder: Path, *packages: Path) -> Iterator[StartedService]:
    """Start both and wait until both serve; end them with the block. `packages`: folders of installed packages."""
    service = f"http://127.0.0.1:{_free_port()}"
    with ExitStack() as stack:
        box = _open_sandbox(folder, service, stack)
        _copy_ledger(folder / "ledger")
        told = {
            "KONTOBRO_PUBLIC_URL": service,
            "KONTOBRO_BIND": service.removeprefix("http://"),
            "KONTOBRO_SANDBOX_URL": box["url"],
            "KONTOBRO_SANDBOX_CLIENT_ID": box["client_id"],
            "KONTOBRO_SANDBOX_CLIENT_SECRET": box["client_secret"],
            "KONTOBRO_OPERATORS": "anna@example.com",
            "KONTOBRO_POLL_SECONDS": "3600",  # so that what happens soon was started by a webhook
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", *packages))),
        }
        process = stack.enter_context(_running(folder, "service", ["serve"], told))
        started = StartedService(folder, box["url"], box["company_id"], service, box["client_secret"])
        _wait_until_ready(process, started)
        yield started


def _open_sandbox(folder: Path, service: str, stack: ExitStack) -> Mapping[str, Any]:
    addresses = (
        f"--start-url={service}/connect/pleo/start",
        f"--settings-url={service}/connect/pleo/settings",
        f"--redirect-uri={service}/connect/pleo/callback",
    )
    command = ["sandbox", "--port=0", "--json", "--no-press", *addresses]
    process = stack.enter_context(_running(folder, "sandbox", command, {}))
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        raise RuntimeError(f"the sandbox did not start: {(folder / 'sandbox.log').read_text()[-TAIL:]}")
    told: Mapping[str, Any] = json.loads(line)
    return told


@contextmanager
def _running(
    folder: Path, name: str, command: list[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A kontobro command in a process of its own; its log is in the folder. Ended by SIGTERM, as a person's Ctrl-C."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("KONTOBRO_")}
    own |= {"KONTOBRO_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT / "src"), **environment}
    with (folder / f"{name}.log").open("wb") as log:
        out = subprocess.PIPE if name == "sandbox" else log
        process = subprocess.Popen(
            [*KONTOBRO, *command], env=own, stdin=subprocess.DEVNULL, stdout=out, stderr=log, cwd=folder
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _wait_until_ready(process: subprocess.Popen[bytes], started: StartedService) -> None:
    end = time.monotonic() + START_SECONDS
    while not _is_ready(started.service):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the service did not start:\n{started.logs()}")
        time.sleep(0.1)


def _is_ready(service: str) -> bool:
    try:
        return httpx2.get(f"{service}/readyz", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _copy_ledger(folder: Path) -> None:
    """The demo's ledger, ready for bookings."""
    with as_file(files("kontobro.erp.beancount") / "demo") as source:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
