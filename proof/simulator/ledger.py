"""The accounting system of a simulated world: a server with a memory of its own, and each worker's way to it.

With a `searchable` reference it books a second time whatever is sent a second time, as most systems do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from kontobro.core.errors import Problem, Uncertain, Unreachable
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Booking, Entry, EntryKey, Reference
from kontobro.core.model.masterdata import Company, MasterRecord, Vendor
from kontobro.core.ports import Capabilities
from kontobro.testing.connector.memory import CAPABILITIES, MemoryConnector
from proof.simulator.plan import Plan
from proof.simulator.schedule import Worker
from proof.simulator.world import World

R = TypeVar("R", bound=MasterRecord)
T = TypeVar("T")


def capabilities_of(plan: Plan) -> Capabilities:
    return replace(
        CAPABILITIES,
        reference=plan.reference,
        settle_after=timedelta(seconds=plan.settle_seconds) if plan.reference == "searchable" else timedelta(0),
        drafts=plan.drafts,
        withdraws_drafts=plan.drafts,
        batch_size=plan.batch_size,
        keeps_fingerprint=plan.fingerprints,
        bills=plan.bills,
    )


class Ledger(MemoryConnector):
    """What the system holds. `doubles`: how often a document was made beside one that was there already."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(None, capabilities_of(plan))
        self.doubles: Counter[Reference] = Counter()
        self.touched: set[Reference] = set()
        """What a person laid hands on."""
        self.voided: set[Reference] = set()

    def _book(self, entry: Entry) -> Booking | Problem:
        kept = self._kept.get(entry.reference)
        answer = super()._book(entry)
        doubled = kept is not None and kept.booking.status != "void" and isinstance(answer, Booking)
        if doubled and (self.capabilities.reference == "searchable" or self._kept[entry.reference] is not kept):
            self.doubles[entry.reference] += 1
        return answer

    def references(self) -> Sequence[Reference]:
        return sorted(self._kept)

    def status(self, reference: Reference) -> str:
        """`draft`, `posted`, `void`, or nothing where there is no such document."""
        kept = self._kept.get(reference)
        return kept.booking.status if kept else ""

    def void_by_hand(self, reference: Reference) -> None:
        self.touched.add(reference)
        self.voided.add(reference)
        self.void(reference)

    def delete_by_hand(self, reference: Reference) -> None:
        self.touched.add(reference)
        self.delete(reference)

    def post_by_hand(self, reference: Reference) -> None:
        self._post(reference)


class Way:
    """A worker's connector: every call crosses the seam twice, and may not come through."""

    def __init__(self, ledger: Ledger, world: World, worker: Worker) -> None:
        self._ledger, self._world, self._worker = ledger, world, worker

    @property
    def capabilities(self) -> Capabilities:
        return self._ledger.capabilities

    def check(self) -> Company:
        return self._read("check", self._ledger.check)

    def read(self, kind: type[R]) -> Iterable[R]:
        return self._read(f"read {kind.__name__}", lambda: list(self._ledger.read(kind)))

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        return self._read("validate", lambda: self._ledger.validate(entries))

    def find(self, keys: Sequence[EntryKey]) -> Mapping[EntryKey, Booking]:
        return self._read("find", lambda: self._ledger.find(keys))

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        part = entries[: max(1, len(entries) // 2)]
        return self._write("book", lambda: self._ledger.book(entries), lambda: self._ledger.book(part))

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        self._write("attach", lambda: self._ledger.attach(booking, receipts), lambda: None)

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        part = bookings[: max(1, len(bookings) // 2)]
        return self._write("post", lambda: self._ledger.post(bookings), lambda: self._ledger.post(part))

    def withdraw(self, bookings: Sequence[Booking]) -> None:
        self._write("withdraw", lambda: self._ledger.withdraw(bookings), lambda: None)

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        return self._write("write", lambda: self._ledger.write(vendors), lambda: None)

    def _read(self, name: str, call: Callable[[], T]) -> T:
        self._world.cross(self._worker, f"erp.{name}:before", ERP_READ)
        answer = call()
        if self._world.cross(self._worker, f"erp.{name}:after", ("kill", "lose the answer")):
            raise Unreachable("The accounting system did not answer.", "It is tried again.")
        return answer

    def _write(self, name: str, call: Callable[[], T], part: Callable[[], Any]) -> T:
        world = self._world
        act = world.cross(self._worker, f"erp.{name}:before", ERP_WRITE)
        if act and act.kind in ("take effect late", "die during the write"):
            world.later(act.size * self._most_late(), lambda: _as_far_as_it_goes(call))
            if act.kind == "die during the write":
                world.kill(self._worker)
            raise Uncertain("The accounting system did not answer in time.")
        if act and act.kind == "book a part":
            part()
            raise Uncertain("The connection to the accounting system broke.")
        answer = call()
        if world.cross(self._worker, f"erp.{name}:after", ("kill", "lose the answer")):
            raise Uncertain("The accounting system did not answer in time.")
        return answer

    def _most_late(self) -> float:
        """Seconds: the connector's promise, or as long as a call may last where the system itself refuses a second."""
        settle = self.capabilities.settle_after.total_seconds()
        return settle * 0.95 if self.capabilities.reference == "searchable" else 600


ERP_READ = ("kill", "refuse for a while", "restart the accounting system", "lose the request")
ERP_WRITE = (*ERP_READ, "take effect late", "die during the write", "book a part")


def _as_far_as_it_goes(call: Callable[[], object]) -> None:
    """A late write whose caller has gone: what it is about may have been deleted by hand meanwhile."""
    with suppress(KeyError):
        call()
