"""What must hold after any run, counted on both sides without our store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kontobro.core.model.journal import Entry
from kontobro.testing.export.company import FAILS
from kontobro.testing.export.compared import differences
from proof.simulator.company import Company


def too_early(company: Company, updates: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Expenses of which Pleo was just told that they are booked, and that are not."""
    wanted = company.settings.posting
    for update in updates:
        number = company.numbers.get(str(update.get("accountingEntryId", "")).lower())
        if number is None or update.get("status") != "successful":
            continue
        for entry in company.entries[number]:
            status = company.ledger.status(entry.reference)
            if entry.reference not in company.ledger.touched and status not in ("posted", wanted):
                yield f"Pleo is told that expense {number} is booked; in the books it is {status or 'not there'}"


def wrong_with(company: Company) -> Iterator[str]:
    """What is not as it has to be, in words."""
    ledger = company.ledger
    for reference, count in sorted(ledger.doubles.items()):
        yield f"{reference} was booked {count + 1} times"
    known = {entry.reference for entries in company.entries.values() for entry in entries}
    for reference in ledger.references():
        if reference not in known:
            yield f"{reference} is in the books, and is no expense's"
    for reference in sorted(ledger.voided):
        if ledger.status(reference) in ("draft", "posted") and company.settings.voided != "book":
            yield f"{reference} was voided by hand, and is booked again without a word"
    for number, entries in company.entries.items():
        yield from _wrong_with_expense(company, number, entries)


def _wrong_with_expense(company: Company, number: int, entries: Sequence[Entry]) -> Iterator[str]:
    status = company.status(number)
    if number == FAILS:
        if status != "failed":
            yield f"expense {number} can't be booked, and Pleo's status of it is {status}"
        return
    if any(entry.reference in company.ledger.touched for entry in entries):
        if status not in ("successful", "failed"):
            yield f"expense {number}, on which a person laid hands, is left {status}"
        return
    if status != "successful":
        yield f"expense {number} is left {status}: {_reason(company, number)}"
    for entry in entries:
        yield from _wrong_with_entry(company, number, entry)


def _wrong_with_entry(company: Company, number: int, entry: Entry) -> Iterator[str]:
    ledger, wanted = company.ledger, company.settings.posting
    status = ledger.status(entry.reference)
    if status not in ("posted", wanted):
        yield f"expense {number} is {status or 'not'} in the books under {entry.reference}"
        return
    for wrong in differences(entry, ledger.shows(entry.reference), ledger.capabilities):
        yield f"expense {number} is booked otherwise than Pleo says, {wrong}"
    booking = ledger.find([entry.reference])[entry.reference]
    if ledger.capabilities.keeps_fingerprint and booking.fingerprint != entry.fingerprint:
        yield f"expense {number} is booked without its fingerprint"
    held = list(ledger.receipts(entry.reference))
    if entry.reference == entry.reference.partition("/")[0] and held != company.hashes(number):
        yield f"expense {number} has {len(held)} receipts, not its {company.receipts[number]} in order"


def _reason(company: Company, number: int) -> str:
    state = company.sandbox.item_state(company.id, str(company.items[number]["accountingEntryId"]))
    return str(state["failureReason"]) if state else ""
