"""What a template that is being written would make of the last export, or all that is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, cast

from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.journal import Entry
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.masters import read_master_file
from kontobro.erp.files.template.own.texts import with_template
from kontobro.erp.files.template.preview import faults_for, previewed
from kontobro.erp.files.template.sample import sample_entries
from kontobro.export.again import check_rows
from kontobro.export.tieout.collect import open_books
from kontobro.web.process import process

LATEST: Final = 20
"""Bookings of the last export whose rows are shown."""

MOST_ROWS: Final = 60

CALLED: Final = "your template"


def faults_in(connection: Connection, text: str) -> list[Misconfigured]:
    """All that is wrong with it for this connection, with its master data."""
    try:
        masters = _masters(connection)
    except Misconfigured as fault:
        return [fault]
    return faults_for(text, CALLED, cast(Literal["csv", "xlsx"], connection.erp), masters)


def shown_of(connection: Connection, text: str) -> dict[str, object]:
    """What the preview shows: faults, or rows of the last export, else of a small company's entries."""
    if faults := faults_in(connection, text):
        return {"faults": faults}
    try:
        entries = _last_entries(replace(connection, erp_options=with_template(connection.erp_options, text)))
        masters = _masters(connection) if entries else None
        found = previewed(text, CALLED, entries or sample_entries(), masters, _options(connection))
    except KontobroError as fault:
        return {"faults": [fault]}
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
