"""Does what is in the accounting system say what Pleo sent? Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from operator import attrgetter

from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Booking, Entry, line_sums
from kontobro.core.model.masterdata import Account
from kontobro.core.tieout.details import details
from kontobro.core.words import Fact, Phrase

ZERO = Decimal(0)
NO_ACCOUNTS: Mapping[str, Account] = {}


def differences(entry: Entry, booking: Booking, accounts: Mapping[str, Account] = NO_ACCOUNTS) -> list[Phrase]:
    """What differs between an entry and its booking: date, currency, total, tax, account by account, dimensions and tax
    codes.

    Each is a phrase for a bookkeeper, `date 2026-10-31 instead of 2026-10-03`. What the accounting system
    does not tell (tax None, no line sums) is not compared. `accounts` by id: to call them by their codes.
    """
    return _amounts(entry, booking, accounts) + details(entry, booking)


def _amounts(entry: Entry, booking: Booking, accounts: Mapping[str, Account] = NO_ACCOUNTS) -> list[Phrase]:
    pairs: list[tuple[str, Fact, Fact]] = [
        ("date", booking.date, entry.date),
        ("currency", booking.currency, entry.currency),
        ("total", booking.total, entry.total),
    ]
    if booking.tax is not None:
        pairs.append(("tax", booking.tax, entry.tax))
    found = [Phrase(f"differs_{name}", {"there": there, "sent": sent}) for name, there, sent in pairs if there != sent]
    if booking.line_sums and (sent := line_sums(entry)) != (there := booking.line_sums):
        sums = [(account, there.get(account, ZERO), sent.get(account, ZERO)) for account in sorted({*there, *sent})]
        found += [
            Phrase("differs_account", {"account": code_of(account, accounts), "there": booked, "sent": asked})
            for account, booked, asked in sums
            if booked != asked
        ]
    return found


_COMPARED = attrgetter("date", "currency", "total", "tax", "line_sums", "dimension_sums", "tax_code_sums")


def says_the_same(booking: Booking, before: Booking | None) -> bool:
    """True when all that `differences` looks at is as it was: then what it found of `before` holds."""
    return before is not None and _COMPARED(booking) == _COMPARED(before)


def code_of(account: str, accounts: Mapping[str, Account]) -> str:
    """An account as people know it; its id where it is known by nothing else."""
    known = accounts.get(account)
    return (known.code or known.name) if known else account


def same_facts(entry: Entry, booking: Booking) -> bool:
    """True when the booking was made from the same facts of Pleo: by fingerprint, else by date, total and lines."""
    if booking.fingerprint is not None:
        return booking.fingerprint == entry.fingerprint
    return not _amounts(entry, booking)


def conflict(entry: Entry, booking: Booking, accounts: Mapping[str, Account]) -> Problem:
    """The same reference is with other content: a person decides (design §5)."""
    found = tuple(differences(entry, booking, accounts)) or (Phrase("facts_changed"),)
    name = booking.number or booking.id
    return problem("already_booked_differently", "accountingEntryId", entry.reference, booking=name, differences=found)


def not_as_sent(entry: Entry, booking: Booking, found: list[Phrase], *, withdrawn: bool) -> Problem:
    """The accounting system booked something else than we sent."""
    if withdrawn:
        return problem("booked_differently.withdrawn", "entry", entry.reference, differences=tuple(found))
    name = booking.number or booking.id
    return problem("booked_differently", "entry", entry.reference, differences=tuple(found), booking=name)


def voided(entry: Entry, booking: Booking) -> Problem:
    """Its document was voided and the setting asks first."""
    name = booking.number or booking.id
    return problem("booked_and_voided", "accountingEntryId", entry.reference, booking=name, setting="voided")
