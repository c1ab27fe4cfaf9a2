"""After an entry exists: receipts, posting, and the read-back that makes it verified."""

from __future__ import annotations

from collections.abc import Sequence

from kontobro.core.errors import (
    ConnectorFault,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotAllowed,
    Problem,
    Timeout,
    Uncertain,
    Unreachable,
    shown,
)
from kontobro.core.model.export import Receipt
from kontobro.core.model.findings import problem
from kontobro.core.model.history import Move
from kontobro.core.model.journal import Booking, Entry
from kontobro.export.book.compare import differences, not_as_sent, says_the_same
from kontobro.export.book.pieces import broke, in_pieces
from kontobro.export.book.work import ItemWork, pairs
from kontobro.export.book.write import withdraw
from kontobro.export.job.run import Run, StopJob

UPLOAD_TRIES = 3
UPLOAD_PAUSE = 2.0
"""Seconds before the second try of an upload that was refused; doubled before the third."""


def attach(run: Run, works: Sequence[ItemWork]) -> None:
    """Attach what is not attached yet. An upload that keeps failing is reported as the setting says."""
    for work in works:
        if work.good and work.receipts and (booking := work.first):
            missing = [receipt for receipt in work.receipts if receipt.sha256 not in booking.receipts]
            fault = _upload(run, booking, missing) if missing else None
            work.attached = 0 if fault else len(missing)
            if fault:
                _upload_failed(run, work, booking, fault)
            run.keep_alive()
    drafts = [(work, entry) for work, entry in pairs(works) if _booking_of(work, entry).status == "draft"]
    run.move([Move(reference=e.reference, to="attached", receipts=_receipts(work, e)) for work, e in drafts])


def _upload(run: Run, booking: Booking, receipts: list[Receipt]) -> KontobroError | None:
    """Upload: attaching is repeatable. Answers the fault that is this receipt's own.

    An accounting system that is away is waited for as anywhere else, and ends the job when it stays away; one that
    answers and only takes this upload never is the item's matter.
    """
    fault: KontobroError | None = None
    for number in range(UPLOAD_TRIES):
        if number:
            run.ports.clock.sleep(UPLOAD_PAUSE * number)
        try:
            run.erp(lambda: _attach_once(run, booking, receipts))
        except StopJob as stop:
            fault = stop.fault
            if isinstance(fault, LoginFailed | NotAllowed | Misconfigured) or run.patience.is_spent:
                raise
            if isinstance(fault, Unreachable | Uncertain):
                if not _answers(run):
                    raise
                return fault
        else:
            return None
    return fault


def _attach_once(run: Run, booking: Booking, receipts: list[Receipt]) -> None:
    """What was lost may still come: where nothing forbids a second one, it is looked for only when it must be there."""
    capabilities = run.ports.connector.capabilities
    try:
        run.ports.connector.attach(booking, receipts)
    except (Uncertain, Timeout):
        if capabilities.reference == "searchable":
            run.wait_until(run.ports.clock.now() + capabilities.settle_after)
        raise


def _answers(run: Run) -> bool:
    """Whether the accounting system is there at all."""
    run.keep_alive()
    try:
        run.ports.connector.check()
    except (Unreachable, Uncertain):
        return False
    except KontobroError as fault:
        raise StopJob(fault) from fault
    return True


def _upload_failed(run: Run, work: ItemWork, booking: Booking, fault: KontobroError) -> None:
    name, count = booking.number or booking.id, str(len(work.receipts))
    said = shown(fault.message, 180).rstrip(".")
    if isinstance(fault, ConnectorFault) and fault.log_id:
        said = f"{said} (log id {fault.log_id})"
    refused = problem("receipt_not_attached", "files", count, booking=name, said=said)
    if run.connection.settings.receipt_upload_failed == "fail":
        work.problems.append(refused)
        run.move([Move(reference=r, to="rejected", problems=(refused,)) for r in work.bookings])
    else:
        work.notes.append(str(refused))


def _receipts(work: ItemWork, entry: Entry) -> int:
    return len(work.receipts) if entry is work.entries[0] else 0


def _booking_of(work: ItemWork, entry: Entry) -> Booking:
    return work.bookings[entry.reference]


def post(run: Run, works: Sequence[ItemWork]) -> None:
    """Finalise the drafts, when the settings say so; bills before the payments that settle them."""
    if run.connection.settings.posting != "posted":
        return
    tasks = pairs(works)
    bookings = [_booking_of(work, entry) for work, entry in tasks]
    answers = in_pieces(run, bookings, run.ports.connector.post)
    moves, refused = [], []
    for (work, entry), before, told in zip(tasks, bookings, answers, strict=True):
        answer = broke(entry.reference, told) if isinstance(told, ConnectorFault) else told
        if isinstance(answer, Problem):
            refused.append((work, before, answer))
            continue
        work.bookings[entry.reference] = answer
        if before.status == "draft":
            moves.append(
                Move(
                    reference=entry.reference,
                    to="posted",
                    posting=answer.status,
                    settled=answer.settled,
                    erp_url=answer.url,
                )
            )
    run.move(moves)
    run.move([_not_posted(run, *one) for one in refused])


def _not_posted(run: Run, work: ItemWork, booking: Booking, refused: Problem) -> Move:
    """A draft that the accounting system will not post is withdrawn, so that the next export books it
    again; one that a person changed stays."""
    told = refused
    if refused.code == "not_posted" and booking.reference not in work.edited and withdraw(run, booking) is None:
        facts = refused.facts
        told = problem("not_posted.withdrawn", "entry", refused.value, system=facts["system"], said=facts["said"])
    work.problems.append(told)
    return Move(reference=booking.reference, to="rejected", problems=(told,))


def verify(run: Run, works: Sequence[ItemWork]) -> None:
    """Read back what exists and compare it once more: an accounting system may move dates as it posts.

    What a person had changed before stays changed. Where nothing can be found, the answer to the write counts.
    """
    tasks = pairs(works)
    readable = run.ports.connector.capabilities.reference != "none"
    sent = {entry.reference for work, entry in tasks if readable and entry.reference not in work.edited}
    found = run.erp(lambda: run.ports.connector.find(sorted(sent))) if sent else {}
    moves = []
    for work, entry in tasks:
        booking = found.get(entry.reference) if entry.reference in sent else _booking_of(work, entry)
        problem = _not_verified(run, work, entry, booking)
        if problem is None and booking is not None:
            work.bookings[entry.reference] = booking
            moves.append(_verified(work, entry, booking))
        elif problem is not None:
            work.problems.append(problem)
            moves.append(Move(reference=entry.reference, to="rejected", problems=(problem,)))
    run.move(moves)


def _verified(work: ItemWork, entry: Entry, booking: Booking) -> Move:
    """The item's notes go with its first entry, as its receipts do."""
    return Move(
        reference=entry.reference,
        to="verified",
        receipts=_receipts(work, entry),
        settled=booking.settled,
        notes=tuple(work.notes) if entry is work.entries[0] else (),
    )


def _not_verified(run: Run, work: ItemWork, entry: Entry, booking: Booking | None) -> Problem | None:
    if booking is None or booking.status == "void":
        return problem("booking_vanished", "entry", entry.reference)
    if run.connection.settings.posting == "posted" and booking.status == "draft":
        return problem("still_a_draft", "entry", entry.reference, booking=booking.number or booking.id)
    if entry.reference in work.edited or says_the_same(booking, work.as_sent.get(entry.reference)):
        return None
    found = differences(entry, booking, run.masters.accounts.by_id)
    return not_as_sent(entry, booking, found, withdrawn=False) if found else None
