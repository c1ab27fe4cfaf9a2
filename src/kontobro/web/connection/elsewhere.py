"""Expenses that are booked in other books: shown where they are, and a person's decision for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kontobro.core.model.connection import Connection
from kontobro.core.model.history import Elsewhere
from kontobro.core.ports import Guards
from kontobro.core.words import worded
from kontobro.web.process import process
from kontobro.web.tenancy import Member, of_connection


def guards() -> Guards:
    return cast(Guards, process.app.store)


def elsewhere_of(connection: Connection, entry_ids: Sequence[str] | None = None) -> list[Elsewhere]:
    """What exports of this connection stopped at and is not booked here: what waits for a person first."""
    found = guards().elsewhere(connection.id, entry_ids)
    decided = [one.entry_id for one in found if one.decided_at]
    rows = process.app.store.bookings(connection.id, references=decided) if decided else ()  # type: ignore[arg-type]
    booked = {row.reference for row in rows if row.erp_id}
    return sorted((one for one in found if one.entry_id not in booked), key=lambda one: one.decided_at is not None)


@require_POST
@of_connection("bookkeeper")
def book_here(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """A person decides that an expense belongs in these books as well: the next export books it."""
    entry_id = request.POST.get("entry", "")
    if not guards().book_here(connection.id, entry_id, process.app.clock.now()):
        raise Http404
    member.note("booking here confirmed", worded("audit_expense", id=entry_id), connection.id)
    messages.success(request, _("Confirmed. Export the expense again in Pleo, and it is booked here."))
    return redirect("connection", connection.id)
