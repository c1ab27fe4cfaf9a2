"""What a bookkeeper does with a document: have it delivered, say that it arrived, or that it was imported."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from kontobro.core.model.connection import Connection
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
        messages.success(request, f"Delivered: {_named(done)}.")
    else:
        messages.info(request, "No document is waiting to be delivered.")
    return redirect("documents", connection.id)


def _named(numbers: list[int]) -> str:
    return f"document{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


@require_POST
@of_connection("bookkeeper")
@aside
def deliver(request: HttpRequest, member: Member, connection: Connection, number: int) -> HttpResponse:
    """Deliver one; with `again` also one that may have been sent, or was delivered before."""
    sealed_document(store_of(connection), connection, number)
    again = "again" in request.POST
    with process.app.visit() as app:
        documents_of(app, connection).deliver(number, again=again)
    member.note("document sent again" if again else "document delivered", f"document {number}", connection.id)
    messages.success(request, f"Document {number} is delivered.")
    return redirect("document", connection.id, number)


@require_POST
@of_connection("bookkeeper")
def delivered(request: HttpRequest, member: Member, connection: Connection, number: int) -> HttpResponse:
    """It may have been sent, and a person has seen that it arrived."""
    sealed_document(store_of(connection), connection, number)
    with process.app.visit() as app:
        documents_of(app, connection).mark_delivered(number)
    member.note("document marked as delivered", f"document {number}", connection.id)
    messages.success(request, f"Document {number} is marked as delivered.")
    return redirect("document", connection.id, number)


@require_POST
@of_connection("bookkeeper")
def imported(request: HttpRequest, member: Member, connection: Connection, number: int) -> HttpResponse:
    """The accounting system has read it; with `undo` it has not."""
    sealed_document(store_of(connection), connection, number)
    undo = "undo" in request.POST
    with process.app.visit() as app:
        documents_of(app, connection).mark_imported(number, undo=undo)
    done = "is no longer marked as imported" if undo else "is marked as imported"
    member.note("import mark removed" if undo else "document marked as imported", f"document {number}", connection.id)
    messages.success(request, f"Document {number} {done}.")
    return redirect("document", connection.id, number)
