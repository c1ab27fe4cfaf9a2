"""The whole job shown to an accounting system that takes a look at all of its books for each check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import cast

from kontobro.core.errors import KontobroError
from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.model.journal import Entry
from kontobro.core.ports import Rehearses
from kontobro.core.rules.post import post_item
from kontobro.export.job.run import Run

Items = Iterable[ExportItem | MalformedItem]

KEPT = 100
"""Items kept in memory meanwhile; a longer job is read from Pleo once more."""


def rehearsed(run: Run, read: Callable[[], Iterator[ExportItem | MalformedItem]]) -> Items:
    """The items that `read` gives, after the connector has been told of all their entries."""
    connector = run.ports.connector
    if not connector.capabilities.rehearses:
        return read()
    rest = read()
    first = list(islice(rest, KEPT + 1))
    whole = len(first) <= KEPT
    begun: list[Items] = [] if whole else [chain(first, rest)]
    broken: list[KontobroError] = []

    def rehearse() -> None:  # it may be repeated: then from the first item again
        items = first if whole else begun.pop() if begun else read()
        cast(Rehearses, connector).rehearse(_entries(run, items, broken))

    run.erp(rehearse)
    if broken:  # Pleo's fault, not the accounting system's
        raise broken[0]
    return first if whole else read()


def _entries(run: Run, items: Items, broken: list[KontobroError]) -> Iterator[Entry]:
    """What the posting rules make of them; what they refuse is told when its turn comes. A fault of reading them ends
    it and is kept in `broken`: the connector must not take it for its own."""
    bills = run.ports.connector.capabilities.bills
    try:
        for item in items:
            yield from post_item(item, run.connection.settings, run.masters, run.today, bills=bills).entries
    except KontobroError as fault:
        broken.append(fault)
