"""The tie-out of a connection: our history page by page, Pleo's items beside it, the accounting system asked again.

Reads only. Memory does not grow with the number of bookings: a page at a time, and of those that differ a summary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.model.findings import noted
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import Entry, Reference, entry_id_of
from kontobro.core.model.masters import Masters
from kontobro.core.ports import Capabilities, Clock, Connector, Store
from kontobro.core.rules.post import post_item
from kontobro.core.tieout.compare import TiedEntry, TieOut, tie, tie_out
from kontobro.core.tieout.pleo import left_side
from kontobro.core.words import told
from kontobro.export.job.masters import masters_for, with_codes
from kontobro.export.job.run import Progress, quiet

PAGE = 200
"""Bookings looked up together."""

ReadItem = Callable[[bytes], ExportItem | MalformedItem]
"""An item's kept JSON as the core's item (`App.reader_for`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPorts:
    """What looking at the books needs: no Pleo, so that it also works once the connection is gone there."""

    connector: Connector
    store: Store
    clock: Clock
    read_item: ReadItem


@dataclass(frozen=True, slots=True, kw_only=True)
class TieOutScope:
    """Which entries: booked for a day from `first` to `last`, of a wallet (its label or code, or a currency)."""

    first: date | None = None
    last: date | None = None
    wallet: str | None = None

    def takes(self, tied: TiedEntry) -> bool:
        names = (tied.pleo.wallet, tied.pleo.wallet.partition(" ")[0], tied.pleo.currency)
        return self.wallet is None or self.wallet.casefold() in (name.casefold() for name in names if name)


EVERYTHING = TieOutScope()


def summarise(
    connection: Connection, ports: BookPorts, scope: TieOutScope = EVERYTHING, *, progress: Progress = quiet
) -> TieOut:
    """Sums per wallet and month, and what differs. Raises the accounting system's faults."""
    return summary_of(tied_entries(connection, ports, scope, progress=progress), ports.connector.capabilities, scope)


def summary_of(tied: Iterable[TiedEntry], capabilities: Capabilities, scope: TieOutScope = EVERYTHING) -> TieOut:
    """The same over entries that someone else reads too, such as a spreadsheet."""
    result = tie_out(tied)
    result.cannot_see = blind_spots(result, capabilities, scope)
    return result


def tied_entries(
    connection: Connection, ports: BookPorts, scope: TieOutScope = EVERYTHING, *, progress: Progress = quiet
) -> Iterator[TiedEntry]:
    """Every entry of the scope with both of its sides, by reference. The accounting system is read as it goes."""
    masters = open_books(connection, ports)
    connection = with_codes(connection, masters)
    done = 0
    for rows in _pages(connection, ports.store, scope):
        yield from (tied for tied in _tie_page(connection, ports, rows, masters) if scope.takes(tied))
        done += len(rows)
        progress("reading the accounting system", done, 0)


def open_books(connection: Connection, ports: BookPorts) -> Masters:
    """See that it is the company that was connected, and read its master data."""
    company = ports.connector.check()
    if connection.erp_company and company.id != connection.erp_company:
        raise Misconfigured(*told("books_of_other_company", company=company.name))
    return masters_for(connection, ports.connector, company, ports.store)


def sent_entries(connection: Connection, ports: BookPorts, references: Sequence[Reference]) -> dict[Reference, Entry]:
    """What the rules make today of the expenses behind these references, as far as their content is kept. Raises
    Misconfigured when the accounting system is open on another company."""
    kept = ports.store.payloads(connection.id, references)
    if not kept:
        return {}
    masters = open_books(connection, ports)
    return _entries_of(map(ports.read_item, kept.values()), with_codes(connection, masters), ports, masters)


def _pages(connection: Connection, store: Store, scope: TieOutScope) -> Iterator[Sequence[BookingRow]]:
    after: Reference | None = None
    while rows := store.bookings_page(connection.id, first=scope.first, last=scope.last, after=after, limit=PAGE):
        yield rows
        after = rows[-1].reference


def _tie_page(
    connection: Connection, ports: BookPorts, rows: Sequence[BookingRow], masters: Masters
) -> Iterator[TiedEntry]:
    """One question to the accounting system for the whole page."""
    references = [row.reference for row in rows]
    kept = ports.store.payloads(connection.id, references)
    items = {entry_id: ports.read_item(raw) for entry_id, raw in kept.items()}
    can_look = ports.connector.capabilities.reference != "none"
    found = ports.connector.find(references) if can_look else {}
    entries = _entries_of(items.values(), connection, ports, masters)
    for row in rows:
        item = items.get(entry_id_of(row.reference))
        left = left_side(row, item, connection.settings, masters)
        left = replace(left, entry=entries.get(row.reference))
        yield tie(left, found.get(row.reference), can_look=can_look)


def _entries_of(
    items: Iterable[ExportItem | MalformedItem], connection: Connection, ports: BookPorts, masters: Masters
) -> dict[Reference, Entry]:
    """What the rules make of the items today, each posted once for all of its entries; what they refuse is left out."""
    bills, today = ports.connector.capabilities.bills, ports.clock.now().date()
    posted = (post_item(item, connection.settings, masters, today, bills=bills) for item in items)
    return {entry.reference: entry for one in posted for entry in one.entries}


def blind_spots(result: TieOut, capabilities: Capabilities, scope: TieOutScope) -> tuple[str, ...]:
    """What this tie-out can't see, in words for a bookkeeper."""
    spots = [noted("tie_never_exported"), noted("tie_other_account")]
    if capabilities.batch_size is None:
        spots.append(noted("tie_sealed"))
    if result.from_history:
        spots.append(noted("tie_history", count=result.from_history, all=result.entries))
    if result.by_totals:
        spots.append(noted("tie_totals", count=result.by_totals, all=result.entries))
    if result.entries > result.in_detail:
        spots.append(noted("tie_details", count=result.entries - result.in_detail, all=result.entries))
    if capabilities.reference == "none":
        spots.append(noted("tie_no_reference"))
    if capabilities.reference == "searchable":
        spots.append(noted("tie_copies"))
    if scope.first or scope.last:
        spots.append(noted("tie_moved_in"))
    return tuple(spots)
