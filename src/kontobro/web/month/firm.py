"""The month end of a firm: every company, who closed its month and when, what is open and what blocks it.

It is told from our own history alone: whether Pleo and the accounting system are equal, a company's own page asks.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, NamedTuple

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kontobro.core.tieout.month import last_day, month_after, month_before
from kontobro.export.tieout.sheets import Book
from kontobro.store.read.firm import MonthCounts
from kontobro.web.lists.files import as_xlsx as xlsx_of
from kontobro.web.lists.leaf import Rows, leaf_of
from kontobro.web.models import MonthClose, Organisation
from kontobro.web.month import closing
from kontobro.web.month.blocks import Block, is_blocked, known_blocks, today_of
from kontobro.web.organisation.companies import Listed, companies_of, people
from kontobro.web.process import process
from kontobro.web.tenancy import Member, of_organisation

State = Literal["blocked", "open", "changed", "closed"]

STATES: Mapping[State, Any] = {
    "blocked": gettext_lazy("open; something blocks it"),
    "open": gettext_lazy("open; nothing known blocks it"),
    "changed": gettext_lazy("closed, and something was exported since"),
    "closed": gettext_lazy("closed"),
}
"""The states of a company's month; what a person has to do something about comes first."""

NOTHING = MonthCounts()


class InMonth(NamedTuple):
    """A company, the state of its month, and the closing that holds."""

    listed: Listed
    state: State
    kept: MonthClose | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfCompany:
    """One company's month with its figures."""

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
    every = states_of(member.organisation, first, known)
    state, person = request.GET.get("state", ""), request.GET.get("person", "")
    chosen = [one for one in every if _is_chosen(one, state, person)]
    numbers = Counter(one.state for one in every)
    shown = {
        "first": first,
        "month": f"{first:%Y-%m}",
        "before": f"{month_before(first):%Y-%m}",
        "after": f"{month_after(first):%Y-%m}",
        "page": leaf_of(request, Rows(len(chosen), lambda start, end: with_figures(chosen[start:end], first))),
        "numbers": [(name, words, numbers[name]) for name, words in STATES.items()],
        "companies": len(every),
        "states": STATES,
        "state": state,
        "people": {str(id): email for id, email in known.items()},
        "person": person,
    }
    return render(request, "month/firm.html", shown)


def _is_chosen(one: InMonth, state: str, person: str) -> bool:
    """A filter that names nothing that there is leaves everything."""
    return (state not in STATES or one.state == state) and (
        not person.isdecimal() or str(one.listed.in_charge) == person
    )


def months_of(organisation: Organisation, first: dt.date, known: Mapping[int, str]) -> list[MonthOfCompany]:
    """Each company's month with its figures, those that need someone first. `known`: who can be in charge."""
    return with_figures(states_of(organisation, first, known), first)


def states_of(organisation: Organisation, first: dt.date, known: Mapping[int, str]) -> list[InMonth]:
    """Each company's month without its figures: few are shown at once."""
    companies = companies_of(organisation, known=known, expenses=False)
    kept = _closings(organisation, first)
    unready = process.firm.unready([one.company.id for one in companies], first, last_day(first))
    left = _disconnected(companies, first)
    changed = process.firm.changed_since({id: one.closed_at for id, one in kept.items()}, first, last_day(first))
    today = today_of(None)
    found: dict[State, list[InMonth]] = {state: [] for state in STATES}
    for one in companies:
        id, closed = one.company.id, kept.get(one.company.id)
        if closed is not None:
            state: State = "changed" if id in changed else "closed"
        elif one.company.status == "disconnected" and id not in left:
            continue
        else:
            state = "blocked" if is_blocked(first, today, one.waits, id in unready) else "open"
        found[state].append(InMonth(one, state, closed))
    return list(chain.from_iterable(found.values()))


def with_figures(months: Sequence[InMonth], first: dt.date) -> list[MonthOfCompany]:
    """The same companies in the same order, counted."""
    counts = process.firm.month([one.listed.company.id for one in months], first, last_day(first))
    today = today_of(None)
    return [
        MonthOfCompany(
            listed=one.listed,
            first=first,
            today=today,
            counts=counts.get(one.listed.company.id, NOTHING),
            kept=one.kept,
            state=one.state,
        )
        for one in months
    ]


def _closings(organisation: Organisation, first: dt.date) -> Mapping[str, MonthClose]:
    """How the month was closed, by connection, where it is."""
    rows = MonthClose.objects.filter(organisation=organisation, month=first, reopened_at=None).defer("figures")
    return {one.connection_id: one for one in rows}


def _disconnected(companies: Sequence[Listed], first: dt.date) -> Set[str]:
    """Disconnected companies that the month has something of: the others have no such month."""
    ids = [one.company.id for one in companies if one.company.status == "disconnected"]
    return process.firm.with_any(ids, first, last_day(first)) if ids else set()


@require_safe
@of_organisation()
def as_xlsx(request: HttpRequest, member: Member) -> FileResponse:
    """The same table, of all companies, as a workbook."""
    first = closing.month_named(request.GET.get("month", ""), today_of(None))
    months = months_of(member.organisation, first, people(member))

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
