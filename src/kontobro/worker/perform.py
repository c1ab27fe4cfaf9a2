"""One piece of work from its beginning to its end: attempts counted, retried, its failure put into words, told on."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_when_event_set
from tenacity.nap import sleep_using_event

from kontobro.bootstrap import App
from kontobro.core.errors import Busy, KontobroError, RateLimited, StoreUnreachable, Unreachable
from kontobro.core.model.findings import note_of
from kontobro.core.ports.runner import Work
from kontobro.core.words import Phrase, told
from kontobro.core.words.facts import text_to
from kontobro.service.logging.logs import working_on
from kontobro.service.outage import is_outage, wait_out
from kontobro.worker.asking import ClientRunner, work_of
from kontobro.worker.pieces import Result
from kontobro.worker.queues import WorkOutcome
from kontobro.worker.rounds import Turns
from kontobro.worker.waking import Attention

log = logging.getLogger(__name__)

Listener = Callable[[Work, Sequence[Result], KontobroError | None], None]
"""Told of each piece of work that ended: what came of it, and the fault that ended it. Told twice after a crash at the
wrong moment. What it raises is logged."""

PAUSES: Final = (2.0, 10.0, 30.0)
"""Seconds between attempts at something that passes on its own. Not longer: the work's place is taken meanwhile, and
the schedule looks again soon."""
LONGEST: Final = 60.0
TURN: Final = 120.0
"""Seconds to wait for the connection's other work."""
MOST_ATTEMPTS: Final = 5
"""How often a piece of work may lose its worker before it is left alone, while it comes no further."""
ATTEMPTS: Final = "attempts"
STUCK: Final = "stuck"
"""Attempts since the last that came further."""
PROGRESS: Final = "progress"


class GivenUp(KontobroError):
    """Work that ended its worker again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What a process needs to work: its application, the way to ask, whom to tell, how patient to be."""

    app: App
    runner: ClientRunner
    listeners: Sequence[Listener] = ()
    pauses: Sequence[float] = PAUSES
    attention: Attention = field(default_factory=Attention)
    turns: Turns | None = None
    """None: this process asks for no one in turns."""
    stopping: threading.Event = field(default_factory=threading.Event)


def perform(context: WorkerContext, work_id: str, piece: Callable[[App, list[Result]], None]) -> WorkOutcome:
    """Do a piece of work, whole; never raises. The outcome is what DBOS keeps. All its log lines carry one id."""
    with working_on(work=work_id):
        return _perform(context, work_id, piece)


def _perform(context: WorkerContext, work_id: str, piece: Callable[[App, list[Result]], None]) -> WorkOutcome:
    work, done, fault = None, list[Result](), None
    try:
        work = wait_out(lambda: begin(context, work_id), context.stopping)
        attempt(context, work.connection_id, piece, done)
    except KontobroError as known:
        fault = known
        log.warning("work failed", extra={"work": work_id, "fault": type(known).__name__})
    except Exception as unknown:  # noqa: BLE001 - a bug of ours must end as a failure that a person can read
        fault = bug(work_id, unknown)
    if work is not None:
        tell(context, ended(work, fault), done, fault)
    return outcome_of(fault)


def outcome_of(fault: KontobroError | None) -> WorkOutcome:
    if fault is None:
        return {"failure": None, "fault": None}
    return {"failure": text_to(note_of(fault)), "fault": type(fault).__name__}


def begin(context: WorkerContext, work_id: str) -> Work:
    """Count this attempt, which DBOS forgets when it hands work on. Raises GivenUp when there were too many.

    An attempt that came further than the one before starts the count again: a large job may outlive many workers.
    """
    row = context.runner.client.list_workflows(workflow_ids=[work_id], load_input=False, load_output=False)[0]
    work, known = work_of(row), row.attributes or {}
    progress = progress_of(context.app, work.connection_id)
    attempts = int(known.get(ATTEMPTS, 0))
    stuck = int(known.get(STUCK, attempts)) if known.get(PROGRESS, progress) == progress else 0
    if stuck >= MOST_ATTEMPTS:
        tell(context, work, [], fault := _given_up(work, attempts))
        raise fault
    counted = {ATTEMPTS: attempts + 1, STUCK: stuck + 1, PROGRESS: progress}
    context.runner.client.update_workflow_attributes(work_id, counted)
    log.info("work begins", extra={"work": work_id, "kind": row.name, "attempt": attempts + 1})
    return work


def progress_of(app: App, connection_id: str) -> str:
    """How far the connection's latest job is: how many of its bookings are in which state."""
    from kontobro.store.read.overview import overview_of  # Django's models, which need Django set up

    with fresh_connections():
        jobs = app.store.jobs(connection_id, limit=1)
        if not jobs:
            return ""
        counts = overview_of(app.store).job_counts(connection_id, jobs[0].job_id)
        return " ".join([jobs[0].job_id, *(f"{state}:{number}" for state, number in sorted(counts.states.items()))])


def attempt(
    context: WorkerContext, connection_id: str, piece: Callable[[App, list[Result]], None], done: list[Result]
) -> None:
    """Do it, and again after a pause when what went wrong passes on its own.

    The lock is for what is in the other queue, and for a worker that was taken for dead: DBOS's own limit holds
    within one queue.
    """

    def once() -> None:
        try:
            work()
        except Exception as fault:
            if not is_outage(fault):
                raise
            # the attempts are for others: what is under way at Pleo waits for our own database to be back
            wait_out(lambda: context.app.store.connection(connection_id), context.stopping)
            raise StoreUnreachable(*told("service_database_away")) from fault

    def work() -> None:
        with fresh_connections(), context.app.visit() as app, app.store.lock(f"work {connection_id}", wait=TURN):
            piece(app, done)

    pauses = (*context.pauses, 0.0)  # none after the last attempt

    def pause(state: RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        asked = fault.retry_after if isinstance(fault, RateLimited) else None
        return min(asked or pauses[state.attempt_number - 1], LONGEST)

    Retrying(
        retry=retry_if_exception_type((Unreachable, Busy, StoreUnreachable)),
        wait=pause,
        stop=stop_after_attempt(len(pauses)) | stop_when_event_set(context.stopping),
        sleep=sleep_using_event(context.stopping),
        reraise=True,
    )(once)


@contextmanager
def fresh_connections() -> Iterator[None]:
    """Django's connections of this thread are closed when they are too old or broken: nothing else does it here."""
    from django.db import close_old_connections

    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()


def ended(work: Work, fault: KontobroError | None) -> Work:
    """The work as it will be once DBOS has it."""
    failure = None if fault is None else note_of(fault)
    return replace(work, state="failed" if fault else "done", failure=failure, ended_at=datetime.now(UTC))


def tell(context: WorkerContext, work: Work, done: Sequence[Result], fault: KontobroError | None) -> None:
    """Tell everyone; what one of them raises keeps no one else from hearing it, and never fails the work."""
    for listener in context.listeners:
        try:
            listener(work, done, fault)
        except Exception:
            log.exception("telling of ended work failed", extra={"work": work.id})


def _given_up(work: Work, attempts: int) -> GivenUp:
    return GivenUp(*told("work_given_up", kind=Phrase(f"work_{work.kind}"), attempts=attempts))


def bug(work_id: str, error: Exception) -> KontobroError:
    """A bug of ours as a failure with a number. DBOS never sees the error: it would keep its text, which may hold
    anything."""
    log_id = uuid.uuid4().hex[:12]
    log.error("work met a bug", extra={"work": work_id, "log_id": log_id}, exc_info=error)
    return KontobroError(*told("unexpected_error", log_id=log_id))
