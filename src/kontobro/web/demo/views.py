"""The demo company's page: what it is, where to look, start it, remove it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kontobro.service.config import config
from kontobro.service.first_visit import is_offered
from kontobro.web.demo.company import make, remove
from kontobro.web.demo.running import demo_pleo
from kontobro.web.demo.tables import DemoCompany
from kontobro.web.process import process
from kontobro.web.site.aside import aside
from kontobro.web.tenancy import Member, of_organisation


def require_offered() -> None:
    if not is_offered(config()):
        raise Http404


@require_safe
@of_organisation()
def demo(request: HttpRequest, member: Member) -> HttpResponse:
    require_offered()
    found = DemoCompany.objects.filter(organisation=member.organisation).first()
    connection = process.app.store.connection(found.connection_id) if found else None
    alive = connection is not None and connection.status == "connected" and bool(demo_pleo.url)
    page = {"known": found is not None, "company": connection, "alive": alive, "pleo": demo_pleo.url if alive else ""}
    return render(request, "demo/demo.html", page)


@require_POST
@of_organisation("owner")
@aside
def start(request: HttpRequest, member: Member) -> HttpResponse:
    """Make it, from its beginning; the export that waits is the worker's."""
    require_offered()
    with _alone(), process.app.visit() as app:
        connection = make(config(), app, member.organisation)
    member.note("demo company started", "", connection.id)
    process.runner.export(connection.id)
    messages.success(request, _("The demo company is ready. Its first export is running."))
    return redirect("demo", member.organisation.id)


@require_POST
@of_organisation("owner")
@aside
def end(request: HttpRequest, member: Member) -> HttpResponse:
    """Remove all of it."""
    require_offered()
    with _alone():
        removed = remove(process.app, member.organisation)
    if removed:
        member.note("demo company removed")
        messages.success(request, _("The demo company was removed: its data, its ledger and its Pleo."))
    return redirect("overview", member.organisation.id)


def _alone() -> AbstractContextManager[None]:
    return process.app.store.lock("demo company", wait=60)
