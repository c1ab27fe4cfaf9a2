"""A process that works: begun after a fork, stopped in order. `run_worker` is the foreground of `kontobro worker`."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from dbos import DBOS, DBOSPortableJSONSerializer

from kontobro.bootstrap import App
from kontobro.service.config import ServiceConfig
from kontobro.service.outage import wait_out
from kontobro.worker import workflows
from kontobro.worker.asking import ClientRunner, open_client_runner
from kontobro.worker.chores import Chore, Chores, forget
from kontobro.worker.life import Life
from kontobro.worker.perform import PAUSES, Listener, WorkerContext
from kontobro.worker.queues import APPLICATION, SCHEMA, VERSION, engine_url, is_shared, only_worker, register_queues
from kontobro.worker.rounds import Intervals, Rounds, Turns
from kontobro.worker.waking import Attention, CallListener

log = logging.getLogger(__name__)

STOPPING = 30
"""Seconds that an orderly stop waits for work under way; what is left is taken over, or continues at the next start."""
ALIVE_EVERY, REAP_EVERY, FORGET_EVERY = 5.0, 5.0, 600.0
ALONE = "alone"
"""The executor of a service on SQLite: one process, so what it left behind is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A running worker. `runner` asks it, and any other on the same database, for work."""

    app: App
    runner: ClientRunner
    executor_id: str
    _context: WorkerContext
    _chores: Chores
    _opened: ExitStack

    def stop(self, seconds: int = STOPPING) -> None:
        """Take no more work, wait so long for what is under way, close everything."""
        self._context.stopping.set()
        with self._opened:
            self._chores.stop()
            self._context.attention.end()
            DBOS.destroy(workflow_completion_timeout_sec=seconds)


def start_in_process(
    config: ServiceConfig,
    *,
    listeners: Sequence[Listener] = (),
    app: App | None = None,
    pauses: Sequence[float] = PAUSES,
    owner: Callable[[str], str] = str,
    chores: Sequence[Chore] = (),
) -> Worker:
    """Begin to work in this process, in threads; call it after the fork. Raises Busy when another works on SQLite.

    `told` hears of each piece of work that ended; `home` is closed with the worker; `pauses` between attempts; `owner`
    names a connection's organisation, which never holds all places (on its own: each connection its own); `chores` are
    done beside the worker's own.
    """
    if app is None:
        from kontobro.service.app import open_service_app

        app = open_service_app(config)
    with ExitStack() as opened:
        opened.callback(app.close)
        if not is_shared(config):
            opened.enter_context(only_worker(app))
        runner = open_client_runner(config, app.store, owner)
        opened.callback(runner.close)
        register_queues(runner.client, config.workers)
        attention, turns = Attention(), Turns(app, intervals_of(config))
        opened.callback(turns.end)
        runner.wakes.insert(0, attention.wake)
        context = WorkerContext(
            app=app, runner=runner, listeners=listeners, pauses=pauses, attention=attention, turns=turns
        )
        executor_id = name_of_executor() if is_shared(config) else ALONE
        begun = _launch(config, context, executor_id, opened, chores)
        return Worker(
            app=app, runner=runner, executor_id=executor_id, _context=context, _chores=begun, _opened=opened.pop_all()
        )


def _launch(
    config: ServiceConfig, context: WorkerContext, executor_id: str, opened: ExitStack, more: Sequence[Chore]
) -> Chores:
    """The sign of life comes before the first work, and goes after the last."""
    runner, intervals = context.runner, intervals_of(config)
    chores = [
        Chore(intervals.turn, Rounds(runner, intervals).make),
        Chore(FORGET_EVERY, partial(forget, runner)),
        *more,
    ]
    if is_shared(config):
        life = Life(engine_url(config), executor_id, runner)
        opened.callback(life.end)
        chores += [Chore(ALIVE_EVERY, life.keep), Chore(REAP_EVERY, life.reap)]
        listener = CallListener(engine_url(config), context.attention.wake)
        opened.callback(listener.end)
        listener.start()
    opened.enter_context(workflows.at_work(context))
    opened.callback(DBOS.destroy)
    opened.callback(context.attention.end)
    context.attention.begin(launch_dbos(config, executor_id))
    begun = Chores(chores)
    begun.start()
    return begun


def run_worker(config: ServiceConfig, *, start: Callable[[], Worker] | None = None) -> None:
    """Work until SIGTERM or SIGINT, then stop in order. Call it on the main thread.

    `start` begins to work, `start_in_process` on its own; it is called again while the database is away.
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


def intervals_of(config: ServiceConfig) -> Intervals:
    return Intervals(told=max(config.poll_seconds, config.reconcile_seconds), polled=config.poll_seconds)


def launch_dbos(config: ServiceConfig, executor_id: str) -> DBOS:
    """Begin to run in threads, under that name, what `Attention.begin` finds in the queues."""
    engine = DBOS(
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
    DBOS.listen_queues([])
    DBOS.launch()
    return engine
