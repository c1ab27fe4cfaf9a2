"""DBOS as the worker uses it: its queues, the sign of life, the chores; only the task is another."""

from __future__ import annotations

import signal
import threading
import uuid
from collections.abc import Callable

from bench.queues import task
from kontobro.service.config import ServiceConfig, read_config
from kontobro.worker.asking import ClientRunner
from kontobro.worker.chores import Chore, Chores
from kontobro.worker.life import Life
from kontobro.worker.queues import URGENT, engine_url, is_shared, open_client, prepare_engine, register_queues
from kontobro.worker.serving import ALIVE_EVERY, ALONE, REAP_EVERY, launch_dbos, name_of_executor
from kontobro.worker.waking import Attention, CallListener


def config(url: str) -> ServiceConfig:
    """`url`: PostgreSQL's, or a folder for SQLite."""
    shared = url.startswith("postgres")
    given = {"KONTOBRO_DATABASE_URL": url, "KONTOBRO_HOME": "/nowhere"} if shared else {"KONTOBRO_HOME": url}
    return read_config(given | {"KONTOBRO_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="})


def prepare(url: str) -> None:
    prepare_engine(config(url))


class Asker:
    def __init__(self, url: str) -> None:
        self.client = open_client(config(url))

    def ask(self, lane: str, seconds: float, path: str) -> object:
        return self.client.enqueue(
            {
                "workflow_name": "task",
                "queue_name": URGENT,
                "workflow_id": f"{lane}.{uuid.uuid4().hex}",
                "queue_partition_key": lane,
                "deduplication_id": f"{lane} {path}",
                "duplication_policy": "return-existing",
                "priority": 1,
            },
            seconds,
            path,
        )

    def left(self) -> int:
        return len(self.client.list_workflows(status=["ENQUEUED", "PENDING"], load_input=False, load_output=False))


def asker(url: str) -> Asker:
    return Asker(url)


def work(url: str, ready: Callable[[], None]) -> None:
    from dbos import DBOS
    from django.conf import settings as django_settings

    django_settings.configure()
    attention = Attention()

    def run(seconds: float, path: str) -> None:
        with attention.working(URGENT):
            task.run(seconds, path)

    DBOS.workflow(name="task", max_recovery_attempts=1_000_000)(run)
    ended, settings = threading.Event(), config(url)
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    runner = ClientRunner(open_client(settings))
    register_queues(runner.client, task.AT_ONCE)
    me = name_of_executor() if is_shared(settings) else ALONE
    life = Life(engine_url(settings), me, runner) if is_shared(settings) else None
    runner.wakes.append(attention.wake)
    attention.begin(launch_dbos(settings, me))
    listener = CallListener(engine_url(settings), attention.wake) if is_shared(settings) else None
    if listener:
        listener.start()
    chores = Chores([Chore(ALIVE_EVERY, life.keep), Chore(REAP_EVERY, life.reap)]) if life else None
    if chores:
        chores.start()
    ready()
    ended.wait()
    if chores:
        chores.stop()
    attention.end()
    if listener:
        listener.end()
    DBOS.destroy(workflow_completion_timeout_sec=30)
