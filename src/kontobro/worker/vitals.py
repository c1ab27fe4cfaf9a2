"""How the work goes, for metrics and the doctor: asked of DBOS's tables, by any process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import psycopg

from kontobro.bootstrap import App
from kontobro.core.errors import Busy, Unreachable
from kontobro.core.words import told
from kontobro.service.config import ServiceConfig
from kontobro.service.metrics.vitals import Vitals
from kontobro.worker.asking import ClientRunner, moment_of, open_client_runner
from kontobro.worker.queues import TURN, engine_url, is_shared, only_worker

if TYPE_CHECKING:
    from dbos import WorkflowStatus

_ALIVE: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kontobro worker' AND datname = current_database()"
)
MOST: Final = 10_000
"""Pieces of work that are counted; beyond it the queue is long whatever its length."""


def look(config: ServiceConfig, app: App, runner: ClientRunner | None = None) -> Vitals:
    """How the work goes now. Opens a client of its own when none is given. Raises Unreachable."""
    asked = runner or open_client_runner(config, app.store)
    try:
        return _vitals(asked, _workers(config, app), app.clock.now())
    finally:
        if runner is None:
            asked.close()


def _vitals(runner: ClientRunner, workers: int, now: datetime) -> Vitals:
    waiting = runner.client.list_workflows(
        status=["ENQUEUED"], limit=MOST, load_input=False, load_output=False, sort_desc=False
    )
    running = runner.client.list_workflows(status="PENDING", limit=MOST, load_input=False, load_output=False)
    turns = runner.client.list_workflows(name=TURN, limit=1, sort_desc=True, load_input=False, load_output=False)
    return Vitals(
        workers=workers,
        waiting=len(waiting),
        running=len(running),
        oldest_wait=_since(waiting, now) or timedelta(0),
        since_look=_since(turns, now),
    )


def _since(rows: Sequence[WorkflowStatus], now: datetime) -> timedelta | None:
    """How long ago the first of them was asked for; None when there is none."""
    asked_at = moment_of(rows[0].created_at) if rows else None
    return max(timedelta(0), now - asked_at) if asked_at else None


def _workers(config: ServiceConfig, app: App) -> int:
    """Workers that live: each holds a session with PostgreSQL, or the one lock that there is with SQLite."""
    if is_shared(config):
        return _sessions(engine_url(config))
    try:
        with only_worker(app):
            return 0
    except Busy:
        return 1


def _sessions(url: str) -> int:
    try:
        with psycopg.connect(url, connect_timeout=10) as session:
            row = session.execute(_ALIVE).fetchone()
    except psycopg.Error as error:
        raise Unreachable(*told("workers_unreadable")) from error
    return int(row[0]) if row else 0
