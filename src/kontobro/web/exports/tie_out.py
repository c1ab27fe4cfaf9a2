"""Tie-out: Pleo's amounts as they were fetched beside what the books hold now, with downloads of every entry."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.tieout.compare import FINE, TiedEntry, Verdict
from kontobro.export.tieout.collect import BookPorts, TieOutScope, summarise, summary_of, tied_entries
from kontobro.export.tieout.forgotten import forgotten
from kontobro.export.tieout.sheet import ENTRY_COLUMNS, entry_row, sorted_sums
from kontobro.export.tieout.sheets import Book
from kontobro.store.read.pages import BookingFilter
from kontobro.web.exports.tie_sheet import SIDES, entries_sheet, reasons_told, summary_sheets, words_of
from kontobro.web.lists.fields import day_input, days_in_order
from kontobro.web.lists.files import BOTH, Row, both_of
from kontobro.web.lists.files import as_csv as csv_of
from kontobro.web.lists.files import as_xlsx as xlsx_of
from kontobro.web.process import process
from kontobro.web.site.aside import aside, progress
from kontobro.web.telling import Told
from kontobro.web.tenancy import Member, of_connection

SHOWN = 200
"""Differing entries that the page shows; the files have all."""

URGENT: Sequence[Verdict] = (
    "uncertain",
    "missing",
    "voided",
    "amount_differs",
    "account_differs",
    "date_moved",
    "details_differ",
    "not_booked",
    "cannot_look",
)
"""What a person should look at first: the page's first sentence is about it."""


class ScopeForm(forms.Form):
    first = forms.DateField(label=gettext_lazy("From"), widget=day_input())
    last = forms.DateField(label=gettext_lazy("To"), widget=day_input())
    wallet = forms.CharField(label=gettext_lazy("Wallet or currency"), required=False, max_length=50)

    def clean(self) -> dict[str, Any]:
        return days_in_order(super().clean() or {})


@require_safe
@of_connection()
def tie_out(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """The form; the comparison itself is fetched by the page, for it reads the books."""
    form = ScopeForm(request.GET) if "first" in request.GET else ScopeForm(initial=_usual_period(connection))
    compare = form.is_valid() if form.is_bound else False
    shown = {"form": form, "compare": compare, "query": request.GET.urlencode()}
    return render(request, "exports/tie_out.html", shown, status=400 if form.is_bound and not compare else 200)


def _usual_period(connection: Connection) -> dict[str, dt.date]:
    """The whole months of what was exported last; this month before anything was."""
    newest = process.overview.bookings([connection.id], limit=SHOWN).rows
    read = [_day(one.booking.date) for one in newest]
    days = [day for day in read if day] or [process.app.clock.now().date()]
    last = max(days)
    return {"first": min(days).replace(day=1), "last": last.replace(day=calendar.monthrange(last.year, last.month)[1])}


def _day(text: str) -> dt.date | None:
    """A booking's day; None for one that could not be read."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _scope(request: HttpRequest) -> TieOutScope:
    form = ScopeForm(request.GET)
    if not form.is_valid():
        wrong = "; ".join(f"{name}: {' '.join(map(str, faults))}" for name, faults in form.errors.items())
        raise Misconfigured(
            _("The period can't be read: %(wrong)s") % {"wrong": wrong}, _("Choose both days and compare again.")
        )
    given = form.cleaned_data
    return TieOutScope(first=given["first"], last=given["last"], wallet=given["wallet"] or None)


def _ports(connection: Connection) -> BookPorts:
    return process.app.book_ports_for(connection)


@require_safe
@of_connection()
@aside
def compared(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """A part of the page: the sums of both sides, every entry that differs, and every draft."""
    ports, scope = _ports(connection), _scope(request)
    total = _entries_in(connection, scope)
    result = summarise(connection, ports, scope, progress=lambda phase, done, known: progress(done, total))
    with process.app.visit() as app:
        forgotten(connection, ports, app.pleo_for(connection), scope).add_to(result)
    shown = {
        "result": result,
        "sums": [(SIDES[key.side], key, found) for key, found in sorted_sums(result)],
        "differing": _shown(request, result.differing),
        "hidden": max(0, sum(found.differing for found in result.sums.values()) - SHOWN),
        "drafted": _shown(request, result.drafted),
        "drafts_hidden": max(0, result.drafts - SHOWN),
        "faults": [
            (words_of(verdict), count) for verdict, count in result.verdicts.most_common() if verdict not in FINE
        ],
        "worst": next((verdict for verdict in URGENT if result.verdicts[verdict]), ""),
        "query": request.GET.urlencode(),
    }
    return render(request, "exports/tie_out_compared.html", shown)


def _shown(request: HttpRequest, entries: Sequence[TiedEntry]) -> list[tuple[TiedEntry, str, Sequence[Told]]]:
    """Each with what its verdict means, and what changed or why it isn't booked."""
    return [(one, words_of(one.verdict), reasons_told(request, one)) for one in entries[:SHOWN]]


def _entries_in(connection: Connection, scope: TieOutScope) -> int:
    """How many entries a comparison reads: those of its days, and those without a day."""
    found = process.overview.booking_list(connection.id, BookingFilter(since=scope.first, until=scope.last))
    return found.count() + found.undated()


@require_safe
@of_connection()
def as_csv(request: HttpRequest, member: Member, connection: Connection) -> StreamingHttpResponse:
    """Every entry as CSV, as it is read."""
    ports, scope = _ports(connection), _scope(request)
    both = both_of(connection)

    def rows() -> Iterator[Row]:
        return ((*both, *entry_row(one)) for one in tied_entries(connection, ports, scope))

    return csv_of(member, "tie-out", (*BOTH, *ENTRY_COLUMNS), rows)


@require_safe
@of_connection()
def as_xlsx(request: HttpRequest, member: Member, connection: Connection) -> FileResponse:
    """Every entry and the sums as a workbook."""
    ports, scope = _ports(connection), _scope(request)

    def fill(book: Book) -> None:
        tied = entries_sheet(request, book, connection, tied_entries(connection, ports, scope))
        result = summary_of(tied, ports.connector.capabilities, scope)
        with process.app.visit() as app:
            forgotten(connection, ports, app.pleo_for(connection), scope).add_to(result)
        summary_sheets(request, book, result)

    return xlsx_of(member, "tie-out", fill)
