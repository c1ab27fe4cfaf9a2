"""The work as DBOS sees it: five workflows of ids alone. Each runs from its start when its worker died.

No DBOS steps: the engine finds what exists before it books, so a checkpoint would save time and no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS

from kontobro.bootstrap import App
from kontobro.core.errors import KontobroError, LoginFailed, NotAllowed
from kontobro.core.model.connection import Connection
from kontobro.core.ports.runner import Work
from kontobro.service.outage import wait_out
from kontobro.worker import pieces
from kontobro.worker.asking import moment_of
from kontobro.worker.perform import GivenUp, WorkerContext, bug, ended, fresh_connections, outcome_of, perform, tell
from kontobro.worker.queues import LOOK, TURN, UPKEEP, URGENT, WorkOutcome

log = logging.getLogger(__name__)

RECOVERIES = 1_000_000
"""DBOS's own count of attempts is not ours (`perform.begin`): it starts again when work is handed on."""

REST = timedelta(hours=1)
"""How long the schedule leaves a begun job alone whose export was given up: at Pleo it expires after an hour. A job
that no run began did no worker any harm."""

_at_work: list[WorkerContext] = []


@contextmanager
def at_work(context: WorkerContext) -> Iterator[None]:
    """This process works with this context: DBOS is one to a process, and runs nothing before a worker has begun."""
    _at_work[:] = [context]
    try:
        yield
    finally:
        _at_work.clear()


@DBOS.workflow(name="export", max_recovery_attempts=RECOVERIES)
def export(connection_id: str, job_id: str | None, take_over: bool) -> WorkOutcome:
    """Afterwards one more look: a job that came while this ran was answered with this work's id."""
    context, work_id = _at_work[0], _work_id()
    with context.attention.working(URGENT):
        outcome = perform(
            context,
            work_id,
            lambda app, done: pieces.export_open(app, connection_id, done, job_id, take_over=take_over),
        )
    if outcome["fault"] is None:
        # it waits in this connection's part of the queue until this export is over, and can't be lost with us
        context.runner.look(connection_id, work_id.rpartition(".")[2], queue=URGENT)
    return outcome


@DBOS.workflow(name="settle", max_recovery_attempts=RECOVERIES)
def settle(connection_id: str) -> WorkOutcome:
    with _at_work[0].attention.working(URGENT):
        return perform(_at_work[0], _work_id(), lambda app, done: pieces.settle_now(app, connection_id, done))


@DBOS.workflow(name="sync", max_recovery_attempts=RECOVERIES)
def sync(connection_id: str, kinds: list[Any], digest: str | None) -> WorkOutcome:
    with _at_work[0].attention.working(URGENT if digest else UPKEEP):
        return perform(
            _at_work[0],
            _work_id(),
            lambda app, done: pieces.sync_kinds(app, connection_id, done, kinds, digest),
        )


@DBOS.workflow(name=LOOK, max_recovery_attempts=RECOVERIES)
def look(connection_id: str) -> WorkOutcome:
    """Ask for what there is to do. Its own fault is told only when a person has to fix it; the next look is soon."""
    context = _at_work[0]
    try:
        with context.attention.working(URGENT, UPKEEP):  # it may be in either
            _look(context, connection_id)
    except (LoginFailed, NotAllowed) as fault:
        tell(context, ended(_as_work(connection_id), fault), [], fault)
        return outcome_of(fault)
    except KontobroError as fault:
        log.info("looking failed", extra={"connection": connection_id, "fault": type(fault).__name__})
        return outcome_of(fault)
    except Exception as unknown:  # noqa: BLE001 - see `bug`
        return outcome_of(bug(_work_id(), unknown))
    return outcome_of(None)


@DBOS.workflow(name=TURN, max_recovery_attempts=RECOVERIES)
def turn(number: int, seconds: float) -> WorkOutcome:
    """Ask Pleo for the connections whose turn it is, and for a look at those where something is to be done."""
    context = _at_work[0]
    try:
        wait_out(lambda: _take_turn(context, number, seconds), context.stopping)
    except KontobroError as fault:
        log.warning("a turn failed", extra={"turn": number, "fault": type(fault).__name__})
        return outcome_of(fault)
    except Exception as unknown:  # noqa: BLE001 - see `bug`
        return outcome_of(bug(_work_id(), unknown))
    return outcome_of(None)


def _take_turn(context: WorkerContext, number: int, seconds: float) -> None:
    if context.turns is None:
        return
    with fresh_connections():
        for connection_id in context.turns.something_to_do(number, seconds):
            context.runner.look(connection_id, str(number))


def _look(context: WorkerContext, connection_id: str) -> None:
    with fresh_connections(), context.app.visit() as app:
        connection = pieces.alive(app, connection_id)
        try:
            _ask_for_work(context, app, connection)
        finally:  # Pleo's faults keep no document from its place
            if waiting := pieces.look_after_documents(app, connection):
                tell(context, ended(_as_work(connection_id), None), [waiting], None)


def _ask_for_work(context: WorkerContext, app: App, connection: Connection) -> None:
    if kinds := pieces.due_syncs(app, connection):
        context.runner.sync(connection.id, kinds)
    job = pieces.open_job(app, connection)
    if job is not None and not (pieces.was_begun(app, connection, job) and rests(context, connection.id)):
        context.runner.export(connection.id)


def _as_work(connection_id: str) -> Work:
    """This look, for who is told of what it found."""
    return Work(id=_work_id(), kind="export", connection_id=connection_id, state="running", asked_at=datetime.now(UTC))


def rests(context: WorkerContext, connection_id: str) -> bool:
    """Whether this connection's latest export was given up a short while ago."""
    rows = context.runner.client.list_workflows(
        workflow_id_prefix=f"{connection_id}.", name="export", sort_desc=True, limit=1, load_input=False
    )
    if not rows or not isinstance(rows[0].output, dict) or rows[0].output.get("fault") != GivenUp.__name__:
        return False
    ended_at = moment_of(rows[0].completed_at)
    return ended_at is not None and ended_at > datetime.now(UTC) - REST


def _work_id() -> str:
    work_id = DBOS.workflow_id
    if work_id is None:
        raise RuntimeError("this runs as a piece of work only")
    return work_id
