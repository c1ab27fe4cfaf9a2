"""A process that works: begun after a fork, stopped in order. `run_worker` is the foreground of `kontobro worker`."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import TYPE_CHECKING

from kontobro.bootstrap import Home
from kontobro.service.config import ServiceConfig
from kontobro.service.outage import wait_out
from kontobro.worker.asking import OPENING, ClientRunner, lanes
from kontobro.worker.queues import (
    APPLICATION,
    SCHEMA,
    VERSION,
    engine_url,
    is_shared,
    open_client,
    prepare_engine,
    register_queues,
)

if TYPE_CHECKING:
    from kontobro.worker.duty import Told

log = logging.getLogger(__name__)

STOPPING = 30
"""Seconds that an orderly stop waits for work under way; what is left is taken over, or goes on at the next start."""
TICK = 1.0
ALIVE_EVERY, REAP_EVERY, ROUND_EVERY, FORGET_EVERY = 5.0, 5.0, 5.0, 600.0
ALONE = "alone"
"""The executor of a service on SQLite: one process, so what it left behind is its own."""


class Worker:
    """A running worker. `runner` asks it, and any other on the same database, for work."""

    def __init__(
        self,
        config: ServiceConfig,
        home: Home,
        told: Sequence[Told],
        pauses: Sequence[float] | None,
        owner: Callable[[str], str],
    ) -> None:
        self._opened = ExitStack()
        self.home = home
        self.executor_id = name_of_executor() if is_shared(config) else ALONE
        try:
            runner = self._prepare(config, owner)
            self._begin(config, runner, told, pauses)
        except BaseException:
            self._opened.close()
            raise

    @property
    def runner(self) -> ClientRunner:
        return self._duty.runner

    def stop(self, seconds: int = STOPPING) -> None:
        """Take no more work, wait so long for what is under way, close everything."""
        self._duty.stopping.set()
        self._stopping = seconds
        self._opened.close()

    def _prepare(self, config: ServiceConfig, owner: Callable[[str], str]) -> ClientRunner:
        """Tables, queues, and the way to ask."""
        self._opened.callback(self.home.close)
        if not is_shared(config):
            self._opened.enter_context(only_worker(self.home))
        with self.home.store.lock("engine", wait=OPENING):
            prepare_engine(config)
        runner = ClientRunner(open_client(config), lanes(config, owner))
        self._opened.callback(runner.close)
        register_queues(runner.client, config.workers)
        return runner

    def _begin(
        self, config: ServiceConfig, runner: ClientRunner, told: Sequence[Told], pauses: Sequence[float] | None
    ) -> None:
        from kontobro.worker.duty import PAUSES, Duty

        self._duty = Duty(home=self.home, runner=runner, told=told, pauses=PAUSES if pauses is None else pauses)
        self._stopping = STOPPING
        self._launch(config)

    def _launch(self, config: ServiceConfig) -> None:
        """The sign of life comes before the first work, and goes after the last."""
        from kontobro.worker import workflows
        from kontobro.worker.chores import Chore, Chores, Rounds, forget

        store, runner = self.home.store, self._duty.runner
        chores = [
            Chore(min(ROUND_EVERY, config.poll_seconds / 2), Rounds(store, runner, config.poll_seconds).make),
            Chore(FORGET_EVERY, lambda: forget(runner)),
        ]
        if is_shared(config):
            from kontobro.worker.life import Life

            life = Life(engine_url(config), self.executor_id, runner)
            self._opened.callback(life.end)
            chores += [Chore(ALIVE_EVERY, life.keep), Chore(REAP_EVERY, life.reap)]
        self._opened.callback(workflows.put_down)
        workflows.take_up(self._duty)
        self._opened.callback(self._destroy)
        _launch_dbos(config, self.executor_id)
        errands = Chores(chores)
        self._opened.callback(errands.stop)
        errands.start()

    def _destroy(self) -> None:
        from dbos import DBOS

        DBOS.destroy(workflow_completion_timeout_sec=self._stopping)


def start_in_process(
    config: ServiceConfig,
    *,
    told: Sequence[Told] = (),
    home: Home | None = None,
    pauses: Sequence[float] | None = None,
    owner: Callable[[str], str] = str,
) -> Worker:
    """Begin to work in this process, in threads; call it after the fork. Raises Busy when another works on SQLite.

    `told` hears of each piece of work that ended; `home` is closed with the worker; `pauses` between attempts; `owner`
    names a connection's organisation, which never holds all places (by itself: each connection its own).
    """
    if home is None:
        from kontobro.service.home import open_service_home

        home = open_service_home(config)
    return Worker(config, home, told, pauses, owner)


def run_worker(config: ServiceConfig, *, start: Callable[[], Worker] | None = None) -> None:
    """Work until SIGTERM or SIGINT, then stop in order. Call it on the main thread.

    `start` begins to work, `start_in_process` by itself; it is called again while the database is away.
    """
    asked = threading.Event()
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        worker = wait_out(start or partial(start_in_process, config), asked)
        log.info("worker begins", extra={"worker": worker.executor_id})
        asked.wait()
        log.info("worker stops", extra={"worker": worker.executor_id})
        worker.stop()
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def name_of_executor() -> str:
    """A name that no other process has, now or later; the host's and the process's number are for a person."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:12]}"


def only_worker(home: Home) -> AbstractContextManager[None]:
    """On SQLite only one process works. Raises Busy when there is another."""
    return home.store.lock("worker")


def _launch_dbos(config: ServiceConfig, executor_id: str) -> None:
    from dbos import DBOS, DBOSPortableJSONSerializer

    DBOS(
        config={
            "name": APPLICATION,
            "system_database_url": engine_url(config),
            "dbos_system_schema": SCHEMA,
            "application_version": VERSION,
            "executor_id": executor_id,
            "serializer": DBOSPortableJSONSerializer(),
            "run_migrations": False,  # done under our lock: several workers begin at once
            "log_level": "ERROR",
            "enable_otlp": False,
        }
    )
    DBOS.launch()
