"""An exporter as a process of its own: one export at a home, killed at a named boundary if it is told one.

Orders come as JSON on standard input; the names of the boundaries crossed go to the file `log`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from kontobro.bootstrap import SystemClock, connector_of
from kontobro.core.connection import Connection
from kontobro.core.ports import Connector, Store
from kontobro.export import Ports, next_job, run_job
from kontobro.pleo import open_pleo
from kontobro.store import open_store
from kontobro.testing.faults import ERP_WRITES, PLEO_WRITES, STORE_COMMITS, Boundaries, Seam
from tests.export.plain_erp import PlainErp


def export(order: dict[str, Any]) -> dict[str, Any]:
    """Export the company's job at this home."""
    store = open_store(Path(order["home"]) / "kontobro.sqlite3")
    try:
        boundaries = Boundaries(order.get("at"), log=Path(order["log"]))
        connection = store.connections()[0]
        seamed = Seam(store, "store", STORE_COMMITS, boundaries)
        clock = SystemClock()
        pleo = open_pleo(connection, seamed, clock)
        ports = Ports(
            pleo=Seam(pleo, "pleo", PLEO_WRITES, boundaries),
            connector=Seam(connector(order, connection, store), "erp", ERP_WRITES, boundaries),
            store=seamed,
            clock=clock,
        )
        job = next_job(ports)
        if job is None:
            return {"event": None}
        result = run_job(connection, job, ports, take_over=order.get("take_over", False))
        pleo.close()
        return asdict(result)
    finally:
        store.close()


def connector(order: dict[str, Any], connection: Connection, store: Store) -> Connector:
    """The connection's own, or the plain system beside the ledger with that ledger's chart."""
    own = connector_of(connection.erp, connection.erp_options, partial(store.secret, connection.id))
    if "plain" not in order:
        return own
    from kontobro.core.masterdata import Account

    return PlainErp(
        Path(order["plain"]),
        list(own.read(Account)),
        commit_after=order.get("commit_after", 0),
        settle_after=timedelta(seconds=order["settle_after"]),
    )


if __name__ == "__main__":
    print(json.dumps(export(json.load(sys.stdin))))  # noqa: T201 - its answer
