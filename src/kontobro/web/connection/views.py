"""A connection's page: how it is, what it may do, the test, and changing or ending it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kontobro.core.company_names import plainly_differ
from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.level import LEVELS, level_of, missing_scopes, scopes_for, scopes_of
from kontobro.core.model.connection import KEPT_OPTIONS, TEMPLATE_TEXT, Connection, erp_destination, with_kept
from kontobro.core.words import Label, phrase, told, worded
from kontobro.erp.kit.registration import COMPANY
from kontobro.health.connection import Words, look
from kontobro.install.connect import LONGEST_NAME
from kontobro.install.level import MEANINGS, meaning_of
from kontobro.install.parting import disconnect, sharing_login
from kontobro.service.connectors import connectors
from kontobro.sync.run import NOTED
from kontobro.web.connect import setup as flow
from kontobro.web.connect.erp import safe_options, secrets_for
from kontobro.web.connect.subscribing import can_subscribe, is_subscribed, subscribe, unsubscribe
from kontobro.web.connect.taken import asked_of, effective_at, is_ours
from kontobro.web.connect.views import SCOPE_WORDS, scope_words
from kontobro.web.connect.views_erp import AccessForm
from kontobro.web.connection.elsewhere import elsewhere_of
from kontobro.web.connection.ended import ended_logins
from kontobro.web.connection.master_file import master_file
from kontobro.web.models import Setup
from kontobro.web.process import change, process
from kontobro.web.site.aside import aside
from kontobro.web.site.systems import system_name
from kontobro.web.telling import told as say
from kontobro.web.tenancy import Member, change_said, changes_noted, of_connection, require_now

WORDS = Words(
    reconnect=worded("page_reconnect"),
    first_sync=worded("page_first_sync"),
    dimensions=worded("page_choose_dimensions"),
    raise_level=lambda level: phrase("page_raise_level", level=str(level)),
)


@require_safe
@of_connection()
def connection(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """How the connection exists, by what is stored: no one is asked, so the page is quick."""
    return _page(request, member, connection)


def _page(request: HttpRequest, member: Member, connection: Connection, **more: Any) -> HttpResponse:
    store = process.app.store
    settings = connection.settings
    level = level_of(settings)
    noted, takeover = store.syncs(connection.id), asked_of(connection)
    syncs = [(kind, *noted.get(NOTED[kind][-1], (None, "never", ""))[:2]) for kind in settings.sync]
    page = {
        "level": level,
        "meaning": meaning_of(settings, _),
        "words": scope_words(scopes_for(settings)),
        "next": _next(level, connection),
        "system": system_name(connection.erp),
        "options": _options(connection),
        "last_job": next(iter(store.jobs(connection.id, limit=1)), None),
        "syncs": syncs,
        "subscribed": is_subscribed(connection, process.app),
        "can_subscribe": can_subscribe(connection),
        "setups": [one for one in flow.open_setups(member.user) if one.connection_id == connection.id],
        "ended": ended_logins([connection], process.overview),
        "elsewhere": elsewhere_of(connection),
        "master_file": master_file(connection),
        "takeover": takeover,
        "effective_at": effective_at(takeover) if takeover else None,
        "may": {"export": member.may("bookkeeper"), "end": member.may("owner")},
        **more,
    }
    return render(request, "connection/connection.html", page)


def _options(connection: Connection) -> list[tuple[str, str]]:
    """Label and value of each option; the bare names where the connector is not installed any more."""
    given = connection.erp_options
    try:
        declared = connectors().get(connection.erp).settings
    except Misconfigured:
        return [(name, value) for name, value in given.items() if name not in KEPT_OPTIONS]
    own = [(_(option.label), given.get(option.name, "")) for option in declared if option.name not in KEPT_OPTIONS]
    return [*own, (_("template"), _("your own, kept with this connection"))] if _keeps_template(given) else own


def _keeps_template(options: Mapping[str, str]) -> bool:
    """Whether a template that was saved here is the one in use."""
    return bool(options.get(TEMPLATE_TEXT)) and not (options.get("template") or options.get("template_file"))


def _next(level: int, connection: Connection) -> dict[str, object] | None:
    """What the next level adds, and what it needs at Pleo; None at the highest."""
    above = next((one for one in LEVELS if one > level), None)
    if above is None:
        return None
    missing = missing_scopes(scopes_of(above), connection.scopes)
    return {"level": above, "meaning": _(MEANINGS[above]), "words": [SCOPE_WORDS.get(one, one) for one in missing]}


@require_POST
@of_connection("bookkeeper")
@aside
def test(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Ask Pleo and the accounting system now: what `kontobro check` examines."""
    with process.app.visit() as app:
        findings = list(look(connection, app, WORDS))
    state = worded("audit_fine") if all(one.good for one in findings) else worded("audit_needs_attention")
    member.note("connection tested", state, connection.id)
    return _page(request, member, connection, findings=findings, wrong=sum(not one.good for one in findings))


@require_POST
@of_connection("bookkeeper")
@aside
def subscribe_now(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Ask Pleo again for its webhooks."""
    _require_alive(connection)
    with process.app.visit() as app:
        subscribe(connection, app)
    member.note("webhooks subscribed", "", connection.id)
    messages.success(request, _("From now on, Pleo notifies Kontobro at once."))
    return redirect("connection", connection.id)


@require_POST
@of_connection("bookkeeper")
def settle_now(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Ask a worker to settle payments whose bill has come since."""
    _require_alive(connection)
    process.runner.settle(connection.id)
    member.note("payment matching requested", "", connection.id)
    messages.success(request, _("Payments are being matched with their bills."))
    return redirect("connection", connection.id)


def _require_alive(connection: Connection) -> None:
    if connection.status != "connected":
        gone = connection.status == "disconnected"
        state = _("This connection is disconnected.") if gone else _("This connection is without a login to Pleo.")
        raise Misconfigured(state, _("Connect it again. Its settings are kept."))


@require_POST
@of_connection("bookkeeper")
def reconnect(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Ask Pleo again; with `level` another level first. Settings, history and id stay."""
    raises = "level" in request.POST
    Setup.objects.filter(user=member.user, connection_id=connection.id, again=True).delete()
    setup = flow.begin_again(member, connection, raise_level=raises)
    member.note("level change started" if raises else "connecting again started", "", connection.id)
    return redirect("connect_setup", setup.id)


@require_http_methods(["GET", "POST"])
@of_connection("bookkeeper")
@aside
def access(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Change how the accounting system is reached; its company stays the same."""
    form = AccessForm(connection.erp, request.POST or None, initial=dict(connection.erp_options), kept=True)
    fault = ""
    if request.method == "POST" and form.is_valid():
        try:
            _change_access(member, connection, form)
        except KontobroError as error:
            fault = say(request, error)
        else:
            messages.success(request, _("The new access works and is saved."))
            return redirect("connection", connection.id)
    page = {"system": system_name(connection.erp), "form": form, "fault": fault}
    return render(request, "connection/change_access.html", page, status=400 if fault or form.errors else 200)


def _change_access(member: Member, connection: Connection, form: AccessForm) -> None:
    """Try what was typed; store it only when it opens the same company."""
    store = process.app.store
    company = {name: value for name, value in connection.erp_options.items() if name == COMPANY.name}
    given = {**company, **safe_options(connection.erp, form.options(), member.organisation)}
    options = with_kept(given, connection.erp_options)
    changed = replace(connection, erp_options=options)
    secrets = secrets_for(connection, changed, form.secrets())
    with process.app.visit() as app:
        found = app.connector_for(changed, secrets).check()
    if connection.erp_company and found.id != connection.erp_company:
        raise Misconfigured(
            *told("access_of_other_company", id=found.id, name=found.name, connected=str(connection.erp_company))
        )
    if erp_destination(changed) != erp_destination(connection) and plainly_differ(
        connection.erp_company_name, found.name
    ):
        raise Misconfigured(
            _("This access opens %(found)s, but %(known)s is connected.")
            % {"found": found.name, "known": connection.erp_company_name},
            _("Enter the access of the same company. To book elsewhere, connect the company again and move it."),
        )
    require_now(member)  # an address that answers slowly is no way to outlast one's removal
    stored = store.connection(connection.id) or connection
    kept = with_kept(options, stored.erp_options)
    change(store, connection.id, secrets, erp_options=kept, erp_company_name=found.name)
    member.note("accounting system's access changed", _options_noted(connection, options), connection.id)


def _options_noted(connection: Connection, options: Mapping[str, str]) -> str:
    """What the audit trail says of options that changed, each by what the form calls it."""
    before, labels = connection.erp_options, {one.name: one.label for one in connectors().get(connection.erp).settings}
    return changes_noted(
        [
            change_said(Label(labels.get(name, name)), before.get(name, ""), options.get(name, ""))
            for name in sorted({*before, *options})
            if before.get(name) != options.get(name)
        ]
    )


@require_http_methods(["GET", "POST"])
@of_connection("owner")
@aside
def end(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Disconnect, after saying what stays and what goes."""
    if request.method == "GET" or connection.status == "disconnected":
        other = sharing_login(connection, process.app.store)
        shared = _name_of_other(other, member) if other else ""
        return render(request, "connection/disconnect.html", {"shared": shared})
    with process.app.visit() as app:
        unsubscribe(connection, app)
        left = disconnect(connection, app.pleo_for(connection), app.store)
    Setup.objects.filter(connection_id=connection.id, organisation=member.organisation).delete()
    member.note("disconnected", left.message if left else "", connection.id)
    if left:
        messages.warning(request, say(request, left))
    messages.success(request, _("Disconnected. Settings, history and everything booked are kept."))
    return redirect("connection", connection.id)


def _name_of_other(other: Connection, member: Member) -> str:
    """Another connection with the same login; one of another organisation stays untold."""
    if not is_ours(other, member.organisation):
        return _("another connection of this service")
    if other.trial:
        return _("%(company)s (trial)") % {"company": other.pleo_name}
    return other.pleo_name


@require_POST
@of_connection("bookkeeper")
def name_company(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """What the company is called in Pleo, asked once where Pleo does not say it."""
    name = request.POST.get("name", "").strip()[:LONGEST_NAME]
    if not name or connection.company_name:
        raise Misconfigured(
            _("The name is missing, or the company has one."), _("Enter the name that the company has in Pleo.")
        )
    change(process.app.store, connection.id, company_name=name)
    member.note("company named", name, connection.id)
    return redirect("connection", connection.id)
