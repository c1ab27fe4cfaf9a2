"""How the work goes is counted by the database, on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import psycopg

from kontobro.worker.asking import open_client_runner
from kontobro.worker.queues import FILE, engine_url, is_shared
from kontobro.worker.vitals import look
from tests.support.running_service import RunningService

LONGER = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
    INSERT INTO {table} (workflow_uuid, status, name, queue_name, created_at, updated_at)
    SELECT '{status}' || n, '{status}', name, queue_name, created_at - 60000, updated_at FROM {table} CROSS JOIN numbers
    WHERE workflow_uuid NOT LIKE 'PENDING%'
"""


def test_all_work_that_waits_is_counted(service: RunningService) -> None:
    """However much it is."""
    with service.app() as app, closing(open_client_runner(service.config, app.store)) as runner:
        idle = look(service.config, app, runner)
        runner.export("c000")
        with engine(service) as (database, table):
            database.execute(LONGER.format(table=table, status="PENDING", count=3))
            database.execute(LONGER.format(table=table, status="ENQUEUED", count=10_020))
        busy = look(service.config, app, runner)
    assert (idle.waiting, idle.running, idle.oldest_wait) == (0, 0, timedelta(0))
    assert (busy.waiting, busy.running) == (10_021, 3)
    assert timedelta(minutes=1) <= busy.oldest_wait < timedelta(minutes=5)


@contextmanager
def engine(service: RunningService) -> Iterator[tuple[Any, str]]:
    """DBOS's database, and its table of work there."""
    if is_shared(service.config):
        with psycopg.connect(engine_url(service.config)) as session:
            yield session, "kontobro_engine.workflow_status"
    else:
        with closing(sqlite3.connect(service.config.home / FILE)) as database, database:
            yield database, "workflow_status"
