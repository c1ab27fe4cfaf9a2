"""What a workbook says where a CSV file has names and codes: a person reads it, in their own language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from kontobro.export.tieout.sheets import Cell

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HEADS: Final[Mapping[str, StrOrPromise]] = {
    "company": _("Company"),
    "company in the accounting system": _("Company in the accounting system"),
    "when": _("When"),
    "who": _("Who"),
    "action": _("Action"),
    "details": _("Details"),
    "started": _("Started"),
    "ended": _("Ended"),
    "state": _("State"),
    "expenses": _("Expenses"),
    "error": _("Error"),
    "job": _("Job ID in Pleo"),
    "date": _("Date"),
    "payee": _("Payee"),
    "type": _("Type"),
    "kind": _("Entry"),
    "currency": _("Currency"),
    "amount": _("Amount"),
    "account": _("Account"),
    "problem": _("Problem"),
    "what to do": _("What to do"),
    "value": _("Value"),
    "receipts": _("Receipts"),
    "entry ID": _("Entry ID"),
    "accounting system ID": _("ID in the accounting system"),
    "Pleo link": _("Link to Pleo"),
    "accounting system link": _("Link to the accounting system"),
    "month": _("Month"),
    "side": _("Side"),
    "wallet": _("Wallet"),
    "books": _("In the accounting system"),
    "drafts": _("Drafts"),
    "difference": _("Difference"),
    "differing": _("Differing"),
    "entries": _("Entries"),
    "result": _("Result"),
    "changes": _("Changes"),
    "booked on": _("Booked on"),
    "number": _("Number"),
    "reference": _("Reference"),
    "compared with": _("Compared with"),
    "bookings": _("Bookings"),
    "jobs": _("Export jobs"),
    "problems": _("Problems"),
    "audit-trail": _("Audit trail"),
}
"""Columns and sheets, by the names that they have in CSV files."""


class Worded(str):
    """A code or an English text, as CSV files have it, that is said otherwise to a person."""

    say: Callable[[], str]

    def __new__(cls, code: str, say: Callable[[], str]) -> Worded:
        made = super().__new__(cls, code)
        made.say = say
        return made


def head_of(name: str) -> str:
    """What a column or a sheet is called; a name of its own stays."""
    return str(HEADS.get(name, name))


def heads_of(columns: Iterable[str]) -> Sequence[str]:
    return [head_of(name) for name in columns]


def in_words(row: Iterable[Cell]) -> Sequence[Cell]:
    """A row of a CSV file as a person reads it."""
    return [cell.say() if isinstance(cell, Worded) else cell for cell in row]
