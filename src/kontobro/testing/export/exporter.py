"""Exporters as processes of their own: each does one export at a home, and is killed at a named boundary if told one.

One process has everything loaded and forks an exporter for each order, so that a kill costs no second start of Python.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, NoReturn

from kontobro.bootstrap import SystemClock
from kontobro.core.errors import KontobroError
from kontobro.core.ports import Connector
from kontobro.erp.kit.guard import guarded
from kontobro.testing.export.home import DATABASE
from kontobro.testing.faults import ERP_WRITES, PLEO_WRITES, STORE_COMMITS, Boundaries, Seam

LONGEST = 900
"""Seconds an exporter may live: one that hangs is ended, and the proof says so."""

Connect = Callable[[], Connector]
"""Makes a connector in another process, so it can be pickled: a function of a module, a `functools.partial` of one."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How an exporter ended: killed, or with what it did. `fault` is the kind of error that ended the export."""

    killed: bool
    boundaries: tuple[str, ...]
    booked: int = 0
    failed: int = 0
    fault: str = ""
    message: str = ""


class Exporters:
    """The process that forks them."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def export(self, home: Path, *, at: str | None = None, take_over: bool = False) -> Ended:
        """Export the job that waits at this home; die at the boundary `at`. Raises AssertionError for a crash."""
        log = home / "boundaries"
        log.write_text("")
        self._pipe.send({"home": str(home), "log": str(log), "at": at, "take_over": take_over})
        status, said = self._pipe.recv()
        crossed = tuple(log.read_text().splitlines())
        if status == -signal.SIGKILL:
            return Ended(True, crossed)
        if status:
            raise AssertionError(f"the exporter crashed ({status}) after {crossed[-1:]}:\n{said[-3000:]}")
        return Ended(False, crossed, **json.loads(said.splitlines()[-1]))  # what was logged is before it


@contextmanager
def exporters(connect: Connect) -> Iterator[Exporters]:
    """Started; gone with the block."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, connect), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Exporters(ours)
    finally:
        ours.close()
        process.join(10)
        process.kill()


def _serve(pipe: Pipe, connect: Connect) -> None:
    """Fork an exporter for each order, until the other end closes."""
    _load()
    while True:
        try:
            order = pipe.recv()
        except EOFError:
            return
        with tempfile.TemporaryFile("w+") as said:
            child = os.fork()
            if child == 0:
                _be_exporter(connect, order, said.fileno())
            _, status = os.waitpid(child, 0)
            said.seek(0)
            pipe.send((os.waitstatus_to_exitcode(status), said.read()))


def _load() -> None:
    """Load what every exporter needs: a store loads its database's libraries as it is opened."""
    import kontobro.export.job.ended
    import kontobro.pleo.export.client
    import kontobro.pleo.http.opening  # noqa: F401
    from kontobro.store import open_store

    with tempfile.TemporaryDirectory() as folder:
        open_store(Path(folder) / DATABASE).close()


def _be_exporter(connect: Connect, order: dict[str, Any], said: int) -> NoReturn:
    """The forked process from here to its end."""
    signal.alarm(LONGEST)
    os.dup2(said, 1)
    os.dup2(said, 2)
    try:
        os.write(1, f"\n{json.dumps(_answer(connect, order))}".encode())
    except BaseException:  # noqa: BLE001 - shown, then the end: nothing of the parent may run here
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _answer(connect: Connect, order: dict[str, Any]) -> dict[str, Any]:
    try:
        return _export(connect, order)
    except KontobroError as fault:
        return {"fault": type(fault).__name__, "message": str(fault)}


def _export(connect: Connect, order: dict[str, Any]) -> dict[str, Any]:
    from kontobro.export import Ports, next_job, run_job
    from kontobro.export.job.ended import note_ends
    from kontobro.pleo import open_pleo
    from kontobro.store import open_store

    store = open_store(Path(order["home"]) / DATABASE)
    try:
        boundaries = Boundaries(order["at"], log=Path(order["log"]))
        connection, clock = store.connections()[0], SystemClock()
        seamed = Seam(store, "store", STORE_COMMITS, boundaries)
        pleo = open_pleo(connection, seamed, clock)
        ports = Ports(
            pleo=Seam(pleo, "pleo", PLEO_WRITES, boundaries),
            connector=Seam(guarded(connect()), "erp", ERP_WRITES, boundaries),
            store=seamed,
            clock=clock,
            guards=store,
        )
        note_ends(connection, ports)
        job = next_job(ports)
        if job is None:
            return {}
        result = run_job(connection, job, ports, take_over=order["take_over"])
        pleo.close()
        return {"booked": result.booked, "failed": result.failed}
    finally:
        store.close()
