"""The work as DBOS sees it: four workflows of ids alone. Each runs from its start when its worker died.

No DBOS steps: the engine finds what stands before it books, so a checkpoint would save time and no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS

from kontobro.core.errors import KontobroError, LoginFailed, NotAllowed
from kontobro.core.ports.runner import Work
from kontobro.worker import pieces
from kontobro.worker.asking import moment_of
from kontobro.worker.duty import Duty, GivenUp, bug, ended, fresh_connections, outcome_of, perform, tell
from kontobro.worker.queues import LOOK, URGENT, Outcome

log = logging.getLogger(__name__)

RECOVERIES = 1_000_000
"""DBOS's own count of attempts is not ours (`duty.begin`): it starts anew when work is handed on."""

REST = timedelta(hours=1)
"""How long the schedule leaves a begun job alone whose export was given up: at Pleo it expires after an hour. A job
that no run began did no worker any harm."""

_at_work: list[Duty] = []


@contextmanager
def at_work(duty: Duty) -> Iterator[None]:
    """This process works with this duty: DBOS is one to a process, and runs nothing before a worker has begun."""
    _at_work[:] = [duty]
    try:
        yield
    finally:
        _at_work.clear()


@DBOS.workflow(name="export", max_recovery_attempts=RECOVERIES)
def export(connection_id: str, job_id: str | None, take_over: bool) -> Outcome:
    """Afterwards one more look: a job that came while this ran was answered with this work's id."""
    duty, work_id = _at_work[0], _work_id()
    outcome = perform(
        duty,
        work_id,
        lambda home, done: pieces.export_open(home, connection_id, done, job_id, take_over=take_over),
    )
    if outcome["fault"] is None:
        # it waits in this connection's part of the queue until this export is over, and can't be lost with us
        duty.runner.look(connection_id, work_id.rpartition(".")[2], queue=URGENT)
    return outcome


@DBOS.workflow(name="settle", max_recovery_attempts=RECOVERIES)
def settle(connection_id: str) -> Outcome:
    return perform(_at_work[0], _work_id(), lambda home, done: pieces.settle_now(home, connection_id, done))


@DBOS.workflow(name="sync", max_recovery_attempts=RECOVERIES)
def sync(connection_id: str, kinds: list[Any], digest: str | None) -> Outcome:
    return perform(
        _at_work[0],
        _work_id(),
        lambda home, done: pieces.sync_kinds(home, connection_id, done, kinds, digest),
    )


@DBOS.workflow(name=LOOK, max_recovery_attempts=RECOVERIES)
def look(connection_id: str) -> Outcome:
    """Ask for what there is to do. Its own fault is told only when a person has to mend it; the next look is soon."""
    duty = _at_work[0]
    try:
        _look(duty, connection_id)
    except (LoginFailed, NotAllowed) as fault:
        asked = Work(
            id=_work_id(), kind="export", connection_id=connection_id, state="running", asked_at=datetime.now(UTC)
        )
        tell(duty, ended(asked, fault), [], fault)
        return outcome_of(fault)
    except KontobroError as fault:
        log.info("looking failed", extra={"connection": connection_id, "fault": type(fault).__name__})
        return outcome_of(fault)
    except Exception as unknown:  # noqa: BLE001 - see `bug`
        return outcome_of(bug(_work_id(), unknown))
    return outcome_of(None)


def _look(duty: Duty, connection_id: str) -> None:
    with fresh_connections(), duty.home.visit() as home:
        connection = pieces.alive(home, connection_id)
        if kinds := pieces.due_syncs(home, connection):
            duty.runner.sync(connection_id, kinds)
        job = pieces.open_job(home, connection)
        if job is not None and not (pieces.was_begun(home, connection, job) and rests(duty, connection_id)):
            duty.runner.export(connection_id)


def rests(duty: Duty, connection_id: str) -> bool:
    """Whether this connection's latest export was given up a short while ago."""
    rows = duty.runner.client.list_workflows(
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
