"""Payments that wait for their bill: settled when it has come and both are posted (design §5).

A settlement that fails never fails the payment: it stays open and is tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kontobro.core.batches import parts
from kontobro.core.errors import KontobroError, Problem
from kontobro.core.model.connection import Connection
from kontobro.core.model.history import BookingRow, Move
from kontobro.core.model.journal import Booking, EntryKey
from kontobro.export.job.run import Ports

log = logging.getLogger(__name__)

BATCH = 100

BOOKED = ("posted", "verified", "reported")


@dataclass(frozen=True, slots=True)
class Settled:
    """How many payments were settled now, how many still wait, and what went wrong. Of those that wait,
    `without_bill` have no bill in the accounting system, of `drafts` bill or payment is not posted yet, and
    `paid_twice` name a bill that is settled: they are not tried until it is open again."""

    settled: int
    open: int
    problems: tuple[Problem, ...] = ()
    without_bill: int = 0
    drafts: int = 0
    paid_twice: int = 0


def settle(connection: Connection, ports: Ports) -> Settled:
    """Settle what can be settled, outside a job. Raises Busy and the accounting system's faults."""
    with ports.store.lock(f"export-{connection.id}"):
        ports.connector.check()
        return settle_rows(connection, ports)


def settle_open(connection: Connection, ports: Ports, keep_alive: Callable[[], None]) -> Settled:
    """The same inside a job: a fault is logged and left for the next time."""
    try:
        return settle_rows(connection, ports, keep_alive)
    except KontobroError as fault:
        log.warning("settling failed", extra={"fault": type(fault).__name__})
        return Settled(0, 0)


def settle_rows(connection: Connection, ports: Ports, keep_alive: Callable[[], None] = lambda: None) -> Settled:
    """Go through the open payments in batches; only posted ones can be settled."""
    # a payment that a killed run left on its way is not ours: its own run continues with it
    rows = [row for row in ports.store.open_payments(connection.id) if row.state in BOOKED]
    done = [_settle_some(connection, ports, some, keep_alive) for some in parts(rows, BATCH)]
    return Settled(
        settled=sum(part.settled for part in done),
        open=sum(part.open for part in done),
        problems=tuple(problem for part in done for problem in part.problems),
        without_bill=sum(part.without_bill for part in done),
        drafts=sum(part.drafts for part in done),
        paid_twice=sum(part.paid_twice for part in done),
    )


def _settle_some(
    connection: Connection, ports: Ports, rows: Sequence[BookingRow], keep_alive: Callable[[], None]
) -> Settled:
    """Post these payments again with the bills that have come: the connector settles what it can."""
    keep_alive()
    bills = ports.connector.find([row.settles for row in rows if row.settles])
    waiting = [row for row in rows if row.settles in bills]
    keep_alive()
    found = ports.connector.find([row.reference for row in waiting]) if waiting else {}
    drafts = {
        row.reference for row in waiting if "draft" in (_status(bills, row.settles), _status(found, row.reference))
    }
    posted = [booking for row in waiting if (booking := found.get(row.reference)) and booking.status == "posted"]
    twice = {row.reference for row in waiting if is_paid_twice(row, bills, found)}
    payments = [booking for booking in posted if booking.reference not in twice]
    keep_alive()
    answers = ports.connector.post(payments) if payments else []
    states = {row.reference: row.state for row in rows}
    done = [answer for answer in answers if isinstance(answer, Booking) and answer.settled]
    moves = [Move(reference=booking.reference, to=states[booking.reference], settled=True) for booking in done]
    if moves:
        ports.store.move(connection.id, moves, ports.clock.now())
    return Settled(
        settled=len(done),
        open=len(rows) - len(done),
        problems=tuple(answer for answer in answers if isinstance(answer, Problem)),
        without_bill=len(rows) - len(waiting),
        drafts=len(drafts - {booking.reference for booking in done}),
        paid_twice=len(twice),
    )


def is_paid_twice(row: BookingRow, bills: Mapping[EntryKey, Booking], found: Mapping[EntryKey, Booking]) -> bool:
    """Whether this payment waits for a bill that nothing is owed on. One that came back waits for no open bill."""
    bill, payment = bills.get(row.settles) if row.settles else None, found.get(row.reference)
    if bill is None or payment is None or "draft" in (bill.status, payment.status):
        return False
    return bill.open == 0 and not payment.settled and not came_back(row)


def came_back(row: BookingRow) -> bool:
    """A payment of the other direction: money into the wallet, or owed to the vendor again."""
    on_account = Decimal(row.amount or 0)
    return on_account > 0 if row.role == "wallet" else on_account < 0


def _status(found: Mapping[EntryKey, Booking], key: EntryKey | None) -> str | None:
    booking = found.get(key) if key else None
    return booking.status if booking else None
