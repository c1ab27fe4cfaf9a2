"""The page that edits a template: what it would write of the last export, as a person types."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.journal import Entry
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.masters import read_master_file
from kontobro.erp.files.template import READY
from kontobro.erp.files.template.preview import faults_of, previewed
from kontobro.erp.files.template.sample import sample_entries
from kontobro.erp.files.template.target import file_text, ready_text
from kontobro.export.again import check_rows
from kontobro.export.tieout.collect import open_books
from kontobro.web.documents.reach import store_of
from kontobro.web.process import process
from kontobro.web.tenancy import Member, of_connection

BY_TEMPLATE: Final = ("csv", "xlsx")
"""Targets whose files a template describes."""

LATEST: Final = 20
"""Bookings of the last export whose rows are shown."""

MOST_ROWS: Final = 60
LONGEST: Final = 200_000
"""Characters of a template."""

DEFAULT: Final = "generic-lines"


@require_safe
@of_connection("bookkeeper")
def template(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """The connection's template, or one that comes with Kontobro, to be changed and downloaded."""
    _require(connection)
    chosen = request.GET.get("from", "")
    text = ready_text(chosen) if chosen in READY else _own_text(connection)
    shown = {"text": text, "ready": READY, "chosen": chosen, **_shown(connection, text)}
    return render(request, "documents/template.html", shown)


@require_POST
@of_connection("bookkeeper")
def preview(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """The rows of a template that is being written, or all that is wrong with it; with `download` the file itself."""
    _require(connection)
    text = request.POST.get("text", "")[:LONGEST].replace("\r\n", "\n")
    if "download" in request.POST:
        member.note("template downloaded", "", connection.id)
        answer = HttpResponse(text, content_type="application/octet-stream")
        answer["Content-Disposition"] = 'attachment; filename="template.toml"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer
    if request.headers.get("HX-Request"):
        return render(request, "documents/template_preview.html", _shown(connection, text))
    shown = {"text": text, "ready": READY, "chosen": "", **_shown(connection, text)}
    return render(request, "documents/template.html", shown)


def _require(connection: Connection) -> None:
    """Raises Http404 where no template describes the files."""
    store_of(connection)
    if connection.erp not in BY_TEMPLATE:
        raise Http404


def _own_text(connection: Connection) -> str:
    """What the connection uses now. A file that can't be read is what its Test says; the page begins with another."""
    file = connection.erp_options.get("template_file")
    if file:
        try:
            process.app.permit(connection)
            return file_text(Path(file)).decode("utf-8", errors="replace")
        except Misconfigured:
            return ready_text(DEFAULT)
    return ready_text(connection.erp_options.get("template") or DEFAULT)


def _shown(connection: Connection, text: str) -> dict[str, object]:
    """What the preview shows: faults, or rows of the last export, else of a small company's entries."""
    called = "your template"
    try:
        masters, entries = _masters(connection), _last_entries(connection)
    except Misconfigured as fault:
        masters, entries = None, []
        said = [fault]
    else:
        said = []
    faults = [*said, *faults_of(text, called, masters if entries else None)]
    if faults:
        return {"faults": faults, "is_sample": not entries}
    try:
        found = previewed(text, called, entries or sample_entries(), masters if entries else None, _options(connection))
    except Misconfigured as fault:
        return {"faults": [fault], "is_sample": not entries}
    files = [{"name": file.name, "titles": file.titles, "rows": file.rows[:MOST_ROWS]} for file in found.files]
    return {"files": files, "problems": found.problems, "notes": found.notes, "is_sample": not entries}


def _options(connection: Connection) -> dict[str, str]:
    names = ("company_name", "currency", "time_zone", "series", "fiscal_year_start")
    return {name: connection.erp_options[name] for name in names if connection.erp_options.get(name)}


def _masters(connection: Connection) -> MasterFile | None:
    path = connection.erp_options.get("masters")
    if not path:
        return None
    process.app.permit(connection)
    return read_master_file(Path(path))


def _last_entries(connection: Connection) -> list[Entry]:
    """The entries of the newest bookings whose items are still kept, by the rules of today."""
    rows = process.app.store.bookings(connection.id, limit=LATEST)
    if not rows:
        return []
    with process.app.visit() as app:
        ports = app.book_ports_for(connection)
        checked = list(check_rows(connection, rows, ports, open_books(connection, ports)))
    return [entry for one in checked if one.preview for entry in one.preview.entries]
