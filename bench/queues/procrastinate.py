"""procrastinate doing the same: a lock for each lane, a heartbeat each 2 s, a look each 5 s for what stalled."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from bench.queues import task
from kontobro.bootstrap import App
from kontobro.service.app import open_service_app
from kontobro.service.config import read_config
from kontobro.worker import pieces
from kontobro.worker.perform import fresh_connections

BEAT, STALLED, LOOK = 2.0, 5.0, 5.0


def app(url: str) -> Any:
    library = import_module("procrastinate")
    made = library.App(connector=library.PsycopgConnector(conninfo=url))
    made.task(name="task")(task.run)
    made.task(name="export")(export)
    return made


def export(connection_id: str) -> None:
    """A whole export of ours. What came of it is kept nowhere: procrastinate has no place for it."""
    with fresh_connections(), homes[0].visit() as home, home.store.lock(f"work {connection_id}", wait=120):
        pieces.export_open(home, connection_id, [])


homes: list[App] = []


def prepare(url: str) -> None:
    with app(url).open() as opened:
        opened.schema_manager.apply_schema()


class Asker:
    def __init__(self, url: str) -> None:
        self.app = app(url).open()
        self.known = import_module("procrastinate.exceptions").AlreadyEnqueued

    def ask(self, lane: str, seconds: float, path: str) -> object:
        options = {"lock": lane, "queueing_lock": f"{lane} {path}", "priority": 1}
        try:
            return self.app.configure_task("task", **options).defer(seconds=seconds, path=path)
        except self.known:
            return None  # and which task that is has to be looked up

    def left(self) -> int:
        return sum(len(list(self.app.job_manager.list_jobs(status=status))) for status in ("todo", "doing"))


def asker(url: str) -> Asker:
    return Asker(url)


async def reap(jobs: Any) -> None:
    while True:
        for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            await jobs.retry_job_by_id_async(job_id=job.id, retry_at=datetime.now(UTC))
        await asyncio.sleep(LOOK)


def work(url: str, ready: Callable[[], None]) -> None:
    if "KONTOBRO_HOME" in os.environ:
        homes[:] = [open_service_app(read_config())]

    async def serve() -> None:
        async with app(url).open_async() as opened:
            ready()
            reaper = asyncio.create_task(reap(opened.job_manager))
            await opened.run_worker_async(
                concurrency=task.AT_ONCE,
                update_heartbeat_interval=BEAT,
                stalled_worker_timeout=STALLED,
                shutdown_graceful_timeout=30,
            )
            reaper.cancel()

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(serve())
