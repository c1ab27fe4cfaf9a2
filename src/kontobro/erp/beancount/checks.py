"""Every reason why the ledger would not take an entry, each with its remedy (`posting-rules.md` §9). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kontobro.core.errors import ItemFailure, Problem, shown
from kontobro.core.model.journal import Entry, EntryLine, InvoiceKey, Payment
from kontobro.core.model.masterdata import Account, DimensionValue, Journal, Period, TaxCode, Vendor, span_told, within
from kontobro.core.model.period import is_open
from kontobro.erp.beancount.load.masters import Masters
from kontobro.erp.beancount.syntax.render import is_currency, number, one_line

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


def _problem(code: str, field: str, value: object, message: str, remedy: str, reason: ItemFailure) -> Problem:
    return Problem(code, field, shown(value), message, remedy, reason)


def _reference(entry: Entry, masters: Masters) -> Iterator[Problem]:
    if not entry.reference or one_line(entry.reference) != entry.reference or len(entry.reference) > MAX_REFERENCE:
        yield _problem(
            "reference_invalid",
            "reference",
            entry.reference,
            f'"{shown(entry.reference)}" can\'t be a reference in the ledger.',
            f"Report this: a reference is one line of at most {MAX_REFERENCE} characters.",
            "validation_failure",
        )


def _amounts(entry: Entry, masters: Masters) -> Iterator[Problem]:
    if not is_currency(entry.currency):
        yield _problem(
            "currency_invalid",
            "currency",
            entry.currency,
            f'"{shown(entry.currency)}" is not a currency Beancount knows.',
            "Use an ISO 4217 code such as DKK.",
            "validation_failure",
        )
    bad = next((line for line in entry.lines if not line.amount.is_finite()), None)
    long = next((line for line in entry.lines if len(line.amount.as_tuple().digits) > DIGITS), None)
    if long:
        yield _problem(
            "amount_invalid",
            "amount",
            long.amount,
            f"The amount {shown(long.amount, 40)} on {shown(long.account)} is more than Beancount adds exactly.",
            f"Beancount adds numbers of {DIGITS} digits: split the expense in Pleo.",
            "validation_failure",
        )
    elif bad:
        message = f"The amount on {shown(bad.account)} is {bad.amount}."
        yield _problem(
            "amount_invalid", "amount", bad.amount, message, "Correct the amount in Pleo.", "validation_failure"
        )
    else:
        yield from _balance(entry)


def _balance(entry: Entry) -> Iterator[Problem]:
    difference = entry.difference
    if difference or not entry.lines:
        shortage = f"are {number(difference, entry.currency)} {entry.currency} apart" if entry.lines else "are missing"
        yield _problem(
            "unbalanced",
            "lines",
            difference,
            f"The debits and credits of the entry {shortage}.",
            "Report this: entries are balanced before they come here.",
            "validation_failure",
        )


def _accounts(entry: Entry, masters: Masters) -> Iterator[Problem]:
    for line in entry.lines:
        account = masters.by_id(Account).get(line.account)
        if account is None:
            yield _account_problem(
                "account_unknown",
                line,
                "is not in the ledger",
                f"Open it (2020-01-01 open {shown(line.account)}) or choose another account.",
            )
        else:
            yield from _account_refusals(entry, line, account, masters)


def _account_refusals(entry: Entry, line: EntryLine, account: Account, masters: Masters) -> Iterator[Problem]:
    if not within(account, entry.date):
        what = f"takes entries {span_told(account)} only, and this one is of {entry.date}"
        choose = "Choose another account, or change its dates in the ledger."
        yield _account_problem("account_closed", line, what, choose)
    if not account.active:
        yield _account_problem("account_closed", line, "is not active", "Choose another account.")
    if account.currencies and entry.currency not in account.currencies:
        yield _problem(
            "account_currency",
            "account",
            account.id,
            f"Account {account.id} takes only {', '.join(account.currencies)}, not {shown(entry.currency)}.",
            "Add the currency to its open directive, or choose another account.",
            "accounting_system_validation_failure",
        )


def _account_problem(code: str, line: EntryLine, what: str, remedy: str) -> Problem:
    message = f"Account {shown(line.account)} {what}."
    return _problem(code, "account", line.account, message, remedy, "account_unknown")


def _period(entry: Entry, masters: Masters) -> Iterator[Problem]:
    if not is_open(entry.date, masters.all(Period)):
        yield _problem(
            "period_closed",
            "date",
            entry.date,
            f"The ledger takes no entries on {entry.date}: the period is closed.",
            "Open the period in the ledger, or choose in the settings how closed periods are handled.",
            "accounting_system_validation_failure",
        )


def _dimensions(entry: Entry, masters: Masters) -> Iterator[Problem]:
    values = masters.by_id(DimensionValue)
    for dimension, value in (pair for line in entry.lines for pair in line.dimensions):
        known = values.get((dimension, value))
        if known is None or not known.active:
            yield _problem(
                "dimension_value_unknown",
                shown(dimension),
                value,
                f"{shown(dimension)} {shown(value)} {_missing(known)}.",
                "Choose another tag in Pleo, or add the value to the ledger.",
                "tag_unknown",
            )


def _missing(known: object) -> str:
    return "is not active in the ledger" if known else "is not in the ledger"


def _vendors(entry: Entry, masters: Masters) -> Iterator[Problem]:
    names = {entry.vendor, *(line.vendor for line in entry.lines)}
    if isinstance(entry, Payment) and isinstance(entry.settles, InvoiceKey):
        names.add(entry.settles.vendor)
    for name in sorted(filter(None, names)):
        known = masters.by_id(Vendor).get(name)
        if known is None or not known.active:
            yield _problem(
                "vendor_unknown",
                "vendor",
                name,
                f"Vendor {shown(name)} {_missing(known)}.",
                "Choose another vendor in Pleo, or add it to the ledger.",
                "vendor_unknown",
            )


def _tax_codes(entry: Entry, masters: Masters) -> Iterator[Problem]:
    for code in (line.tax_code for line in entry.lines if line.tax_code):
        known = masters.by_id(TaxCode).get(code)
        if known is None or not known.active:
            yield _problem(
                "tax_code_unknown",
                "tax_code",
                code,
                f"Tax code {shown(code)} {_missing(known)}.",
                "Choose another tax code in Pleo, or add it to the ledger.",
                "tax_code_unknown",
            )


def _journal(entry: Entry, masters: Masters) -> Iterator[Problem]:
    if entry.journal and entry.journal not in masters.by_id(Journal):
        yield _problem(
            "journal_unknown",
            "journal",
            entry.journal,
            f"Journal {shown(entry.journal)} is not in the ledger.",
            "Choose another journal in the settings, or add it to the ledger.",
            "missing_configuration",
        )


def _texts(entry: Entry, masters: Masters) -> Iterator[Problem]:
    texts = [("payee", entry.payee, MAX_PAYEE), ("text", entry.text, MAX_TEXT)]
    texts += [("note", note, MAX_TEXT) for note in entry.notes]
    texts += [("text", line.text, MAX_TEXT) for line in entry.lines]
    texts.append(("invoice number", entry.number, MAX_PAYEE))
    texts.append(("list of attendees", ", ".join(entry.attendees), MAX_ATTENDEES))
    for field, text, limit in texts:
        if len(text) > limit:
            yield _problem(
                "text_too_long",
                field,
                text,
                f"The {field} has {len(text):,} characters; the ledger takes {limit:,}.",
                "Shorten it in Pleo.",
                "accounting_system_validation_failure",
            )


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
