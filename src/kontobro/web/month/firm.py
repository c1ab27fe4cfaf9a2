"""The month end of a firm: every company, who closed its month and when, what is open and what blocks it.

It is told from our own history alone: whether Pleo and the accounting system are equal, a company's own page asks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, Literal

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kontobro.core.tieout.month import last_day, month_after, month_before
from kontobro.export.tieout.sheets import xlsx_book
from kontobro.store.read.firm import MonthCounts
from kontobro.web.models import MonthClose, Organisation
from kontobro.web.month import closing
from kontobro.web.month.blocks import Block, known_blocks, today_of
from kontobro.web.organisation.companies import Listed, listed_companies, people
from kontobro.web.process import process
from kontobro.web.site.download import XLSX
from kontobro.web.tenancy import Member, of_organisation

SHOWN = 100

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
    counts: MonthCounts
    kept: MonthClose | None
    blocks: Sequence[Block] = ()

    @property
    def state(self) -> State:
        if self.kept is None:
            return "blocked" if self.blocks else "open"
        changed_at = self.counts.changed_at
        return "changed" if changed_at and changed_at > self.kept.closed_at else "closed"

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
        "page": Paginator(chosen, SHOWN).get_page(request.GET.get("page")),
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
    id = one.company.id
    numbers, closed = counts.get(id, NOTHING), kept.get(id)
    blocks = () if closed else tuple(known_blocks(id, first, today, one.waits, numbers))
    return MonthOfCompany(listed=one, counts=numbers, kept=closed, blocks=blocks)


@require_safe
@of_organisation()
def as_xlsx(request: HttpRequest, member: Member) -> FileResponse:
    """The same table, of all companies, as a workbook."""
    first = closing.month_named(request.GET.get("month", ""), today_of(None))
    months = months_of(member.organisation, listed_companies(member, people(member)), first)
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it when it has been sent
    with xlsx_book(file) as book:
        sheet = book.sheet(f"{first:%Y-%m}", _columns())
        for row in _rows(months):
            sheet.add(row)
    file.seek(0)
    name = f"month-end-{first:%Y-%m}.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


def _columns() -> Sequence[str]:
    numbers = (_("Booked"), _("Failed"), _("Waiting"))
    closed = (_("Closed by"), _("Closed at (UTC)"))
    return (_("Company"), _("Person in charge"), _("State"), *closed, *numbers, _("Blocks closing"))


def _rows(months: Iterable[MonthOfCompany]) -> Iterable[list[Any]]:
    for one in months:
        who, when = (one.kept.closed_name, one.kept.closed_at) if one.kept else (None, None)
        blocks = " ".join(block.words for block in one.blocks)
        numbers = (one.counts.booked, one.counts.failed, one.counts.waiting)
        yield [one.listed.company.name, one.listed.person, str(one.words), who, when, *numbers, blocks]
