"""A worker's connector: every call crosses the seam twice, and may not come through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar, cast

from kontobro.core.errors import Conflict, Problem, Uncertain, Unreachable
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Booking, Entry, EntryKey
from kontobro.core.model.masterdata import Company, MasterRecord, Vendor
from kontobro.core.ports import LONGEST_CALL, Capabilities, Connector, Rehearses, Withdraws, WritesVendors
from proof.simulator.schedule import Worker
from proof.simulator.world import World

R = TypeVar("R", bound=MasterRecord)
T = TypeVar("T")

READS: Final = ("kill", "refuse for a while", "restart the accounting system", "lose the request")
WRITES: Final = (
    *READS,
    *("take effect late", "die during the write", "lose the machine", "book a part", "writes go astray for a while"),
)
LATE: Final = ("take effect late", "die during the write", "lose the machine")

STALL: Final = LONGEST_CALL * 0.9

LONGEST: Final = 600.0
"""Seconds that a late write may take where the system itself refuses a second one."""


SURE: Final = 60.0
"""Seconds after the last write within which no export may call an entry absent, whatever the connector promises."""


class Owner(Protocol):
    """Whose exporters these are."""

    def lose(self, home: int) -> None:
        """An installation's machine is gone."""
        ...

    def landing(self, entries: Sequence[Entry], since: int) -> None:
        """Entries are about to be booked by one who looked last, or sent it, at the crossing `since`."""
        ...

    def landed(self, entries: Sequence[Entry]) -> None:
        """Entries were booked late, within the time that an export waits for them."""
        ...


class Way:
    """To `connector`, over the seam."""

    def __init__(self, connector: Connector, world: World, worker: Worker, owner: Owner) -> None:
        self._connector, self._world, self._worker, self._owner = connector, world, worker, owner
        self._looked = world.crossings
        """When it looked last for what is booked, in crossings."""

    @property
    def capabilities(self) -> Capabilities:
        return self._connector.capabilities

    def check(self) -> Company:
        return self._read("check", self._connector.check)

    def read(self, kind: type[R]) -> Iterable[R]:
        return self._read(f"read {kind.__name__}", lambda: list(self._connector.read(kind)))

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        return self._read("validate", lambda: self._connector.validate(entries))

    def rehearse(self, entries: Iterable[Entry]) -> None:
        self._read("rehearse", lambda: cast(Rehearses, self._connector).rehearse(entries))

    def find(self, keys: Sequence[EntryKey]) -> Mapping[EntryKey, Booking]:
        def look() -> Mapping[EntryKey, Booking]:
            self._looked = self._world.crossings
            return self._connector.find(keys)

        return self._read("find", look)

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        return self._write("book", self._connector.book, entries)

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        self._write("attach", lambda some: self._connector.attach(booking, some), receipts)

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        return self._write("post", self._connector.post, bookings)

    def withdraw(self, bookings: Sequence[Booking]) -> None:
        self._write("withdraw", cast(Withdraws, self._connector).withdraw, bookings)

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        return self._write("write", cast(WritesVendors, self._connector).write, vendors)

    def _read(self, name: str, call: Callable[[], T]) -> T:
        self._world.cross(self._worker, f"erp.{name}:before", READS)
        answer = call()
        if self._world.cross(self._worker, f"erp.{name}:after", ("kill", "lose the answer")):
            raise Unreachable("The accounting system did not answer.", "It is tried again.")
        return answer

    def _write(self, name: str, call: Callable[[Sequence[Any]], T], what: Sequence[Any]) -> T:
        world = self._world
        act = world.cross(self._worker, f"erp.{name}:before", WRITES)
        if act and act.kind in LATE:
            self._stall()
            self._later(act.size, name, call, what)
            if act.kind == "lose the machine":
                self._owner.lose(self._worker.home)
            if act.kind != "take effect late":
                world.kill(self._worker)
            raise Uncertain("The accounting system did not answer in time.")
        if world.is_astray("erp"):
            if world.draw.random() < 0.5:
                self._later(world.draw.random() ** 2, name, call, what)
            raise Uncertain("The accounting system did not answer in time.")
        if act and act.kind == "book a part":
            _as_far_as_it_goes(lambda: call(what[: max(1, len(what) // 2)]))
            raise Uncertain("The connection to the accounting system broke.")
        if name == "book":
            self._owner.landing(what, self._looked)
        answer = call(what)
        if world.cross(self._worker, f"erp.{name}:after", ("kill", "lose the answer")):
            raise Uncertain("The accounting system did not answer in time.")
        return answer

    def _stall(self) -> None:
        """What is sent may leave late, when its process was stopped for a while, but within its longest call."""
        if self._world.draw.random() < 0.5:
            self._world.clock.move(self._world.draw.random() * STALL)

    def _later(self, size: float, name: str, call: Callable[[Sequence[Any]], object], what: Sequence[Any]) -> None:
        """Let a write take effect later, whoever is there then."""
        seconds, sent = size * self._most_late(), self._world.crossings

        def land() -> None:
            if name == "book":
                self._owner.landing(what, sent)
            _as_far_as_it_goes(lambda: call(what))
            if name == "book" and seconds < SURE:
                self._owner.landed(what)

        self._world.later(seconds, land, side="erp")

    def _most_late(self) -> float:
        """Seconds: the connector's promise, or as long as a call may last where the system itself refuses a second."""
        settle = self.capabilities.settle_after.total_seconds()
        return settle * 0.95 if self.capabilities.reference == "searchable" else LONGEST


def _as_far_as_it_goes(call: Callable[[], object]) -> None:
    """A late write whose caller has gone: what it is about may have been deleted by hand meanwhile."""
    with suppress(KeyError, Conflict):
        call()
