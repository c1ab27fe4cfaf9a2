"""What must hold after any run, counted on both sides without our store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from kontobro.core.model.journal import Entry
from kontobro.core.ports import DocumentStore
from kontobro.store.django_store import DjangoStore
from kontobro.testing.export.company import FAILS
from kontobro.testing.export.compared import differences
from proof.simulator.books.files.held import FileBooks
from proof.simulator.company import Company
from proof.simulator.schedule import Worker

EXCUSES: Final = ("could not be fetched", "did not confirm this entry, and does not have it", "could not be attached")
"""Parts of what an expense may fail with on which no one laid hands: the address of its receipt had expired, or the
accounting system took write after write and did none. What it says is held against the books."""

IN_DOUBT: Final = re.compile(r"Document (\d+) holds this expense and may have been sent")
"""Of a document whose delivery was interrupted, whose files were taken, or whose rows are not there."""


def told_wrong(company: Company, worker: Worker, updates: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What Pleo was just told of expenses, and is not so: booked before it is, or by one who could have seen that a
    person voided it; failed without a reason."""
    for update in updates:
        number = company.numbers.get(str(update.get("accountingEntryId", "")).lower())
        if number is None:
            continue
        if update.get("status") == "successful":
            yield from _told_booked(company, worker, number)
        elif update.get("status") == "failed" and number != FAILS:
            yield from _told_failed(company, number, str(update.get("failureReason", "")))


def _told_booked(company: Company, worker: Worker, number: int) -> Iterator[str]:
    wanted, books = company.settings.posting, company.books
    for entry in company.entries[number]:
        status = books.status(entry.reference)
        if entry.reference not in books.touched and status not in ("posted", wanted):
            yield f"Pleo is told that expense {number} is booked; in the books it is {status or 'not there'}"
        if status == "void" and company.voided_at.get(entry.reference, worker.began) < worker.began:
            yield f"Pleo is told that expense {number} is booked; a person had voided it before"


def _told_failed(company: Company, number: int, reason: str) -> Iterator[str]:
    """A person who reads the reason has to find it so."""
    entries, books = company.entries[number], company.books
    if any(entry.reference in books.touched for entry in entries):
        return
    if (found := IN_DOUBT.search(reason)) and isinstance(books, FileBooks) and books.is_in_doubt(int(found[1])):
        return
    if not any(part in reason for part in EXCUSES):
        yield f"expense {number} is told as failed, for no reason: {reason}"
    there = [entry.reference for entry in entries if books.status(entry.reference)]
    is_sure = books.capabilities.reference == "searchable"  # elsewhere one that is still later does no harm
    if is_sure and len(there) == len(entries) and "does not have it" in reason:
        yield f"expense {number} is told as absent, and is in the books: {reason}"
    if not there and "Booked" in reason:
        yield f"expense {number} is told as booked, and is not in the books: {reason}"


def wrong_with(company: Company) -> Iterator[str]:
    """What is not as it has to be, in words."""
    books = company.books
    for reference, count in sorted(books.doubles().items()):
        yield f"{reference} was booked {count + 1} times"
    known = {entry.reference for entries in company.entries.values() for entry in entries}
    for reference in books.references():
        if reference not in known:
            yield f"{reference} is in the books, and is no expense's"
    for reference in sorted(books.voided - books.revived):
        if books.status(reference) in ("draft", "posted") and company.settings.voided != "book":
            yield f"{reference} was voided by hand, and is booked again without a word"
    for reference in books.undone():
        yield f"{reference} was edited by hand, and is not as the person left it"
    for number, entries in company.entries.items():
        yield from _wrong_with_expense(company, number, entries)
    if isinstance(books, FileBooks):
        yield from books.wrong_with()
    for job in company.sandbox.jobs:
        if job.is_open:
            yield f"an export is left {job.status}, and waits for ever"


def wrong_in_history(company: Company, store: DjangoStore) -> Iterator[str]:
    """What our own history says otherwise than both sides, for whoever looks at our pages."""
    connection = store.connections()[0]
    for job in store.jobs(connection.id, 200):
        if job.finished_at is None:
            yield f"our history has an export that never ends: {job.status}"
    if company.plan.erp == "files":
        yield from _waiting(cast(DocumentStore, store), connection.id)
    if len(set(company.plan.homes)) > 1:  # what another installation made of a job, no one tells this one
        return
    known = {entry.reference: number for number, entries in company.entries.items() for entry in entries}
    for row in store.bookings(connection.id, references=sorted(known)):
        number = known[row.reference]
        if row.state in ("booking", "uncertain") and company.status(number) == "successful":
            yield f"our history has expense {number} as {row.state}, and Pleo as successful"


def _waiting(store: DocumentStore, connection_id: str) -> Iterator[str]:
    for document in store.documents(connection_id, states=("sealed", "delivering", "unsure")):
        yield f"document {document.number} is left {document.state}, and waits for ever"


def told_secrets(lines: Sequence[str], secrets: Sequence[str]) -> Iterator[str]:
    """Keys, tokens and passwords in what was logged or told."""
    whole = "\n".join(lines)
    if any(secret in whole for secret in secrets):
        yield "a key of Pleo's is in a log"


def _wrong_with_expense(company: Company, number: int, entries: Sequence[Entry]) -> Iterator[str]:
    status = company.status(number)
    if number == FAILS:
        if status != "failed":
            yield f"expense {number} can't be booked, and Pleo's status of it is {status}"
        return
    if any(entry.reference in company.books.unknown for entry in entries):
        return
    if any(entry.reference in company.books.touched for entry in entries):
        if status not in ("successful", "failed"):
            yield f"expense {number}, on which a person laid hands, is left {status}"
        return
    if status != "successful":
        yield f"expense {number} is left {status}: {_reason(company, number)}"
    for entry in entries:
        yield from _wrong_with_entry(company, number, entry)


def _wrong_with_entry(company: Company, number: int, entry: Entry) -> Iterator[str]:
    books, wanted = company.books, company.settings.posting
    status = books.status(entry.reference)
    if status not in ("posted", wanted):
        yield f"expense {number} is {status or 'not'} in the books under {entry.reference}"
        return
    if (shown := books.shows(entry.reference)) is not None:
        for wrong in differences(entry, shown, books.capabilities):
            yield f"expense {number} is booked otherwise than Pleo says, {wrong}"
    booking = books.booking(entry.reference)
    for wrong in differences(entry, booking, books.capabilities):
        yield f"expense {number} is found otherwise than Pleo says, {wrong}"
    told = company.external_id(number)
    if entry is company.entries[number][0] and told != booking.id:
        yield f"expense {number} is {booking.id} in the books, and Pleo is told {told}"
    if books.capabilities.keeps_fingerprint and booking.fingerprint != entry.fingerprint:
        yield f"expense {number} is booked without its fingerprint"
    held = list(books.receipts(entry.reference))
    if entry.reference == entry.reference.partition("/")[0] and held != company.hashes(number):
        yield f"expense {number} has {len(held)} receipts, not its {company.receipts[number]} in order"


def _reason(company: Company, number: int) -> str:
    state = company.sandbox.item_state(company.id, str(company.items[number]["accountingEntryId"]))
    return str(state["failureReason"]) if state else ""
