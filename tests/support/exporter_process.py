"""An exporter as a process of its own: one export at a home, killed at a named boundary if it is told one.

Orders come as JSON on standard input; the names of the boundaries crossed go to the file `log`. An exporter that
is told `until` does not die at its boundary: it exists still there until that file exists; then it continues, to its
death at the boundary `die_at` if there is one.

`--warm` loads everything once and forks an exporter for each order: a process of its own as before, without the
second that Python takes to get up.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from kontobro.bootstrap import SystemClock
from kontobro.core.errors import KontobroError
from kontobro.core.model.connection import Connection
from kontobro.core.model.masterdata import Account, Vendor
from kontobro.core.ports import Connector, Store
from kontobro.erp.registry import load_connector
from kontobro.export import Ports, next_job, run_job
from kontobro.export.documents.books import SealedBooks
from kontobro.export.job.ended import note_ends
from kontobro.export.job.run import DocumentPorts
from kontobro.pleo import open_pleo
from kontobro.store import open_store
from kontobro.testing.faults import (
    DOCUMENT_COMMITS,
    ERP_WRITES,
    PLEO_WRITES,
    STORE_COMMITS,
    Boundaries,
    Seam,
    kill_this_process,
)
from tests.support.plain_documents import PlainFolder, PlainTarget
from tests.support.plain_erp import PlainErp
from tests.support.warm_ledgers import share_warm_ledgers

if TYPE_CHECKING:
    from kontobro.store import DjangoStore

Answer = Callable[[dict[str, Any]], dict[str, Any]]
"""What a forked process does with its order."""

LONGEST = 100
"""Seconds an exporter may live: one that hangs is ended, and its test says so."""


class DeadlyClock(SystemClock):
    """Whoever waits dies: an exporter whose answer was lost never comes to ask again."""

    def sleep(self, seconds: float) -> None:
        kill_this_process()


def export(order: dict[str, Any]) -> dict[str, Any]:
    """Export the company's job at this home."""
    store = open_store(Path(order["home"]) / "kontobro.sqlite3")
    try:
        boundaries = boundaries_of(order)
        connection = store.connections()[0]
        seamed = Seam(store, "store", STORE_COMMITS, boundaries)
        clock = DeadlyClock() if order.get("die_asleep") else SystemClock()
        pleo = open_pleo(connection, seamed, clock)
        documents = documents_of(order, connection, store, boundaries)
        books = (
            SealedBooks(documents.target, documents.store, connection.id, clock)
            if documents
            else connector(order, connection, store)
        )
        ports = Ports(
            pleo=Seam(pleo, "pleo", PLEO_WRITES, boundaries),
            connector=Seam(books, "erp", ERP_WRITES, boundaries),
            store=seamed,
            clock=clock,
            documents=documents,
            guards=store,
        )
        note_ends(connection, ports)
        job = next_job(ports)
        if job is None:
            return {"event": None}
        result = run_job(connection, job, ports, take_over=order.get("take_over", False))
        pleo.close()
        return asdict(result)
    finally:
        store.close()


def boundaries_of(order: dict[str, Any]) -> Boundaries:
    """Death at the boundary `at`, or standing still and going on to another."""
    boundaries = Boundaries(order.get("at"), log=Path(order["log"]))

    def stand_still() -> None:
        while not Path(order["until"]).exists():
            time.sleep(0.02)
        boundaries.at, boundaries.act = order.get("die_at"), kill_this_process

    if "until" in order:
        boundaries.act = stand_still
    return boundaries


def connector(order: dict[str, Any], connection: Connection, store: Store) -> Connector:
    """The connection's own, or the plain system beside the ledger with that ledger's accounts and vendors."""
    own = load_connector(connection.erp, connection.erp_options, partial(store.secret, connection))
    if "plain" not in order:
        return own
    return PlainErp(
        Path(order["plain"]),
        [*own.read(Account), *own.read(Vendor)],
        commit_after=order.get("commit_after", 0),
        settle_after=timedelta(seconds=order["settle_after"]),
        reference=order.get("reference", "searchable"),
    )


def documents_of(
    order: dict[str, Any], connection: Connection, store: DjangoStore, boundaries: Boundaries
) -> DocumentPorts | None:
    """The plain target over the ledger's accounts and vendors, delivered to the folder `documents`."""
    if "documents" not in order:
        return None
    own = load_connector(connection.erp, connection.erp_options, partial(store.secret, connection))
    return DocumentPorts(
        PlainTarget([*own.read(Account), *own.read(Vendor)], order.get("max_rows")),
        Seam(store, "store", DOCUMENT_COMMITS, boundaries),
        PlainFolder(Path(order["documents"]), partial(boundaries.around, "delivery", "deliver")),
    )


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """An export's result, or the fault that ended it: its kind and what it said."""
    try:
        return export(order)
    except KontobroError as fault:
        return {
            "fault": type(fault).__name__,
            "kinds": [kind.__name__ for kind in type(fault).__mro__],
            "said": str(fault),
        }


def warm(answer: Answer = answer) -> None:
    """Fork an exporter for each line of standard input; answer each with a line: exit status and output."""
    with tempfile.TemporaryDirectory() as folder:
        open_store(Path(folder) / "warm.sqlite3").close()
    share_warm_ledgers()
    for line in sys.stdin:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
            child = os.fork()
            if child == 0:
                be_exporter(answer, json.loads(line), out.fileno(), errors.fileno())
            _, status = os.waitpid(child, 0)
            said = [read_back(file) for file in (out, errors)]
        print(json.dumps([os.waitstatus_to_exitcode(status), *said]), flush=True)  # noqa: T201 - its answer


def be_exporter(answer: Answer, order: dict[str, Any], out: int, errors: int) -> NoReturn:
    """The forked process from here to its end."""
    signal.alarm(LONGEST)
    os.dup2(out, 1)
    os.dup2(errors, 2)
    try:
        print(json.dumps(answer(order)), flush=True)  # noqa: T201 - its answer
    except BaseException:  # noqa: BLE001 - told, then the end: nothing of the parent may run here
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def read_back(file: TextIO) -> str:
    file.seek(0)
    return file.read()


if __name__ == "__main__":
    if sys.argv[1:] == ["--warm"]:
        warm()
    else:
        signal.alarm(LONGEST)
        print(json.dumps(answer(json.load(sys.stdin))))  # noqa: T201 - its answer
