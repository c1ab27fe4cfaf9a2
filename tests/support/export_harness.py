"""An exporter in this process: real client, store and ledger; time is the sandbox's, so nothing waits.

What a bookkeeper does in the ledger by hand, and what must hold after any export, are here too.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from beancount import loader
from beancount.core.data import Document, Transaction

from kontobro.bootstrap import read_kept_item
from kontobro.core.dialect import Dialect
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import ExportJob
from kontobro.core.model.settings import Settings
from kontobro.core.ports import Connector, Guards, Store
from kontobro.erp.kit.guard import guarded
from kontobro.erp.registry import load_connector
from kontobro.export import JobResult, Ports, next_job, run_job
from kontobro.export.tieout.collect import BookPorts
from kontobro.pleo import PleoClient, open_pleo
from kontobro.store import open_store
from kontobro.testing.faults import ERP_WRITES, PLEO_WRITES, STORE_COMMITS, Boundaries, Seam
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from tests.support.connected_home import SETTINGS, ConnectedHome, a_connected_home
from tests.support.pleo_company import kill_company

JOBS = "/v3/export-jobs"
EVENTS = "/v3/export-job-events"
CONTROL = "/v3/export-jobs/*/items"
ITEMS = "/v3/export-items"


class SandboxClock:
    """The sandbox's time: sleeping moves it, and takes none."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.slept = 0.0

    def now(self) -> datetime:
        return self._sandbox.clock.now()

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self._sandbox.move_clock(timedelta(seconds=seconds))


class Altered:
    """A connector in front of another, with some of its methods replaced; each gets the connector behind it first."""

    def __init__(self, behind: Connector, **methods: Any) -> None:
        self._behind = behind
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        if name == "capabilities" and name in self._methods:
            return self._methods[name]
        if name in self._methods:
            return lambda *args: self._methods[name](self._behind, *args)
        return getattr(self._behind, name)


@dataclass
class ExportHarness:
    """A desk with its ports open."""

    connected: ConnectedHome
    store: Store
    pleo: PleoClient
    connector: Connector
    clock: SandboxClock
    connection: Connection
    crossed: list[str] = field(default_factory=list)

    @property
    def sandbox(self) -> Sandbox:
        return self.connected.sandbox

    @property
    def ports(self) -> Ports:
        return Ports(pleo=self.pleo, connector=self.connector, store=self.store, clock=self.clock, guards=self._guards)

    @property
    def _guards(self) -> Guards | None:
        return self.store if isinstance(self.store, Guards) else None

    @property
    def book_ports(self) -> BookPorts:
        """For a tie-out and a check: kept items are read as Pleo in a box sends them."""
        return BookPorts(
            connector=self.connector,
            store=self.store,
            clock=self.clock,
            read_item=partial(read_kept_item, spoken=Dialect()),
        )

    def alter(self, **methods: Any) -> None:
        """Put other methods in front of the ledger's, under the guard that every connector runs behind."""
        self.connector = guarded(
            Altered(load_connector("beancount", {"ledger": str(self.connected.ledger)}), **methods)
        )

    def fix(self) -> None:
        """The ledger's own connector again."""
        self.alter()

    def set(self, **changes: Any) -> None:
        """Change settings of the connection."""
        self.connection = replace(self.connection, settings=replace(self.connection.settings, **changes))

    def export(self, *, take_over: bool = False) -> JobResult:
        """Run the oldest job."""
        return self._run(self.ports, take_over=take_over)

    def export_with_fault(self, at: str, fault: Exception) -> JobResult:
        """Run the oldest job; the fault is raised at that boundary. `crossed` names the boundaries afterwards."""

        def act() -> None:
            raise fault

        return self.export_acting(at, act)

    def export_acting(self, at: str | None, act: Callable[[], object], *, take_over: bool = False) -> JobResult:
        """Run the oldest job; at that boundary something else happens."""
        boundaries = Boundaries(at, act)
        self.crossed = boundaries.crossed
        ports = Ports(
            pleo=Seam(self.pleo, "pleo", PLEO_WRITES, boundaries),
            connector=Seam(self.connector, "erp", ERP_WRITES, boundaries),
            store=Seam(self.store, "store", STORE_COMMITS, boundaries),
            clock=self.clock,
            guards=self._guards,
        )
        return self._run(ports, take_over=take_over)

    def _run(self, ports: Ports, *, take_over: bool = False) -> JobResult:
        job = next_job(ports)
        assert job is not None, "there is no open job"
        return run_job(self.connection, job, ports, take_over=take_over)

    def again(self, *ids: str) -> None:
        """The bookkeeper queues expenses once more (all that are not exported, or those named) and presses Export."""
        self.sandbox.queue(self.connected.company_id, ids or None)
        self.sandbox.press_export(self.connected.company_id, ids or None, vendor_based=True)

    # what the bookkeeper sees and does in the ledger

    @property
    def batches(self) -> list[Path]:
        return sorted((self.connected.ledger.parent / "bookings").glob("*.beancount"))

    def loaded(self) -> list[Any]:
        """All directives; the ledger has to be free of errors."""
        loader.initialize(use_cache=False)
        entries, errors, _ = loader.load_file(str(self.connected.ledger))
        assert not errors, errors
        return list(entries)

    def entries(self) -> dict[str, Transaction]:
        """Our entries that count, by reference: each exists once."""
        ours = [e for e in self.loaded() if isinstance(e, Transaction) and "kontobro" in e.meta]
        counting = [entry for entry in ours if not entry.meta.get("void")]
        doubled = {ref: n for ref, n in Counter(e.meta["kontobro"] for e in counting).items() if n > 1}
        assert not doubled
        return {entry.meta["kontobro"]: entry for entry in counting}

    def receipts(self) -> list[str]:
        """The file names of all attached receipts."""
        return [Path(entry.filename).name for entry in self.loaded() if isinstance(entry, Document)]

    def edit(self, reference: str, change: Callable[[str], str]) -> None:
        """Change the block of an entry in its file, by hand."""
        changed = 0
        for path in self.batches:
            blocks = re.split(r"(?m)^(?=\d{4}-\d\d-\d\d [*!])", path.read_text())
            for at, block in enumerate(blocks):
                if f'kontobro: "{reference}"' in block:
                    blocks[at] = change(block)
                    changed += 1
            path.write_text("".join(blocks))
        assert changed, f"{reference} is not in the ledger"

    def void(self, reference: str) -> None:
        ours = f'kontobro: "{reference}"'
        self.edit(reference, lambda block: block.replace(ours, f"{ours}\n  void: TRUE"))

    def delete(self, reference: str) -> None:
        self.edit(reference, lambda block: "")

    def post_by_hand(self, reference: str) -> None:
        self.edit(reference, lambda block: re.sub(r"^(\S+) !", r"\1 *", block, count=1))

    # what Pleo and our store say

    def failure(self, entry_id: str) -> tuple[str, str]:
        """The type and text of an item's failure, as Pleo shows them."""
        state = self.sandbox.item_state(self.connected.company_id, entry_id)
        assert state is not None
        assert state["status"] == "failed", state
        return str(state["failureReasonType"]), str(state["failureReason"])

    def stored_notes(self) -> dict[str, tuple[str, ...]]:
        """The notes of every booking in our store."""
        return {row.reference: row.notes for row in self.store.bookings("desk")}

    def rows(self) -> dict[str, str]:
        """The state of every booking in our store."""
        with sqlite3.connect(self.connected.database) as database:
            found = dict(database.execute("select reference, state from kontobro_booking"))
        database.close()
        return found

    def assert_agree(self) -> None:
        """Pleo's newest job, the ledger and our store say the same: successful is what exists posted, once."""
        entries = self.entries()
        standing = {ref.removesuffix("/pay") for ref in entries}
        states = self.connected.states()
        successful = {entry_id for entry_id, status in states.items() if status == "successful"}
        assert successful == standing & set(states)
        assert {entry.flag for entry in entries.values()} <= {"*"}
        rows = self.rows()
        assert {rows[ref] for ref in rows if ref.removesuffix("/pay") in states} <= {"reported"}


@contextmanager
def an_export_harness(folder: Path, company: SandboxCompany, settings: Settings = SETTINGS) -> Iterator[ExportHarness]:
    """A desk whose exporter works in this process."""
    with (
        a_connected_home(folder, company, settings) as connected,
        ports_at(connected, SandboxClock(connected.sandbox)) as harness,
    ):
        yield harness


@contextmanager
def ports_at(
    connected: ConnectedHome, clock: SandboxClock, connector: Connector | None = None
) -> Iterator[ExportHarness]:
    """Open the desk's own store, client and ledger, or these books."""
    store = open_store(connected.database)
    connection = store.connections()[0]
    pleo = open_pleo(connection, store, clock)
    try:
        books = connector or load_connector("beancount", connection.erp_options)
        yield ExportHarness(connected, store, pleo, books, clock, connection)
    finally:
        pleo.close()
        store.close()


def names_of(boundaries: Sequence[str]) -> list[str]:
    """The boundaries without their sides, each once."""
    return list(dict.fromkeys(name.partition(":")[0] for name in boundaries))


SETTLE_AFTER = timedelta(minutes=4)
"""Of the accounting system of a searchable harness."""


@contextmanager
def a_searchable_harness(folder: Path) -> Iterator[ExportHarness]:
    """Over an accounting system whose reference can be searched, no more."""
    with an_export_harness(folder, kill_company()) as harness:
        searchable = replace(harness.connector.capabilities, reference="searchable", settle_after=SETTLE_AFTER)
        harness.alter(capabilities=searchable)
        yield harness


class Killed(BaseException):
    """The process is gone: nothing of it catches this."""


class Told:
    """Pleo whose answers about a job are other ones."""

    def __init__(self, behind: Any, change: Callable[[ExportJob], ExportJob]) -> None:
        self._behind, self._change = behind, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def job(self, job_id: str) -> ExportJob:
        return self._change(self._behind.job(job_id))
