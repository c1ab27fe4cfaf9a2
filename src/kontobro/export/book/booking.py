"""From a batch of items to entries that exist, checked: rules, receipts, find, book, compare, attach, post, read back.

    planned ─► booking ─► drafted ─► attached ─► posted ─► verified ─► reported
       │          │ ▲         │                               ▲
       │          ▼ │         └── stays a draft, if so set ───┘
       │       uncertain              rejected: any of them, with its problems
       └─► drafted or posted: it was before

`booking` is the intent, committed before the write. `drafted` means: it exists, and as we sent it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kontobro.core.errors import ConnectorFault, Problem, parted
from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.model.findings import noted, phrase_of
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Booking, Entry, EntryKey, Payment, references_of
from kontobro.core.rules.post import post_item
from kontobro.core.words import Noted
from kontobro.export.book.compare import conflict, differences, not_as_sent, same_facts, voided
from kontobro.export.book.elsewhere import keep_out
from kontobro.export.book.finish import attach, post, verify
from kontobro.export.book.manifest import manifest
from kontobro.export.book.pieces import broke, in_pieces
from kontobro.export.book.work import ItemWork, booked_move, pairs, plans_of
from kontobro.export.book.write import Unresolved, is_to_replace, withdraw, write
from kontobro.export.job.invoices import duplicate, keys_to_ask, remark, stops
from kontobro.export.job.run import Run
from kontobro.export.receipts.fetch import check_links, fetch_all

Tasks = Sequence[tuple[ItemWork, Entry]]


def book_batch(run: Run, items: Sequence[ExportItem | MalformedItem]) -> list[ItemWork]:
    """Book a batch of items and leave each with its bookings or its problems. Raises StopJob for the whole job."""
    works, unresolved = planned_batch(run, items)
    book(run, [(work, entry) for work, entry in pairs(works) if not isinstance(entry, Payment)], unresolved)
    book(run, [(work, entry) for work, entry in pairs(works) if isinstance(entry, Payment)], unresolved)
    attach(run, works)
    post(run, works)
    verify(run, works)
    reject_rest(run, works)
    return works


def planned_batch(run: Run, items: Sequence[ExportItem | MalformedItem]) -> tuple[list[ItemWork], Unresolved]:
    """All that comes before a write: rules, receipts, what the accounting system would refuse, the plan in the store.
    The second are the writes of earlier runs whose outcome is unknown."""
    works = [apply_rules(run, item) for item in items]
    fetch_receipts(run, works)
    validate(run, works)
    look_around(run, works)
    unresolved = plan(run, works)
    look_up_failed(run, works)
    return works, unresolved


def reject_rest(run: Run, works: Sequence[ItemWork]) -> None:
    """The other entries of an item of which one was refused on the way: the item failed, whatever exists of it."""
    failed = {r: work for work in works if work.problems and not work.uncertain for r in work.references}
    rows = run.ports.store.bookings(run.connection.id, references=list(failed)) if failed else ()
    run.move(
        [
            Move(reference=row.reference, to="rejected", problems=tuple(failed[row.reference].problems))
            for row in rows
            if row.state != "rejected"
        ]
    )


def apply_rules(run: Run, item: ExportItem | MalformedItem) -> ItemWork:
    """The posting rules on one item."""
    posted = post_item(
        item, run.connection.settings, run.masters, run.today, bills=run.ports.connector.capabilities.bills
    )
    return ItemWork(item, posted.entries, list(posted.problems), list(posted.notes))


def fetch_receipts(run: Run, works: Sequence[ItemWork]) -> None:
    """Fetch and check the receipts before anything is booked, so that a missing one can still stop its entry."""
    rules = run.ports.connector.capabilities.receipts
    if rules is None:
        return
    items = [(work, work.item) for work in works if work.good and work.entries]
    wanted = [(work, item) for work, item in items if isinstance(item, ExportItem) and item.receipts]
    fetchable = []
    for work, item in wanted:
        found = check_links(item, rules)
        _note_or_fail(run, work, found)
        if not found:
            fetchable.append((work, item))
    answers = fetch_all(run, [item for _, item in fetchable], rules, run.keep_alive)
    for (work, _), fetched in zip(fetchable, answers, strict=True):
        work.receipts = fetched.receipts
        _note_or_fail(run, work, fetched.problems)
        for note in fetched.notes:
            work.note(note)


def _note_or_fail(run: Run, work: ItemWork, found: Sequence[Problem]) -> None:
    if run.connection.settings.receipt_missing == "fail":
        work.problems.extend(found)
    else:
        work.notes.extend(noted("without", problem=phrase_of(problem)) for problem in found)


def validate(run: Run, works: Sequence[ItemWork]) -> None:
    """What the accounting system would refuse, all at once, without side effect."""
    tasks = pairs(works)
    answers = in_pieces(run, [entry for _, entry in tasks], run.ports.connector.validate)
    for (work, entry), answer in zip(tasks, answers, strict=True):
        found = [broke(entry.reference, answer)] if isinstance(answer, ConnectorFault) else answer
        if not found:
            continue
        problems, notes = parted(found)
        work.problems.extend(problem for problem in problems if problem not in work.problems)
        work.notes.extend(note for note in notes if note not in work.notes)


def look_around(run: Run, works: Sequence[ItemWork]) -> None:
    """Say of each invoice and payment what is there already: the same invoice, a bill that has been paid."""
    keys = keys_to_ask([entry for _, entry in pairs(works)], run.ports.connector.capabilities)
    if not keys:
        return
    found = run.erp(lambda: run.ports.connector.find(keys))
    # bills before payments, as they are booked
    for work, entry in sorted(pairs(works), key=lambda task: isinstance(task[1], Payment)):
        told = remark(entry, found, run.seen)
        if told is None:
            continue
        if stops(entry, found, run.connection.settings):
            work.problems.append(duplicate(entry, told))
        else:
            work.note(Noted(told))


def plan(run: Run, works: Sequence[ItemWork]) -> Unresolved:
    """Tell the store what is about to happen; answers whose earlier write has an unconfirmed outcome.

    A blind run trusts no one's memory: every absence may be a write still under way when the run began.
    """
    now = run.ports.clock.now()
    plans = [plan for work in works for plan in plans_of(work)]
    ours = manifest(run, [plan.reference for plan in plans])
    known = run.ports.store.plan(run.connection.id, run.job.id, run.id, plans, now)
    run.move(
        [
            Move(reference=r, to="rejected", problems=tuple(w.problems))
            for w in works
            if w.problems
            for r in w.references
        ]
    )
    take_all(run, pairs(works), ours.bookings, ours.written)
    if run.blind:
        return {plan.reference for plan in plans}
    return known | ours.written


def book(run: Run, tasks: Tasks, unresolved: Unresolved) -> None:
    """Find each entry; take what exists, write what does not. Absence is believed as `write` believes it."""
    to_find = [(work, entry) for work, entry in tasks if entry.reference not in work.bookings]
    if not to_find:
        return
    references = [entry.reference for _, entry in to_find]
    found = run.erp(lambda: run.ports.connector.find(references))
    write(run, keep_out(run, take_all(run, to_find, found, unresolved), found), unresolved)


def take_all(
    run: Run, tasks: Tasks, found: Mapping[EntryKey, Booking], unresolved: Unresolved
) -> list[tuple[ItemWork, Entry]]:
    """Take what was found; answers the entries that are left to write."""
    left, moves = [], list[Move]()
    for task in tasks:
        booking = found.get(task[1].reference)
        move = take(run, task, booking, unresolved) if booking else None
        if move is None:
            left.append(task)
        else:
            moves.append(move)
    run.move(moves)
    return left


def take(run: Run, task: tuple[ItemWork, Entry], booking: Booking, unresolved: Unresolved) -> Move | None:
    """Take a booking that was found: the move to commit. None when the entry has to be written (again)."""
    work, entry = task
    found = differences(entry, booking, run.masters.accounts.by_id) if entry.reference in unresolved else []
    if found:  # our own interrupted write, never compared: a draft of ours may be replaced
        left = withdraw(run, booking)
        if left is None:
            return None
        booking = left
    problem = None
    if is_to_replace(run, booking):
        return None
    if booking.status == "void":
        problem = voided(entry, booking)
    elif found:
        problem = not_as_sent(entry, booking, found, withdrawn=False)
    elif not same_facts(entry, booking):
        problem = conflict(entry, booking, run.masters.accounts.by_id)
    if problem is not None:
        work.problems.append(problem)
        return Move(reference=entry.reference, to="rejected", problems=(problem,), erp_id=booking.id)
    work.bookings[entry.reference] = booking
    work.stood.add(entry.reference)
    if differences(entry, booking):
        work.edited.add(entry.reference)
    else:
        work.as_sent[entry.reference] = booking
    return booked_move(entry, booking)


def look_up_failed(run: Run, works: Sequence[ItemWork]) -> None:
    """What exists of items that failed before they were looked for (a period closed since, say): Pleo is told of it."""
    failed = [work for work in works if work.problems and work.entry_id]
    possible = {r: work for work in failed for r in references_of(work.entry_id)}
    found = run.erp(lambda: run.ports.connector.find(list(possible))) if possible else {}
    for reference, work in possible.items():
        if (booking := found.get(reference)) and booking.status != "void":
            work.bookings[reference] = booking
