"""Prism between the client and the sandbox: it refuses every request and every answer that is not the contract's."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRISM = Path(__file__).parent / "prism" / "node_modules" / ".bin" / "prism"
START_SECONDS = 60.0
WRITE_SECONDS = 20.0
REFUSED = "terminated with error"
"""How Prism says that it refused something."""


@dataclass(frozen=True)
class Proxy:
    """A running Prism: where it listens, and what it said."""

    url: str
    log: Path

    def violations(self, until: str) -> list[str]:
        """What Prism refused, requests and answers, as it wrote it.

        It writes a moment after it answered, so this waits for `until`, what it writes last.
        RuntimeError when it never comes.
        """
        end = time.monotonic() + WRITE_SECONDS
        while until not in (said := self.log.read_text(encoding="utf-8")):
            if time.monotonic() > end:
                raise RuntimeError(f"Prism never wrote {until!r}: {said[-2000:]}")
            time.sleep(0.05)
        return [line for line in said.splitlines() if REFUSED in line or "violation" in line.lower()]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def prism(document: dict[str, Any], upstream: str, folder: Path) -> Iterator[Proxy]:
    """Run Prism's validating proxy while the block runs. Its files lie in `folder`."""
    contract, log, port = folder / "contract.json", folder / "prism.log", free_port()
    contract.write_text(json.dumps(document), encoding="utf-8")
    command = [str(PRISM), "proxy", "--errors", "-h", "127.0.0.1", "-p", str(port), str(contract), upstream]
    with log.open("w", encoding="utf-8") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
        try:
            wait_until_listening(process, port, log)
            yield Proxy(f"http://127.0.0.1:{port}", log)
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the port answers. Raises RuntimeError with Prism's own words."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"Prism did not start: {log.read_text(encoding='utf-8')[-2000:]}")
