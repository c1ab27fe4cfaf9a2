"""Connect from Pleo: the accounting system, its access, its company, and the joining of both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kontobro.bootstrap import App
from kontobro.core.company_names import plainly_differ
from kontobro.core.errors import KontobroError, SeveralCompanies
from kontobro.core.level import level_of
from kontobro.core.model.connection import KEPT_OPTIONS, with_kept
from kontobro.core.words import worded
from kontobro.erp.kit.registration import COMPANY, Option
from kontobro.install.connect import Connected
from kontobro.service.connectors import connectors
from kontobro.web.connect.books import activate
from kontobro.web.connect.erp import join, needed_secrets, safe_options, systems
from kontobro.web.connect.guard import of_setup
from kontobro.web.models import Setup
from kontobro.web.process import process
from kontobro.web.site.systems import system_name
from kontobro.web.telling import told
from kontobro.web.tenancy import Member


class AccessForm(forms.Form):
    """A connector's own options and secrets. `kept`: secrets may stay empty, then the stored ones stay."""

    def __init__(self, erp: str, *args: Any, kept: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        declared = connectors().get(erp)
        for option in declared.settings:
            # the company is chosen from a list, once the login works; a kept text has a page of its own
            if option.name != COMPANY.name and option.name not in KEPT_OPTIONS:
                self.fields[option.name] = _field_of(option)
        for option in declared.secrets:
            self.fields[f"secret_{option.name}"] = _secret_field_of(option, kept=kept)

    def options(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if not name.startswith("secret_")}

    def secrets(self) -> dict[str, str]:
        """The secrets that were typed, by the connector's names for them."""
        found = ((name.removeprefix("secret_"), value) for name, value in self.cleaned_data.items())
        return {name: value for name, value in found if f"secret_{name}" in self.cleaned_data and value}


def _field_of(option: Option) -> forms.Field:
    """What a person fills in for an option, by its kind."""
    told = _(option.help) if option.help else ""
    facts: dict[str, Any] = {"label": _capital(_(option.label)), "required": option.required, "help_text": told}
    if option.kind == "choice":
        choices = [(value, _(label)) for value, label in option.choices]
        return forms.ChoiceField(choices=[*([] if option.required else [("", "")]), *choices], **facts)
    return forms.CharField(max_length=500, strip=True, **facts)


def _secret_field_of(option: Option, *, kept: bool) -> forms.Field:
    return forms.CharField(
        label=_capital(_(option.label)),
        max_length=SECRET_LENGTH,
        required=option.required and not kept,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=" ".join(
            filter(None, [_(option.help) if option.help else "", str(STORED), str(KEPT) if kept else ""])
        ),
    )


STORED = gettext_lazy("Stored encrypted and never shown again.")
KEPT = gettext_lazy("Leave empty to keep the stored one. A new address, database or user needs it again.")

SECRET_LENGTH = 4000
"""Longest secret: some accounting systems give tokens of more than a thousand characters."""


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def erp_page(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    there = dict(systems())
    known = connectors()
    absent = [(known.label(name), known.get(name).install) for name in known.names() if not known.is_installed(name)]
    page = {"setup": setup, "systems": there.items(), "absent": absent}
    return render(request, "connect/erp.html", page)


@require_POST
@of_setup("erp")
def erp(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Choose the accounting system, of those that are installed here."""
    chosen = request.POST.get("erp", "")
    if chosen not in dict(systems()):
        messages.error(request, _("Choose one of the accounting systems."))
        return redirect("connect_setup", setup.id)
    setup.erp, setup.options, setup.companies = chosen, {}, []
    setup.trial, setup.confirmed = setup.trial or "trial" in request.POST, ""
    setup.level = 1 if setup.trial else setup.level
    setup.seal(erp=None)
    setup.go_to("access")
    return redirect("connect_setup", setup.id)


def access_page(
    request: HttpRequest, member: Member, setup: Setup, form: AccessForm | None = None, fault: str = ""
) -> HttpResponse:
    shown = form or AccessForm(setup.erp, initial=setup.options)
    page = {"setup": setup, "system": system_name(setup.erp), "form": shown, "fault": fault}
    return render(request, "connect/access.html", page, status=400 if form else 200)


@require_POST
@of_setup("access", asks=True)
def access(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Try the access as typed; then choose the company, or join both sides."""
    form = AccessForm(setup.erp, request.POST)
    if not form.is_valid():
        return access_page(request, member, setup, form)
    try:
        setup.options = with_kept(safe_options(setup.erp, form.options(), member.organisation), setup.options)
        secrets = needed_secrets(setup.erp, form.secrets())
        setup.seal(erp=secrets)
        return _try(request, member, setup)
    except KontobroError as fault:
        return access_page(request, member, setup, form, told(request, fault))


def _try(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """See which company the access opens. Nothing is stored of an access that opens none."""
    with process.app.visit() as app:
        try:
            company = app.connector_for(setup.draft(), setup.secrets().get("erp")).check()
        except SeveralCompanies as several:
            setup.companies = [list(pair) for pair in several.companies]
            if not (setup.companies and connectors().get(setup.erp).takes_company):
                raise
            setup.go_to("company")
            return redirect("connect_setup", setup.id)
    return join_both(request, member, setup, company.id)


def company_page(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    return render(request, "connect/company.html", {"setup": setup, "system": system_name(setup.erp)})


@require_POST
@of_setup("company", asks=True)
def company(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Choose one of the accounting system's companies: one connection is one of them."""
    chosen = request.POST.get("company", "")
    if chosen not in {number for number, _ in setup.companies}:
        messages.error(request, _("Choose one of the companies."))
        return redirect("connect_setup", setup.id)
    return join_both(request, member, setup, chosen)


def join_both(request: HttpRequest, member: Member, setup: Setup, company_id: str) -> HttpResponse:
    """Join both sides. The company is named, so that one that is added there later changes nothing."""
    if connectors().get(setup.erp).takes_company:
        setup.options = {**setup.options, COMPANY.name: company_id}
    setup.save()
    with process.app.visit() as app:
        if _asks(setup, app):
            setup.go_to("differs")
            return redirect("connect_setup", setup.id)
        as_it_was = setup.kept_settings() is not None
        joined = join(setup, app)
        _settle(setup, joined, as_it_was=as_it_was)
        member.note("connected again" if joined.again else "connected", _said(joined), joined.connection.id)
        if setup.step == "plan" and activate(joined.connection, app):
            setup.delete()
            messages.success(request, _("Connected again. Settings and history were kept."))
            return redirect("connection", joined.connection.id)
    if level_of(joined.connection.settings) < setup.level:
        level = level_of(joined.connection.settings)
        system = system_name(setup.erp)
        words = _("%(system)s supports Level %(level)s at most, so Level %(level)s is used.")
        messages.info(request, words % {"system": system, "level": level})
    return redirect("connect_setup", setup.id)


def _asks(setup: Setup, app: App) -> bool:
    """Whether a person has to say if these are the company's books: they are plainly called otherwise. Asked once, and
    not of a connection that has these books."""
    company = app.connector_for(setup.draft(), setup.secrets().get("erp")).check()
    setup.books_name = company.name
    known = app.store.connection(setup.connection_id) if setup.again else None
    if setup.confirmed == company.name or (known is not None and known.erp_company == company.id):
        return False
    return plainly_differ(setup.company_name, company.name)


def _settle(setup: Setup, joined: Connected, *, as_it_was: bool) -> None:
    """From here on the connection itself holds everything: the setup forgets its secrets."""
    setup.connection_id, setup.sealed, setup.companies = joined.connection.id, "", []
    setup.go_to("plan" if as_it_was else "settings")


def _said(joined: Connected) -> str:
    connection = joined.connection
    return worded("audit_connected", company=connection.pleo_name, books=joined.company.name, erp=connection.erp)


def again(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Take up a connection that exists: with the access that it has, or that is asked for when it was forgotten."""
    held = _kept(setup)
    if any(option.required and option.name not in held for option in connectors().get(setup.erp).secrets):
        return redirect("connect_setup", setup.id)
    setup.seal(erp=dict(held))
    try:
        return join_both(request, member, setup, setup.options.get(COMPANY.name, ""))
    except KontobroError as fault:
        messages.error(request, told(request, fault))
        return redirect("connect_setup", setup.id)


def _kept(setup: Setup) -> Mapping[str, str]:
    """The accounting system's secrets that the store has of this connection, for where the setup leads."""
    draft = setup.draft()
    names = [option.name for option in connectors().get(setup.erp).secrets]
    found = {name: process.app.store.secret(draft, name) for name in names}
    return {name: value for name, value in found.items() if value}
