"""Tie-out: Pleo's amounts as they were fetched beside what the books hold now, with downloads of every entry."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.tieout.compare import MEANINGS, TiedEntry
from kontobro.export.tieout.collect import BookPorts, TieOutScope, summarise, summary_of, tied_entries
from kontobro.export.tieout.forgotten import forgotten
from kontobro.export.tieout.sheet import ENTRY_COLUMNS, add_summary, entry_row, passing, reasons, sorted_sums
from kontobro.export.tieout.sheets import csv_lines, xlsx_book
from kontobro.web.process import process
from kontobro.web.site.aside import aside
from kontobro.web.site.download import Held
from kontobro.web.tenancy import Member, of_connection

SHOWN = 200
"""Differing entries that the page shows; the files have all."""

SIDES = {"wallet": "Wallet", "employee": "Employees", "payable": "Payables", "other": "Other"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ScopeForm(forms.Form):
    first = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="To", widget=forms.DateInput(attrs={"type": "date"}))
    wallet = forms.CharField(label="Wallet or currency", required=False, max_length=50)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            raise forms.ValidationError("The last day is before the first day.")
        return cleaned


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
        raise Misconfigured(f"The period can't be read: {wrong}", "Choose both days and compare again.")
    given = form.cleaned_data
    return TieOutScope(first=given["first"], last=given["last"], wallet=given["wallet"] or None)


def _ports(connection: Connection) -> BookPorts:
    return process.app.book_ports_for(connection)


@require_safe
@of_connection()
@aside
def compared(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """A part of the page: the sums of both sides, and every entry that differs."""
    ports, scope = _ports(connection), _scope(request)
    result = summarise(connection, ports, scope)
    with process.app.visit() as app:
        forgotten(connection, ports, app.pleo_for(connection), scope).add_to(result)
    shown = {
        "result": result,
        "sums": [(SIDES[key.side], key, found) for key, found in sorted_sums(result)],
        "differing": [(tied, MEANINGS[tied.verdict], reasons(tied)) for tied in result.differing[:SHOWN]],
        "hidden": max(0, sum(found.differing for found in result.sums.values()) - SHOWN),
        "verdicts": [(MEANINGS[verdict], count) for verdict, count in result.verdicts.most_common()],
        "query": request.GET.urlencode(),
    }
    return render(request, "exports/tie_out_compared.html", shown)


@require_safe
@of_connection()
def as_csv(request: HttpRequest, member: Member, connection: Connection) -> StreamingHttpResponse:
    """Every entry as CSV, as it is read: ISO days, a dot before the decimals, no cell that a program would run."""
    held = Held(member)
    try:
        with held.in_time():
            tied = _begun(tied_entries(connection, _ports(connection), _scope(request)))
    except BaseException:
        held.close()
        raise
    held.content = _encoded(csv_lines(ENTRY_COLUMNS, (entry_row(entry) for entry in tied)))
    answer = StreamingHttpResponse(held, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="tie-out.csv"'
    return answer


def _begun(entries: Iterator[TiedEntry]) -> Iterator[TiedEntry]:
    """The same, with the first of them read: books that can't be had are told on a page, and no file begins."""
    first = list(islice(entries, 1))
    return chain(first, entries)


def _encoded(lines: Iterator[str]) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"  # so that spreadsheets read UTF-8
    for line in lines:
        yield line.encode()


@require_safe
@of_connection()
def as_xlsx(request: HttpRequest, member: Member, connection: Connection) -> FileResponse:
    """Every entry and the sums as a workbook."""
    held = Held(member)
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it when it has been sent
    try:
        ports, scope = _ports(connection), _scope(request)
        with held.in_time(), xlsx_book(file) as book:
            rows = book.sheet("Entries", ENTRY_COLUMNS)
            tied = passing(tied_entries(connection, ports, scope), rows)
            result = summary_of(tied, ports.connector.capabilities, scope)
            with process.app.visit() as app:
                lost = forgotten(connection, ports, app.pleo_for(connection), scope)
            lost.add_to(result)
            add_summary(book, result)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    finally:
        held.close()
    return FileResponse(file, as_attachment=True, filename="tie-out.xlsx", content_type=XLSX)
