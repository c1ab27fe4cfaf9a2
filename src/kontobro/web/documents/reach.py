"""From an address to a connection's documents: 404 where there are none of that kind."""

from __future__ import annotations

from django.http import Http404

from kontobro.bootstrap import App
from kontobro.core.documents import DocumentRow
from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.ports import DocumentStore
from kontobro.export.documents.actions import LARGEST_NUMBER, DocumentsOf
from kontobro.web.process import process


def store_of(connection: Connection) -> DocumentStore:
    """What was sealed of the connection. Raises Http404 where its accounting system takes no documents."""
    try:
        found = process.app.document_store_for(connection)
    except Misconfigured:  # its connector is not installed any more
        found = None
    if found is None:
        raise Http404
    return found


def sealed_document(store: DocumentStore, connection: Connection, number: int) -> DocumentRow:
    """The document of that number. Raises Http404."""
    row = store.document(connection.id, number) if number <= LARGEST_NUMBER else None
    if row is None or row.state == "rendering":
        raise Http404
    return row


def documents_of(app: App, connection: Connection) -> DocumentsOf:
    """What a person does with the connection's documents. Raises Http404, and Misconfigured for a wrong target."""
    store_of(connection)
    documents = app.documents_for(connection)
    if documents is None:
        raise Http404
    return DocumentsOf(connection=connection, store=app.store, documents=documents, clock=app.clock)
