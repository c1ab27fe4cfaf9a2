"""The month end of a firm: every company, who closed its month and when, what is open and what blocks it.

It is told from our own history alone: whether Pleo and the accounting system are equal, a company's own page asks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kontobro.core.tieout.month import last_day, month_after, month_before
from kontobro.export.tieout.sheets import Book
from kontobro.store.read.firm import MonthCounts
from kontobro.web.lists.files import as_xlsx as xlsx_of
from kontobro.web.lists.leaf import leaf_of
from kontobro.web.models import MonthClose, Organisation
from kontobro.web.month import closing
from kontobro.web.month.blocks import Block, is_blocked, known_blocks, today_of
from kontobro.web.organisation.companies import Listed, listed_companies, people
from kontobro.web.process import process
from kontobro.web.tenancy import Member, of_organisation

State = Literal["blocked", "open", "changed", "closed"]

STATES: Mapping[str, Any] = {
    "blocked": gettext_lazy("open; something blocks it"),
    "open": gettext_lazy("open; nothing known blocks it"),
    "changed": gettext_lazy("closed, and something was exported since"),
    "closed": gettext_lazy("closed"),
}
"""The states of a company's month; what a person has to do something about comes first."""

NOTHING = MonthCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfCompany:
    """One company's month."""

    listed: Listed
    first: dt.date
    today: dt.date
    counts: MonthCounts
    kept: MonthClose | None
    state: State

    @property
    def blocks(self) -> Sequence[Block]:
        if self.kept:
            return ()
        return list(known_blocks(self.listed.company.id, self.first, self.today, self.listed.waits, self.counts))

    @property
    def words(self) -> Any:
        return STATES[self.state]


@require_safe
@of_organisation()
def page(request: HttpRequest, member: Member) -> HttpResponse:
    """A table of all companies for one month, those that need someone first."""
    first = closing.month_named(request.GET.get("month", ""), today_of(None))
    known = people(member)
    months = months_of(member.organisation, listed_companies(member, known), first)
    state, person = request.GET.get("state", ""), request.GET.get("person", "")
    chosen = [one for one in months if _is_chosen(one, state, person)]
    shown = {
        "first": first,
        "month": f"{first:%Y-%m}",
        "before": f"{month_before(first):%Y-%m}",
        "after": f"{month_after(first):%Y-%m}",
        "page": leaf_of(request, chosen),
        "numbers": [(name, words, sum(one.state == name for one in months)) for name, words in STATES.items()],
        "companies": len(months),
        "states": STATES,
        "state": state,
        "people": {str(id): email for id, email in known.items()},
        "person": person,
    }
    return render(request, "month/firm.html", shown)


def _is_chosen(one: MonthOfCompany, state: str, person: str) -> bool:
    """A filter that names nothing that there is leaves everything."""
    return (state not in STATES or one.state == state) and (
        not person.isdecimal() or str(one.listed.in_charge) == person
    )


def months_of(organisation: Organisation, companies: Sequence[Listed], first: dt.date) -> list[MonthOfCompany]:
    """Each company's month. The last two questions are asked once for all of them."""
    counts = process.firm.month([one.company.id for one in companies], first, last_day(first))
    open_or_closed = MonthClose.objects.filter(organisation=organisation, month=first, reopened_at=None)
    kept = {one.connection_id: one for one in open_or_closed}
    today = today_of(None)
    found = [_month_of(one, first, today, counts, kept) for one in companies if _is_of(one, counts, kept)]
    order = list(STATES)
    return sorted(found, key=lambda one: order.index(one.state))


def _is_of(one: Listed, counts: Mapping[str, MonthCounts], kept: Mapping[str, MonthClose]) -> bool:
    """A company that was disconnected has the months that it had something in."""
    return one.company.status != "disconnected" or one.company.id in counts or one.company.id in kept


def _month_of(
    one: Listed,
    first: dt.date,
    today: dt.date,
    counts: Mapping[str, MonthCounts],
    kept: Mapping[str, MonthClose],
) -> MonthOfCompany:
    numbers, closed = counts.get(one.company.id, NOTHING), kept.get(one.company.id)
    if closed is None:
        state: State = "blocked" if is_blocked(first, today, one.waits, numbers) else "open"
    else:
        state = "changed" if numbers.changed_at and numbers.changed_at > closed.closed_at else "closed"
    return MonthOfCompany(listed=one, first=first, today=today, counts=numbers, kept=closed, state=state)


@require_safe
@of_organisation()
def as_xlsx(request: HttpRequest, member: Member) -> FileResponse:
    """The same table, of all companies, as a workbook."""
    first = closing.month_named(request.GET.get("month", ""), today_of(None))
    months = months_of(member.organisation, listed_companies(member, people(member)), first)

    def fill(book: Book) -> None:
        sheet = book.sheet(f"{first:%Y-%m}", _columns())
        for row in _rows(months):
            sheet.add(row)

    return xlsx_of(member, f"month-end-{first:%Y-%m}", fill)


def _columns() -> Sequence[str]:
    both = (_("Company"), _("Company in the accounting system"))
    closed = (_("Closed by"), _("Closed at (UTC)"))
    numbers = (_("Booked"), _("Failed"), _("Waiting"))
    return (*both, _("Person in charge"), _("State"), *closed, *numbers, _("Blocks closing"))


def _rows(months: Iterable[MonthOfCompany]) -> Iterable[list[Any]]:
    for one in months:
        company = one.listed.company
        who, when = (one.kept.closed_name, one.kept.closed_at) if one.kept else (None, None)
        blocks = " ".join(block.words for block in one.blocks)
        numbers = (one.counts.booked, one.counts.failed, one.counts.waiting)
        both = (company.pleo_name, company.books_name)
        yield [*both, one.listed.person, str(one.words), who, when, *numbers, blocks]
