"""The documents of a connection: the list, one with its files and vouchers, and the downloads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kontobro.core.documents import DocumentRow, SealedFile
from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.ports import DocumentStore
from kontobro.core.words import worded
from kontobro.export.documents.actions import require_bytes
from kontobro.export.documents.memory import lost
from kontobro.export.documents.waiting import waiting_of
from kontobro.web.documents.reach import sealed_document, store_of
from kontobro.web.documents.template import BY_TEMPLATE
from kontobro.web.lists.leaf import leaf_of
from kontobro.web.process import process
from kontobro.web.site.download import Held, made_file
from kontobro.web.tenancy import Member, of_connection

SHOWN = 100
"""Documents, and vouchers, a page."""

BYTES = "application/octet-stream"
"""What every file is sent as: a browser saves it, and never opens it on our address."""


@require_safe
@of_connection()
def documents(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """All documents, the newest first, and what a person should do now."""
    store = store_of(connection)
    numbers = range(store.last_numbers(connection.id).document, 0, -1)
    page = leaf_of(request, numbers, SHOWN)
    newest = page[0] if page else 0
    shown = {
        "page": page,
        "rows": store.documents(connection.id, limit=SHOWN, before=newest + 1),
        "waits": waiting_of(connection.id, store, process.app.clock.now()),
        "lost": lost(connection, process.app.store, store),
        "may": _may(member),
        "by_template": connection.erp in BY_TEMPLATE,
    }
    return render(request, "documents/list.html", shown)


@require_safe
@of_connection()
def document(request: HttpRequest, member: Member, connection: Connection, number: int) -> HttpResponse:
    """One document: its state, its files, a page of its vouchers."""
    store = store_of(connection)
    row = sealed_document(store, connection, number)
    page = leaf_of(request, range(row.vouchers), SHOWN)
    start = (page.number - 1) * SHOWN
    vouchers = list(islice(store.vouchers(connection.id, number, start), SHOWN))
    references = [one.booking.reference for one in vouchers]
    shown = {
        "row": row,
        "page": page,
        "vouchers": vouchers,
        "known": {one.reference for one in process.app.store.bookings(connection.id, references=references)},
        "late": number in {one.number for one in waiting_of(connection.id, store, process.app.clock.now()).late},
        "may": _may(member),
    }
    return render(request, "documents/document.html", shown)


def _may(member: Member) -> dict[str, bool]:
    return {"mark": member.may("bookkeeper"), "release": member.may("owner")}


@require_safe
@of_connection()
def file(request: HttpRequest, member: Member, connection: Connection, number: int, name: str) -> StreamingHttpResponse:
    """One file, as it was sealed."""
    store = store_of(connection)
    row = sealed_document(store, connection, number)
    known = next((one for one in row.files if one.name == name), None)
    if known is None:
        raise Http404
    require_bytes(row)
    held = Held(member)
    held.content = store.pieces(connection.id, number, name)
    member.note("document downloaded", worded("audit_document_file", number=str(number), name=name), connection.id)
    return _as_attachment(held, name.rpartition("/")[2], known.size)


def _as_attachment(content: Held, name: str, size: int) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(content, content_type=BYTES)
    answer["Content-Disposition"] = f'attachment; filename="{_plain(name)}"'
    answer["Content-Length"] = str(size)
    return answer


def _plain(name: str) -> str:
    """A file's name as a header takes it."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name) or "document"


@require_safe
@of_connection()
def everything(request: HttpRequest, member: Member, connection: Connection, number: int) -> FileResponse:
    """All of a document's files in one ZIP; the same bytes each time."""
    store = store_of(connection)
    row = sealed_document(store, connection, number)
    require_bytes(row)
    name = f"document-{number:05d}.zip"
    answer = made_file(member, name, "application/zip", lambda file: _pack(connection, row, store, file))
    member.note("document downloaded", worded("audit_document_files", number=str(number)), connection.id)
    return answer


def _pack(connection: Connection, row: DocumentRow, store: DocumentStore, target: IO[bytes]) -> None:
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for one in row.files:
            member = ZipInfo(one.name, row.moment.timetuple()[:6])
            member.compress_type = ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as into:
                for piece in _whole(store.pieces(connection.id, row.number, one.name), one):
                    into.write(piece)


def _whole(pieces: Iterator[bytes], file: SealedFile) -> Iterator[bytes]:
    """The same; raises Misconfigured when the kept bytes are not as many as were sealed."""
    size = 0
    for piece in pieces:
        size += len(piece)
        yield piece
    if size != file.size:
        raise Misconfigured(_("%(file)s is not whole in the database.") % {"file": file.name}, _("Restore a backup."))
