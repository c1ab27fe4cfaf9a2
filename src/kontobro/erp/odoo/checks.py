"""Every reason why Odoo would not take an entry, each with its remedy (`posting-rules.md` §9). Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.errors import Problem, shown
from kontobro.core.model.journal import Bill, Entry, InvoiceKey, Payment
from kontobro.core.model.money import EXPONENTS
from kontobro.erp.odoo.entries import MAX_NUMBER, plain, whole
from kontobro.erp.odoo.masters import Snapshot

MAX_REFERENCE: Final = 200
DIGITS: Final = 14
"""Odoo counts in binary floats: from 15 digits on it rounds cents away without a word (seen in 19.0)."""

LOCK_NAMES: Final = {
    "hard": "Hard Lock Date",
    "fiscalyear": "Global Lock Date",
    "tax": "Tax Return Lock Date",
    "sale": "Sales Lock Date",
    "purchase": "Purchases Lock Date",
}
"""As Odoo names them under Accounting > Lock Dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the checks look at. `vendors`: ids of the active partners among those that the entries name."""

    masters: Snapshot
    locks: Mapping[str, date]
    vendors: Collection[str]


def problems_of(entry: Entry, facts: Facts) -> list[Problem]:
    """All problems of one entry; the same one is said once, however many lines have it."""
    return list(dict.fromkeys(problem for check in _CHECKS for problem in check(entry, facts)))


def vendors_named(entry: Entry) -> set[str]:
    """The partner ids that an entry names."""
    names = {entry.vendor, *(line.vendor for line in entry.lines)}
    if isinstance(entry, Payment) and isinstance(entry.settles, InvoiceKey):
        names.add(entry.settles.vendor)
    return {name for name in names if name}


def lock_over(day: date, locks: Mapping[str, date], *, has_tax: bool, journal: str) -> str | None:
    """The lock that a day falls under for such an entry, or None. Odoo would post it on another day, silently."""
    for name, last in locks.items():
        concerned = name in ("hard", "fiscalyear") or (name == "tax" and has_tax) or name == journal
        if concerned and day <= last:
            return name
    return None


def lock_problem(day: date, lock: str, last: date) -> Problem:
    return Problem(
        "period_closed",
        "date",
        str(day),
        f"Odoo takes no such entry on {day}: {LOCK_NAMES[lock]} is {last}.",
        "Move the lock date in Odoo, or choose in the settings how closed periods are handled.",
        "accounting_system_validation_failure",
    )


def _reference(entry: Entry, facts: Facts) -> Iterator[Problem]:
    if not entry.reference or plain(entry.reference) != entry.reference or len(entry.reference) > MAX_REFERENCE:
        yield Problem(
            "reference_invalid",
            "reference",
            shown(entry.reference),
            f'"{shown(entry.reference)}" can\'t be a reference in Odoo.',
            f"Report this: a reference is one line of at most {MAX_REFERENCE} characters.",
            "validation_failure",
        )


def _number(entry: Entry, facts: Facts) -> Iterator[Problem]:
    """An invoice number is kept whole or not at all: cut, the payment would not find its bill."""
    length = len(whole(entry.number))
    if length > MAX_NUMBER:
        yield Problem(
            "text_too_long",
            "invoice number",
            shown(entry.number),
            f"The invoice number has {length:,} characters; Odoo takes {MAX_NUMBER:,}.",
            "Correct the number in Pleo, then export it again.",
            "accounting_system_validation_failure",
        )


def _currency(entry: Entry, facts: Facts) -> Iterator[Problem]:
    if entry.currency not in facts.masters.currencies or entry.currency not in EXPONENTS:
        yield Problem(
            "currency_inactive",
            "currency",
            shown(entry.currency),
            f"The currency {shown(entry.currency)} is not active in Odoo.",
            "Activate it there (Accounting > Configuration > Currencies), with a rate, then export it again.",
            "accounting_system_validation_failure",
        )
    elif entry.currency in facts.masters.unrated and entry.currency != facts.masters.company.currency:
        yield Problem(
            "currency_rate_missing",
            "currency",
            shown(entry.currency),
            f"Odoo has no rate for {shown(entry.currency)}: it would book it one to one.",
            "Add a rate there (Accounting > Configuration > Currencies), then export it again.",
            "accounting_system_validation_failure",
        )


def _amounts(entry: Entry, facts: Facts) -> Iterator[Problem]:
    bad = next((line for line in entry.lines if not _can_hold(line.amount)), None)
    if bad:
        amount, account = shown(bad.amount, 40), _account_name(bad.account, facts)
        message = f"The amount {amount} on {account} is more than Odoo can hold exactly."
        remedy = f"Odoo holds {DIGITS} digits: split the expense in Pleo."
        yield Problem("amount_invalid", "amount", shown(bad.amount), message, remedy, "validation_failure")
        return
    difference = entry.difference
    if difference or not entry.lines:
        shortage = f"are {difference} {entry.currency} apart" if entry.lines else "are missing"
        yield Problem(
            "unbalanced",
            "lines",
            shown(difference),
            f"The debits and credits of the entry {shortage}.",
            "Report this: entries are balanced before they come here.",
            "validation_failure",
        )


def _can_hold(amount: Decimal) -> bool:
    return amount.is_finite() and len(amount.as_tuple().digits) <= DIGITS and amount.adjusted() < DIGITS


def _accounts(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for line in entry.lines:
        account = facts.masters.accounts.get(line.account)
        if account is None or not account.active:
            what = "is not active in Odoo" if account else "is not in Odoo"
            name = _account_name(line.account, facts)
            remedy = "Choose another account, or activate it in Odoo's chart of accounts."
            yield Problem(
                "account_unknown",
                "account",
                name,
                f"Account {name} {what}.",
                remedy,
                "account_unknown",
            )
        elif account.currencies and entry.currency not in account.currencies:
            yield Problem(
                "account_currency",
                "account",
                shown(account.code),
                f"Account {shown(account.code)} takes only {', '.join(account.currencies)}, not {entry.currency}.",
                "Choose another account, or take its currency out in Odoo.",
                "accounting_system_validation_failure",
            )


def _account_name(account: str, facts: Facts) -> str:
    known = facts.masters.accounts.get(account)
    return shown(f"{known.code} {known.name}" if known else account)


def _locks(entry: Entry, facts: Facts) -> Iterator[Problem]:
    book = facts.masters.book_of("purchase" if isinstance(entry, Bill) else "general", entry.journal)
    has_tax = any(line.tax_code for line in entry.lines)
    lock = lock_over(entry.date, facts.locks, has_tax=has_tax, journal=book.type if book else "")
    if lock:
        yield lock_problem(entry.date, lock, facts.locks[lock])


def _dimensions(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for dimension, value in (pair for line in entry.lines for pair in line.dimensions):
        known = facts.masters.values.get(value)
        if known is None or known.dimension_id != dimension or not known.active:
            what = "is not active in Odoo" if known and not known.active else "is not in Odoo's plan"
            yield Problem(
                "dimension_value_unknown",
                shown(dimension),
                shown(value),
                f"Analytic account {shown(value)} {what}.",
                "Choose another tag in Pleo, or add the analytic account in Odoo.",
                "tag_unknown",
            )


def _vendors(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for name in sorted(vendors_named(entry) - set(facts.vendors)):
        yield _unknown_vendor(name, f"Vendor {shown(name)} is not in Odoo, or archived.")
    if isinstance(entry, Bill) and not entry.vendor:
        yield _unknown_vendor("", "The bill has no vendor: Odoo needs one.")


def _unknown_vendor(name: str, message: str) -> Problem:
    remedy = "Choose another vendor in Pleo, or add the partner in Odoo."
    return Problem("vendor_unknown", "vendor", shown(name), message, remedy, "vendor_unknown")


def _tax_codes(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for code in (line.tax_code for line in entry.lines if line.tax_code):
        known = facts.masters.taxes.get(code)
        if known is None or not known.code.active:
            name, what = shown(known.code.code if known else code), "is not active" if known else "is not known"
            yield Problem(
                "tax_code_unknown",
                "tax_code",
                name,
                f"Tax {name} {what} in Odoo.",
                "Choose another tax code in Pleo, or activate the purchase tax in Odoo.",
                "tax_code_unknown",
            )


def _journal(entry: Entry, facts: Facts) -> Iterator[Problem]:
    type_ = "purchase" if isinstance(entry, Bill) else "general"
    asked = {book.journal.id for book in facts.masters.books}
    if facts.masters.book_of(type_, entry.journal) is None or (entry.journal and entry.journal not in asked):
        yield Problem(
            "journal_unknown",
            "journal",
            shown(entry.journal or ""),
            f"Odoo has no such journal ({type_}).",
            "Choose another journal in the settings, or add one in Odoo.",
            "missing_configuration",
        )


_CHECKS: Final[tuple[Callable[[Entry, Facts], Iterator[Problem]], ...]] = (
    _reference,
    _number,
    _currency,
    _amounts,
    _accounts,
    _locks,
    _dimensions,
    _vendors,
    _tax_codes,
    _journal,
)
