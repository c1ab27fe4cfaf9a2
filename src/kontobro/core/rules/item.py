"""One export item on its way through the rules, and the books it goes into."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from kontobro.core.model.export import ExportItem
from kontobro.core.model.findings import Findings
from kontobro.core.model.masterdata import Vendor
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import Settings
from kontobro.core.rules.amounts import Amounts
from kontobro.core.rules.table import Row


@dataclass(frozen=True, slots=True)
class Books:
    """What all items of a job share. `today` is the day in the company's time zone."""

    settings: Settings
    masters: Masters
    today: dt.date


@dataclass(frozen=True, slots=True)
class Days:
    """`posted` is the booking date, `own` the expense's own day, which a closed period never moves."""

    posted: dt.date
    own: dt.date
    service_period: tuple[dt.date, dt.date] | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """The matched vendor (or employee who is one), and whether documents or a journal entry are made."""

    vendor: Vendor | None
    documents: bool


@dataclass(frozen=True, slots=True)
class Item:
    """An item as Pleo sends it, and what the rules found out about it so far. `days` is None where it can't be booked
    on any; what is wrong goes to `findings`."""

    given: ExportItem
    row: Row
    amounts: Amounts
    party: Party
    days: Days | None
    books: Books
    findings: Findings

    @property
    def settings(self) -> Settings:
        return self.books.settings

    @property
    def masters(self) -> Masters:
        return self.books.masters

    @property
    def currency(self) -> str:
        return self.amounts.currency
