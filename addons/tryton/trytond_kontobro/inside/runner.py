"""What cron and the buttons start: export what is open, then sync what is due.

Connections are worked on in threads that hold no transaction of Tryton's while they wait for Pleo. Cron's task waits
for none of them: an unreachable Pleo holds up neither another company nor Tryton's other scheduled work. A process of
cron ends when its threads have ended. Killed anywhere, the next run finishes what was begun. One lock a connection,
which dies with its process, keeps runs apart: however often cron comes by, one thread at most is at a connection.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from queue import Empty, SimpleQueue

from kontobro.bootstrap import App
from kontobro.core.errors import Busy, KontobroError, Taken
from kontobro.worker.pieces import Result, alive, due_syncs, export_open, settle_now, sync_kinds

from ..series import at_end
from .app import opened, store_of

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Threads of one run; each takes a connection or two of Tryton's pool (64 by default). The other companies queue."""


def start(database: str, connection_ids: Iterable[str]) -> Sequence[threading.Thread]:
    """Begin to work for these connections, in threads that end with their process."""
    waiting = SimpleQueue[str]()
    for id in connection_ids:
        waiting.put(id)
    threads = [
        threading.Thread(target=work_off, args=(database, waiting), daemon=True)
        for _ in range(min(AT_ONCE, waiting.qsize()))
    ]
    for thread in threads:
        thread.start()
    return threads


def start_and_wait(database: str, connection_ids: Iterable[str], seconds: float) -> None:
    """For a person who waits so long: what takes longer continues beside."""
    until = time.monotonic() + seconds
    for thread in start(database, connection_ids):
        thread.join(max(0.0, until - time.monotonic()))


def start_for_cron(database: str, connection_ids: Iterable[str]) -> None:
    """For one of cron's processes, which lives until the work is done, also after `trytond-cron --once`.

    It is held at its end: threads that outlived them, and the pools of threads that fetch receipts, would meet
    an interpreter that is shutting down.
    """
    _at_work[:] = [thread for thread in _at_work if thread.is_alive()]
    _at_work.extend(start(database, connection_ids))
    at_end(_finish)


_at_work: list[threading.Thread] = []


def _finish() -> None:
    for thread in _at_work:
        thread.join()


def work_off(database: str, waiting: SimpleQueue[str]) -> None:
    """One connection after the other until none waits."""
    while True:
        try:
            connection_id = waiting.get_nowait()
        except Empty:
            return
        work(database, connection_id)


def work(database: str, connection_id: str) -> None:
    """All that is to do for one connection now. Never raises: what stopped it is noted with the connection."""
    try:
        with opened(database) as app, app.store.lock(f"run {connection_id}"):
            store_of(app).note_run(connection_id, _worked(app, connection_id))
    except Busy:
        log.info("another run is in progress", extra={"connection": connection_id})
    except Exception:
        log.exception("the work for a connection ended", extra={"connection": connection_id})


def _worked(app: App, connection_id: str) -> Sequence[KontobroError]:
    """What stopped the work."""
    done: list[Result] = []
    faults: list[KontobroError] = []
    for piece in (_export, _sync):
        try:
            piece(app, connection_id, done)
        except Taken as fault:  # a person has to know of another installation
            faults.append(fault)
        except Busy:
            log.info("another run is in progress", extra={"connection": connection_id})
        except KontobroError as fault:
            faults.append(fault)
    return faults


def _export(app: App, connection_id: str, done: list[Result]) -> None:
    export_open(app, connection_id, done)
    if store_of(app).open_payments(connection_id):
        settle_now(app, connection_id, done)


def _sync(app: App, connection_id: str, done: list[Result]) -> None:
    kinds = due_syncs(app, alive(app, connection_id))
    if kinds:
        sync_kinds(app, connection_id, done, kinds)
