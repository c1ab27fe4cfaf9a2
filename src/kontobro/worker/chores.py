"""What a worker does beside its work: look at each connection in its turn, take over from the dead, forget history."""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from kontobro.core.ports import Store
from kontobro.worker.asking import ClientRunner
from kontobro.worker.perform import fresh_connections
from kontobro.worker.queues import KINDS, LOOK

log = logging.getLogger(__name__)

KEEP_LOOKS = timedelta(hours=1)
KEEP_WORK = timedelta(days=30)
MOST_AT_ONCE = 1000
"""Rows of history that are deleted in one go."""


@dataclass(slots=True)
class Chore:
    """Something to do every so many seconds."""

    every: float
    act: Callable[[], object]
    due_at: float = 0.0


class Chores:
    """A thread that does each chore in its time. A chore that fails is logged and done again in its time."""

    def __init__(self, chores: Sequence[Chore]) -> None:
        self._chores = list(chores)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kontobro-chores", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the chore under way is done."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def _run(self) -> None:
        """The first turn is at once: the work of a worker that died waits for whoever is started after it."""
        pause = min(chore.every for chore in self._chores)
        while not self._stop.is_set():
            for chore in self._chores:
                if time.monotonic() >= chore.due_at and not self._stop.is_set():
                    self._do(chore)
            self._stop.wait(pause)

    def _do(self, chore: Chore) -> None:
        chore.due_at = time.monotonic() + chore.every
        try:
            with fresh_connections():
                chore.act()
        except Exception:
            log.exception("a chore failed")


@dataclass(slots=True)
class Rounds:
    """Looks at every connection that is alive once in `period` seconds, each in its own moment of it.

    The moment follows from the connection's id and the slot's name from the time: several workers name the same
    look, and it is done once. The first look of a process waits for its moment: a start wakes no one all at once.
    """

    store: Store
    runner: ClientRunner
    period: int
    _seen: dict[str, int] = field(default_factory=dict)

    def make(self, now: float | None = None) -> int:
        """Ask for the looks that are due; how many."""
        moment = time.time() if now is None else now
        known = self.store.connections()
        alive = [one.id for one in known if one.status == "connected" and not one.trial]
        slots = {connection_id: slot_of(connection_id, self.period, moment) for connection_id in alive}
        due = [name for name, slot in slots.items() if self._seen.get(name, slot) != slot]
        for connection_id in due:
            self.runner.look(connection_id, str(slots[connection_id]))
        self._seen = slots
        return len(due)


def slot_of(connection_id: str, period: int, moment: float) -> int:
    """The number of the period that a moment falls into, for that connection."""
    return int((moment - zlib.crc32(connection_id.encode()) % period) // period)


def forget(runner: ClientRunner, now: datetime | None = None, at_once: int = MOST_AT_ONCE) -> int:
    """Delete the history of looks after an hour, that of work after 30 days: DBOS itself keeps it for ever."""
    moment = now or datetime.now(UTC)
    looks = _forget(runner, [LOOK], moment - KEEP_LOOKS, at_once)
    return looks + _forget(runner, list(KINDS), moment - KEEP_WORK, at_once)


def _forget(runner: ClientRunner, names: list[str], before: datetime, at_once: int) -> int:
    """Some at a time, until there are none: hundreds of connections leave more looks than one go takes."""
    forgotten = 0
    while rows := runner.client.list_workflows(
        name=names, completed_before=before.isoformat(), limit=at_once, load_input=False, load_output=False
    ):
        runner.client.delete_workflows([row.workflow_id for row in rows])
        forgotten += len(rows)
    return forgotten
