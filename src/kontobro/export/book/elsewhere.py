"""One expense, one set of books: what is booked in others is not booked here before a person decides.

Asked of what these books lack, right before it would be written: what they have is reported as it is, also with all
history lost. Two signs say that an expense is elsewhere:

- another connection of the same Pleo company booked it (a company that was moved, taken over, or disconnected);
- Pleo has an `externalId` for it that we never gave: another installation exported it, which we can't see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kontobro.core.errors import Problem
from kontobro.core.model.connection import Connection
from kontobro.core.model.findings import problem
from kontobro.core.model.history import BookingRow, Elsewhere
from kontobro.core.model.journal import Booking, Entry, EntryKey, entry_id_of, references_of
from kontobro.core.ports import Guards, Store
from kontobro.export.book.work import ItemWork
from kontobro.export.job.run import Run

WRITTEN = frozenset({"drafted", "attached", "posted", "verified"})
"""Moves that say: these books had it."""


def given_by_others(connection: Connection, store: Store, given: Mapping[str, str]) -> dict[str, str]:
    """Of these external ids, by accounting entry id, those that are not ours. To be read before a new plan, which
    begins each reference again."""
    if not given:
        return {}
    references = [reference for entry_id in given for reference in references_of(entry_id)]
    rows = store.bookings(connection.id, references=references)
    ours = {entry_id for row in rows if _is_ours(connection, store, row, given[entry_id := entry_id_of(row.reference)])}
    return {entry_id: number for entry_id, number in given.items() if entry_id not in ours}


def _is_ours(connection: Connection, store: Store, row: BookingRow, external_id: str) -> bool:
    """Whether we gave it. A run that was killed right after its plan has forgotten the id, not that it was booked."""
    if row.erp_id:
        return row.erp_id == external_id
    return any(to in WRITTEN for _, _, to in store.events(connection.id, row.reference))


def keep_out(
    run: Run, tasks: Sequence[tuple[ItemWork, Entry]], found: Mapping[EntryKey, Booking]
) -> list[tuple[ItemWork, Entry]]:
    """Of entries that these books lack those that may be written; the items of the others fail, for a person to
    decide."""
    guards = run.ports.guards
    works = {work.entry_id: work for work, _ in tasks if not work.bookings}
    if guards is None or not works:
        return list(tasks)
    numbers = {entry_id_of(key): booking.id for key, booking in found.items() if isinstance(key, str)}  # voided ones
    given = {entry_id: id for entry_id, id in run.given_by_others.items() if numbers.get(entry_id) != id}
    stopped = find_elsewhere(run.connection, guards, list(works), given)
    if stopped:
        guards.note_elsewhere(run.connection.id, list(stopped.values()), run.ports.clock.now())
    for entry_id, one in stopped.items():
        works[entry_id].problems.append(is_elsewhere(one))
        works[entry_id].given_by_others = given.get(entry_id)
    return [task for task in tasks if task[0].good]


def find_elsewhere(
    connection: Connection, guards: Guards, entry_ids: Sequence[str], given: Mapping[str, str]
) -> dict[str, Elsewhere]:
    """Which of these expenses are booked elsewhere, and no one decided that they are to be booked here."""
    others = guards.booked_elsewhere(connection, entry_ids)
    claimed = {id: Elsewhere(entry_id=id, number=given[id]) for id in entry_ids if id in given}
    noted = {one.entry_id: one for one in guards.elsewhere(connection.id, entry_ids)}
    found = {**noted, **claimed, **others}  # reporting the conflict may have taken the id away at Pleo
    decided = {entry_id for entry_id, one in noted.items() if one.decided_at}
    return {entry_id: one for entry_id, one in found.items() if entry_id not in decided}


def is_elsewhere(one: Elsewhere) -> Problem:
    """What a person is told: where it is, and how to decide."""
    if not one.system:
        return problem("booked_elsewhere.pleo", "externalId", one.number)
    return problem("booked_elsewhere", "accountingEntryId", one.number, system=one.system)
