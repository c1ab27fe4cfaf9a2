"""The one place that writes entries: intent first, and never twice without a look.

After a write with an unconfirmed outcome the accounting system is asked again. What it then lacks is written again
only when absence is proof: at once where the reference is enforced, after `settle_after` where it is searchable,
never where it can't be found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import cast

from kontobro.core.batches import halves, parts
from kontobro.core.errors import ConnectorFault, KontobroError, Problem, Timeout, Uncertain, Unreachable
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Booking, Entry, EntryKey, Reference
from kontobro.core.ports import Withdraws
from kontobro.export.book.compare import differences, not_as_sent, voided
from kontobro.export.book.pieces import broke
from kontobro.export.book.work import ItemWork, booked_move
from kontobro.export.job.run import Run, StopJob, asked_pause

LATELY = timedelta(seconds=15)
"""A job that was open so short a time ago is open still, as far as a call to Pleo for each batch would tell."""

ROUNDS = 4
"""How often a write whose outcome stays unknown is looked for and written again before the next run has to."""

Unresolved = Set[Reference]
"""What an earlier run may have written, and its answer is unknown."""

Tasks = Sequence[tuple[ItemWork, Entry]]


def write(run: Run, tasks: Tasks, unresolved: Unresolved) -> None:
    """Write the entries that were not found, in batches of the size that the accounting system likes."""
    enforced = run.ports.connector.capabilities.reference == "enforced"
    doubtful = [] if enforced else [task for task in tasks if task[1].reference in unresolved]
    surely_absent = [task for task in tasks if enforced or task[1].reference not in unresolved]
    if doubtful:
        # A process may stop for hours between the note of a write and its sending; this run has the lock: it is dead.
        surely_absent += settle_doubt(run, doubtful, since=run.began)
    size = run.ports.connector.capabilities.batch_size or len(surely_absent) or 1
    for some in parts(surely_absent, size):
        if not enforced:
            run.require_job(LATELY)
        _write_some(run, some, ROUNDS)


def settle_doubt(run: Run, tasks: Tasks, since: datetime) -> list[tuple[ItemWork, Entry]]:
    """Look again for entries whose write left at `since`, at the latest; answers those that are proved absent."""
    capabilities = run.ports.connector.capabilities
    if capabilities.reference == "none":
        _leave_uncertain(run, tasks)
        return []
    if capabilities.reference == "searchable":
        run.wait_until(since + capabilities.settle_after)
        run.require_job()
    references = [entry.reference for _, entry in tasks]
    found = run.erp(lambda: run.ports.connector.find(references))
    return accept_existing(run, tasks, found)


def accept_existing(run: Run, tasks: Tasks, found: Mapping[EntryKey, Booking]) -> list[tuple[ItemWork, Entry]]:
    """Take what an interrupted write left, compared with what was sent; answers what is absent."""
    left, moves = list[tuple[ItemWork, Entry]](), list[Move]()
    for work, entry in tasks:
        booking = found.get(entry.reference)
        if booking and differences(entry, booking):
            booking = withdraw(run, booking)  # a draft that an interrupted write left half done is taken back
        if booking is None or is_to_replace(run, booking):
            left.append((work, entry))
        else:
            moves.append(_accept(run, work, entry, booking))
    run.move(moves)
    return left


def is_to_replace(run: Run, booking: Booking) -> bool:
    """Whether the entry is written again beside this one: a person voided it, and the setting does not ask."""
    return booking.status == "void" and run.connection.settings.voided == "book"


def _write_some(run: Run, tasks: Tasks, rounds: int) -> None:
    """Write one batch; halve it when the connector breaks on it, look again when its outcome is not known."""
    if not tasks:
        return
    if rounds == 0:
        _leave_uncertain(run, tasks)
        return
    run.keep_alive()
    began = run.ports.clock.now()
    run.move([Move(reference=entry.reference, to="booking") for _, entry in tasks])
    try:
        answers = run.ports.connector.book([entry for _, entry in tasks])
    except ConnectorFault as fault:
        gave_up = run.ports.clock.now()
        run.patience.lose(gave_up - began)
        left = _look_again(run, tasks, gave_up, fault)
        _write_halves(run, left, rounds, fault)
    except (Uncertain, Timeout) as fault:
        gave_up = run.ports.clock.now()
        run.patience.doubt(gave_up - began)
        _write_some(run, _look_again(run, tasks, gave_up, fault), rounds - 1)
    except Unreachable as fault:
        gave_up = run.ports.clock.now()
        run.patience.doubt(gave_up - began)
        run.erp(lambda: run.ports.connector.check())  # patience: until it answers again, or StopJob
        run.ports.clock.sleep(asked_pause(fault) or 0)
        _write_some(run, _look_again(run, tasks, gave_up, fault), rounds - 1)
    except KontobroError as fault:
        raise StopJob(fault) from fault
    else:
        run.patience.trust()
        run.move([_answered(run, *task, answer) for task, answer in zip(tasks, answers, strict=True)])
        run.keep_alive()


def _look_again(run: Run, tasks: Tasks, gave_up: datetime, fault: KontobroError) -> list[tuple[ItemWork, Entry]]:
    """After a write with an unconfirmed outcome: say so, find what it left, answer what is proved absent. It may have
    left as late as we gave up on it.

    Raises StopJob when this run has lost all the time that it may: what is absent then is left to the next one.
    """
    run.move([Move(reference=entry.reference, to="uncertain") for _, entry in tasks])
    left = settle_doubt(run, tasks, gave_up)
    if left and run.patience.is_spent:
        _leave_uncertain(run, left)
        raise StopJob(fault) from fault
    return left


def _write_halves(run: Run, tasks: Tasks, rounds: int, fault: ConnectorFault) -> None:
    """The connector broke on these: halve them until the bad entry is alone."""
    if len(tasks) == 1:
        work, entry = tasks[0]
        run.move([_reject(work, entry, broke(entry.reference, fault))])
        return
    for half in halves(tasks):
        _write_some(run, half, rounds)


def _answered(run: Run, work: ItemWork, entry: Entry, answer: Booking | Problem) -> Move:
    return _reject(work, entry, answer) if isinstance(answer, Problem) else _accept(run, work, entry, answer)


def _accept(run: Run, work: ItemWork, entry: Entry, booking: Booking) -> Move:
    """It exists: compare it with what we sent; the move to commit."""
    if booking.status == "void":
        return _reject(work, entry, voided(entry, booking), booking)
    found = differences(entry, booking, run.masters.accounts.by_id)
    if found:
        withdrawn = withdraw(run, booking) is None
        return _reject(work, entry, not_as_sent(entry, booking, found, withdrawn=withdrawn), booking)
    work.bookings[entry.reference] = work.as_sent[entry.reference] = booking
    return booked_move(entry, booking)


def withdraw(run: Run, booking: Booking) -> Booking | None:
    """Delete a draft of ours; answers what is there then. That is nothing, or what it was when it is no draft or the
    accounting system does not allow it. Someone may have posted or voided it since we looked: so we look again."""
    connector = run.ports.connector
    if booking.status != "draft" or not connector.capabilities.withdraws_drafts:
        return booking
    run.erp(lambda: cast(Withdraws, connector).withdraw([booking]))
    return run.erp(lambda: connector.find([booking.reference])).get(booking.reference)


def _reject(work: ItemWork, entry: Entry, problem: Problem, booking: Booking | None = None) -> Move:
    work.problems.append(problem)
    erp_id = booking.id if booking else None
    return Move(reference=entry.reference, to="rejected", problems=(problem,), erp_id=erp_id)


def _leave_uncertain(run: Run, tasks: Tasks) -> None:
    """The outcome can't be known now: Pleo is told nothing, the end of the job looks again (`confirm.py`)."""
    for work, _ in tasks:
        work.uncertain = True
    known = run.ports.store.bookings(run.connection.id, references=[entry.reference for _, entry in tasks])
    run.move([Move(reference=row.reference, to="uncertain") for row in known if row.state != "uncertain"])
