"""Every reason why Odoo would not take an entry, each with its remedy (`posting-rules.md` §9). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Bill, Entry
from kontobro.core.model.masterdata import Vendor
from kontobro.core.words import Phrase
from kontobro.erp.kit import checks
from kontobro.erp.kit.texts import MAX_NUMBER, plain, whole
from kontobro.erp.odoo.api import SYSTEM
from kontobro.erp.odoo.masters import Snapshot

DIGITS: Final = 14
"""Odoo counts in binary floats: from 15 digits on it rounds cents away without a word (seen in 19.0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the checks look at. `vendors`: the partners by id among those that the entries name."""

    masters: Snapshot
    locks: Mapping[str, date]
    vendors: Mapping[str, Vendor]


def problems_of(entry: Entry, facts: Facts) -> list[Problem]:
    """All problems of one entry; the same one is said once, however many lines have it."""
    masters = facts.masters
    return checks.distinct(
        checks.check_reference(entry, SYSTEM, plain),
        checks.check_length("invoice number", entry.number, SYSTEM, MAX_NUMBER, whole),
        checks.first_of(checks.check_currency(entry, SYSTEM, masters.currencies), _rate(entry, masters)),
        checks.first_of(checks.check_digits(entry, SYSTEM, DIGITS, masters.accounts.get), checks.check_balance(entry)),
        checks.check_accounts(entry, SYSTEM, masters.accounts.get),
        _locks(entry, facts),
        checks.check_dimensions(entry, SYSTEM, lambda _, value: masters.values.get(value)),
        checks.check_vendors(entry, SYSTEM, facts.vendors.get),
        checks.check_owed_to(entry, SYSTEM),
        checks.check_tax_codes(entry, SYSTEM, masters.tax_code),
        _journal(entry, masters),
    )


def lock_over(day: date, locks: Mapping[str, date], *, has_tax: bool, journal: str) -> str | None:
    """The lock that a day falls under for such an entry, or None. Odoo would post it on another day, silently."""
    for name, last in locks.items():
        concerned = name in ("hard", "fiscalyear") or (name == "tax" and has_tax) or name == journal
        if concerned and day <= last:
            return name
    return None


def lock_problem(day: date, lock: str, last: date) -> Problem:
    return problem("period_closed.lock", "date", day, system=SYSTEM, day=day, lock=Phrase(f"lock_{lock}"), last=last)


def _rate(entry: Entry, masters: Snapshot) -> Iterator[Problem]:
    if entry.currency in masters.unrated and entry.currency != masters.company.currency:
        yield problem("currency_rate_missing", "currency", entry.currency, system=SYSTEM)


def _locks(entry: Entry, facts: Facts) -> Iterator[Problem]:
    book = facts.masters.book_of("purchase" if isinstance(entry, Bill) else "general", entry.journal)
    has_tax = any(line.tax_code for line in entry.lines)
    lock = lock_over(entry.date, facts.locks, has_tax=has_tax, journal=book.type if book else "")
    if lock:
        yield lock_problem(entry.date, lock, facts.locks[lock])


def _journal(entry: Entry, masters: Snapshot) -> Iterator[Problem]:
    type_ = "purchase" if isinstance(entry, Bill) else "general"
    known = {book.journal.id for book in masters.books}
    if masters.book_of(type_, entry.journal) is None or (entry.journal and entry.journal not in known):
        yield problem("journal_unknown.type", "journal", entry.journal or "", system=SYSTEM, type=type_)
