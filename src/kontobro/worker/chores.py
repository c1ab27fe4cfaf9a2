"""What a worker does beside its work: ask for turns, take over from the dead, forget history."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kontobro.worker.asking import ClientRunner
from kontobro.worker.perform import fresh_connections
from kontobro.worker.queues import KINDS, LOOK, TURN

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


def forget(runner: ClientRunner, now: datetime | None = None, at_once: int = MOST_AT_ONCE) -> int:
    """Delete the history of turns and looks after an hour, of work after 30 days: DBOS itself keeps it for ever."""
    moment = now or datetime.now(UTC)
    looks = _forget(runner, [LOOK, TURN], moment - KEEP_LOOKS, at_once)
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
