"""Master data: when each kind was last in sync, the plan of each, and approving exactly the plan that was shown."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.settings import SyncKind
from kontobro.core.settings.catalogue import catalogue
from kontobro.core.words import setting_in
from kontobro.sync.run import KINDS, NOTED, plan_sync
from kontobro.sync.shown import shown_of
from kontobro.web.language import language_now
from kontobro.web.process import process
from kontobro.web.site.aside import aside
from kontobro.web.templatetags.kontobro import plain
from kontobro.web.tenancy import Member, of_connection


@require_safe
@of_connection()
def sync(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """The kinds that are kept in sync. Each plan is fetched by the page: it reads both sides."""
    noted = process.app.store.syncs(connection.id)
    kinds = [(kind, noted.get(NOTED[kind][-1])) for kind in KINDS if kind in connection.settings.sync]
    shown = {
        "kinds": kinds,
        "work": [work for work in process.runner.work(connection.id, 10) if work.kind == "sync"],
        "may_approve": member.may("bookkeeper") and connection.status == "connected",
    }
    return render(request, "connection/sync.html", shown)


@require_safe
@of_connection()
@aside
def plan(request: HttpRequest, member: Member, connection: Connection, kind: str) -> HttpResponse:
    """A part of the page: what would change of this kind, and the button for exactly that."""
    chosen = _kind(connection, kind)
    fault, found = None, None
    try:
        with process.app.visit() as app:
            found = shown_of(chosen, plan_sync(connection, chosen, app.sync_ports_for(connection)), connection.settings)
    except KontobroError as error:
        fault = error
    shown = {
        "kind": chosen,
        "plan": found,
        "fault": fault,
        "may_approve": member.may("bookkeeper"),
        "switch": setting_in(catalogue()["create_vendors"].label, language_now()),
    }
    return render(request, "connection/plan.html", shown)


@require_POST
@of_connection("bookkeeper")
def approve(request: HttpRequest, member: Member, connection: Connection, kind: str) -> HttpResponse:
    """Ask the worker to carry out the plan of this digest: it plans again and refuses when it differs by then."""
    chosen = _kind(connection, kind)
    digest = request.POST.get("digest", "")
    if not digest:
        raise Misconfigured(_("No plan was selected."), _("Approve a plan that is shown on the Master data page."))
    member.note("plan approved", f"{chosen} {digest}", connection.id)
    process.runner.sync(connection.id, (chosen,), digest=digest)
    messages.success(request, _("The sync of %(kind)s is queued.") % {"kind": plain(chosen)})
    return redirect("sync", connection.id)


def _kind(connection: Connection, kind: str) -> SyncKind:
    for known in KINDS:
        if known == kind and known in connection.settings.sync:
            return known
    raise Misconfigured(_("This kind of master data is not synced."), _("Raise the connection's level to sync it."))
