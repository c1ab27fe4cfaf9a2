"""Where the real accounting systems are on this machine, and their databases. Nothing here knows which one it is."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx2

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 60.0


def erp_home() -> Path:
    """Where the project's scripts install accounting systems: .erp/, or where KONTOBRO_ERP_HOME points."""
    return Path(os.environ.get("KONTOBRO_ERP_HOME") or ROOT / ".erp").resolve()


def start_postgres() -> int:
    """Start the private PostgreSQL if it is not up; its port."""
    done = subprocess.run(
        [str(ROOT / "erp_lab/postgres.sh"), "start"], check=True, capture_output=True, text=True, timeout=120
    )
    return int(done.stdout)


def sql(port: int, statement: str, database: str = "postgres") -> str:
    """Run one statement as the accounting systems' own role; what it printed."""
    command = ["psql", "-qAt", "-h", "127.0.0.1", "-p", str(port), "-U", "erp", "-d", database, "-c", statement]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def cloned(port: int, template: str, name: str = "") -> Iterator[str]:
    """A fresh database, cloned from a template, dropped afterwards; of any name, or of this."""
    name = name or f"kontobro_{uuid.uuid4().hex[:12]}"
    sql(port, f"create database {name} template {template}")
    try:
        yield name
    finally:
        sql(port, f"drop database if exists {name} with (force)")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server:
    """A server process that is waited for, and stopped by its own id."""

    def __init__(self, command: Sequence[str], folder: Path, log: Path, ready: Callable[[], bool]) -> None:
        self._command, self._folder, self._log, self._ready = command, folder, log, ready
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(self._command, cwd=self._folder, stdout=out, stderr=subprocess.STDOUT)
        wait_until(self._ready, self._process, self._log)

    @property
    def pid(self) -> int:
        """Of the process that was started."""
        assert self._process
        return self._process.pid

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)

    def restart(self) -> None:
        self.stop()
        self.start()


S = TypeVar("S", bound=Server)


@contextmanager
def running(server: S) -> Iterator[S]:
    """The server, started, and stopped whatever happens."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


def stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(20)


def wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers, at most READY_SECONDS; a server that died is told with the end of its log."""
    deadline = time.monotonic() + READY_SECONDS
    while not ready():
        assert server.poll() is None, f"the server ended with {server.returncode}: {log.read_text()[-2000:]}"
        assert time.monotonic() < deadline, f"the server is not ready: {log.read_text()[-2000:]}"
        time.sleep(0.1)


def answers(url: str) -> bool:
    """True when something answers there with a success."""
    try:
        return httpx2.get(url, timeout=5).is_success
    except httpx2.HTTPError:
        return False
