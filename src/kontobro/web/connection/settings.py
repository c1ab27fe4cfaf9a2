"""A connection's settings: the form, the file of them, and taking them over from another company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w
from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kontobro.core.errors import KontobroError, Misconfigured
from kontobro.core.model.connection import Connection
from kontobro.core.model.masterdata import Account
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import Settings
from kontobro.core.settings.check import Fit, fit_of
from kontobro.core.settings.toml import LARGEST, read_toml, settings_from, settings_to
from kontobro.export.job.masters import load_masters
from kontobro.web.connection.settings_form import SettingsForm, form_of, settings_wanted
from kontobro.web.process import change, process
from kontobro.web.site.aside import aside
from kontobro.web.telling import told
from kontobro.web.tenancy import Member, connection_ids, of_connection


@require_http_methods(["GET", "POST"])
@of_connection()
def settings(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Show the settings, or change them if what comes of it is valid."""
    if request.method == "GET":
        return _page(request, member, connection, form_of(connection.settings))
    member.require("bookkeeper")
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return _page(request, member, connection, form, status=400)
    found, problems = settings_from(settings_wanted(connection.settings, form.cleaned_data))
    if problems:
        for problem in problems:
            form.add_error(problem.field if problem.field in form.fields else None, told(request, problem))
        return _page(request, member, connection, form, status=400)
    _save(request, member, connection, found, "settings changed")
    return redirect("settings", connection.id)


def _page(
    request: HttpRequest, member: Member, connection: Connection, form: SettingsForm, *, status: int = 200
) -> HttpResponse:
    shown: dict[str, Any] = {
        "form": form,
        "may_change": member.may("bookkeeper"),
        "others": _others(member, connection),
        "rows": len(connection.settings.rows),
        "hook": connection.settings.hook,
    }
    return render(request, "connection/settings.html", shown, status=status)


def _others(member: Member, connection: Connection) -> list[tuple[str, str]]:
    """The organisation's other connections by id and name, to take settings over from."""
    names = process.overview.names([one for one in connection_ids(member) if one != connection.id])
    return sorted(names.items(), key=lambda pair: pair[1].casefold())


def _save(request: HttpRequest, member: Member, connection: Connection, found: Settings, action: str) -> None:
    """Keep valid settings. A hook is code: it comes from whoever runs the service, never from a page."""
    if found.hook != connection.settings.hook:
        raise Misconfigured(
            _("A hook can't be set here: it is code that runs on the server."),
            _("Remove the line `hook`, or ask the administrator of this service to set it."),
        )
    changed = sorted(
        name for name, value in settings_to(found).items() if settings_to(connection.settings).get(name) != value
    )
    gone = sorted(set(settings_to(connection.settings)) - set(settings_to(found)))
    change(process.app.store, connection.id, settings=found)
    member.note(action, ", ".join([*changed, *(f"{name} removed" for name in gone)]), connection.id)
    messages.success(request, _("Settings saved.") if changed or gone else _("Nothing was changed."))


@require_safe
@of_connection()
@aside
def fitting(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """A part of the page: what the accounting system says of the settings, and its accounts to choose from."""
    try:
        masters, accounts = _read_books(connection)
        fit, fault = fit_of(connection.settings, masters), None
    except KontobroError as error:
        fit, accounts, fault = Fit((), ()), [], error
    shown = {"problems": fit.problems, "accounts": accounts, "fault": fault, "warnings": fit.warnings}
    return render(request, "connection/fitting.html", shown)


def _read_books(connection: Connection) -> tuple[Masters, Sequence[Account]]:
    connector = process.app.connector_for(connection)
    masters = load_masters(connector, connector.check())
    return masters, sorted(connector.read(Account), key=lambda account: account.code)


@require_safe
@of_connection()
def as_file(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """All settings as a TOML file. No secret is in it."""
    answer = HttpResponse(tomli_w.dumps(settings_to(connection.settings)), content_type="application/toml")
    answer["Content-Disposition"] = 'attachment; filename="kontobro-settings.toml"'
    return answer


class FileForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("A settings file (TOML)"))


@require_POST
@of_connection("bookkeeper")
def from_file(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Replace the settings by a file's, all or nothing; the level stays where the file is silent."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        raise Misconfigured(_("No file was chosen."), _("Choose a file that was saved with “Download as file”."))
    _take(request, member, connection, _toml(form.cleaned_data["file"]), "settings imported")
    return redirect("settings", connection.id)


def _toml(file: UploadedFile[Any]) -> Mapping[str, object]:
    return read_toml(file.read(LARGEST + 1), "The file")


@require_POST
@of_connection("bookkeeper")
def clone(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Take over the settings of another company of this organisation."""
    wanted_id = request.POST.get("from", "")
    other = process.app.store.connection(wanted_id) if wanted_id in connection_ids(member) else None
    if other is None:
        raise Http404
    wanted = {key: value for key, value in settings_to(other.settings).items() if key != "hook"}
    _take(request, member, connection, wanted, f"settings copied from {other.name}")
    return redirect("settings", connection.id)


def _take(
    request: HttpRequest, member: Member, connection: Connection, wanted: Mapping[str, object], action: str
) -> None:
    """Save settings from elsewhere if they are valid. The level and the hook of this connection stay."""
    old = connection.settings
    kept = {"sync": list(old.sync), "sync_dimensions": list(old.sync_dimensions)} | (
        {"hook": old.hook} if old.hook else {}
    )
    found, problems = settings_from({**wanted, **{k: v for k, v in kept.items() if k == "sync" or k not in wanted}})
    if problems:
        raise Misconfigured(
            _("Nothing was changed: %(problems)s")
            % {"problems": " ".join(told(request, problem) for problem in problems)},
            _("Correct the file and import it again."),
        )
    _save(request, member, connection, found, action)
