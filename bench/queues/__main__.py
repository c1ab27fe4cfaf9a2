"""Both queues with tasks that do nothing: start, asking, throughput, delay, after a kill, idle.

`python -m bench.queues [dbos procrastinate dbos-sqlite]`; procrastinate is no requirement of ours: install it first.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from bench.queues.task import Asker, Queue
from bench.service.__main__ import Run, configured, connect_all, overlap, postgres, wait
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox

LANES, ROUNDS, ITEMS = 50, 30, 20
TICKS = os.sysconf("SC_CLK_TCK")
SETTLED = 25.0
"""Seconds after the server's start before which no worker takes over another's work (`kontobro.worker.life`)."""


def measure(name: str, tasks: int, seconds: float, kills: int) -> dict[str, float]:
    """With so many tasks, idle for so many seconds, with so many workers killed."""
    queue: Any = import_module(f"bench.queues.{name.partition('-')[0]}")
    found: dict[str, float] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        shared = not name.endswith("-sqlite")
        url = stack.enter_context(a_database()) if shared else str(folder)
        begun = time.monotonic()
        queue.prepare(url)
        asker = queue.asker(url)
        marks = Marks(asker, folder)
        found["asking_ms"] = marks.ask_all(tasks)
        with worker(name, url) as first:
            found["start_s"], found["tasks_a_second"] = marks.drained(first.begun)
            found["delay_p50_ms"], found["delay_p95_ms"] = marks.delays()
            time.sleep(max(0.0, SETTLED - (time.monotonic() - begun)) if shared else 0)
            found |= idle(first.pid, url if shared else "", seconds)
            if not shared:
                found["restarted_s"] = marks.restarted(name, url, first)
        if shared:
            found["recovery_s"], found["recovery_worst_s"] = marks.recoveries(name, url, kills)
    return found


def exports(name: str, companies: int, items: int) -> dict[str, float]:
    """The export of `bench.service`, one worker, as a multiple of its calls alone; the same calls by either queue."""
    if name == "dbos":
        return {"exports_ratio": overlap(companies, items, 1).ratio}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        sandbox = Sandbox(rate_limit=None)
        config = configured(folder / "home", database_url=stack.enter_context(postgres()))
        connect_all(config, sandbox, stack.enter_context(serve(sandbox)), folder, companies, items)
        url = config.database_url.get_secret_value()
        queue: Any = import_module(f"bench.queues.{name}")
        queue.prepare(url)
        for number in range(companies):
            queue.app(url).open().configure_task("export", lock=f"c{number}").defer(connection_id=f"c{number}")
        given = {"home": config.home, "database_url": url, "key": config.key.get_secret_value()}
        stack.enter_context(worker(name, url, {f"KONTOBRO_{name.upper()}": str(text) for name, text in given.items()}))
        wait((folder / "calls").exists)
        begun = time.monotonic()
        wait(lambda: all(str(job.status) == "completed" for job in sandbox.jobs))
        run = Run(time.monotonic() - begun, (folder / "calls").stat().st_size, 0)
    return {"exports_ratio": run.ratio}


class Working:
    """A worker's process, spawned."""

    def __init__(self, name: str, url: str, environment: Mapping[str, str] | None = None) -> None:
        self.begun, self.ready = time.time(), False
        command = [sys.executable, "-m", "bench.queues", "--work", name, "--url", url]
        self.process = subprocess.Popen(command, env=os.environ | dict(environment or {}), stdout=subprocess.PIPE)
        self.pid = self.process.pid

    def await_ready(self) -> None:
        if not self.ready and self.process.stdout:
            self.ready = bool(self.process.stdout.readline())

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait(60)
        if self.process.stdout:
            self.process.stdout.close()


@contextmanager
def worker(name: str, url: str, environment: Mapping[str, str] | None = None) -> Iterator[Working]:
    made = Working(name, url, environment)
    try:
        yield made
    finally:
        made.kill(signal.SIGTERM if made.process.poll() is None else 0)


class Marks:
    """Tasks that are asked for, and when each began, by the file that it writes into."""

    def __init__(self, asker: Asker, folder: Path) -> None:
        self.asker, self.folder, self.number = asker, folder, 0

    def ask(self, seconds: float, lane: str = "lane") -> Path:
        self.number += 1
        path = self.folder / f"mark-{self.number}"
        self.asker.ask(lane, seconds, str(path))
        return path

    def ask_all(self, tasks: int) -> float:
        """Milliseconds for each."""
        begun = time.monotonic()
        self.all = [self.ask(0, f"lane-{number % LANES}") for number in range(tasks)]
        return (time.monotonic() - begun) / tasks * 1000

    def drained(self, spawned: float) -> tuple[float, float]:
        """Seconds from the spawn to the first task, tasks a second from then on."""
        wait(lambda: not self.asker.left(), pause=0.2)
        begun = sorted(float(path.read_text().split()[0]) for path in self.all)
        return begun[0] - spawned, len(begun) / (begun[-1] - begun[0])

    def delays(self) -> tuple[float, float]:
        """Milliseconds from asking to the beginning: the median, the 95th percentile."""
        seconds = []
        for _ in range(ROUNDS):
            time.sleep(0.35)
            asked = time.time()
            path = self.ask(0)
            seconds.append((begun(path, 1)[0] - asked) * 1000)
        return statistics.median(seconds), sorted(seconds)[int(ROUNDS * 0.95)]

    def recoveries(self, name: str, url: str, kills: int) -> tuple[float, float]:
        """Seconds from `kill -9` of one of two workers to the next beginning of what it ran: the median, the worst."""
        seconds = []
        workers = [Working(name, url), Working(name, url)]
        for _ in range(kills):
            for each in workers:
                each.await_ready()
            path = self.ask(8)
            pid = begun(path, 1)[1]
            time.sleep(1)
            victim = next(each for each in workers if each.pid == pid)
            victim.kill()
            killed = time.time()
            seconds.append(begun(path, 2)[0] - killed)
            wait(lambda: not self.asker.left(), pause=0.2)
            workers[workers.index(victim)] = Working(name, url)
        for each in workers:
            each.kill(signal.SIGTERM)
        return statistics.median(seconds), max(seconds)

    def restarted(self, name: str, url: str, first: Working) -> float:
        """Seconds from `kill -9` of the only worker, started again at once, to the next beginning."""
        path = self.ask(3)
        begun(path, 1)
        first.kill()
        killed = time.time()
        with worker(name, url):
            seconds = begun(path, 2)[0] - killed
            wait(lambda: not self.asker.left(), pause=0.2)
        return seconds


def begun(path: Path, times: int) -> tuple[float, int]:
    """When it began the last time, and in which process; waits for it."""
    wait(lambda: path.exists() and path.read_text().count("\n") >= times, pause=0.002)
    at, pid = path.read_text().split("\n")[times - 1].split()
    return float(at), int(pid)


@contextmanager
def a_database() -> Iterator[str]:
    """A database of its own on a server that notes each statement."""
    with postgres() as url:
        yield url


def idle(pid: int, url: str, seconds: float) -> dict[str, float]:
    """With nothing to do: statements that PostgreSQL executed in a minute, the worker's CPU and memory."""
    time.sleep(5)
    spent = used(pid)
    statements = executed(url, seconds) * 60 / seconds
    resident = next(row for row in Path(f"/proc/{pid}/status").read_text().split("\n") if row.startswith("VmRSS"))
    return {
        "idle_statements_a_minute": statements,
        "idle_cpu_ms_a_minute": (used(pid) - spent) * 1000 * 60 / seconds,
        "resident_mb": int(resident.split()[1]) / 1024,
    }


def used(pid: int) -> float:
    """Seconds of CPU so far."""
    row = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(row[11]) + int(row[12])) / TICKS


def executed(url: str, seconds: float) -> float:
    """Statements that the server logged meanwhile; without a server, nothing."""
    if not url:
        time.sleep(seconds)
        return 0
    with psycopg.connect(url, autocommit=True) as session:
        row = session.execute("SHOW data_directory").fetchone()
        assert row
        logs = Path(row[0]) / "log"
        session.execute("ALTER SYSTEM SET log_statement = 'all'")
        session.execute("SELECT pg_reload_conf()")
        time.sleep(1)
        before = logged(logs)
        time.sleep(seconds)
        after = logged(logs)
        session.execute("ALTER SYSTEM RESET log_statement")
        session.execute("SELECT pg_reload_conf()")
    return after - before


def logged(logs: Path) -> int:
    files = [logs] if logs.is_file() else list(logs.iterdir())
    return sum(file.read_text(errors="replace").count("LOG:  ") for file in files)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.queues", description=__doc__)
    parser.add_argument("names", nargs="*", default=["dbos", "procrastinate", "dbos-sqlite"])
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--idle", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--work")
    parser.add_argument("--url")
    parser.add_argument("--exports", type=int, metavar="COMPANIES", help="only whole exports, of so many companies")
    options = parser.parse_args()
    if options.work:
        queue: Queue = import_module(f"bench.queues.{options.work.partition('-')[0]}")  # type: ignore[assignment]
        queue.work(options.url, lambda: print("ready", flush=True))
        return 0
    for name in options.names:
        if options.exports:
            found = exports(name, options.exports, ITEMS)
        else:
            found = measure(name, options.tasks, options.idle, options.kills)
        for what, value in found.items():
            print(f"{name:14} {what:26} {value:10.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
