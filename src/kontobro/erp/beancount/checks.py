"""Every reason why the ledger would not take an entry, each with its remedy (`posting-rules.md` §9). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kontobro.core.errors import Problem, shown
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Entry, EntryLine, InvoiceKey, Payment
from kontobro.core.model.masterdata import (
    Account,
    DimensionValue,
    Journal,
    Period,
    TaxCode,
    Vendor,
    span_of,
    within,
)
from kontobro.core.model.period import is_open
from kontobro.core.words import Phrase
from kontobro.erp.beancount.load.masters import Masters
from kontobro.erp.beancount.syntax.render import is_currency, one_line
from kontobro.erp.kit.amounts import imbalance, too_long

SYSTEM = "Beancount"
MAX_REFERENCE = 200
MAX_PAYEE = 1_000
MAX_TEXT = 4_000
MAX_ATTENDEES = 20_000
"""Characters. Beancount has no limit; a page that shows the ledger has."""

DIGITS = 27
"""Of an amount. Python's decimals, in which Beancount adds, hold 28: one is left for the sum of the lines."""


def problems_of(entry: Entry, masters: Masters) -> list[Problem]:
    """All problems of one entry; the same one is said once, however many lines have it."""
    found = [problem for check in _CHECKS for problem in check(entry, masters)]
    return list(dict.fromkeys(found))


def _reference(entry: Entry, masters: Masters) -> Iterator[Problem]:
    if not entry.reference or one_line(entry.reference) != entry.reference or len(entry.reference) > MAX_REFERENCE:
        yield problem("reference_invalid", "reference", entry.reference, system=SYSTEM, most=MAX_REFERENCE)


def _amounts(entry: Entry, masters: Masters) -> Iterator[Problem]:
    if not is_currency(entry.currency):
        yield problem("currency_invalid", "currency", entry.currency, system=SYSTEM)
    bad = next((line for line in entry.lines if not line.amount.is_finite()), None)
    long = next((line for line in entry.lines if len(line.amount.as_tuple().digits) > DIGITS), None)
    if long:
        yield too_long(long.amount, long.account, SYSTEM, DIGITS)
    elif bad:
        yield problem("amount_invalid.not_finite", "amount", bad.amount, account=bad.account)
    else:
        yield from imbalance(entry)


def _accounts(entry: Entry, masters: Masters) -> Iterator[Problem]:
    for line in entry.lines:
        account = masters.by_id(Account).get(line.account)
        if account is None:
            yield problem("account_unknown.ledger", "account", line.account, system=SYSTEM)
        else:
            yield from _account_refusals(entry, line, account, masters)


def _account_refusals(entry: Entry, line: EntryLine, account: Account, masters: Masters) -> Iterator[Problem]:
    if not within(account, entry.date):
        fix = Phrase("fix_account_dates", {"system": SYSTEM})
        yield problem("account_closed", "account", line.account, span=span_of(account), day=entry.date, fix=fix)
    if not account.active:
        yield problem("account_closed.inactive", "account", line.account)
    if account.currencies and entry.currency not in account.currencies:
        only, currency = account.currencies, entry.currency
        yield problem(
            "account_currency.system", "account", account.id, currencies=only, currency=currency, system=SYSTEM
        )


def _period(entry: Entry, masters: Masters) -> Iterator[Problem]:
    if not is_open(entry.date, masters.all(Period)):
        state = Phrase("state_closed")
        yield problem("period_closed.system", "date", entry.date, system=SYSTEM, day=entry.date, state=state)


def _dimensions(entry: Entry, masters: Masters) -> Iterator[Problem]:
    values = masters.by_id(DimensionValue)
    for dimension, value in (pair for line in entry.lines for pair in line.dimensions):
        known = values.get((dimension, value))
        if known is None or not known.active:
            yield problem("dimension_value_unknown", shown(dimension), value, system=SYSTEM)


def _vendors(entry: Entry, masters: Masters) -> Iterator[Problem]:
    names = {entry.vendor, *(line.vendor for line in entry.lines)}
    if isinstance(entry, Payment) and isinstance(entry.settles, InvoiceKey):
        names.add(entry.settles.vendor)
    for name in sorted(filter(None, names)):
        known = masters.by_id(Vendor).get(name)
        if known is None or not known.active:
            yield problem("vendor_unknown.system", "vendor", name, system=SYSTEM)


def _tax_codes(entry: Entry, masters: Masters) -> Iterator[Problem]:
    for code in (line.tax_code for line in entry.lines if line.tax_code):
        known = masters.by_id(TaxCode).get(code)
        if known is None or not known.active:
            yield problem("tax_code_unknown.system", "tax_code", code, system=SYSTEM)


def _journal(entry: Entry, masters: Masters) -> Iterator[Problem]:
    if entry.journal and entry.journal not in masters.by_id(Journal):
        yield problem("journal_unknown", "journal", entry.journal, system=SYSTEM)


def _texts(entry: Entry, masters: Masters) -> Iterator[Problem]:
    texts = [("payee", entry.payee, MAX_PAYEE), ("text", entry.text, MAX_TEXT)]
    texts += [("note", note, MAX_TEXT) for note in entry.notes]
    texts += [("text", line.text, MAX_TEXT) for line in entry.lines]
    texts.append(("invoice number", entry.number, MAX_PAYEE))
    texts.append(("list of attendees", ", ".join(entry.attendees), MAX_ATTENDEES))
    for field, text, most in texts:
        if len(text) > most:
            what = Phrase(f"text_{field.replace(' ', '_')}")
            yield problem("text_too_long", field, text, what=what, length=len(text), system=SYSTEM, most=most)


_CHECKS: tuple[Callable[[Entry, Masters], Iterator[Problem]], ...] = (
    _reference,
    _amounts,
    _accounts,
    _period,
    _dimensions,
    _vendors,
    _tax_codes,
    _journal,
    _texts,
)
