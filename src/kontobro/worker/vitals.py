"""How the work goes, for metrics and the doctor: asked of DBOS's tables, by any process."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

from kontobro.bootstrap import App
from kontobro.core.errors import Busy, Unreachable
from kontobro.core.words import told
from kontobro.service.config import ServiceConfig
from kontobro.service.metrics.vitals import Vitals
from kontobro.worker.asking import ClientRunner, moment_of, open_client_runner
from kontobro.worker.queues import FILE, SCHEMA, TURN, engine_url, is_shared, only_worker

_ALIVE: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kontobro worker' AND datname = current_database()"
)
_COUNTED: Final = """
    SELECT count(*) FILTER (WHERE status = 'ENQUEUED'), count(*) FILTER (WHERE status = 'PENDING'),
        min(created_at) FILTER (WHERE status = 'ENQUEUED')
    FROM {table} WHERE status IN ('ENQUEUED', 'PENDING')
"""
"""Of a table that DBOS documents (https://docs.dbos.dev/explanations/system-tables): its client only lists, each row
whole."""


def look(config: ServiceConfig, app: App, runner: ClientRunner | None = None) -> Vitals:
    """How the work goes now. Opens a client of its own when none is given. Raises Unreachable."""
    asked = runner or open_client_runner(config, app.store)
    try:
        turns = asked.client.list_workflows(name=TURN, limit=1, sort_desc=True, load_input=False, load_output=False)
    finally:
        if runner is None:
            asked.close()
    now, workers = app.clock.now(), _workers(config, app)
    waiting, running, oldest = _one(config, _COUNTED.format(table=_table(config)))
    return Vitals(
        workers=workers,
        waiting=waiting,
        running=running,
        oldest_wait=_since(oldest, now) or timedelta(0),
        since_look=_since(turns[0].created_at, now) if turns else None,
    )


def _since(milliseconds: int | None, now: datetime) -> timedelta | None:
    """How long ago that was; None when it never was."""
    moment = moment_of(milliseconds)
    return max(timedelta(0), now - moment) if moment else None


def _workers(config: ServiceConfig, app: App) -> int:
    """Workers that live: each holds a session with PostgreSQL, or the one lock that there is with SQLite."""
    if is_shared(config):
        return int(_one(config, _ALIVE)[0])
    try:
        with only_worker(app):
            return 0
    except Busy:
        return 1


def _table(config: ServiceConfig) -> str:
    return f"{SCHEMA}.workflow_status" if is_shared(config) else "workflow_status"


def _one(config: ServiceConfig, query: Any) -> Any:
    """The one row of a query in DBOS's database. Raises Unreachable."""
    try:
        if is_shared(config):
            with psycopg.connect(engine_url(config), connect_timeout=10) as session:
                return session.execute(query).fetchone()
        with closing(sqlite3.connect(config.home / FILE, timeout=30)) as database:
            return database.execute(query).fetchone()
    except (psycopg.Error, sqlite3.Error) as error:
        raise Unreachable(*told("workers_unreadable")) from error
