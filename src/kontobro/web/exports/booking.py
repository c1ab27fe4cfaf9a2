"""One item: what Pleo sent, what is in the books now, how it came there, and a check under today's settings."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.core.documents import SealedVoucher
from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.journal import Reference, entry_id_of, references_of
from kontobro.export.again import check_again
from kontobro.export.preview import account_names
from kontobro.web.exports.entries import booked_lines, item_words, shown_entry
from kontobro.web.process import process
from kontobro.web.site.aside import aside
from kontobro.web.tenancy import Member, of_connection


@require_safe
@of_connection()
def booking(request: HttpRequest, member: Member, connection: Connection, reference: str) -> HttpResponse:
    """An item's entries and their history. The books are asked by the page itself."""
    store = process.app.store
    rows = store.bookings(connection.id, references=references_of(entry_id_of(Reference(reference))))
    if not rows:
        raise Http404
    entries = [(row, store.events(connection.id, row.reference)) for row in sorted(rows, key=lambda row: row.reference)]
    shown = {
        "entries": entries,
        "row": entries[0][0],
        "reference": entry_id_of(Reference(reference)),
        "vouchers": _vouchers(connection, [row.reference for row in rows]),
        "to_check": any(row.problems or row.state == "uncertain" for row in rows),
    }
    return render(request, "exports/booking.html", shown)


def _vouchers(connection: Connection, references: Sequence[Reference]) -> list[SealedVoucher]:
    """In which documents the item is or was, oldest first."""
    try:
        store = process.app.document_store_for(connection)
    except Misconfigured:  # its connector is not installed any more
        store = None
    if store is None:
        return []
    found = [*store.released(connection.id, references).values(), *store.sealed(connection.id, references).values()]
    return sorted(found, key=lambda one: (one.document, one.series, one.number))


@require_safe
@of_connection()
@aside
def in_the_books(request: HttpRequest, member: Member, connection: Connection, reference: str) -> HttpResponse:
    """A part of the page: what the accounting system holds now."""
    references = references_of(entry_id_of(Reference(reference)))
    if not process.app.store.bookings(connection.id, references=references):
        raise Http404
    connector = process.app.connector_for(connection)
    found = connector.find(references)
    names = account_names(connector) if found else {}
    shown = [(one, booked_lines(one, names)) for one in found.values()]
    return render(request, "exports/booked.html", {"found": shown})


@require_safe
@of_connection()
@aside
def again(request: HttpRequest, member: Member, connection: Connection, reference: str) -> HttpResponse:
    """A part of the page: the item under today's settings, as a preview."""
    if not process.app.store.bookings(connection.id, references=references_of(entry_id_of(Reference(reference)))):
        raise Http404
    with process.app.visit() as app:
        ports = app.book_ports_for(connection)
        checked = check_again(connection, Reference(reference), ports)
        names = account_names(ports.connector)
    preview = checked.preview
    shown = {
        "checked": checked,
        "one": preview,
        "words": item_words(preview.item) if preview else None,
        "entries": [shown_entry(entry, names) for entry in preview.entries] if preview else [],
    }
    return render(request, "exports/again.html", shown)
