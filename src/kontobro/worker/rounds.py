"""Each connection's Pleo is asked for export jobs in its turn: one call, over connections that stay open.

Only where there is something to do a piece of work is made of it (`workflows.look`), which opens the accounting system.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from kontobro.bootstrap import App
from kontobro.core.errors import KontobroError, Unreachable
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import OPEN
from kontobro.pleo.http.kept import KeptConnections
from kontobro.sync.run import due_kinds

log = logging.getLogger(__name__)

AT_ONCE: Final = 16
"""Calls side by side: 160 a second, when Pleo takes a tenth of a second for one."""
PLEO_IS_AWAY: Final = 16
"""Calls without an answer, one after the other, after which the rest of a turn is left for the next."""
REREAD: Final = 60.0
"""Seconds after which it is read again who is connected."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between two turns of a connection: where Pleo sends webhooks, which are only checked upon, and where
    polling is all there is."""

    told: int
    polled: int

    @property
    def turn(self) -> float:
        """How long a turn is: its connections are asked together."""
        return min(5.0, min(self.told, self.polled) / 2)

    def of(self, *, told: bool) -> int:
        return self.told if told else self.polled


class Timetable:
    """Who is asked when: each once in its interval, in a moment of its own that follows from its id.

    So all workers know the same, a start wakes no one all at once, and a turn costs what it asks, not what there is.
    """

    def __init__(self, intervals: Intervals, alive: Sequence[tuple[str, bool]]) -> None:
        self._moments: dict[int, list[tuple[int, str]]] = {}
        for id, told in alive:
            period = intervals.of(told=told)
            self._moments.setdefault(period, []).append((zlib.crc32(id.encode()) % period, id))
        for moments in self._moments.values():
            moments.sort()

    def due(self, first: float, last: float) -> list[str]:
        """Those whose moment is in these seconds, `last` not included. No longer than the shortest interval."""
        return [id for period in self._moments for id in self._within(period, first % period, last - first)]

    def _within(self, period: int, start: float, length: float) -> Iterator[str]:
        moments, end = self._moments[period], start + length
        over = max(0.0, end - period)
        for first, last in ((start, min(end, period)), (0, over)):
            yield from (id for _, id in moments[bisect_left(moments, (first, "")) : bisect_left(moments, (last, ""))])


class AsksForTurns(Protocol):
    def turn(self, number: int, seconds: float) -> str: ...


@dataclass(slots=True)
class Rounds:
    """Asks for each turn once, whoever asks: several workers name the same ones, and one of them does it.

    What a stop of the database left out is made up for; the first turn of a process is the next.
    """

    runner: AsksForTurns
    intervals: Intervals
    _last: int | None = None

    def make(self, now: float | None = None) -> int:
        """Ask for the turns since the last time; how many."""
        seconds = self.intervals.turn
        current = int((time.time() if now is None else now) // seconds)
        last = current if self._last is None else self._last
        missed = range(max(last + 1, current - int(self.intervals.told // seconds)), current + 1)
        for number in missed:
            self.runner.turn(number, seconds)
        self._last = current
        return len(missed)


@dataclass(slots=True)
class Silence:
    """How many calls in a row were not answered."""

    calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, *, answered: bool) -> None:
        with self._lock:
            self.calls = 0 if answered else self.calls + 1


class Turns:
    """Asks Pleo for the connections of a turn. Use it in one process; `end` closes what it keeps open."""

    def __init__(self, app: App, intervals: Intervals) -> None:
        from kontobro.store.read.schedule import schedule_of  # Django's models, which need Django set up

        self._app, self._intervals = app, intervals
        self._schedule = schedule_of(app.store)
        self._way = KeptConnections()
        self._threads = ThreadPoolExecutor(AT_ONCE, "kontobro-turn")
        self._timetable, self._read_at = Timetable(intervals, []), float("-inf")

    def end(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._way.end()

    def something_to_do(self, number: int, seconds: float) -> list[str]:
        """The connections of this turn that a look is worth: a job waits at Pleo, or a sync, or documents."""
        due = self._current().due(number * seconds, (number + 1) * seconds)
        if not due:
            return []
        alive = self._schedule.connections(due)
        known = self._known(alive)
        asked = [one for one in alive if one.id not in known]
        silence = Silence()
        answers = self._threads.map(partial(self._has_job, silence), asked)
        found = [one.id for one, has_job in zip(asked, answers, strict=True) if has_job]
        if silence.calls >= PLEO_IS_AWAY:
            log.warning("pleo does not answer: this turn ends", extra={"connections": len(asked)})
        return [*sorted(known), *found]

    def _current(self) -> Timetable:
        if time.monotonic() - self._read_at >= REREAD:
            self._timetable = Timetable(self._intervals, self._schedule.alive())
            self._read_at = time.monotonic()
        return self._timetable

    def _known(self, alive: Sequence[Connection]) -> set[str]:
        """Those of which our own store says that there is something to do."""
        now = self._app.clock.now()
        unended = self._schedule.unended([one.id for one in alive])
        kept = [one for one in alive if one.settings.sync]
        noted = self._schedule.syncs([one.id for one in kept]) if kept else {}
        due = {one.id for one in kept if due_kinds(one, noted.get(one.id, {}), now)}
        return {*unended, *due, *(one.id for one in alive if self._has_documents(one))}

    def _has_documents(self, connection: Connection) -> bool:
        try:
            store = self._app.document_store_for(connection)
            return store is not None and bool(store.open_documents(connection.id))
        except KontobroError:
            return True  # the look meets it again, and says it

    def _has_job(self, silence: Silence, connection: Connection) -> bool:
        """Whether a job waits. A login that has ended is the look's matter, which tells people of it."""
        if silence.calls >= PLEO_IS_AWAY:
            return False
        try:
            with self._app.pleo_over(connection, self._way) as pleo:
                found = bool(pleo.jobs(OPEN))
        except Unreachable as fault:
            silence.note(answered=False)
            log.info("pleo was not reached", extra={"connection": connection.id, "fault": type(fault).__name__})
            return False
        except KontobroError:
            found = True
        silence.note(answered=True)
        return found
