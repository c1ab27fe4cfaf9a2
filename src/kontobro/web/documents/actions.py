"""What a bookkeeper does with a document: have it delivered, say that it arrived, or that it was imported."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from kontobro.core.model.connection import Connection
from kontobro.core.words import worded
from kontobro.web.documents.reach import documents_of, sealed_document, store_of
from kontobro.web.process import process
from kontobro.web.site.aside import aside
from kontobro.web.tenancy import Member, of_connection


@require_POST
@of_connection("bookkeeper")
@aside
def deliver_all(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Deliver all that wait, oldest first."""
    with process.app.visit() as app:
        done = documents_of(app, connection).deliver()
    if done:
        member.note("documents delivered", ", ".join(map(str, done)), connection.id)
        said = ngettext("Delivered: document %(numbers)s.", "Delivered: documents %(numbers)s.", len(done))
        messages.success(request, said % {"numbers": ", ".join(map(str, done))})
    else:
        messages.info(request, _("No document is waiting to be delivered."))
    return redirect("documents", connection.id)


@require_POST
@of_connection("bookkeeper")
@aside
def deliver(request: HttpRequest, member: Member, connection: Connection, number: int) -> HttpResponse:
    """Deliver one; with `again` also one that may have been sent, or was delivered before."""
    sealed_document(store_of(connection), connection, number)
    again = "again" in request.POST
    with process.app.visit() as app:
        documents_of(app, connection).deliver(number, again=again)
    member.note(
        "document sent again" if again else "document delivered",
        _named(number),
        connection.id,
    )
    messages.success(request, _("Document %(number)s is delivered.") % {"number": number})
    return redirect("document", connection.id, number)


@require_POST
@of_connection("bookkeeper")
def delivered(request: HttpRequest, member: Member, connection: Connection, number: int) -> HttpResponse:
    """It may have been sent, and a person has seen that it arrived."""
    sealed_document(store_of(connection), connection, number)
    with process.app.visit() as app:
        documents_of(app, connection).mark_delivered(number)
    member.note("document marked as delivered", _named(number), connection.id)
    messages.success(request, _("Document %(number)s is marked as delivered.") % {"number": number})
    return redirect("document", connection.id, number)


@require_POST
@of_connection("bookkeeper")
def imported(request: HttpRequest, member: Member, connection: Connection, number: int) -> HttpResponse:
    """The accounting system has read it; with `undo` it has not."""
    sealed_document(store_of(connection), connection, number)
    undo = "undo" in request.POST
    with process.app.visit() as app:
        documents_of(app, connection).mark_imported(number, undo=undo)
    said = _("Document %(number)s is no longer marked as imported.") if undo else _marked(connection, number)
    member.note(
        "import mark removed" if undo else "document marked as imported",
        _named(number),
        connection.id,
    )
    messages.success(request, said % {"number": number})
    return redirect("document", connection.id, number)


def _named(number: int) -> str:
    """Which document, as the trail has it."""
    return worded("audit_document", number=str(number))


def _marked(connection: Connection, number: int) -> str:
    """What a mark means: of a released document it stops exports."""
    row = sealed_document(store_of(connection), connection, number)
    if row.state == "released":
        return _("Document %(number)s is marked as imported. It was released, so exports stop until this is resolved.")
    return _("Document %(number)s is marked as imported.")
