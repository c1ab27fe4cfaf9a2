"""A sync as a process of its own: every kind planned and applied at a home, killed at a named boundary if it is told.

`--warm` forks one for each order (`tests/support/exporter_process.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kontobro.bootstrap import SystemClock
from kontobro.core.errors import KontobroError
from kontobro.erp.registry import load_connector
from kontobro.pleo import open_target
from kontobro.store import open_store
from kontobro.sync import KINDS, SyncPorts, apply_plan, plan_sync
from kontobro.testing.faults import Seam
from tests.support.exporter_process import boundaries_of, warm

WRITES = {
    "pleo": ("create", "update", "archive"),
    "erp": ("write",),
    "store": ("bind", "unbind", "note_sync"),
}


def sync(order: dict[str, Any]) -> dict[str, Any]:
    """Bring every kind in sync; answers the writes at Pleo and the failures of each."""
    store = open_store(Path(order["home"]) / "kontobro.sqlite3")
    connection = store.connections()[0]
    boundaries = boundaries_of(order)
    target = open_target(connection, store, SystemClock())
    ports = SyncPorts(
        target=Seam(target, "pleo", WRITES["pleo"], boundaries),
        connector=Seam(load_connector("beancount", connection.erp_options), "erp", WRITES["erp"], boundaries),
        store=Seam(store, "store", WRITES["store"], boundaries),
        clock=SystemClock(),
    )
    try:
        results = {}
        for kind in KINDS:
            digest = plan_sync(connection, kind, ports).digest
            result = apply_plan(connection, kind, digest, ports)
            results[kind] = {
                "writes": result.writes,
                "adopted": result.adopted,
                "failed": [str(problem) for problem in result.failed],
            }
        return results
    finally:
        target.close()
        store.close()


def answer(order: dict[str, Any]) -> dict[str, Any]:
    try:
        return sync(order)
    except KontobroError as fault:
        return {"fault": type(fault).__name__, "said": str(fault)}


if __name__ == "__main__":
    warm(answer)
