"""What every accounting system refuses, over the connector's own records. Pure; each check is usable alone.

A connector lists those that hold for it, in the order in which a person reads them, beside its own checks
(`docs/connectors/kit.md`). `system` is the accounting system's name, for people; records are looked up by id, `None`
is no such record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import Final, TypeVar

from kontobro.core.errors import Problem, shown
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Bill, Entry, InvoiceKey, Payment
from kontobro.core.model.masterdata import Account, DimensionValue, Period, TaxCode, Vendor, span_of, within
from kontobro.core.model.money import EXPONENTS, fits
from kontobro.core.model.period import period_of
from kontobro.core.words import Phrase

R = TypeVar("R")
Find = Callable[[str], R | None]
"""A record by its id: the `get` of a dict."""

MAX_REFERENCE: Final = 200
"""Characters that every system of ours keeps of a reference; Pleo's ids with `/pay` have 40."""


def distinct(*checks: Iterable[Problem]) -> list[Problem]:
    """All problems in order; the same one once, however many lines have it."""
    return list(dict.fromkeys(chain(*checks)))


def first_of(*checks: Iterator[Problem]) -> Iterator[Problem]:
    """The problems of the first check that has any: where the later ones make sense only after it."""
    for check in checks:
        found = list(check)
        if found:
            yield from found
            return


def vendors_named(*entries: Entry) -> set[str]:
    """The ids of all vendors that these entries name, also by the bill that a payment settles."""
    names = {name for entry in entries for name in (entry.vendor, *(line.vendor for line in entry.lines))}
    settled = (entry.settles for entry in entries if isinstance(entry, Payment))
    names |= {bill.vendor for bill in settled if isinstance(bill, InvoiceKey)}
    return {name for name in names if name}


def check_reference(entry: Entry, system: str, keeps: Callable[[str], str]) -> Iterator[Problem]:
    """A reference is kept to the letter or refused. `keeps`: a text as the system gives it back."""
    if not entry.reference or keeps(entry.reference) != entry.reference or len(entry.reference) > MAX_REFERENCE:
        yield problem("reference_invalid", "reference", entry.reference, system=system, most=MAX_REFERENCE)


def check_length(field: str, text: str, system: str, most: int, keeps: Callable[[str], str] = str) -> Iterator[Problem]:
    """A text that is kept whole or not at all: cut, an invoice number would not be found again.

    `field` is `payee`, `text`, `note`, `invoice number` or `list of attendees`.
    """
    length = len(keeps(text))
    if length > most:
        what = Phrase(f"text_{field.replace(' ', '_')}")
        yield problem("text_too_long", field, text, what=what, length=length, system=system, most=most)


def check_currency(entry: Entry, system: str, active: Collection[str]) -> Iterator[Problem]:
    """A currency that the system uses, and whose decimals are known (ISO 4217)."""
    if entry.currency not in active or entry.currency not in EXPONENTS:
        yield problem("currency_inactive", "currency", entry.currency, system=system)


def check_digits(entry: Entry, system: str, digits: int, accounts: Find[Account]) -> Iterator[Problem]:
    """Amounts are numbers that the system holds to the last digit, `digits` of them on both sides of the point."""
    bad = next((line for line in entry.lines if not _is_held(line.amount, digits)), None)
    if bad:
        amount, account = bad.amount, account_name(accounts(bad.account), bad.account)
        if amount.is_finite():
            yield problem(
                "amount_invalid.digits", "amount", amount, amount=amount, account=account, system=system, digits=digits
            )
        else:
            yield problem("amount_invalid.not_finite", "amount", amount, account=account)


def _is_held(amount: Decimal, digits: int) -> bool:
    return amount.is_finite() and len(amount.as_tuple().digits) <= digits and amount.adjusted() < digits


def check_decimals(entry: Entry, system: str, decimals: int | None) -> Iterator[Problem]:
    """Amounts have no more decimals than the system keeps in the entry's currency; None when it does not say."""
    for amount in (line.amount for line in entry.lines if decimals is not None and not fits(line.amount, decimals)):
        currency = entry.currency
        yield problem("amount_invalid.decimals", "amount", amount, amount=amount, currency=currency, system=system)
        return


def check_balance(entry: Entry) -> Iterator[Problem]:
    """Debits and credits are equal, and there are some."""
    difference = entry.difference
    if not entry.lines:
        yield problem("unbalanced.empty", "lines", difference)
    elif difference:
        yield problem("unbalanced", "lines", difference, difference=difference, currency=entry.currency)


def check_accounts(
    entry: Entry,
    system: str,
    accounts: Find[Account],
    unknown: str = "system",
    closed: bool = False,
) -> Iterator[Problem]:
    """Accounts exist, are active, and take entries of that day and currency.

    A system with words of its own gives `unknown`, a form of `account_unknown`, and `closed`: inactive means closed.
    """
    for line in entry.lines:
        account = accounts(line.account)
        name = account_name(account, line.account)
        if account is None:
            yield problem(f"account_unknown.{unknown}", "account", name, system=system)
        elif not account.active:
            yield problem(
                "account_closed.inactive" if closed else "account_unknown.inactive", "account", name, system=system
            )
        else:
            yield from _takes(account, entry, system)


def _takes(account: Account, entry: Entry, system: str) -> Iterator[Problem]:
    if not within(account, entry.date):
        name, fix = account_name(account, account.id), Phrase("fix_account_dates", {"system": system})
        yield problem("account_closed", "account", name, span=span_of(account), day=entry.date, fix=fix)
    elif account.currencies and entry.currency not in account.currencies:
        only, code, other = account.currencies, account.name_too or account.code, entry.currency
        yield problem("account_currency.system", "account", code, currencies=only, currency=other, system=system)


def account_name(account: Account | None, id: str) -> str:
    """An account as people know it: code and name; the id of one that does not exist."""
    return shown(account.name_too or f"{account.code} {account.name}" if account else id)


def check_period(entry: Entry, system: str, periods: Sequence[Period]) -> Iterator[Problem]:
    """The day is in an open period; there has to be one."""
    period = period_of(entry.date, periods)
    if period is None:
        yield problem("period_closed.no_period", "date", entry.date, system=system, day=entry.date)
    elif period.state != "open":
        state = Phrase(f"state_{period.state}")
        yield problem("period_closed.system", "date", entry.date, system=system, day=entry.date, state=state)


def check_dimensions(
    entry: Entry, system: str, values: Callable[[str, str], DimensionValue | None]
) -> Iterator[Problem]:
    """Dimension values exist, in their dimension, and are active. `values`: by dimension id and value id."""
    for dimension, value in (pair for line in entry.lines for pair in line.dimensions):
        known = values(dimension, value)
        if known is None or known.dimension_id != dimension or not known.active:
            yield problem("dimension_value_unknown", shown(dimension), value, system=system)


def check_vendors(entry: Entry, system: str, vendors: Find[Vendor]) -> Iterator[Problem]:
    """Vendors exist and are active."""
    for id in sorted(vendors_named(entry)):
        known = vendors(id)
        if known is None or not known.active:
            yield problem("vendor_unknown.system", "vendor", id, system=system)


def check_owed_to(entry: Entry, system: str) -> Iterator[Problem]:
    """A bill says to whom it is owed."""
    if isinstance(entry, Bill) and not entry.vendor:
        yield problem("vendor_unknown.system_none", "vendor", "", system=system)


def check_tax_codes(entry: Entry, system: str, tax_codes: Find[TaxCode]) -> Iterator[Problem]:
    """Tax codes exist, are active, and are used on that day."""
    for id in (line.tax_code for line in entry.lines if line.tax_code):
        known = tax_codes(id)
        if known is None or not known.active:
            yield problem("tax_code_unknown.system", "tax_code", known.code if known else id, system=system)
        elif not within(known, entry.date):
            span, day = span_of(known), entry.date
            yield problem("tax_code_unknown.days", "tax_code", known.code, span=span, day=day, system=system)


def check_journal(entry: Entry, system: str, journals: Collection[object]) -> Iterator[Problem]:
    """The journal exists, when the entry asks for one."""
    if entry.journal and entry.journal not in journals:
        yield problem("journal_unknown", "journal", entry.journal, system=system)
