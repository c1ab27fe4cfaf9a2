"""Master data: when each kind was last in sync, and what waits. Each plan has a page of its own (`plan.py`)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kontobro.core.model.connection import Connection
from kontobro.sync.run import KINDS, NOTED
from kontobro.web.connection.master_file import master_file
from kontobro.web.process import process
from kontobro.web.tenancy import Member, of_connection


@require_safe
@of_connection()
def sync(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """The kinds that are kept in sync. Each plan is fetched by the page: it reads both sides."""
    noted = process.app.store.syncs(connection.id)
    kinds = [(kind, noted.get(NOTED[kind][-1])) for kind in KINDS if kind in connection.settings.sync]
    shown = {
        "kinds": kinds,
        "master_file": master_file(connection),
        "work": [work for work in process.runner.work(connection.id, 10) if work.kind == "sync"],
        "may_approve": member.may("bookkeeper") and connection.status == "connected",
    }
    return render(request, "connection/sync.html", shown)
