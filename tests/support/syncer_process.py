"""A sync as a process of its own, killed at a named boundary if it is told one.

It runs over real HTTP against a sandbox and over a real store; its accounting system is a list of masters by name
(`MASTERS`, for codes that change hands), a Beancount ledger or a real system (for vendors that are born in Pleo).
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import traceback
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from kontobro.bootstrap import SystemClock
from kontobro.core.model.masterdata import Account, Company, Dimension, DimensionValue, MasterRecord, TaxCode, Vendor
from kontobro.core.ports import Connector
from kontobro.erp.registry import load_connector
from kontobro.pleo import open_target
from kontobro.store import open_store
from kontobro.sync import SyncPorts, apply_plan, plan_sync
from kontobro.testing.faults import Boundaries, Seam
from tests.support.sync_harness import Books

TARGET_WRITES = ("create", "update", "archive")
STORE_COMMITS = ("bind", "unbind", "note_sync")
LONGEST = 60
"""Seconds a syncer may live: one that hangs is ended, and its test says so."""

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.support.syncer_preload"])


def _tax(id: str, code: str, rate: str) -> TaxCode:
    return TaxCode(id, code, f"Tax {id}", Decimal(rate), "inclusive")


def _vendor(id: str, code: str, name: str) -> Vendor:
    return Vendor(id=id, code=code, name=name, currency="DKK")


MASTERS: dict[str, list[MasterRecord]] = {
    "before": [
        Account("a1", "4010", "Goods"),
        Account("a2", "7502", "Software"),
        Account("a3", "7504", "Office supplies"),
        Account("a4", "7599", "Telefax"),
        _tax("t1", "I25", "0.25"),
        _tax("t2", "I12", "0.12"),
        _tax("t3", "I06", "0.06"),
        Dimension("d1", "COST", "Cost centre"),
        DimensionValue("v1", "d1", "100", "Sales"),
        DimensionValue("v2", "d1", "200", "Engineering"),
        DimensionValue("v3", "d1", "300", "Workshop"),
        DimensionValue("v4", "d1", "400", "Laboratory"),
        _vendor("n1", "V1", "Kontor & Papir"),
        _vendor("n2", "V2", "Nordisk Sky"),
        _vendor("n3", "V3", "Nyborg Telefax"),
        _vendor("n4", "V4", "Havnens Ejendomme"),
    ],
    "after": [
        Account("a1", "7502", "Goods"),
        Account("a2", "4010", "Software"),
        Account("a3", "7504", "Office"),
        Account("a5", "7599", "Faxes"),
        _tax("t1", "I12", "0.25"),
        _tax("t2", "I25", "0.12"),
        _tax("t4", "I06", "0.06"),
        Dimension("d1", "COST", "Cost centre"),
        Dimension("d2", "PROJECT", "Project"),
        DimensionValue("v1", "d1", "200", "Sales"),
        DimensionValue("v2", "d1", "100", "Engineering"),
        DimensionValue("v4", "d1", "300", "Laboratory"),
        DimensionValue("p1", "d2", "P1", "Footbridge"),
        _vendor("n1", "V2", "Kontor & Papir"),
        _vendor("n2", "V1", "Nordisk Sky"),
        _vendor("n4", "V3", "Havnens Ejendomme"),
        _vendor("n5", "V5", "Hanse Papier"),
    ],
}
"""In `after` codes swap, an old or a new record takes the code of one that is gone, names change, some are new."""


@dataclass(frozen=True)
class Ended:
    """How a syncer ended: killed, or what each kind's sync did."""

    killed: bool
    results: dict[str, dict[str, int]]
    boundaries: list[str]


def run_syncer(home: Path, url: str, kind: str, *, at: str | None = None, **books: str) -> Ended:
    """Start a syncer over `books` (`masters` a name of MASTERS, `ledger` a file, or `erp`) and wait for its end."""
    log, answer = home / "boundaries", home / "answer"
    log.write_text("")
    answer.write_text("")
    order = {"home": str(home), "kind": kind, "at": at, **books}
    process = PROCESSES.Process(target=_be_syncer, args=(order,))
    process.start()
    process.join(LONGEST)
    code = process.exitcode
    process.close()
    boundaries = log.read_text().split()
    if code == -signal.SIGKILL:
        return Ended(True, {}, boundaries)
    assert code == 0, answer.read_text()[-3000:]
    return Ended(False, json.loads(answer.read_text()), boundaries)


def _be_syncer(order: dict[str, Any]) -> None:
    signal.alarm(LONGEST)
    try:
        said = json.dumps(_sync(order))
    except BaseException:
        (Path(order["home"]) / "answer").write_text(traceback.format_exc())
        raise
    (Path(order["home"]) / "answer").write_text(said)


def _sync(order: dict[str, Any]) -> dict[str, int]:
    """Plan, approve by the digest, carry out: what a person does."""
    home = Path(order["home"])
    boundaries = Boundaries(order["at"], log=home / "boundaries")
    store = open_store(home / "kontobro.sqlite3")
    connection = store.connections()[0]
    clock = SystemClock()
    target = open_target(connection, store, clock)
    ports = SyncPorts(
        target=cast(Any, Seam(target, "target", TARGET_WRITES, boundaries)),
        connector=cast(Any, Seam(_connector(order), "erp", ("write",), boundaries)),
        store=cast(Any, Seam(store, "store", STORE_COMMITS, boundaries)),
        clock=clock,
    )
    plan = plan_sync(connection, order["kind"], ports)
    result = apply_plan(connection, order["kind"], plan.digest, ports)
    target.close()
    store.close()
    return {"writes": result.writes, "failed": len(result.failed), "problems": len(result.problems)}


def _connector(order: dict[str, Any]) -> Connector:
    if "erp" in order:
        return load_connector(order["erp"], json.loads(order["options"]), json.loads(order["secrets"]).get)
    if "ledger" in order:
        return load_connector("beancount", {"ledger": order["ledger"]})
    return cast(Connector, Books(MASTERS[order["masters"]], Company("C1", "Fjord & Bro ApS", "DKK")))
