"""A company's month end as a workbook, for the file: the equation, its state, every entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kontobro.core.model.connection import Connection
from kontobro.core.words import note_in
from kontobro.export.tieout.collect import tied_entries
from kontobro.export.tieout.month import MonthEnd, month_end_of, scope_of
from kontobro.export.tieout.sheets import Book
from kontobro.web.exports.tie_sheet import entries_sheet
from kontobro.web.language import language_now
from kontobro.web.lists.files import as_xlsx as xlsx_of
from kontobro.web.month import closing
from kontobro.web.month.blocks import today_of
from kontobro.web.month.views import blocks_of
from kontobro.web.month.words import FIGURE_WORDS, SIDES, not_exported_words
from kontobro.web.process import process
from kontobro.web.tenancy import Member, of_connection


@require_safe
@of_connection()
def as_xlsx(request: HttpRequest, member: Member, connection: Connection) -> FileResponse:
    """Both sides as they are now; for a closed month also what has changed since."""
    first = closing.month_named(request.GET.get("month", ""), today_of(connection.settings.time_zone))

    def fill(book: Book) -> None:
        with process.app.visit() as app:
            ports = app.book_ports_for(connection)
            tied = entries_sheet(request, book, connection, tied_entries(connection, ports, scope_of(first)))
            end = month_end_of(connection, ports, app.pleo_for(connection), first, tied)
            _add_equation(book, end)
            _add_state(book, connection, first, end)

    return xlsx_of(member, f"month-end-{first:%Y-%m}", fill)


def _add_equation(book: Book, end: MonthEnd) -> None:
    figures = [str(words) for words in FIGURE_WORDS.values()]
    columns = (_("Side"), _("Wallet"), _("Currency"), *figures, _("Difference"), _("Entries"))
    sheet = book.sheet(_("Month end"), columns)
    for key, line in end.sums.sorted_lines():
        amounts = [getattr(line, name) for name in FIGURE_WORDS]
        sheet.add([str(SIDES[key.side]), key.wallet, key.currency, *amounts, line.difference, line.entries])


def _add_state(book: Book, connection: Connection, first: dt.date, end: MonthEnd) -> None:
    """Who closed it and what changed since, or what blocks it; what is not known."""
    sheet = book.sheet(_("State"), (_("About"), _("Is")))
    for row in _state(connection, first, end):
        sheet.add(row)


def _state(connection: Connection, first: dt.date, end: MonthEnd) -> Sequence[Sequence[str | int | dt.datetime]]:
    kept = closing.closed(connection.id, first)
    rows: list[Sequence[str | int | dt.datetime]] = [
        (_("Company"), connection.pleo_name),
        (_("Company in the accounting system"), connection.books_name),
        (_("Month"), f"{first:%Y-%m}"),
    ]
    if kept:
        rows += [(_("Closed by"), kept.closed_name), (_("Closed at (UTC)"), kept.closed_at)]
        rows += [(_("Changed since"), _line(one)) for one in closing.changes(kept, end.sums)]
    else:
        rows += [(_("Blocks closing"), one.words) for one in blocks_of(connection, first, end)]
    rows.append((_("Not exported in Pleo"), not_exported_words(end.pleo)))
    rows.append((_("Asked at (UTC)"), process.app.clock.now()))
    return [*rows, *((_("Note"), note_in(note, language_now())) for note in end.pleo.notes)]


def _line(one: closing.Changed) -> str:
    where = " ".join(part for part in (str(SIDES[one.key.side]), one.key.wallet, one.key.currency) if part)
    return f"{where}, {FIGURE_WORDS[one.figure]}: {one.then} → {one.now}"
