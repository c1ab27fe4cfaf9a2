"""Every reason why the ledger would not take an entry, each with its remedy (`posting-rules.md` §9). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import Account, DimensionValue, Journal, Period, TaxCode, Vendor
from kontobro.erp.beancount.load.masters import LedgerMasters
from kontobro.erp.beancount.syntax.render import is_currency, one_line
from kontobro.erp.kit import checks

SYSTEM = "Beancount"
MAX_PAYEE = 1_000
MAX_TEXT = 4_000
MAX_ATTENDEES = 20_000
"""Characters. Beancount has no limit; a page that shows the ledger has."""

DIGITS = 27
"""Of an amount. Python's decimals, in which Beancount adds, hold 28: one is left for the sum of the lines."""


def problems_of(entry: Entry, masters: LedgerMasters) -> list[Problem]:
    """All problems of one entry; the same one is said once, however many lines have it."""
    accounts, values = masters.by_id(Account), masters.by_id(DimensionValue)
    periods = masters.all(Period)
    return checks.distinct(
        checks.check_reference(entry, SYSTEM, one_line),
        _currency(entry),
        checks.first_of(checks.check_digits(entry, SYSTEM, DIGITS, accounts.get), checks.check_balance(entry)),
        checks.check_accounts(entry, SYSTEM, accounts.get, unknown="ledger", closed=True),
        checks.check_period(entry, SYSTEM, periods) if periods else (),
        checks.check_dimensions(entry, SYSTEM, lambda *key: values.get(key)),
        checks.check_vendors(entry, SYSTEM, masters.by_id(Vendor).get),
        checks.check_tax_codes(entry, SYSTEM, masters.by_id(TaxCode).get),
        checks.check_journal(entry, SYSTEM, masters.by_id(Journal)),
        *_texts(entry),
    )


def _currency(entry: Entry) -> Iterator[Problem]:
    if not is_currency(entry.currency):
        yield problem("currency_invalid", "currency", entry.currency, system=SYSTEM)


def _texts(entry: Entry) -> Iterator[Iterator[Problem]]:
    texts = [("payee", entry.payee, MAX_PAYEE), ("text", entry.text, MAX_TEXT)]
    texts += [("note", note, MAX_TEXT) for note in entry.notes]
    texts += [("text", line.text, MAX_TEXT) for line in entry.lines]
    texts.append(("invoice number", entry.number, MAX_PAYEE))
    texts.append(("list of attendees", ", ".join(entry.attendees), MAX_ATTENDEES))
    return (checks.check_length(field, text, SYSTEM, most) for field, text, most in texts)
