"""Payments that wait for their bill: settled when it has come and both are posted (design §5).

A settlement that fails never fails the payment: it stays open and is tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from kontobro.core.connection import Connection
from kontobro.core.errors import KontobroError, Problem
from kontobro.core.history import BookingRow, Move
from kontobro.core.journal import Booking
from kontobro.export.run import Ports

log = logging.getLogger(__name__)

BATCH = 100

STANDS = ("posted", "verified", "reported")


@dataclass(frozen=True, slots=True)
class Settled:
    """How many payments were settled now, how many still wait, and what went wrong."""

    settled: int
    open: int
    problems: tuple[Problem, ...] = ()


def settle(connection: Connection, ports: Ports) -> Settled:
    """Settle what can be settled, outside a job. Raises Busy and the accounting system's faults."""
    with ports.store.lock(f"export-{connection.id}"):
        ports.connector.check()
        return settle_rows(connection, ports)


def settle_open(connection: Connection, ports: Ports) -> Settled:
    """The same inside a job: a fault is logged and left for the next time."""
    try:
        return settle_rows(connection, ports)
    except KontobroError as fault:
        log.warning("settling failed", extra={"fault": type(fault).__name__})
        return Settled(0, 0)


def settle_rows(connection: Connection, ports: Ports) -> Settled:
    """Go through the open payments in batches; only posted ones can be settled."""
    # a payment that a killed run left on its way is not ours: its own run goes on with it
    rows = [row for row in ports.store.open_payments(connection.id) if row.state in STANDS]
    settled, problems = 0, list[Problem]()
    for start in range(0, len(rows), BATCH):
        done, found = _settle_some(connection, ports, rows[start : start + BATCH])
        settled += done
        problems += found
    return Settled(settled, len(rows) - settled, tuple(problems))


def _settle_some(connection: Connection, ports: Ports, rows: Sequence[BookingRow]) -> tuple[int, list[Problem]]:
    """Post these payments again with the bills that have come: the connector settles what it can."""
    bills = ports.connector.find([row.settles for row in rows if row.settles])
    waiting = [row for row in rows if row.settles in bills]
    found = ports.connector.find([row.reference for row in waiting]) if waiting else {}
    payments = [booking for row in waiting if (booking := found.get(row.reference)) and booking.status == "posted"]
    answers = ports.connector.post(payments) if payments else []
    states = {row.reference: row.state for row in rows}
    done = [answer for answer in answers if isinstance(answer, Booking) and answer.settled]
    moves = [Move(reference=booking.reference, to=states[booking.reference], settled=True) for booking in done]
    if moves:
        ports.store.move(connection.id, moves, ports.clock.now())
    return len(done), [answer for answer in answers if isinstance(answer, Problem)]
