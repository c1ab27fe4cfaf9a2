"""The month end of one company: the equation, what blocks closing, closing it, a workbook for the file."""

from __future__ import annotations

import datetime as dt
from typing import Any

from babel.dates import format_skeleton
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kontobro.core.errors import Conflict
from kontobro.core.model.connection import Connection
from kontobro.core.tieout.month import last_day, month_after, month_before
from kontobro.export.tieout.month import MonthEnd, month_end
from kontobro.store.read.firm import MonthCounts
from kontobro.web.month import closing
from kontobro.web.month.blocks import Block, all_blocks, known_blocks, today_of
from kontobro.web.month.words import FIGURE_WORDS, SIDES, not_exported_words
from kontobro.web.organisation.companies import waits_of
from kontobro.web.process import process
from kontobro.web.site.aside import aside
from kontobro.web.tenancy import Member, of_connection


@require_safe
@of_connection()
def page(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """The month's state; the table itself is fetched by the page, for it asks Pleo and the accounting system."""
    today = today_of(connection.settings.time_zone)
    first = closing.month_named(request.GET.get("month", ""), today)
    history = closing.history(connection.id, first)
    shown = {
        "first": first,
        "month": f"{first:%Y-%m}",
        "before": f"{month_before(first):%Y-%m}",
        "after": f"{month_after(first):%Y-%m}",
        "closed": next((one for one in history if one.reopened_at is None), None),
        "history": [one for one in history if one.reopened_at],
        "longest": closing.LONGEST_REASON,
    }
    return render(request, "month/month_end.html", shown)


@require_safe
@of_connection()
@aside
def figures(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """A part of the page: the equation per wallet, what blocks closing, what changed since it was closed."""
    today = today_of(connection.settings.time_zone)
    first = closing.month_named(request.GET.get("month", ""), today)
    end = ask(connection, first)
    kept = closing.closed(connection.id, first)
    shown: dict[str, Any] = {
        "end": end,
        "not_exported": not_exported_words(end.pleo),
        "asked_at": process.app.clock.now(),
        "month": f"{first:%Y-%m}",
        "lines": [(SIDES[key.side], key, line) for key, line in end.sums.sorted_lines()],
        "blocks": [] if kept else blocks_of(connection, first, end),
        "closed": kept,
        "changes": [(SIDES[one.key.side], FIGURE_WORDS[one.figure], one) for one in closing.changes(kept, end.sums)]
        if kept
        else [],
    }
    return render(request, "month/figures.html", shown)


def ask(connection: Connection, first: dt.date) -> MonthEnd:
    """Both sides, now."""
    with process.app.visit() as app:
        return month_end(connection, app.book_ports_for(connection), app.pleo_for(connection), first)


def blocks_of(connection: Connection, first: dt.date, end: MonthEnd) -> list[Block]:
    waits = waits_of({connection.id: connection.status}).get(connection.id, {})
    return list(all_blocks(connection.id, first, today_of(connection.settings.time_zone), waits, end))


@require_POST
@of_connection("bookkeeper")
@aside
def close(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Close a month after both sides were asked once more. Raises Conflict while anything blocks."""
    first = closing.month_named(request.POST.get("month", ""), today_of(connection.settings.time_zone))
    _require_ready(connection, first)
    asked_at = process.app.clock.now()
    end = ask(connection, first)
    _refuse(blocks_of(connection, first, end))
    closing.close(member, connection, end.sums, asked_at)
    messages.success(request, _("The month %(month)s is closed.") % {"month": month_words(request, first)})
    return redirect(address(connection, first))


def _require_ready(connection: Connection, first: dt.date) -> None:
    """What is known here need not be asked of others."""
    waits = waits_of({connection.id: connection.status}).get(connection.id, {})
    counts = process.firm.month([connection.id], first, last_day(first))
    today = today_of(connection.settings.time_zone)
    _refuse(list(known_blocks(connection.id, first, today, waits, counts.get(connection.id, MonthCounts()))))


def _refuse(blocks: list[Block]) -> None:
    if blocks:
        raise Conflict(
            _("The month can't be closed yet. %(reasons)s") % {"reasons": " ".join(one.words for one in blocks)},
            _("Solve what blocks it; the month's page has a link to each."),
        )


@require_POST
@of_connection("owner")
def reopen(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Open a closed month again, with a reason."""
    first = closing.month_named(request.POST.get("month", ""), today_of(connection.settings.time_zone))
    closing.reopen(member, connection, first, request.POST.get("reason", "").strip())
    messages.success(request, _("The month %(month)s is open again.") % {"month": month_words(request, first)})
    return redirect(address(connection, first))


def month_words(request: HttpRequest, first: dt.date) -> str:
    """A month as the page's heading has it: October 2026."""
    return str(format_skeleton("yMMMM", first, locale=request.reader_locale))  # type: ignore[attr-defined]


def address(connection: Connection, first: dt.date) -> str:
    return f"{reverse('month_end', args=[connection.id])}?month={first:%Y-%m}"
