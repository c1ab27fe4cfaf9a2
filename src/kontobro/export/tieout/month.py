"""A connection's month end: its entries tied to the accounting system's, and what Pleo knows beyond our history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kontobro.core.errors import KontobroError, NotAllowed
from kontobro.core.level import missing_scopes
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import NotExported
from kontobro.core.ports import Pleo
from kontobro.core.rules.dates import zone_named
from kontobro.core.tieout.compare import TiedEntry, TieOut
from kontobro.core.tieout.month import MonthSums, last_day, month_sums
from kontobro.export.tieout.collect import BookPorts, TieOutScope, tied_entries
from kontobro.export.tieout.forgotten import forgotten

UNDER_WAY: Final = ("pending", "in_progress")

SEARCH: Final = "accounting-entries:read"
"""The permission at Pleo to search accounting entries. No level needs it: consent does not ask for it."""


@dataclass(frozen=True, slots=True)
class AtPleo:
    """What Pleo was asked for. `open_jobs`: exports that were pressed and have not ended; None where Pleo could not be
    asked, and `fault` says why. `absent`: expenses that Pleo shows as exported and that no one else has.
    `not_exported`: expenses of the month that wait in Pleo for an export; None where the credential may not search
    accounting entries, or Pleo could not be asked, and `search_fault` says why."""

    open_jobs: int | None
    fault: str = ""
    absent: int = 0
    notes: Sequence[str] = ()
    not_exported: NotExported | None = None
    search_fault: str = ""


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """A month end as it is now."""

    sums: MonthSums
    pleo: AtPleo


def scope_of(first: dt.date) -> TieOutScope:
    return TieOutScope(first=first, last=last_day(first))


def month_end(connection: Connection, ports: BookPorts, pleo: Pleo, first: dt.date) -> MonthEnd:
    """Ask both sides for the month that begins on that day. Raises the accounting system's faults; Pleo's are told."""
    return month_end_of(connection, ports, pleo, first, tied_entries(connection, ports, scope_of(first)))


def month_end_of(
    connection: Connection, ports: BookPorts, pleo: Pleo, first: dt.date, tied: Iterable[TiedEntry]
) -> MonthEnd:
    """The same over entries that someone else reads too, such as a spreadsheet."""
    return MonthEnd(month_sums(first, tied), at_pleo(connection, ports, pleo, first))


def at_pleo(connection: Connection, ports: BookPorts, pleo: Pleo, first: dt.date) -> AtPleo:
    """What Pleo knows beyond our history."""
    if connection.status != "connected":
        return AtPleo(open_jobs=None)
    try:
        open_jobs = len(pleo.jobs(UNDER_WAY))
    except KontobroError as fault:
        return AtPleo(open_jobs=None, fault=fault.message)
    lost = TieOut()
    forgotten(connection, ports, pleo, scope_of(first)).add_to(lost)
    found, why = _not_exported(connection, pleo, first)
    return AtPleo(open_jobs, absent=lost.absent, notes=lost.cannot_see, not_exported=found, search_fault=why)


def _not_exported(connection: Connection, pleo: Pleo, first: dt.date) -> tuple[NotExported | None, str]:
    """How many, or why that is not known; neither where the credential may not search accounting entries."""
    if missing_scopes([SEARCH], connection.scopes):
        return None, ""
    zone = zone_named(connection.settings.time_zone or "UTC") or dt.UTC
    try:
        return pleo.not_exported(first, last_day(first), zone), ""
    except NotAllowed:
        return None, ""
    except KontobroError as fault:
        return None, fault.message
