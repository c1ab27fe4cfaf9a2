"""Does what stands in the accounting system say what Pleo sent? Pure."""

from __future__ import annotations

from decimal import Decimal

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Booking, Entry, line_sums

ZERO = Decimal(0)


def differences(entry: Entry, booking: Booking) -> list[str]:
    """What differs between an entry and its booking: date, currency, total, tax, account by account.

    Each is a phrase for a bookkeeper, `date 2026-10-31 instead of 2026-10-03`. What the accounting system
    does not tell (tax None, no line sums) is not compared.
    """
    pairs: list[tuple[str, object, object]] = [
        ("date", booking.date, entry.date),
        ("currency", booking.currency, entry.currency),
        ("total", booking.total, entry.total),
    ]
    if booking.tax is not None:
        pairs.append(("tax", booking.tax, entry.tax))
    if booking.line_sums:
        stands, sent = booking.line_sums, line_sums(entry)
        pairs += [(f"account {a}", stands.get(a, ZERO), sent.get(a, ZERO)) for a in sorted({*stands, *sent})]
    return [f"{name} {stands} instead of {sent}" for name, stands, sent in pairs if stands != sent]


def same_facts(entry: Entry, booking: Booking) -> bool:
    """True when the booking was made from the same facts of Pleo: by fingerprint, else by date, total and lines."""
    if booking.fingerprint is not None:
        return booking.fingerprint == entry.fingerprint
    return not differences(entry, booking)


def conflict(entry: Entry, booking: Booking) -> Problem:
    """The same reference stands with other content: a person decides (design §5)."""
    what = "; ".join(differences(entry, booking)) or "Pleo's facts changed since"
    return Problem(
        code="already_booked_differently",
        field="accountingEntryId",
        value=str(entry.reference),
        message=f"Already booked as {booking.number or booking.id} with other content: {what}.",
        remedy="Void it in the accounting system and export the expense again, or keep it and mark the expense as "
        "exported in Pleo.",
        reason="accounting_system_validation_failure",
    )


def not_as_sent(entry: Entry, booking: Booking, found: list[str], *, withdrawn: bool) -> Problem:
    """The accounting system booked something else than we sent."""
    stands = "The draft was withdrawn." if withdrawn else f"It stands there as {booking.number or booking.id}."
    return Problem(
        code="booked_differently",
        field="entry",
        value=str(entry.reference),
        message=f"The accounting system booked {'; '.join(found)}. {stands}",
        remedy="Check the period locks, the tax code and the accounts in the accounting system, "
        + ("then export the expense again." if withdrawn else "correct or void the entry, then export it again."),
        reason="accounting_system_validation_failure",
    )


def voided(entry: Entry, booking: Booking) -> Problem:
    """Its document was voided and the setting asks first."""
    return Problem(
        code="booked_and_voided",
        field="accountingEntryId",
        value=str(entry.reference),
        message=f"Booked before as {booking.number or booking.id}, and voided there since.",
        remedy='If it shall be booked anew, set "voided" to "book" in the settings and export it again.',
        reason="accounting_system_validation_failure",
    )
