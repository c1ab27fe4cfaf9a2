"""Foreign code under guard: what a connector raises that it should not becomes a ConnectorFault, in one place."""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import TypeVar, cast

from kontobro.core.errors import ConnectorFault, KontobroError, Problem
from kontobro.core.model.export import Receipt
from kontobro.core.model.journal import Booking, Entry, EntryKey
from kontobro.core.model.masterdata import Company, MasterRecord, Vendor
from kontobro.core.ports import (
    LONGEST_CALL,
    Capabilities,
    Connector,
    DocumentFile,
    DocumentHead,
    DocumentTarget,
    Place,
    Rehearses,
    Vouchers,
    Withdraws,
    WritesVendors,
)
from kontobro.core.words import told
from kontobro.net.deadline import time_limit

R = TypeVar("R", bound=MasterRecord)
log = logging.getLogger(__name__)


def guarded(connector: Connector) -> Guarded:
    """The connector, with every stray exception turned into a ConnectorFault whose `log_id` finds the traceback."""
    return connector if isinstance(connector, Guarded) else Guarded(connector)


def guarded_from(make: Callable[[], Connector]) -> Guarded:
    """The connector that a factory makes, guarded, the making too."""
    with _guard("its factory"):
        return guarded(make())


class Guarded:
    """A connector (and `WritesVendors`, `Withdraws`, `Rehearses`) around another one."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    @property
    def capabilities(self) -> Capabilities:
        return self._connector.capabilities

    def check(self) -> Company:
        with _guard("check"):
            return self._connector.check()

    def read(self, kind: type[R]) -> Iterator[R]:
        with _guard("read", nullcontext()):
            yield from self._connector.read(kind)

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        with _guard("validate"):
            return _one_each(self._connector.validate(entries), entries)

    def find(self, keys: Sequence[EntryKey]) -> Mapping[EntryKey, Booking]:
        with _guard("find"):
            return self._connector.find(keys)

    def book(self, entries: Sequence[Entry]) -> Sequence[Booking | Problem]:
        with _guard("book"):
            return _one_each(self._connector.book(entries), entries)

    def attach(self, booking: Booking, receipts: Sequence[Receipt]) -> None:
        with _guard("attach"):
            self._connector.attach(booking, receipts)

    def post(self, bookings: Sequence[Booking]) -> Sequence[Booking | Problem]:
        with _guard("post"):
            return _one_each(self._connector.post(bookings), bookings)

    def write(self, vendors: Sequence[Vendor]) -> Sequence[Vendor | Problem]:
        with _guard("write"):
            return _one_each(cast(WritesVendors, self._connector).write(vendors), vendors)

    def withdraw(self, bookings: Sequence[Booking]) -> None:
        with _guard("withdraw"):
            cast(Withdraws, self._connector).withdraw(bookings)

    def rehearse(self, entries: Iterable[Entry]) -> None:
        with _guard("rehearse"):
            cast(Rehearses, self._connector).rehearse(entries)


class GuardedTarget:
    """A document target around another one."""

    def __init__(self, target: DocumentTarget) -> None:
        self._target = target

    @property
    def capabilities(self) -> Capabilities:
        return self._target.capabilities

    @property
    def max_rows(self) -> int | None:
        return self._target.max_rows

    def check(self) -> Company:
        with _guard("check"):
            return self._target.check()

    def read(self, kind: type[R]) -> Iterator[R]:
        with _guard("read", nullcontext()):
            yield from self._target.read(kind)

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        with _guard("validate"):
            return _one_each(self._target.validate(entries), entries)

    def place(self, entry: Entry) -> Place:
        with _guard("place"):
            return self._target.place(entry)

    def render(self, head: DocumentHead, vouchers: Vouchers) -> Iterator[DocumentFile]:
        """Files and their content: what breaks as they are gone through is the target's too."""
        with _guard("render", nullcontext()):
            for file in self._target.render(head, vouchers):
                yield replace(file, content=_content(file))


def _content(file: DocumentFile) -> Iterator[bytes]:
    with _guard("render", nullcontext()):
        yield from file.content


def guarded_target_from(make: Callable[[], DocumentTarget]) -> GuardedTarget:
    """The document target that a factory makes, guarded, the making too."""
    with _guard("its factory"):
        return GuardedTarget(make())


T = TypeVar("T")


def _one_each(answers: Sequence[T], asked: Sequence[object]) -> Sequence[T]:
    """A connector that answers too few or too many would have us report one item's fate for another's."""
    if len(answers) != len(asked):
        raise ValueError(f"{len(answers)} answers to {len(asked)} questions")
    return answers


@contextmanager
def _guard(method: str, limit: AbstractContextManager[None] | None = None) -> Iterator[None]:
    """No method lasts longer than a call may; but for `read`, whose every page has its own time."""
    try:
        with limit or time_limit(LONGEST_CALL.total_seconds()):
            yield
    except KontobroError:
        raise
    except Exception as stray:
        log_id = uuid.uuid4().hex[:12]
        # where it broke, never what it said: a stray exception's text may hold names and account numbers
        frames = "".join(traceback.format_tb(stray.__traceback__))
        log.error("connector error %s in %s: %s\n%s", log_id, method, type(stray).__name__, frames)  # noqa: TRY400
        raise ConnectorFault(
            *told("connector_failed", method=method, kind=type(stray).__name__, log_id=log_id),
            log_id,
        ) from stray
