"""Killed anywhere, run again: Pleo is in sync, nothing exists twice, and a third run writes nothing.

A real process is killed with `kill -9` before and after every write of a sync: to Pleo in a box over HTTP, to the
ledger, to the store.
"""

from __future__ import annotations

import json
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from kontobro.bootstrap import SystemClock
from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.settings import Settings
from kontobro.pleo import SCOPES, open_target
from kontobro.store import open_store
from pleo_sandbox.model import HandMade, SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.support.connected_home import Warm
from tests.support.empty_store import put_empty_store

pytestmark = pytest.mark.kill

HEAD = """
option "operating_currency" "DKK"
include "bookings/*.beancount"
2020-01-01 custom "company" "Fjord & Bro ApS"
"""
BEFORE = """
2020-01-01 open Expenses:Office
  code: "7504"
2020-01-01 open Expenses:Meals
  code: "7505"
2020-01-01 custom "tax-code" "I25" "Input VAT" 0.25 "inclusive"
2020-01-01 custom "dimension" "COST" "Cost centre"
2020-01-01 custom "dimension-value" "COST" "100" "Sales"
2020-01-01 custom "vendor" "V1" "Staples"
"""
AFTER = """
2020-01-01 open Expenses:Office
  code: "7506"
2020-01-01 open Expenses:Travel
  code: "7505"
2020-01-01 custom "tax-code" "I25" "Input VAT 25 %" 0.25 "inclusive"
2020-01-01 custom "dimension" "PROJ" "Project"
2020-01-01 custom "dimension-value" "PROJ" "P1" "Bridge"
2020-01-01 custom "dimension-value" "PROJ" "P2" "Pier"
2020-01-01 custom "dimension" "COST" "Cost centre"
2020-01-01 custom "dimension-value" "COST" "100" "Sales north"
2020-01-01 custom "vendor" "V2" "Nordisk Sky"
2020-01-01 custom "vendor" "V3" "Hanse"
  tax-number: "DE811907980"
"""
BORN = [
    {"name": "Malermester Holm", "defaultCurrency": "DKK", "state": "DRAFT"},
    {"name": "Hanse GmbH", "defaultCurrency": "EUR", "state": "DRAFT", "taxRegistrationNumber": "DE 811907980"},
]
SETTINGS = Settings(sync_dimensions=("COST", "PROJ"), create_vendors=True)
IN_SYNC: dict[MasterKind, dict[str, str]] = {
    "accounts": {"7506": "Expenses:Office", "7505": "Expenses:Travel"},
    "tax_codes": {"I25": "Input VAT 25 %"},
    "tag_groups": {"COST": "Cost centre", "PROJ": "Project"},
    "tags": {"100": "Sales north", "P1": "Bridge", "P2": "Pier"},
    "vendors": {"V2": "Nordisk Sky", "V3": "Hanse", "P1": "Malermester Holm"},
}
RECORDS = {"accounts": 3, "tax_codes": 1, "tag_groups": 2, "tags": 3, "vendors": 4}
"""How many there are with the archived ones: nothing was created twice."""


SIDES = ("before", "after")
CALLS = {
    "pleo.create": 5,
    "pleo.update": 5,
    "pleo.archive": 2,
    "erp.write": 1,
    "store.bind": 17,
    "store.note_sync": 5,
}
"""How often a whole sync crosses each: the list of boundaries is written out, so that none goes missing unseen."""
BOUNDARIES = [f"{name}#{n}:{side}" for name, most in CALLS.items() for n in range(1, most + 1) for side in SIDES]


@dataclass
class LedgerHarness:
    """A ledger, a home and Pleo in a box."""

    folder: Path
    sandbox: Sandbox
    connection: Connection
    key: str

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger" / "main.beancount"

    @property
    def database(self) -> Path:
        return self.folder / "kontobro.sqlite3"

    @property
    def boundaries(self) -> list[str]:
        return (self.folder / "boundaries").read_text().splitlines()

    def sync(self, at: str | None = None) -> dict[str, Any] | None:
        """Run a real process: its results by kind, or None when it was killed at the boundary `at`."""
        log = self.folder / "boundaries"
        log.write_text("")
        order = {"home": str(self.folder), "log": str(log), "at": at}
        done = Warm.started("tests.sync.syncer").run(order)
        if done.returncode == -signal.SIGKILL:
            return None
        assert done.returncode == 0, done.stderr[-3000:]
        results: dict[str, Any] = json.loads(done.stdout)
        assert "fault" not in results, results
        assert [result["failed"] for result in results.values()] == [[]] * 4, results
        return results

    def write(self, masters: str) -> None:
        self.ledger.write_text(HEAD + masters)

    def assert_in_sync(self) -> None:
        with sqlite3.connect(self.database) as database:
            intents = database.execute("select kind, erp_id from kontobro_binding where pleo_id is null").fetchall()
        database.close()
        assert intents == []
        store = open_store(self.database)
        target = open_target(self.connection, store, SystemClock())
        for kind, wanted in IN_SYNC.items():
            records = list(target.read(kind))
            active = [record for record in records if not record.archived]
            assert {record.code: record.name for record in active} == wanted
            assert len(active) == len(wanted), kind
            assert len(records) == RECORDS[kind], records
            assert not any(record.draft for record in records)
        target.close()
        store.close()
        written = (self.folder / "ledger" / "bookings" / "vendors.beancount").read_text()
        assert written.count('custom "vendor"') == 1
        again = self.sync()
        assert again is not None
        assert [result["writes"] for result in again.values()] == [0, 0, 0, 0]


@contextmanager
def a_ledger_harness(folder: Path) -> Iterator[LedgerHarness]:
    """In sync with the ledger as it was BEFORE; then it is as AFTER."""
    company = SandboxCompany("Fjord & Bro ApS", "DKK", "DK", hand_made=HandMade(vendors=BORN))
    sandbox = Sandbox(company)
    key = sandbox.add_api_key(company.id, SCOPES[4])
    with serve(sandbox) as url:
        (folder / "ledger").mkdir()
        connection = Connection(
            id="desk",
            name="desk",
            environment="sandbox",
            api_url=url,
            auth_url=url,
            auth="api_key",
            company_id=company.id,
            company_name=company.name,
            erp="beancount",
            erp_options={"ledger": str(folder / "ledger" / "main.beancount")},
            settings=Settings(sync_dimensions=("COST",)),
        )
        harness = LedgerHarness(folder, sandbox, connection, key)
        save(harness, connection.settings)
        harness.write(BEFORE)
        assert harness.sync() is not None
        save(harness, SETTINGS)
        harness.write(AFTER)
        yield harness


def save(harness: LedgerHarness, settings: Settings) -> None:
    store = open_store(put_empty_store(harness.database))
    store.save_connection(replace(harness.connection, settings=settings))
    store.save_tokens(harness.connection, Tokens(access=harness.key))
    store.close()


def test_a_whole_sync_crosses_these_boundaries(tmp_path: Path) -> None:
    with a_ledger_harness(tmp_path) as harness:
        harness.sync()
        calls = Counter(name.partition("#")[0] for name in harness.boundaries if name.endswith(":after"))
        assert calls == CALLS
        harness.assert_in_sync()


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_at_and_run_again(tmp_path: Path, boundary: str) -> None:
    with a_ledger_harness(tmp_path) as harness:
        assert harness.sync(boundary) is None, "it was not killed"
        harness.sync()
        harness.assert_in_sync()


def test_all_bindings_lost_what_stands_is_adopted_and_nothing_written(tmp_path: Path) -> None:
    with a_ledger_harness(tmp_path) as harness:
        harness.sync()
        with sqlite3.connect(harness.database) as database:
            database.execute("delete from kontobro_binding")
        database.close()
        again = harness.sync()
        assert again is not None
        assert [(result["writes"], result["adopted"]) for result in again.values()] == [(0, 2), (0, 1), (0, 5), (0, 3)]
        harness.assert_in_sync()
