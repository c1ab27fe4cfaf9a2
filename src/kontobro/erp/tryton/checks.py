"""Every reason why Tryton would not take an entry, each with its remedy (`posting-rules.md` §9). Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.errors import Problem, shown
from kontobro.core.model.journal import Bill, Entry, InvoiceKey, Payment
from kontobro.core.model.masterdata import Period, span_told, within
from kontobro.core.model.money import EXPONENTS
from kontobro.core.model.period import period_of
from kontobro.erp.tryton.entries import MAX_NUMBER, party_of, plain, whole
from kontobro.erp.tryton.masters import Snapshot

MAX_REFERENCE: Final = 200
DIGITS: Final = 25
"""Tryton adds and converts with Python's 28 digits: three are left for sums and rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the checks look at. `vendors`: ids of the active parties among those that the entries name, `addresses`
    those of theirs that have one."""

    masters: Snapshot
    periods: Sequence[Period]
    rates: Mapping[date, Mapping[str, Decimal]]
    vendors: Collection[str]
    addresses: Mapping[str, int]


def problems_of(entry: Entry, facts: Facts) -> list[Problem]:
    """All problems of one entry; the same one is said once, however many lines have it."""
    return list(dict.fromkeys(problem for check in _CHECKS for problem in check(entry, facts)))


def vendors_named(entry: Entry) -> set[str]:
    """The party ids that an entry names."""
    names = {entry.vendor, *(line.vendor for line in entry.lines)}
    if isinstance(entry, Payment) and isinstance(entry.settles, InvoiceKey):
        names.add(entry.settles.vendor)
    return {name for name in names if name}


def _reference(entry: Entry, facts: Facts) -> Iterator[Problem]:
    if not entry.reference or plain(entry.reference) != entry.reference or len(entry.reference) > MAX_REFERENCE:
        yield Problem(
            "reference_invalid",
            "reference",
            shown(entry.reference),
            f'"{shown(entry.reference)}" can\'t be a reference in Tryton.',
            f"Report this: a reference is one line of at most {MAX_REFERENCE} characters.",
            "validation_failure",
        )


def _number(entry: Entry, facts: Facts) -> Iterator[Problem]:
    """An invoice number is kept whole or not at all: cut, the payment would not find its bill."""
    length = len(whole(entry.number))
    if length > MAX_NUMBER:
        message = f"The invoice number has {length:,} characters; Tryton takes {MAX_NUMBER:,}."
        remedy = "Correct the number in Pleo, then export it again."
        yield Problem("text_too_long", "invoice number", shown(entry.number), message, remedy, _REFUSED)


def _currency(entry: Entry, facts: Facts) -> Iterator[Problem]:
    home, currency = facts.masters.company.currency, shown(entry.currency)
    if entry.currency not in facts.masters.currencies or entry.currency not in EXPONENTS:
        message = f"The currency {currency} is not in Tryton."
        remedy = "Add it there (Currencies), with a rate, then export it again."
        yield Problem("currency_inactive", "currency", currency, message, remedy, _REFUSED)
    elif entry.currency != home and (day := _day_without_rate(entry, {home, entry.currency}, facts)):
        message = f"Tryton has no rate between {currency} and {home} on {day}."
        remedy = "Add the rate there (Currencies), then export it again."
        yield Problem("currency_rate_missing", "currency", currency, message, remedy, _REFUSED)


def _day_without_rate(entry: Entry, currencies: set[str], facts: Facts) -> date | None:
    return next((day for day in rate_days(entry) if not currencies <= set(facts.rates.get(day, {}))), None)


def rate_days(entry: Entry) -> Sequence[date]:
    """Whose rates count: of the posting, and of an invoice's own date."""
    return [entry.date, entry.document_date] if isinstance(entry, Bill) else [entry.date]


def _amounts(entry: Entry, facts: Facts) -> Iterator[Problem]:
    long = next((line.amount for line in entry.lines if len(line.amount.as_tuple().digits) > DIGITS), None)
    if long is not None:
        message = f"The amount {shown(long, 40)} {shown(entry.currency)} is more than Tryton adds exactly."
        remedy = f"Tryton adds numbers of {DIGITS} digits: split the expense in Pleo."
        yield Problem("amount_invalid", "amount", shown(long), message, remedy, "validation_failure")
        return
    bad = next((line for line in entry.lines if not _fits(line.amount, entry.currency, facts)), None)
    if bad:
        message = f"The amount {bad.amount} {shown(entry.currency)} has more decimals than Tryton keeps for it."
        remedy = "Correct the amount in Pleo, or the currency's digits in Tryton."
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


def _fits(amount: Decimal, currency: str, facts: Facts) -> bool:
    """A currency that Tryton does not know is another check's."""
    known = facts.masters.currencies.get(currency)
    return amount.is_finite() and (known is None or amount == round(amount, known.digits))


def _accounts(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for line in entry.lines:
        posting = facts.masters.accounts.get(line.account)
        if posting is None or not posting.account.active:
            what = "is closed in Tryton" if posting else "is not in Tryton, or takes no lines"
            name = _account_name(line.account, facts)
            remedy = "Choose another account, or open it in Tryton's chart of accounts."
            message = f"Account {name} {what}."
            yield Problem("account_unknown", "account", name, message, remedy, "account_unknown")
        elif not within(posting.account, entry.date):
            name, span = _account_name(line.account, facts), span_told(posting.account)
            message = f"Account {name} takes entries {span} only, and this one is of {entry.date}."
            remedy = "Choose another account, or change its dates in Tryton's chart of accounts."
            yield Problem("account_closed", "account", name, message, remedy, "account_unknown")
        elif posting.account.currencies and entry.currency not in posting.account.currencies:
            code, only = shown(posting.account.code), ", ".join(posting.account.currencies)
            message = f"Account {code} takes only {only}, not {shown(entry.currency)}."
            remedy = "Choose another account, or take its second currency out in Tryton."
            yield Problem("account_currency", "account", code, message, remedy, _REFUSED)
        elif posting.party_required and not party_of(line, entry, facts.masters):
            name = _account_name(line.account, facts)
            message = f"Account {name} asks for a party, and the entry names nobody that Tryton knows."
            remedy = "Name the vendor in Pleo, or add the employee in Tryton under the code that Pleo has."
            yield Problem("party_missing", "vendor", shown(line.employee or ""), message, remedy, "vendor_unknown")


def _account_name(account: str, facts: Facts) -> str:
    known = facts.masters.accounts.get(account)
    return shown(f"{known.account.code} {known.account.name}" if known else account)


def _period(entry: Entry, facts: Facts) -> Iterator[Problem]:
    period = period_of(entry.date, facts.periods)
    if period is None or period.state != "open":
        what = f"its period is {period.state}" if period else "no fiscal year has a period for it"
        yield Problem(
            "period_closed",
            "date",
            str(entry.date),
            f"Tryton takes no entry on {entry.date}: {what}.",
            "Open the period in Tryton, or choose in the settings how closed periods are handled.",
            _REFUSED,
        )


def _dimensions(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for line in entry.lines:
        for dimension, value in line.dimensions:
            known = facts.masters.values.get(value)
            if known is None or known.dimension_id != dimension or not known.active:
                message = f"Analytic account {shown(value)} is not active under that root in Tryton."
                remedy = "Choose another tag in Pleo, or add the analytic account in Tryton."
                yield Problem("dimension_value_unknown", shown(dimension), shown(value), message, remedy, "tag_unknown")
        yield from _shares(line.dimensions)


def _shares(dimensions: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    """The whole line goes to one value of a root: Tryton itself would take 60 % of it, or twice 100 %."""
    roots = [dimension for dimension, _ in dimensions]
    for root in {root for root in roots if roots.count(root) > 1}:
        message = f"A line has two values of the dimension {shown(root)}."
        yield Problem("dimension_twice", shown(root), "", message, "Choose one tag of it in Pleo.", "tag_unknown")


def _vendors(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for name in sorted(vendors_named(entry) - set(facts.vendors)):
        yield _vendor_problem(name, f"Vendor {shown(name)} is not in Tryton, or not active.")
    if isinstance(entry, Bill) and not entry.vendor:
        yield _vendor_problem("", "The bill has no vendor: nobody would be owed.")
    elif isinstance(entry, Bill) and entry.vendor in facts.vendors and entry.vendor not in facts.addresses:
        message = f"Vendor {shown(entry.vendor)} has no address in Tryton, and its invoices have to come from one."
        remedy = "Add an address to the party in Tryton, then export it again."
        yield Problem("vendor_address_missing", "vendor", shown(entry.vendor), message, remedy, _REFUSED)


def _vendor_problem(name: str, message: str) -> Problem:
    remedy = "Choose another vendor in Pleo, or add the party in Tryton."
    return Problem("vendor_unknown", "vendor", shown(name), message, remedy, "vendor_unknown")


def _tax_codes(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for code in (line.tax_code for line in entry.lines if line.tax_code):
        known = facts.masters.taxes.get(code)
        if known is None or not known.code.active:
            name, what = shown(known.code.code if known else code), "is not active" if known else "is not known"
            message = f"Tax {name} {what} in Tryton."
            remedy = "Choose another tax code in Pleo, or activate it in Tryton."
            yield Problem("tax_code_unknown", "tax_code", name, message, remedy, "tax_code_unknown")
        elif not within(known.code, entry.date):
            name = shown(known.code.code)
            message = f"Tax {name} is used {span_told(known.code)} only, and this entry is of {entry.date}."
            remedy = "Choose the tax code of that time in Pleo, or change its dates in Tryton."
            yield Problem("tax_code_unknown", "tax_code", name, message, remedy, "tax_code_unknown")


def _journal(entry: Entry, facts: Facts) -> Iterator[Problem]:
    if facts.masters.book_of(entry.journal) is None:
        message = f"Tryton has no such journal: {shown(entry.journal or 'one of type Expense')}."
        remedy = "Choose another journal in the settings, or add one in Tryton."
        wanted = shown(entry.journal or "")
        yield Problem("journal_unknown", "journal", wanted, message, remedy, "missing_configuration")


_REFUSED: Final = "accounting_system_validation_failure"

_CHECKS: Final[tuple[Callable[[Entry, Facts], Iterator[Problem]], ...]] = (
    _reference,
    _number,
    _currency,
    _amounts,
    _accounts,
    _period,
    _dimensions,
    _vendors,
    _tax_codes,
    _journal,
)
