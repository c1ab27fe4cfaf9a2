"""Companies that do nothing: what looking for their exports costs, at the default intervals, webhooks on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from bench.load.companies import a_service, a_worker, named, settle
from bench.load.processes import load, used, used_by_tree
from bench.result import Result
from bench.service.__main__ import postgres
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox

COMPANIES, SECONDS = 10_000, 120.0
WARM = 45.0
"""Seconds from the start after which a worker's CPU is counted: its imports are over, each part was used once."""
CORE = 0.05
"""Of one core, at most."""


@dataclass(frozen=True, slots=True)
class Idle:
    """`worker` and `database` in seconds of CPU within `seconds`; `polls` of Pleo meanwhile."""

    seconds: float
    polls: int
    worker: float
    database: float
    most_a_minute: int


def measure(companies: int = COMPANIES, seconds: float = SECONDS) -> list[Result]:
    found, nothing = _in_a_process(companies, seconds), _in_a_process(0, min(seconds, 60.0))
    share, base = found.worker / found.seconds, nothing.worker / nothing.seconds
    each = (found.worker - base * found.seconds) / max(1, found.polls) * 1000
    note = f"{companies:,} idle companies, {found.polls / found.seconds:.1f} polls a second; {base:.3f} without any"
    database = f"{found.database / found.seconds:.3f} of a core beside it for PostgreSQL; {load()}"
    return [
        Result("load_idle_core", share, CORE, "of a core", f"{note}; {database}"),
        Result("load_idle_poll", each, 5.0, "ms of CPU a poll", "the worker's, less what it uses without companies"),
        Result("load_idle_credential", found.most_a_minute, 500, "calls a minute", "the most of one credential"),
    ]


def _in_a_process(companies: int, seconds: float) -> Idle:
    """Django is set up once a process."""
    command = [sys.executable, "-m", "bench.load.idle", str(companies), str(seconds)]
    return Idle(*json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))


def watched(companies: int, seconds: float) -> Idle:
    """A worker with so many companies, so long."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory()))
        url = stack.enter_context(postgres())
        sandbox = Sandbox()
        pleo = stack.enter_context(serve(sandbox))
        service = a_service(home, url)
        settle(service, sandbox, [named(sandbox, pleo, number) for number in range(companies)])
        server = postmaster(url)
        worker = stack.enter_context(a_worker(service))
        time.sleep(WARM)
        return _counted(sandbox, worker.pid, server, seconds)


def _counted(sandbox: Sandbox, worker: int, server: int, seconds: float) -> Idle:
    begun, calls = time.monotonic(), polls(sandbox)
    spent, stored = used(worker), used_by_tree(server)
    time.sleep(seconds)
    return Idle(
        time.monotonic() - begun,
        polls(sandbox) - calls,
        used(worker) - spent,
        used_by_tree(server) - stored,
        sandbox.traffic.most_of_one,
    )


def polls(sandbox: Sandbox) -> int:
    return sum(count for name, count in sandbox.calls.items() if name == "GET /v3/export-jobs")


def postmaster(url: str) -> int:
    """The number of PostgreSQL's first process."""
    with psycopg.connect(url) as session:
        row = session.execute("SHOW data_directory").fetchone()
    assert row
    return int((Path(row[0]) / "postmaster.pid").read_text().split()[0])


if __name__ == "__main__":
    print(json.dumps(astuple(watched(int(sys.argv[1]), float(sys.argv[2])))))
