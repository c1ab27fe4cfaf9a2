"""Which file of master data was read last: for an accounting system that takes files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kontobro.core.errors import KontobroError
from kontobro.core.master_files import KeptMasters
from kontobro.core.model.connection import Connection
from kontobro.core.model.settings import SyncKind
from kontobro.sync.run import NOTED
from kontobro.web.process import process

WORDS: Final[Mapping[str, Callable[[int], str]]] = {
    "accounts": lambda number: ngettext("%(number)s account", "%(number)s accounts", number),
    "tax_codes": lambda number: ngettext("%(number)s tax code", "%(number)s tax codes", number),
    "dimensions": lambda number: ngettext("%(number)s dimension", "%(number)s dimensions", number),
    "dimension_values": lambda number: ngettext("%(number)s dimension value", "%(number)s dimension values", number),
    "vendors": lambda number: ngettext("%(number)s vendor", "%(number)s vendors", number),
    "employees": lambda number: ngettext("%(number)s employee", "%(number)s employees", number),
    "journals": lambda number: ngettext("%(number)s journal", "%(number)s journals", number),
    "periods": lambda number: ngettext("%(number)s period", "%(number)s periods", number),
}
"""A number of records of each kind; a company is none."""


def masters_of(connection: Connection) -> KeptMasters | None:
    """What is remembered; None for a system that is spoken with, and for one that is not installed any more."""
    try:
        store = process.app.document_store_for(connection)
    except KontobroError:
        return None
    return store.masters(connection.id) if store else None


def master_file(connection: Connection) -> Mapping[str, object] | None:
    """The same for `connection/master_file.html`."""
    if (kept := masters_of(connection)) is None:
        return None
    counts = [counted(table, number) for table, number in kept.read.counts if table in WORDS]
    return {"name": kept.read.name, "at": kept.read_at, "counts": ", ".join(counts) or _("no records")}


def changed_of(connection: Connection, kind: SyncKind) -> list[Mapping[str, str]]:
    """How the file changed since this kind was last synced."""
    if (kept := masters_of(connection)) is None:
        return []
    found = kept.changes(kind, process.app.store.syncs(connection.id).get(NOTED[kind][-1]))
    return [{"name": kept.read.name, "had": counted(one.table, one.had), "now": str(one.now)} for one in found]


def counted(table: str, number: int) -> str:
    """ "412 accounts", in the page's language."""
    return WORDS[table](number) % {"number": number}
