"""HTTP calls of a whole job, counted by the sandbox itself over real HTTP."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import books
from bench.pleo import COMPANY, item
from bench.result import Result
from kontobro.export import next_job, run_job
from pleo_sandbox.model import Expense, FileBlob, SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox

ITEMS, RECEIPTS, PAGE = 1_000, 500, 100


def measure() -> list[Result]:
    least = 1 + 1 + 1 + 2 * ceil(ITEMS / PAGE) + RECEIPTS + ceil(ITEMS / 100) + 1
    sandbox = Sandbox(_company(), rate_limit=None)
    key = sandbox.add_api_key(COMPANY)
    sandbox.press_export(COMPANY)
    with serve(sandbox) as url, TemporaryDirectory() as folder:
        connected = books.connection(url)
        with books.ports(Path(folder), None, books.in_memory(), connected, key) as ports:
            job = next_job(ports)
            assert job
            result = run_job(connected, job, ports)
    assert (result.event, result.booked, result.receipts) == ("completed", ITEMS, RECEIPTS), result
    made = sum(sandbox.calls.values())
    return [Result("http_calls", made, least + max(3, 0.02 * least), "calls", f"{ITEMS:,} items; the least is {least}")]


def _company() -> SandboxCompany:
    """Every second item has a receipt."""
    contra: dict[str, Any] = item(0)["contraAccount"]
    expenses = [Expense(item(number), _receipt(number) if number % 2 else ()) for number in range(ITEMS)]
    return SandboxCompany("Bench ApS", "DKK", "DK", id=COMPANY, contra_accounts={"DKK": contra}, expenses=expenses)


def _receipt(number: int) -> tuple[FileBlob, ...]:
    return (FileBlob("receipt.png", "image/png", b"\x89PNG\r\n\x1a\n" + str(number).encode()),)
