"""A sandbox with one job of card purchases, a receipt on every third, as a process of its own.

`python -m bench.erp.pleo ITEMS` prints a line of JSON, `{"url", "key"}`, and ends when its standard input closes. What
it costs is not ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.pleo import COMPANY, item
from pleo_sandbox.model import Expense, FileBlob, SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox

ITEMS, EVERY = 1_000, 3
SIZE = 60_000
"""Bytes of a receipt: a photograph as a telephone shrinks it."""


def receipts_of(items: int) -> int:
    """How many receipts a job of so many items has."""
    return len(range(0, items, EVERY))


@contextmanager
def pleo_elsewhere(items: int) -> Iterator[tuple[str, str]]:
    """Address and API key of the sandbox while the block runs."""
    command = [sys.executable, "-m", "bench.erp.pleo", str(items)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        told = json.loads(process.stdout.readline())
        yield told["url"], told["key"]
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(20)
        process.stdout.close()


def _company(items: int) -> SandboxCompany:
    contra: dict[str, Any] = item(0)["contraAccount"]
    expenses = [Expense(item(number), _receipt(number)) for number in range(items)]
    return SandboxCompany("Bench ApS", "DKK", "DK", id=COMPANY, contra_accounts={"DKK": contra}, expenses=expenses)


def _receipt(number: int) -> tuple[FileBlob, ...]:
    if number % EVERY:
        return ()
    content = b"\x89PNG\r\n\x1a\n" + str(number).encode()
    return (FileBlob("receipt.png", "image/png", content.ljust(SIZE, b"\x00")),)


def main() -> None:
    sandbox = Sandbox(_company(int(sys.argv[1])), rate_limit=None)
    key = sandbox.add_api_key(COMPANY)
    sandbox.press_export(COMPANY)
    with serve(sandbox) as url:
        print(json.dumps({"url": url, "key": key}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
