"""What an accounting system has: company, account, tax code, dimension, vendor, employee, journal, period.

`id` is always the accounting system's stable id, `code` what a person types there. A record without a code has an empty
one, never its id: settings and Pleo name records by code, and an id that looks like a code would name another record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from kontobro.core.master_files import MastersRead
from kontobro.core.words import Phrase

TaxType = Literal["inclusive", "reverse", "exclusive"]

AccountType = Literal["asset", "liability", "equity", "income", "expense"]


@dataclass(frozen=True, slots=True)
class Company:
    """One company in one accounting system; `currency` is its base currency, `time_zone` an IANA name. `through` is
    what is spoken with it, where there are several ways."""

    id: str
    name: str
    currency: str
    time_zone: str | None = None
    country: str | None = None
    through: str = ""
    payable: str | None = None
    """The account of what vendors are owed who have none of their own, where the system has such a default."""
    read_from: tuple[str, ...] = ()
    """What its master data were read from, where it is files: each with its date and how many records it has, and what
    was left out of them. For people."""
    masters: MastersRead | None = None
    """The file or folder that they were read from."""


@dataclass(frozen=True, slots=True)
class Account:
    """`active` False: it takes nothing on any day. `opened` and `closed` are the first and the last day that it takes
    entries for, both inclusive; None without limit."""

    id: str
    code: str
    name: str
    active: bool = True
    currencies: tuple[str, ...] = ()
    """The only currencies it takes; empty for any."""
    name_too: str | None = None
    """What else a person may type for it, where no code can look like it (Beancount: the account's own name)."""
    opened: date | None = None
    closed: date | None = None
    owed: bool = False
    """What is owed to others is on it: such a system keeps tax that is due on payment elsewhere until then."""
    type: AccountType | None = None
    """None: the accounting system does not say."""


@dataclass(frozen=True, slots=True)
class TaxCode:
    """`rate` is a fraction. Accounts are account ids; `outgoing_account` is used by reverse charge only. `active`,
    `opened` and `closed` as an account's."""

    id: str
    code: str
    name: str
    rate: Decimal
    type: TaxType
    ingoing_account: str | None = None
    outgoing_account: str | None = None
    active: bool = True
    opened: date | None = None
    closed: date | None = None
    deductible: Decimal = Decimal(1)
    """The share of its input tax that may be deducted, a fraction; the rest is part of the expense."""
    until_paid: str | None = None
    """The account that holds all of the tax of what is owed, until it is paid; None where it is due at once."""
    refund_ingoing_account: str | None = None
    refund_outgoing_account: str | None = None
    """The accounts of a refund's tax; those of a purchase where they are None."""
    refund_by_line: bool = False
    """Whether each line of a bill is a refund or a purchase by itself, as in Tryton; else the bill as a whole is."""
    unsupported: Phrase | None = None
    """Why nothing from Pleo can be booked with it: such a code is never sent to Pleo."""


def is_open(record: Account | TaxCode, day: date | None) -> bool:
    """Whether it takes entries of a day; without one, of any day at all."""
    if day is None or (record.opened is None and record.closed is None):
        return record.active
    return record.active and within(record, day)


def within(record: Account | TaxCode, day: date) -> bool:
    """Whether a day is one of those from `opened` to `closed`."""
    return (record.opened or day) <= day <= (record.closed or day)


def span_of(record: Account | TaxCode) -> Phrase:
    """`from 2026-01-01 until 2026-10-31`, as far as there are limits; it has one."""
    if record.opened and record.closed:
        return Phrase("span", {"opened": record.opened, "closed": record.closed})
    if record.opened:
        return Phrase("span_from", {"opened": record.opened})
    return Phrase("span_until", {"closed": record.closed or date.max})


@dataclass(frozen=True, slots=True)
class Dimension:
    id: str
    code: str
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class DimensionValue:
    id: str
    dimension_id: str
    code: str
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """`account` is the vendor's own payable account (an account id), when it has one."""

    id: str
    code: str
    name: str
    account: str | None = None
    number: str | None = None
    """The account number under which the vendor is known (`supplier.account` in Pleo)."""
    registration_number: str | None = None
    tax_registration_number: str | None = None
    currency: str | None = None
    country: str | None = None
    active: bool = True
    pleo_id: str | None = None
    """Pleo's id of the vendor that it was written for (`Connector.write`), where it was born in Pleo."""


@dataclass(frozen=True, slots=True)
class Employee:
    id: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Journal:
    id: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days, both inclusive. Only `open` takes entries."""

    id: str
    start: date
    end: date
    state: Literal["open", "closed", "locked"]


MasterRecord = Company | Account | TaxCode | Dimension | DimensionValue | Vendor | Employee | Journal | Period
