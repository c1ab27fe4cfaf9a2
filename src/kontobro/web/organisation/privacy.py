"""What is kept of a company's people: shown, taken out, one person erased, all of it deleted. For owners."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.ports import DocumentStore
from kontobro.core.words import worded
from kontobro.export.personal.data import (
    documents_holding,
    entries_of_person,
    erase_entries,
    export_company,
)
from kontobro.web.connection.forgetting import forget_connection
from kontobro.web.models import AuditEvent, MonthClose, ToldNotice, WebhookDelivery
from kontobro.web.process import process
from kontobro.web.site.download import made_file
from kontobro.web.tenancy import Member, of_connection

LONGEST = 200
"""Characters of a name, address or id that is looked for."""

MONTHS = ("month", "closed_at", "figures", "reopened_at", "reason")
"""What is taken out of a closed month: not who closed it."""


@of_connection("owner")
@require_safe
def privacy(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """What is kept and for how long, and what can be done about it."""
    store = _documents(connection)
    last = store.last_numbers(connection.id).document if store else 0
    page = {"days": connection.settings.retention_days, "longest": LONGEST, "documents": last}
    return render(request, "organisation/privacy.html", page)


@require_POST
@of_connection("owner")
def export(request: HttpRequest, member: Member, connection: Connection) -> FileResponse:
    """All that is kept of the company as a zip of JSON; no secrets, and no addresses of members."""

    def make(file: BinaryIO) -> None:
        count = export_company(connection, process.app.store, file, process.app.document_store_for(connection))
        _add_ours(connection, file)
        member.note("personal data exported", worded("audit_bookings", count=count), connection.id)

    name = f"kontobro-{slugify(connection.pleo_name) or 'company'}.zip"
    return made_file(member, name, "application/zip", make)


def _add_ours(connection: Connection, file: BinaryIO) -> None:
    """What the pages keep of a company, beside the store's: who did it is the organisation's."""
    of_it = {"connection_id": connection.id}
    rows = {
        "audit.json": AuditEvent.objects.filter(**of_it).order_by("at").values("at", "action", "detail"),
        "notices.json": ToldNotice.objects.filter(**of_it).order_by("day").values("day", "cause"),
        "months.json": MonthClose.objects.filter(**of_it).order_by("closed_at").values(*MONTHS),
        "webhooks.json": WebhookDelivery.objects.filter(**of_it).order_by("at").values("at", "delivery_id"),
    }
    with ZipFile(file, "a", ZIP_DEFLATED) as archive:
        for name, found in rows.items():
            archive.writestr(name, json.dumps(list(found), ensure_ascii=False, indent=2, default=str))


@require_POST
@of_connection("owner")
def find(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """How many expenses name that person, and the question whether to erase them. The name stays out of addresses."""
    who = _asked_for(request)
    found = entries_of_person(connection, process.app.store, who)
    member.note("person searched for", _counted(found), connection.id)
    page = {"who": who, "count": len(found), "documents": _holding(connection, found)}
    return render(request, "organisation/person.html", page)


def _documents(connection: Connection) -> DocumentStore | None:
    try:
        return process.app.document_store_for(connection)
    except Misconfigured:  # its connector is not installed any more
        return None


def _holding(connection: Connection, entry_ids: Sequence[str]) -> str:
    """The numbers of the sealed documents that hold these expenses, in words."""
    store = _documents(connection)
    return ", ".join(map(str, documents_holding(connection, store, entry_ids))) if store else ""


@require_POST
@of_connection("owner")
def erase(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Erase content and names of that person's expenses here; ids, amounts and states stay."""
    found = entries_of_person(connection, process.app.store, _asked_for(request))
    if found:
        erase_entries(connection, process.app.store, found)
    held = _holding(connection, found)
    kept = worded("audit_erased_but", count=len(found), numbers=held) if held else _counted(found)
    member.note("person erased", kept, connection.id)
    told = ngettext(
        "%(count)s expense was erased from Kontobro. Pleo and the accounting system keep their own data.",
        "%(count)s expenses were erased from Kontobro. Pleo and the accounting system keep their own data.",
        len(found),
    ) % {"count": len(found)}
    kept = _("Sealed documents are not changed; they name the person still: %(documents)s.") % {"documents": held}
    messages.success(request, f"{told} {kept}" if held else told)
    return redirect("privacy", connection.id)


def _counted(found: Sequence[str]) -> str:
    """How many expenses, as the trail has it."""
    return worded("audit_expenses", count=len(found))


def _asked_for(request: HttpRequest) -> str:
    who = request.POST.get("who", "").strip()
    if not who or len(who) > LONGEST:
        raise Misconfigured(
            _("The name is empty or too long."),
            _("Enter a name, an email address or a Pleo ID, with %(most)s characters at most.") % {"most": LONGEST},
        )
    return who


@require_POST
@of_connection("owner")
def delete(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Delete everything of a disconnected company, once its name was typed. The organisation's audit trail stays."""
    if request.POST.get("name", "").strip() != connection.pleo_name.strip():
        raise Misconfigured(
            _("The name does not match this company. Nothing was deleted."),
            _("Type exactly: %(name)s") % {"name": connection.pleo_name},
        )
    forget_connection(connection, process.app.store)
    member.note("company deleted", "", connection.id)
    messages.success(
        request,
        _(
            "All data of the company was deleted from Kontobro. Booked entries stay in the accounting system, their "
            "IDs here: none is booked a second time in other books."
        ),
    )
    return redirect("overview", member.organisation.id)
