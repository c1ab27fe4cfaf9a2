"""Asking for work: quick, durable, and once while the same waits or runs. Imports no code that does work."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from kontobro.core.model.settings import SyncKind
from kontobro.core.ports import Store
from kontobro.core.ports.runner import Work, WorkKind, WorkState
from kontobro.core.words import worded
from kontobro.core.words.facts import text_from
from kontobro.service.config import ServiceConfig
from kontobro.worker.queues import (
    KINDS,
    LOOK,
    PRIORITY,
    TURN,
    UPKEEP,
    URGENT,
    engine_url,
    is_shared,
    lane_of,
    open_client,
    prepare_engine,
)
from kontobro.worker.waking import Caller

if TYPE_CHECKING:
    from dbos import DBOSClient, EnqueueOptions, WorkflowStatus

STATES: Final[dict[str, WorkState]] = {"DELAYED": "waiting", "ENQUEUED": "waiting", "PENDING": "running"}
OPENING: Final = 60
"""Seconds to wait for another process that makes DBOS's tables."""


class ClientRunner:
    """The Runner port over DBOS's client. Use from any thread; `close` when done.

    `lane` names the part of a queue that a connection's work is in: on its own, one for each connection. `caller` tells
    other processes of the queue in which something waits; a worker puts its own pauses into `wakes`.
    """

    def __init__(self, client: DBOSClient, lane: Callable[[str], str] = str, caller: Caller | None = None) -> None:
        self.client, self.lane, self._caller = client, lane, caller
        self.wakes: list[Callable[[str], None]] = [caller] if caller else []

    def close(self) -> None:
        self.client.destroy()
        if self._caller:
            self._caller.close()

    def export(self, connection_id: str, *, job_id: str | None = None, take_over: bool = False) -> str:
        """A job that comes while an export runs is found by the look that follows each export."""
        same = f"{connection_id} export {job_id or ''}{' take over' if take_over else ''}"
        return self._ask("export", connection_id, same, URGENT, connection_id, job_id, take_over)

    def settle(self, connection_id: str) -> str:
        return self._ask("settle", connection_id, f"{connection_id} settle", URGENT, connection_id)

    def sync(self, connection_id: str, kinds: Sequence[SyncKind], *, digest: str | None = None) -> str:
        """With a digest someone waits for it; without, a schedule asks."""
        same = f"{connection_id} sync {' '.join(kinds)} {digest or ''}"
        queue = URGENT if digest else UPKEEP
        return self._ask("sync", connection_id, same, queue, connection_id, list(kinds), digest)

    def look(self, connection_id: str, slot: str, *, queue: str = UPKEEP) -> str:
        """Look for export jobs and syncs that are due. One of each slot, whoever asks for it."""
        name = f"{LOOK}.{connection_id}.{slot}"
        return self._ask(LOOK, connection_id, f"{connection_id} look", queue, connection_id, id=name)

    def turn(self, number: int, seconds: float) -> str:
        """Ask Pleo for the connections whose turn it is. One of each number, whoever asks for it."""
        asked: EnqueueOptions = {
            "workflow_name": TURN,
            "queue_name": UPKEEP,
            "workflow_id": f"{TURN}.{number}.{seconds:g}",
            "queue_partition_key": TURN,
            "priority": PRIORITY[TURN],
        }
        work_id = self.client.enqueue(asked, number, seconds).get_workflow_id()
        self.wake(UPKEEP)
        return work_id

    def wake(self, queue: str) -> None:
        """Something waits in that queue."""
        for call in self.wakes:
            call(queue)

    def work(self, connection_id: str, limit: int = 20) -> Sequence[Work]:
        rows = self.client.list_workflows(
            workflow_id_prefix=f"{connection_id}.", name=list(KINDS), sort_desc=True, limit=limit, load_input=False
        )
        return [work_of(row) for row in rows]

    def _ask(self, kind: str, connection_id: str, same: str, queue: str, *args: Any, id: str = "") -> str:
        """Put a piece of work into a queue. `same` is what makes it the same as another that waits or runs.

        DBOS's own `DBOS.enqueue` refuses a deduplication id in a parted queue, its client does not: the database's
        unique index is over queue and id (`tests/worker` holds DBOS to that).
        """
        asked: EnqueueOptions = {
            "workflow_name": kind,
            "queue_name": queue,
            "workflow_id": id or f"{connection_id}.{uuid.uuid4().hex}",
            "queue_partition_key": self.lane(connection_id),
            "deduplication_id": same,
            "duplication_policy": "return-existing",
            "priority": PRIORITY[kind],
        }
        work_id = self.client.enqueue(asked, *args).get_workflow_id()
        self.wake(queue)
        return work_id


def open_client_runner(config: ServiceConfig, store: Store, owner: Callable[[str], str] = str) -> ClientRunner:
    """The Runner. `store` lends its lock: one process makes the tables. Raises Busy.

    `owner` names a connection's organisation, which never holds all places of the workers.
    """
    with store.lock("engine", wait=OPENING):
        prepare_engine(config)
    caller = Caller(engine_url(config)) if is_shared(config) else None
    return ClientRunner(open_client(config), lambda name: lane_of(name, owner(name), config.workers), caller)


def work_of(row: WorkflowStatus) -> Work:
    """DBOS's row as the port's."""
    kind: WorkKind = next(kind for kind in KINDS if kind == row.name)
    failure = _failure(row)
    return Work(
        id=row.workflow_id,
        kind=kind,
        connection_id=row.workflow_id.partition(".")[0],
        state=STATES.get(row.status, "failed" if failure else "done"),
        asked_at=moment_of(row.created_at) or datetime.now(UTC),
        ended_at=moment_of(row.completed_at),
        failure=failure,
    )


def _failure(row: WorkflowStatus) -> str | None:
    if row.status in STATES:
        return None
    if isinstance(row.output, dict):
        failure = row.output.get("failure")
        return None if failure is None else text_from(str(failure))
    return None if row.status == "SUCCESS" else worded("work_lost")


def moment_of(milliseconds: int | None) -> datetime | None:
    """DBOS's time as ours."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
