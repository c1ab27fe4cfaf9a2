"""Every reason why Odoo would not take an entry, each with its remedy (`posting-rules.md` §9). Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.errors import Problem, shown
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Bill, Entry, InvoiceKey, Payment
from kontobro.core.model.money import EXPONENTS
from kontobro.core.words import Phrase
from kontobro.erp.kit.amounts import imbalance, too_long
from kontobro.erp.odoo.api import SYSTEM
from kontobro.erp.odoo.entries import MAX_NUMBER, plain, whole
from kontobro.erp.odoo.masters import Snapshot

MAX_REFERENCE: Final = 200
DIGITS: Final = 14
"""Odoo counts in binary floats: from 15 digits on it rounds cents away without a word (seen in 19.0)."""


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
    return problem("period_closed.lock", "date", day, system=SYSTEM, day=day, lock=Phrase(f"lock_{lock}"), last=last)


def _reference(entry: Entry, facts: Facts) -> Iterator[Problem]:
    if not entry.reference or plain(entry.reference) != entry.reference or len(entry.reference) > MAX_REFERENCE:
        yield problem("reference_invalid", "reference", entry.reference, system=SYSTEM, most=MAX_REFERENCE)


def _number(entry: Entry, facts: Facts) -> Iterator[Problem]:
    """An invoice number is kept whole or not at all: cut, the payment would not find its bill."""
    length = len(whole(entry.number))
    if length > MAX_NUMBER:
        what = Phrase("text_invoice_number")
        field, value = "invoice number", entry.number
        yield problem("text_too_long", field, value, what=what, length=length, system=SYSTEM, most=MAX_NUMBER)


def _currency(entry: Entry, facts: Facts) -> Iterator[Problem]:
    if entry.currency not in facts.masters.currencies or entry.currency not in EXPONENTS:
        yield problem("currency_inactive", "currency", entry.currency, system=SYSTEM)
    elif entry.currency in facts.masters.unrated and entry.currency != facts.masters.company.currency:
        yield problem("currency_rate_missing", "currency", entry.currency, system=SYSTEM)


def _amounts(entry: Entry, facts: Facts) -> Iterator[Problem]:
    bad = next((line for line in entry.lines if not _can_hold(line.amount)), None)
    if bad:
        account = _account_name(bad.account, facts)
        yield too_long(bad.amount, account, SYSTEM, DIGITS)
        return
    yield from imbalance(entry)


def _can_hold(amount: Decimal) -> bool:
    return amount.is_finite() and len(amount.as_tuple().digits) <= DIGITS and amount.adjusted() < DIGITS


def _accounts(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for line in entry.lines:
        account = facts.masters.accounts.get(line.account)
        if account is None:
            yield problem("account_unknown.system", "account", _account_name(line.account, facts), system=SYSTEM)
        elif not account.active:
            yield problem("account_unknown.inactive", "account", _account_name(line.account, facts), system=SYSTEM)
        elif account.currencies and entry.currency not in account.currencies:
            only, currency = account.currencies, entry.currency
            field, value = "account", account.code
            yield problem("account_currency.system", field, value, currencies=only, currency=currency, system=SYSTEM)


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
            yield problem("dimension_value_unknown", shown(dimension), known.code if known else value, system=SYSTEM)


def _vendors(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for name in sorted(vendors_named(entry) - set(facts.vendors)):
        named = entry.vendor_name if name == entry.vendor and entry.vendor_name else name
        yield problem("vendor_unknown.system", "vendor", named, system=SYSTEM)
    if isinstance(entry, Bill) and not entry.vendor:
        yield problem("vendor_unknown.system_none", "vendor", "", system=SYSTEM)


def _tax_codes(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for code in (line.tax_code for line in entry.lines if line.tax_code):
        known = facts.masters.taxes.get(code)
        if known is None or not known.code.active:
            yield problem("tax_code_unknown.system", "tax_code", known.code.code if known else code, system=SYSTEM)


def _journal(entry: Entry, facts: Facts) -> Iterator[Problem]:
    type_ = "purchase" if isinstance(entry, Bill) else "general"
    asked = {book.journal.id for book in facts.masters.books}
    if facts.masters.book_of(type_, entry.journal) is None or (entry.journal and entry.journal not in asked):
        yield problem("journal_unknown.type", "journal", entry.journal or "", system=SYSTEM, type=type_)


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
