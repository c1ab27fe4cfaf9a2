"""What cron and the buttons start: export what is open, then sync what is due.

Each connection is worked on in a thread of its own, which holds no transaction of Tryton's while it waits for Pleo.
Whoever started it waits for a while and then lets it go on: an unreachable Pleo holds up neither Tryton's other
scheduled work nor a person. Killed anywhere, the next run finishes what was begun; a lock that dies with its process
keeps two runs of one connection apart.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence

from kontobro.bootstrap import Home
from kontobro.core.errors import Busy, KontobroError
from kontobro.worker.pieces import Result, alive, due_syncs, export_open, settle_now, sync_kinds

from .house import opened, store_of

log = logging.getLogger(__name__)

BOX = 45.0
"""Seconds that Tryton's cron waits for all connections together; what takes longer goes on beside it."""


def run(database: str, connection_ids: Iterable[str], seconds: float = BOX) -> Sequence[str]:
    """Work for these connections at once; answers those that are still at it after `seconds`."""
    threads = {id: threading.Thread(target=work, args=(database, id), daemon=True) for id in connection_ids}
    until = time.monotonic() + seconds
    for thread in threads.values():
        thread.start()
    for thread in threads.values():
        thread.join(max(0.0, until - time.monotonic()))
    return [id for id, thread in threads.items() if thread.is_alive()]


def work(database: str, connection_id: str) -> None:
    """All that is to do for one connection now. Never raises: what stopped it is noted with the connection."""
    try:
        with opened(database) as house:
            store_of(house).note_run(connection_id, _worked(house, connection_id))
    except Exception:
        log.exception("the work for a connection ended", extra={"connection": connection_id})


def _worked(house: Home, connection_id: str) -> Sequence[KontobroError]:
    """What stopped the work."""
    done: list[Result] = []
    faults: list[KontobroError] = []
    for piece in (_export, _sync):
        try:
            piece(house, connection_id, done)
        except Busy:
            log.info("another run is at it", extra={"connection": connection_id})
        except KontobroError as fault:
            faults.append(fault)
    return faults


def _export(house: Home, connection_id: str, done: list[Result]) -> None:
    export_open(house, connection_id, done)
    if store_of(house).open_payments(connection_id):
        settle_now(house, connection_id, done)


def _sync(house: Home, connection_id: str, done: list[Result]) -> None:
    kinds = due_syncs(house, alive(house, connection_id))
    if kinds:
        sync_kinds(house, connection_id, done, kinds)
