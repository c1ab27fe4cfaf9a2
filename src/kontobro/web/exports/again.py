"""Check again, many at once: what was ticked in a list, or all of it that needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import Reference
from kontobro.export.again import Checked, check_rows
from kontobro.export.tieout.collect import open_books
from kontobro.web.exports.bookings import form_of, shown_booking, source_of
from kontobro.web.process import process
from kontobro.web.site.aside import aside
from kontobro.web.tenancy import Member, of_connection

MOST = 500
"""Expenses that are checked at once."""


@require_POST
@of_connection()
@aside
def check_many(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Each under today's settings; nothing is booked. The address has the list's filter, the form what was ticked."""
    rows = _filtered(request, connection) if "all" in request.POST else _ticked(request, connection)
    if not rows:
        raise Misconfigured(_("No expense was chosen."), _("Go back, tick the expenses to check, and try again."))
    checked: list[Checked] = []
    if rows:
        with process.app.visit() as app:
            ports = app.book_ports_for(connection)
            checked = list(check_rows(connection, rows[:MOST], ports, open_books(connection, ports)))
    shown = {
        "checked": checked,
        "fixed": sum(one.fixed for one in checked),
        "unknown": sum(one.preview is None for one in checked),
        "most": MOST if len(rows) > MOST else 0,
    }
    return render(request, "exports/checked.html", shown)


def _ticked(request: HttpRequest, connection: Connection) -> Sequence[BookingRow]:
    references = [Reference(text) for text in request.POST.getlist("entry")[: MOST + 1]]
    return process.app.store.bookings(connection.id, references=references) if references else []


def _filtered(request: HttpRequest, connection: Connection) -> Sequence[BookingRow]:
    """Those of the filter that need attention, one more than are checked."""
    every = (one.booking for one in source_of(request, connection, form_of(request)).each())
    return list(islice((row for row in every if shown_booking(row, frozenset()).to_check), MOST + 1))
