"""Pleo in a box as a process of its own: started, its one line read, never left behind."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from kontobro.core.errors import Misconfigured

START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class SandboxProcess:
    """A running sandbox and how to get in. Its secrets open nothing but this process."""

    url: str
    api_key: str = field(repr=False)
    company_id: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    redirect_uri: str = ""
    second_batch: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def shape(self) -> dict[str, object]:
        return {
            "url": self.url,
            "api_key": self.api_key,
            "company_id": self.company_id,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "redirect_uri": self.redirect_uri,
        }

    def calls(self) -> dict[str, int]:
        """How often each endpoint was called, as the sandbox counted."""
        import httpx2

        answer = httpx2.get(f"{self.url}/_control/state", timeout=10)
        answer.raise_for_status()
        return {str(endpoint): int(count) for endpoint, count in sorted(answer.json()["calls"].items())}

    def press_export(self, entry_ids: Sequence[str]) -> None:
        """Press Export in the demo company: a job of these expenses."""
        import httpx2

        order = {"company_id": self.company_id, "ids": list(entry_ids)}
        httpx2.post(f"{self.url}/_control/press_export", json=order, timeout=10).raise_for_status()

    def wait(self) -> None:
        """Until it ends, or the person ends it."""
        if self.process:
            with contextlib.suppress(KeyboardInterrupt):
                self.process.wait()


@contextmanager
def running_sandbox(port: int = 0, *options: str) -> Iterator[SandboxProcess]:
    """Run `python -m pleo_sandbox` (never imported: it is an imitation from Pleo's contract alone).

    It ends with the block, and with us however we end: it stops when its standard input closes.
    """
    command = [sys.executable, "-m", "pleo_sandbox", "--port", str(port), "--json", "--stop-on-eof", *options]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is ours: we end it in order
    )
    try:
        yield _read_started(process)
    finally:
        _stop(process)


def _read_started(process: subprocess.Popen[str]) -> SandboxProcess:
    told = json.loads(_first_line(process))
    return SandboxProcess(
        url=told["url"],
        api_key=told["api_key"],
        company_id=told["company_id"],
        client_id=told["client_id"],
        client_secret=told["client_secret"],
        redirect_uri=told["redirect_uri"],
        second_batch=tuple(told["second_batch"]),
        process=process,
    )


def _first_line(process: subprocess.Popen[str]) -> str:
    """Its first line; a sandbox that says nothing in time is ended, and with it the reading."""
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    try:
        line = process.stdout.readline() if process.stdout else ""
    finally:
        timer.cancel()
    if not line.startswith("{"):
        raise Misconfigured(
            "Pleo-in-a-box did not start.",
            "See its output where Kontobro was started. If its port is in use, choose another port.",
        )
    return line


def _stop(process: subprocess.Popen[str]) -> None:
    if process.stdin:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
