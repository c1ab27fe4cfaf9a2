"""A connection's settings: the form, the file of them, and taking them over from another company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import tomli_w
from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kontobro.core.errors import KontobroError, Misconfigured, Problem
from kontobro.core.model.connection import Connection
from kontobro.core.model.masterdata import Account
from kontobro.core.model.masters import Masters
from kontobro.core.model.money import EXPONENTS
from kontobro.core.model.settings import Settings
from kontobro.core.settings.catalogue import catalogue
from kontobro.core.settings.check import Fit, check_all, check_stored, fit_of
from kontobro.core.settings.suggest import suggest
from kontobro.core.settings.toml import LARGEST, read_toml, settings_from, settings_to
from kontobro.export.job.masters import load_masters
from kontobro.web.connection.settings_form import Rows, SettingsForm, form_of, rows_of, rows_wanted, settings_wanted
from kontobro.web.firm.copying import differences, digest_of
from kontobro.web.process import change, process
from kontobro.web.site.aside import aside
from kontobro.web.site.remedies import Target, label_of, labelled, setting_target
from kontobro.web.telling import told
from kontobro.web.tenancy import Member, changes_noted, connection_ids, is_operator, of_connection


@require_http_methods(["GET", "POST"])
@of_connection()
def settings(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """Show the settings, or change them if what comes of it is valid."""
    if request.method == "GET":
        wallet = request.GET.get("wallet", "")
        return _page(request, member, connection, form_of(connection.settings, wallet if wallet in EXPONENTS else ""))
    member.require("bookkeeper")
    return _changed(request, member, connection)


@aside
def _changed(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """What the form says, kept if it is valid and the accounting system knows it, or after a plain confirmation."""
    form, rows = SettingsForm(request.POST), _rows_sent(request, connection)
    if not (form.is_valid() & rows.is_valid()):
        return _page(request, member, connection, form, rows)
    wanted = settings_wanted(connection.settings, {**form.cleaned_data, **_further(request, connection, rows)})
    found, problems = settings_from(wanted)
    if problems:
        _tell(form, [(problem.field, told(request, labelled(problem))) for problem in problems])
        return _page(request, member, connection, form, rows)
    if changed := _changed_meanwhile(request, connection, found):
        form.add_error(None, changed)
        return _page(request, member, connection, form, rows)
    unknown = [] if "confirm" in request.POST else _unknown(request, connection, found)
    if unknown:
        _tell(form, unknown)
        return _page(request, member, connection, form, rows, confirm=True)
    _save(request, member, connection, found, "settings changed")
    return redirect("settings", connection.id)


def _changed_meanwhile(request: HttpRequest, connection: Connection, wanted: Settings) -> str:
    """What to say when someone, or another tab, saved settings after this form was opened; "" otherwise. The form that
    says so knows what is saved now: sent once more, it is kept."""
    if request.POST.get("seen", "") in ("", digest_of(connection.settings)):
        return ""
    changes = changes_noted([one.phrase for one in differences(connection.settings, wanted)])
    if not changes:
        return ""
    return gettext(
        "These settings were changed after you opened this page, so nothing was saved. Saving again would change: "
        "%(changes)s. Save again if that is right; to start from the saved settings, reload the page."
    ) % {"changes": told(request, changes)}


def _rows_sent(request: HttpRequest, connection: Connection) -> Any:
    """The posting rows as they were sent; those of now when the form had none."""
    sent = "rows-TOTAL_FORMS" in request.POST
    return Rows(request.POST, prefix="rows") if sent else _Unsent(rows_of(connection.settings))


@dataclass
class _Unsent:
    """Rows that no form had: they stay."""

    shown: Any

    def is_valid(self) -> bool:
        return True


def _further(request: HttpRequest, connection: Connection, rows: Any) -> dict[str, object]:
    """What is not among the plain fields: posting rows, and the hook, which operators alone may change."""
    further: dict[str, object] = {} if isinstance(rows, _Unsent) else {"rows": rows_wanted(rows)}
    if "hook" in request.POST and _may_set_hook(request):
        further["hook"] = request.POST["hook"].strip()
    return further


def _may_set_hook(request: HttpRequest) -> bool:
    """A hook is code that runs on the server: the operator's to choose, also on a machine of one's own."""
    return is_operator(request.user)


def _tell(form: SettingsForm, wrong: Sequence[tuple[str, str]]) -> None:
    """Each at its field; what has no field of its own on top."""
    for field, words in wrong:
        key = field.removeprefix("settings.").partition(".")[0]
        form.add_error(key if key in form.fields else None, words)


def _unknown(request: HttpRequest, connection: Connection, wanted: Settings) -> list[tuple[str, str]]:
    """What the accounting system does not know of what is changed, by field, each with what it could be. A fault of
    its own is told in the same way: nothing could be checked."""
    if wanted == connection.settings:
        return []
    try:
        masters, _accounts = _read_books(connection)
    except KontobroError as fault:
        return [("", gettext("These settings could not be checked: %(fault)s") % {"fault": told(request, fault)})]
    before = set(check_stored(connection.settings, masters))
    found = [problem for problem in check_all(wanted, masters) if problem not in before]
    told_all = ((one, told(request, labelled(one)), _suggestion(one, wanted, masters)) for one in found)
    return [(one.field, f"{said} {suggestion}".strip()) for one, said, suggestion in told_all]


def _suggestion(problem: Problem, wanted: Settings, masters: Masters) -> str:
    """What could be meant: what the chart suggests for the setting, else an account whose code or name is alike."""
    setting = problem.field.removeprefix("settings.")
    proposed = next((one for one in suggest(wanted, masters) if one.setting == setting and one.after), None)
    known = {account.code: account.name for account in masters.accounts.by_id.values() if account.active}
    names = {name.casefold(): code for code, name in known.items()}
    near = get_close_matches(problem.value, [code for code in known if code], n=1, cutoff=0.7)
    near = near or [names[one] for one in get_close_matches(problem.value.casefold(), list(names), n=1, cutoff=0.5)]
    code = proposed.after if proposed else near[0] if near and "account" in problem.code else ""
    if not code:
        return ""
    return gettext("Suggestion: %(code)s %(name)s.") % {"code": code, "name": known.get(code, "")}


def _page(
    request: HttpRequest,
    member: Member,
    connection: Connection,
    form: SettingsForm,
    rows: Any = None,
    *,
    confirm: bool = False,
) -> HttpResponse:
    """What is set now; with `rows` what was sent and not kept, `confirm` what can be kept all the same."""
    held = rows.shown if isinstance(rows, _Unsent) else rows or rows_of(connection.settings)
    shown: dict[str, Any] = {
        "form": form,
        "may_change": member.may("bookkeeper"),
        "others": _others(member, connection),
        "rows": held,
        "row_words": catalogue()["rows"],
        "hook": request.POST.get("hook", connection.settings.hook or ""),
        "hook_words": catalogue()["hook"],
        "may_set_hook": _may_set_hook(request),
        "confirm": confirm,
        "seen": digest_of(connection.settings),
    }
    return render(request, "connection/settings.html", shown, status=400 if rows else 200)


def _others(member: Member, connection: Connection) -> list[tuple[str, str]]:
    """The organisation's other connections by id and name, to take settings over from."""
    names = process.overview.names([one for one in connection_ids(member) if one != connection.id])
    return sorted(names.items(), key=lambda pair: pair[1].casefold())


def _save(request: HttpRequest, member: Member, connection: Connection, found: Settings, action: str) -> None:
    """Keep valid settings. A hook is code: it comes from whoever runs the service, and from no one else."""
    if found.hook != connection.settings.hook and not _may_set_hook(request):
        raise Misconfigured(
            gettext("A hook can't be set here: it is code that runs on the server."),
            gettext("Remove the line `hook`, or ask the administrator of this service to set it."),
        )
    changed = changes_noted([one.phrase for one in differences(connection.settings, found)])
    change(process.app.store, connection.id, settings=found)
    member.note(action, changed, connection.id)
    messages.success(request, gettext("Settings saved.") if changed else gettext("Nothing was changed."))


@require_safe
@of_connection()
@aside
def fitting(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """A part of the page: what the accounting system says of the settings, and its accounts to choose from."""
    try:
        masters, accounts = _read_books(connection)
        fit, fault, proposed = fit_of(connection.settings, masters), None, _proposed(connection.settings, masters)
    except KontobroError as error:
        fit, accounts, fault, proposed = Fit((), ()), [], error, []
    shown = {
        "problems": fit.problems,
        "accounts": accounts,
        "fault": fault,
        "warnings": fit.warnings,
        "suggestions": [{**one, "url": target.url(connection.id)} for one, target in proposed],
    }
    return render(request, "connection/fitting.html", shown)


def _proposed(settings: Settings, masters: Masters) -> list[tuple[dict[str, str], Target]]:
    """Accounts that the chart suggests for what is not set or not there: each with why, and its field."""
    found = [(one, setting_target(one.setting)) for one in suggest(settings, masters) if one.changes]
    return [
        ({"label": label_of(one.setting), "value": one.after, "why": one.why}, target)
        for one, target in found
        if target
    ]


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
        raise Misconfigured(
            gettext("No file was chosen."), gettext("Choose a file that was saved with “Download as file”.")
        )
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
    _take(request, member, connection, wanted, f"settings copied from {other.pleo_name}")
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
            gettext("Nothing was changed: %(problems)s")
            % {"problems": " ".join(told(request, problem) for problem in problems)},
            gettext("Correct the file and import it again."),
        )
    _save(request, member, connection, found, action)
