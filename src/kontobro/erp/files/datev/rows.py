"""An entry as rows of two accounts, with its tax as a key on the gross amount or as lines of its own. Pure.

A key makes DATEV work out the tax itself, from one row's gross amount (of reverse charge: net), rounded half up. It is
used only where that gives to the cent what the entry says; else the tax is written as its own rows, for which the VAT
return has no base.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final, Literal

from kontobro.core.model.journal import Entry, EntryLine
from kontobro.core.model.masterdata import TaxCode
from kontobro.core.model.money import exact_sum
from kontobro.erp.files.common.pairs import pairs_of
from kontobro.erp.files.datev.books import Books, Key

NO_AUTOMATIC: Final = Key("40")
"""Keeps DATEV from working out the tax of an automatic account."""

CENT: Final = Decimal("0.01")

Why = Literal["no_key", "rounding", "account"]
"""Why tax can't be written as a key: it has none, DATEV would round otherwise, the account works out another tax."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `amount` is above zero; `debit`: the side of `account` is debit. `line` is what it is made of."""

    amount: Decimal
    debit: bool
    account: str
    contra: str
    key: Key
    line: EntryLine


def rows_of(entry: Entry, books: Books) -> list[Row]:
    """The rows of an entry whose accounts exist."""
    keyed = {code for code, why in tax_ways(entry, books).items() if why is None}
    return [
        _row(pair.line, gross, pair.contra, books, pair.line.tax_code in keyed)
        for pair in pairs_of(entry, books.setup.clearing)
        if (gross := _amount(pair.line, keyed, books))
    ]


def _amount(line: EntryLine, keyed: set[str], books: Books) -> Decimal:
    """What the row of a line says; nothing for tax that is in another row."""
    if line.tax_code not in keyed or line.tax_code is None:
        return line.amount
    return gross_of(line, books.tax_codes[line.tax_code]) if line.role == "expense" else Decimal(0)


def gross_of(line: EntryLine, code: TaxCode) -> Decimal:
    """What a row with a key says of an expense line: with its tax, of reverse charge without."""
    return line.amount if code.type == "reverse" else exact_sum((line.amount, line.tax_amount or Decimal(0)))


def _row(line: EntryLine, amount: Decimal, contra_id: str, books: Books, keyed: bool) -> Row:
    """A vendor's account comes first: the key is then that of the other account."""
    account, contra = books.number(line.account), books.number(contra_id)
    key = _key(line, books, keyed)
    debit = amount > 0
    if books.is_person(contra) and not books.is_person(account):
        account, contra, debit = contra, account, not debit
    return Row(abs(amount), debit, account, contra, key, line)


def _key(line: EntryLine, books: Books, keyed: bool) -> Key:
    automatic = line.account in books.automatic
    if keyed and line.tax_code and line.role == "expense":
        return Key() if automatic else books.keys[line.tax_code]
    return NO_AUTOMATIC if automatic else Key()


def tax_ways(entry: Entry, books: Books) -> dict[str, Why | None]:
    """How the tax of each code of an entry is written: None as a key, else why not. Codes that have neither a key nor
    tax are left out."""
    lines: dict[str, list[EntryLine]] = {}
    for line in entry.lines:
        if line.tax_code in books.tax_codes:
            lines.setdefault(str(line.tax_code), []).append(line)
    found: dict[str, Why | None] = {}
    for id, some in lines.items():
        why = _why_not(books.tax_codes[id], some, books)
        if why is None or why != "no_key" or any(line.role != "expense" for line in some):
            found[id] = why
    return found


def _why_not(code: TaxCode, lines: list[EntryLine], books: Books) -> Why | None:
    expenses = [line for line in lines if line.role == "expense"]
    automatic = [books.automatic.get(line.account) for line in expenses]
    if books.setup.tax == "lines":
        return "no_key"
    if any(known not in (None, code.id) for known in automatic) or _other_tax_account(code, lines):
        return "account"
    if code.id not in books.keys and (None in automatic or not expenses):
        return "no_key"
    return None if _same_tax(code, expenses, lines) else "rounding"


def _same_tax(code: TaxCode, expenses: list[EntryLine], lines: list[EntryLine]) -> bool:
    """Whether DATEV works out, row by row, the tax that the entry says; on reverse charge both sides of it."""
    worked_out = [tax_by_key(gross_of(line, code), code) for line in expenses]
    stated = [line.tax_amount or Decimal(0) for line in expenses]
    if worked_out != stated or not all(gross_of(line, code) for line in expenses):
        return False
    total = exact_sum(stated)
    tax = exact_sum(line.amount for line in lines if line.role == "tax")
    reverse = exact_sum(line.amount for line in lines if line.role == "reverse_tax")
    return tax == total and reverse == (-total if code.type == "reverse" else 0)


def _other_tax_account(code: TaxCode, lines: list[EntryLine]) -> bool:
    """Whether Pleo names another tax account than the tax code's: a key would book on the latter."""
    own = {"tax": code.ingoing_account, "reverse_tax": code.outgoing_account}
    return any(own[line.role] not in (None, line.account) for line in lines if line.role in own)


def tax_by_key(amount: Decimal, code: TaxCode) -> Decimal:
    """The tax that DATEV works out from a row's amount, to the cent, halves away from zero."""
    rate = Fraction(code.rate)
    exact = Fraction(abs(amount)) * (rate if code.type == "reverse" else rate / (1 + rate))
    cents = int(exact * 100 + Fraction(1, 2))
    return (Decimal(cents) * CENT).copy_sign(amount) if cents else Decimal(0)


def base_amount(amount: Decimal, rate: Decimal) -> Decimal:
    """A row's amount in the currency of the books; `rate` is what one unit of those is in the row's."""
    return (amount / rate).quantize(CENT, ROUND_HALF_UP)
