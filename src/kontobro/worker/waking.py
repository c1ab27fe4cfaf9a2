"""When a worker looks into its queues: at once when work is asked for, often while it works, else seldom.

DBOS looks into a queue at one interval, 0.1 s here, whether there is work or not: thousands of statements a minute for
nothing. Its threads are given a pause that ends when someone asks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import psycopg

from kontobro.worker.queues import POLLING

if TYPE_CHECKING:
    from dbos import DBOS

log = logging.getLogger(__name__)

IDLE: Final = 5.0
"""Seconds between two looks into a queue in which nothing happens: a call for work may be lost, the work is not."""
AFTER: Final = 1.0
"""Seconds for which a queue counts as busy when a piece of work has ended: DBOS notes the end after us, and only then
the next of that connection may begin."""
CHANNEL: Final = "kontobro_asked"
"""PostgreSQL's channel on which an asker names the queue."""
AGAIN: Final = 1.0
"""Seconds before the server is listened to again after a session broke."""


class Pause(threading.Event):
    """What DBOS's thread of a queue waits on between two looks; `set` ends the thread, as DBOS has it."""

    def __init__(self, idle: float = IDLE) -> None:
        super().__init__()
        self._idle = idle
        self._asked = threading.Event()
        self._asked.set()  # the first look is at once
        self._running = 0
        self._busy_until = 0.0
        self._lock = threading.Lock()

    def wait(self, timeout: float | None = None) -> bool:
        """The queue's own interval (`timeout`), and while nothing happens until someone asks."""
        shortest = timeout or 0.0
        if super().wait(shortest):
            return True
        if not self.is_busy:
            self._asked.wait(max(0.0, self._idle - shortest))
        self._asked.clear()  # before the look that follows: what is asked for during it ends the next pause
        return self.is_set()

    def wake(self) -> None:
        """Someone asked for work."""
        self._asked.set()

    def set(self) -> None:
        super().set()
        self._asked.set()

    @property
    def is_busy(self) -> bool:
        """Whether work of this queue runs here, or has just ended."""
        with self._lock:
            return self._running > 0 or time.monotonic() < self._busy_until

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around a piece of work of this queue."""
        with self._lock:
            self._running += 1
        self._asked.set()
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                self._busy_until = time.monotonic() + AFTER


class Attention:
    """The pauses of all queues of this process, and the threads that look into them."""

    def __init__(self) -> None:
        self.pauses: Mapping[str, Pause] = {name: Pause() for name in POLLING}
        self._threads: list[threading.Thread] = []

    def begin(self, engine: DBOS) -> None:
        """Look into the queues from now on. `engine` was launched and looks into none (`DBOS.listen_queues`)."""
        from dbos import DBOS
        from dbos._queue import queue_worker_thread  # DBOS has no public way; a later one that differs fails loudly

        for name, pause in self.pauses.items():
            queue = DBOS.retrieve_queue(name)
            thread = threading.Thread(
                target=queue_worker_thread, args=(pause, engine, queue), name=f"kontobro-{name}", daemon=True
            )
            with pause.working():  # for a moment: what a dead process left is put back into the queues now
                thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        """Take no more work; returns when no thread looks any more."""
        for pause in self.pauses.values():
            pause.set()
        for thread in self._threads:
            thread.join(10)

    @contextmanager
    def working(self, *queues: str) -> Iterator[None]:
        """Around a piece of work that is in one of these queues."""
        with ExitStack() as busy:
            for name in queues:
                busy.enter_context(self.pauses[name].working())
            yield

    def wake(self, queue: str) -> None:
        """Look into that queue at once."""
        if pause := self.pauses.get(queue):
            pause.wake()


class CallListener:
    """Hears from PostgreSQL what other processes ask for, and wakes this one. A broken session is opened again."""

    def __init__(self, url: str, heard: Callable[[str], None]) -> None:
        self._url, self._heard = url, heard
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kontobro-listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except psycopg.Error as fault:
                log.info("asked-for work is found by polling", extra={"fault": type(fault).__name__})
                self._stop.wait(AGAIN)

    def _listen(self) -> None:
        with psycopg.connect(self._url, autocommit=True, application_name="kontobro listener") as session:
            session.execute(f"LISTEN {CHANNEL}")
            for name in POLLING:
                self._heard(name)  # what was asked for while no one listened
            while not self._stop.is_set():
                for asked in session.notifies(timeout=AGAIN):
                    self._heard(asked.payload)


class Caller:
    """Tells the workers of other processes, over PostgreSQL, that something was asked for. Use from any thread.

    No more than a help: what no one hears is found within IDLE seconds, so a database that is away is no error here.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._session: psycopg.Connection | None = None

    def __call__(self, queue: str) -> None:
        with self._lock:
            try:
                if self._session is None:
                    self._session = psycopg.connect(
                        self._url, autocommit=True, connect_timeout=10, application_name="kontobro caller"
                    )
                self._session.execute("SELECT pg_notify(%s, %s)", [CHANNEL, queue])
            except psycopg.Error as fault:
                log.info("workers were not called", extra={"fault": type(fault).__name__})
                self._close()

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
