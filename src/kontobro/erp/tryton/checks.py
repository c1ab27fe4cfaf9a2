"""Every reason why Tryton would not take an entry, each with its remedy (`posting-rules.md` §9). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.errors import Problem, shown
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Bill, Entry
from kontobro.core.model.masterdata import Period, Vendor
from kontobro.erp.kit import checks
from kontobro.erp.kit.texts import MAX_NUMBER, plain, whole
from kontobro.erp.tryton.calls import SYSTEM
from kontobro.erp.tryton.entries import party_of
from kontobro.erp.tryton.masters import Snapshot

DIGITS: Final = 25
"""Tryton adds and converts with Python's 28 digits: three are left for sums and rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the checks look at. `vendors`: the parties by id among those that the entries name, `addresses` those of
    theirs that have one."""

    masters: Snapshot
    periods: Sequence[Period]
    rates: Mapping[date, Mapping[str, Decimal]]
    vendors: Mapping[str, Vendor]
    addresses: Mapping[str, int]


def problems_of(entry: Entry, facts: Facts) -> list[Problem]:
    """All problems of one entry; the same one is said once, however many lines have it."""
    masters = facts.masters
    currency = masters.currencies.get(entry.currency)
    return checks.distinct(
        checks.check_reference(entry, SYSTEM, plain),
        checks.check_length("invoice number", entry.number, SYSTEM, MAX_NUMBER, whole),
        checks.first_of(checks.check_currency(entry, SYSTEM, masters.currencies), _rates(entry, facts)),
        checks.first_of(
            checks.check_digits(entry, SYSTEM, DIGITS, masters.account),
            checks.check_decimals(entry, SYSTEM, currency.digits if currency else None),
            checks.check_balance(entry),
        ),
        checks.check_accounts(entry, SYSTEM, masters.account, unknown="account_unknown.takes_none"),
        _parties(entry, masters),
        checks.check_period(entry, SYSTEM, facts.periods),
        checks.check_dimensions(entry, SYSTEM, lambda _, value: masters.values.get(value)),
        _shares(entry),
        checks.check_vendors(entry, SYSTEM, facts.vendors.get),
        checks.check_owed_to(entry, SYSTEM),
        _address(entry, facts),
        checks.check_tax_codes(entry, SYSTEM, masters.tax_code),
        _journal(entry, masters),
    )


def rate_days(entry: Entry) -> Sequence[date]:
    """Whose rates count: of the posting, and of an invoice's own date."""
    return [entry.date, entry.document_date] if isinstance(entry, Bill) else [entry.date]


def _rates(entry: Entry, facts: Facts) -> Iterator[Problem]:
    home, currency = facts.masters.company.currency, entry.currency
    missing = (day for day in rate_days(entry) if not {home, currency} <= set(facts.rates.get(day, {})))
    if currency != home and (day := next(missing, None)):
        yield problem("currency_rate_missing.between", "currency", currency, system=SYSTEM, home=home, day=day)


def _parties(entry: Entry, masters: Snapshot) -> Iterator[Problem]:
    """On an account that asks for a party there is one."""
    for line in entry.lines:
        posting = masters.accounts.get(line.account)
        if posting and posting.party_required and not party_of(line, entry, masters):
            account = checks.account_name(posting.account, line.account)
            yield problem("party_missing", "vendor", line.employee or "", account=account, system=SYSTEM)


def _shares(entry: Entry) -> Iterator[Problem]:
    """The whole line goes to one value of a root: Tryton itself would take 60 % of it, or twice 100 %."""
    for roots in ([root for root, _ in line.dimensions] for line in entry.lines):
        for root in {root for root in roots if roots.count(root) > 1}:
            yield problem("dimension_twice", shown(root), "")


def _address(entry: Entry, facts: Facts) -> Iterator[Problem]:
    vendor = facts.vendors.get(entry.vendor or "")
    if isinstance(entry, Bill) and vendor and vendor.active and vendor.id not in facts.addresses:
        yield problem("vendor_address_missing", "vendor", entry.vendor, system=SYSTEM)


def _journal(entry: Entry, masters: Snapshot) -> Iterator[Problem]:
    if masters.book_of(entry.journal) is None:
        yield problem("journal_unknown.type", "journal", entry.journal or "", system=SYSTEM, type="Expense")
