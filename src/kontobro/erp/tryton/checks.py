"""Every reason why Tryton would not take an entry, each with its remedy (`posting-rules.md` §9). Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.errors import Problem, shown
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Bill, Entry, InvoiceKey, Payment
from kontobro.core.model.masterdata import Period, span_of, within
from kontobro.core.model.money import EXPONENTS
from kontobro.core.model.period import period_of
from kontobro.core.words import Phrase
from kontobro.erp.kit.amounts import imbalance, too_long
from kontobro.erp.tryton.calls import SYSTEM
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
        yield problem("reference_invalid", "reference", entry.reference, system=SYSTEM, most=MAX_REFERENCE)


def _number(entry: Entry, facts: Facts) -> Iterator[Problem]:
    """An invoice number is kept whole or not at all: cut, the payment would not find its bill."""
    length = len(whole(entry.number))
    if length > MAX_NUMBER:
        what = Phrase("text_invoice_number")
        field, value = "invoice number", entry.number
        yield problem("text_too_long", field, value, what=what, length=length, system=SYSTEM, most=MAX_NUMBER)


def _currency(entry: Entry, facts: Facts) -> Iterator[Problem]:
    home, currency = facts.masters.company.currency, entry.currency
    if entry.currency not in facts.masters.currencies or entry.currency not in EXPONENTS:
        yield problem("currency_inactive", "currency", currency, system=SYSTEM)
    elif entry.currency != home and (day := _day_without_rate(entry, {home, entry.currency}, facts)):
        yield problem("currency_rate_missing.between", "currency", currency, system=SYSTEM, home=home, day=day)


def _day_without_rate(entry: Entry, currencies: set[str], facts: Facts) -> date | None:
    return next((day for day in rate_days(entry) if not currencies <= set(facts.rates.get(day, {}))), None)


def rate_days(entry: Entry) -> Sequence[date]:
    """Whose rates count: of the posting, and of an invoice's own date."""
    return [entry.date, entry.document_date] if isinstance(entry, Bill) else [entry.date]


def _amounts(entry: Entry, facts: Facts) -> Iterator[Problem]:
    long = next((line for line in entry.lines if len(line.amount.as_tuple().digits) > DIGITS), None)
    if long is not None:
        yield too_long(long.amount, _account_name(long.account, facts), SYSTEM, DIGITS)
        return
    bad = next((line for line in entry.lines if not _fits(line.amount, entry.currency, facts)), None)
    if bad:
        amount, currency = bad.amount, entry.currency
        yield problem("amount_invalid.decimals", "amount", amount, amount=amount, currency=currency, system=SYSTEM)
        return
    yield from imbalance(entry)


def _fits(amount: Decimal, currency: str, facts: Facts) -> bool:
    """A currency that Tryton does not know is another check's."""
    known = facts.masters.currencies.get(currency)
    return amount.is_finite() and (known is None or amount == round(amount, known.digits))


def _accounts(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for line in entry.lines:
        posting = facts.masters.accounts.get(line.account)
        name = _account_name(line.account, facts)
        if posting is None:
            yield problem("account_unknown.takes_none", "account", name, system=SYSTEM)
        elif not posting.account.active:
            yield problem("account_unknown.inactive", "account", name, system=SYSTEM)
        elif not within(posting.account, entry.date):
            fix = Phrase("fix_account_dates", {"system": SYSTEM})
            yield problem("account_closed", "account", name, span=span_of(posting.account), day=entry.date, fix=fix)
        elif posting.account.currencies and entry.currency not in posting.account.currencies:
            only, currency = posting.account.currencies, entry.currency
            field, value = "account", posting.account.code
            yield problem("account_currency.system", field, value, currencies=only, currency=currency, system=SYSTEM)
        elif posting.party_required and not party_of(line, entry, facts.masters):
            yield problem("party_missing", "vendor", line.employee or "", account=name, system=SYSTEM)


def _account_name(account: str, facts: Facts) -> str:
    known = facts.masters.accounts.get(account)
    return shown(f"{known.account.code} {known.account.name}" if known else account)


def _period(entry: Entry, facts: Facts) -> Iterator[Problem]:
    period = period_of(entry.date, facts.periods)
    if period is None or period.state != "open":
        if period is None:
            yield problem("period_closed.no_period", "date", entry.date, system=SYSTEM, day=entry.date)
        else:
            state = Phrase(f"state_{period.state}")
            yield problem("period_closed.system", "date", entry.date, system=SYSTEM, day=entry.date, state=state)


def _dimensions(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for line in entry.lines:
        for dimension, value in line.dimensions:
            known = facts.masters.values.get(value)
            if known is None or known.dimension_id != dimension or not known.active:
                yield problem("dimension_value_unknown", shown(dimension), value, system=SYSTEM)
        yield from _shares(line.dimensions)


def _shares(dimensions: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    """The whole line goes to one value of a root: Tryton itself would take 60 % of it, or twice 100 %."""
    roots = [dimension for dimension, _ in dimensions]
    for root in {root for root in roots if roots.count(root) > 1}:
        yield problem("dimension_twice", shown(root), "")


def _vendors(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for name in sorted(vendors_named(entry) - set(facts.vendors)):
        yield problem("vendor_unknown.system", "vendor", name, system=SYSTEM)
    if isinstance(entry, Bill) and not entry.vendor:
        yield problem("vendor_unknown.system_none", "vendor", "", system=SYSTEM)
    elif isinstance(entry, Bill) and entry.vendor in facts.vendors and entry.vendor not in facts.addresses:
        yield problem("vendor_address_missing", "vendor", entry.vendor, system=SYSTEM)


def _tax_codes(entry: Entry, facts: Facts) -> Iterator[Problem]:
    for code in (line.tax_code for line in entry.lines if line.tax_code):
        known = facts.masters.taxes.get(code)
        if known is None or not known.code.active:
            yield problem("tax_code_unknown.system", "tax_code", known.code.code if known else code, system=SYSTEM)
        elif not within(known.code, entry.date):
            span, day = span_of(known.code), entry.date
            yield problem("tax_code_unknown.days", "tax_code", known.code.code, span=span, day=day, system=SYSTEM)


def _journal(entry: Entry, facts: Facts) -> Iterator[Problem]:
    if facts.masters.book_of(entry.journal) is None:
        yield problem("journal_unknown.type", "journal", entry.journal or "", system=SYSTEM, type="Expense")


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
