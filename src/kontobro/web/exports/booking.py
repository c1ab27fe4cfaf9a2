"""One item: what Pleo sent, what is in the books now, how it came there, and a check under today's settings."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_safe

from kontobro.core.documents import SealedVoucher
from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.export import ExportItem
from kontobro.core.model.journal import Reference, entry_id_of, references_of
from kontobro.core.tieout.signs import incoming_types, pleo_amount
from kontobro.export.again import check_again
from kontobro.export.tieout.collect import sent_entries
from kontobro.web.exports.entries import Names, item_words, shown_booked, shown_entry
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
    incoming = incoming_types(connection.settings)
    entries = [(row, store.events(connection.id, row.reference)) for row in sorted(rows, key=lambda row: row.reference)]
    shown = {
        "entries": entries,
        "row": entries[0][0],
        "amount": pleo_amount(entries[0][0], incoming),
        "item": _kept_item(connection, entries[0][0].reference),
        "back": _back_of(request),
        "reference": entry_id_of(Reference(reference)),
        "vouchers": _vouchers(connection, [row.reference for row in rows]),
        "to_check": any(row.problems or row.state == "uncertain" for row in rows),
    }
    return render(request, "exports/booking.html", shown)


def _kept_item(connection: Connection, reference: Reference) -> ExportItem | None:
    """The expense as Pleo sent it, as long as it is kept."""
    kept = process.app.store.payloads(connection.id, [reference])
    item = process.app.reader_for(connection)(next(iter(kept.values()))) if kept else None
    return item if isinstance(item, ExportItem) else None


LISTS = ("bookings", "job", "problems", "tie_out")
"""Pages that lead to an expense."""


def _back_of(request: HttpRequest) -> str:
    """The list that the reader comes from, with its filter; empty for another way."""
    try:
        came = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # no address at all
        return ""
    if came.hostname != urlsplit(f"//{request.get_host()}").hostname:
        return ""
    try:
        known = resolve(came.path).url_name in LISTS
    except Resolver404:
        return ""
    return f"{came.path}?{came.query}" if known else ""


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
    with process.app.visit() as app:
        ports = app.book_ports_for(connection)
        found = ports.connector.find(references)
        sent = sent_entries(connection, ports, references) if found else {}
        names = Names.of(ports.connector) if found else None
    shown = [shown_booked(one, sent.get(one.reference), names) for one in found.values()] if names else []
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
        names = Names.of(ports.connector)
    preview = checked.preview
    shown = {
        "checked": checked,
        "one": preview,
        "words": item_words(preview.item) if preview else None,
        "entries": [shown_entry(entry, names) for entry in preview.entries] if preview else [],
    }
    return render(request, "exports/again.html", shown)
