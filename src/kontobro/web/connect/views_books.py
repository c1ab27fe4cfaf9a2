"""Connect from Pleo, the end of it: settings as proposed, the first sync as a plan, activation."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kontobro.core.errors import Problem
from kontobro.core.model.connection import Connection
from kontobro.core.settings.catalogue import catalogue
from kontobro.core.settings.suggest import Suggestion
from kontobro.core.words import setting_in, worded
from kontobro.web.connect.books import Books, activate, carry_out, read_books, read_plans, settle_settings
from kontobro.web.connect.guard import of_setup
from kontobro.web.language import language_now
from kontobro.web.models import Setup
from kontobro.web.process import process
from kontobro.web.site.remedies import labelled, wallet_label
from kontobro.web.telling import told
from kontobro.web.tenancy import Member


def made(setup: Setup) -> Connection:
    """The connection that the setup made. Raises Http404 when it is gone."""
    found = process.app.store.connection(setup.connection_id)
    if found is None:
        raise Http404
    return found


def label_of(setting: str) -> str:
    """What a setting is called on a page."""
    table, _dot, key = setting.partition(".")
    if table == "wallets":
        return wallet_label(key)
    of_group = _("Dimension for Pleo's tag group %(group)s") % {"group": key}
    return of_group if table == "dimensions" else setting_in(catalogue()[setting].label, language_now())


def list_of(setting: str) -> str:
    """The list that a setting chooses from, by its id on the page."""
    return {"journal": "journals", "dimensions": "dimensions"}.get(setting.partition(".")[0], "accounts")


def settings_page(
    request: HttpRequest, member: Member, setup: Setup, problems: Sequence[Problem] = (), books: Books | None = None
) -> HttpResponse:
    connection = made(setup)
    found = books
    if found is None:
        with process.app.visit() as app:
            found = read_books(connection, app)
    rows = [_row(request, one, problems) for one in found.suggestions]
    named = {f"settings.{row['name']}" for row in rows}
    page = {
        "setup": setup,
        "rows": rows,
        "books": found,
        "tags": request.POST.getlist("tags") if request.method == "POST" else found.chosen,
        "asks_tags": "dimensions" in connection.settings.sync and bool(found.dimensions),
        "problems": [one for one in problems if one.field not in named],
    }
    return render(request, "connect/settings.html", page, status=400 if problems else 200)


def _row(request: HttpRequest, one: Suggestion, problems: Sequence[Problem]) -> dict[str, object]:
    return {
        "name": one.setting,
        "label": label_of(one.setting),
        "help": setting_in(catalogue()[one.setting.partition(".")[0]].help, language_now()),
        "list": list_of(one.setting),
        "value": request.POST.get(one.setting, one.after or one.before),
        "why": one.why,
        "candidates": one.candidates,
        "problems": [problem for problem in problems if problem.field == f"settings.{one.setting}"],
    }


@require_POST
@of_setup("settings", asks=True)
def settings(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Accept or change what is proposed; `later` leaves what is missing to the settings page."""
    connection = made(setup)
    with process.app.visit() as app:
        books = read_books(connection, app)
        values = {one.setting: request.POST.get(one.setting, "") for one in books.suggestions}
        later = "later" in request.POST
        problems = settle_settings(connection, books, values, request.POST.getlist("tags"), app, later=later)
    if problems:
        return settings_page(request, member, setup, problems, books)
    member.note("settings accepted", "", connection.id)
    setup.go_to("plan")
    return redirect("connect_setup", setup.id)


def plan_page(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    connection = made(setup)
    with process.app.visit() as app:
        plans = read_plans(connection, app)
    page = {
        "setup": setup,
        "plans": plans,
        "possible": all(plan.allowed for plan in plans),
        "changes": sum(len(plan.rows) for plan in plans),
    }
    return render(request, "connect/plan.html", page)


@require_POST
@of_setup("plan", asks=True)
def plan(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Carry out what was shown and activate at Pleo; `later` leaves both to the master data page."""
    connection = made(setup)
    if "later" in request.POST:
        setup.delete()
        messages.info(request, _("Pleo is waiting for the first sync. Approve it under Master data."))
        return redirect("connection", connection.id)
    digests = {name.removeprefix("digest-"): value for name, value in request.POST.items() if "digest-" in name}
    with process.app.visit() as app:
        results = carry_out(connection, {kind: str(value) for kind, value in digests.items()}, app)
        active = activate(connection, app, results)
    failed = [problem for result in results for problem in result.failed]
    done = sum(result.creates + result.updates + result.archives + result.adopted for result in results)
    member.note("first sync approved", worded("audit_synced", done=done, failed=len(failed)), connection.id)
    if not active:
        messages.error(request, _unfinished(request, failed))
        return redirect("connect_setup", setup.id)
    setup.delete()
    messages.success(request, _("Connected and activated. Press Export in Pleo when you are ready."))
    return redirect("connection", connection.id)


def _unfinished(request: HttpRequest, failed: Sequence[Problem]) -> str:
    if not failed:
        return _("Not everything could be synced, so Pleo is still waiting. The rest is shown below.")
    words = _("Not everything could be synced, so Pleo is still waiting. %(problem)s The rest is shown below.")
    return words % {"problem": told(request, labelled(failed[0]))}
