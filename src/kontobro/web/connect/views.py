"""Connect from Pleo, the first half: where it begins, the level, Pleo's consent or an API key, and the way back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kontobro.core.dialect import READ_TAGS, WRITE_TAGS, canonical
from kontobro.core.errors import KontobroError, LoginFailed
from kontobro.core.level import LEVELS, scopes_of
from kontobro.core.model.connection import Tokens
from kontobro.install.authorisation import OTHER_SPELLING, InvalidScope, code_of
from kontobro.install.level import meaning_of, meanings_of
from kontobro.store.secrets.codec import tokens_to
from kontobro.web.connect import setup as flow
from kontobro.web.connect import views_books as connect_books
from kontobro.web.connect import views_erp as connect_erp
from kontobro.web.connect import views_whose as connect_whose
from kontobro.web.connect.guard import of_setup
from kontobro.web.models import Membership, Organisation, Setup
from kontobro.web.process import process
from kontobro.web.telling import told
from kontobro.web.tenancy import Member, connections_of, memberships

NEW = "new"

SCOPE_WORDS: dict[str, Any] = {
    "export-jobs:read": gettext_lazy("see your export jobs"),
    "export-jobs:write": gettext_lazy("report export results to Pleo"),
    "export-items:read": gettext_lazy("read the expenses of an export, with receipts"),
    "accounts:read": gettext_lazy("read the chart of accounts in Pleo"),
    "accounts:write": gettext_lazy("sync the chart of accounts in Pleo"),
    "tax-codes:read": gettext_lazy("read the tax codes in Pleo"),
    "tax-codes:write": gettext_lazy("sync the tax codes in Pleo"),
    READ_TAGS: gettext_lazy("read the tags in Pleo"),
    WRITE_TAGS: gettext_lazy("sync the tags in Pleo"),
    "vendors:read": gettext_lazy("read the vendors in Pleo"),
    "vendors:write": gettext_lazy("sync the vendors in Pleo"),
    "companies:read": gettext_lazy("see the name of your company"),
}
"""Each permission in a bookkeeper's words."""


class StartForm(forms.Form):
    """For which organisation, and how Pleo is reached."""

    def __init__(self, mine: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["way"] = forms.ChoiceField(label=gettext_lazy("How to connect to Pleo"), choices=flow.ways())
        if mine:
            choices = [*mine, (NEW, _("A new organisation"))]
            self.fields["organisation"] = forms.ChoiceField(label=_("Organisation"), choices=choices)
        self.fields["name"] = forms.CharField(
            label=_("Name of the new organisation") if mine else _("Name of your company"),
            max_length=100,
            required=not mine,
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("organisation", NEW) == NEW and not cleaned.get("name") and not self.has_error("name"):
            self.add_error("name", _("Enter a name for the new organisation."))
        return cleaned


class KeyForm(forms.Form):
    """Pleo's API key. It is never sent back to the browser."""

    key = forms.CharField(
        label=gettext_lazy("API key"),
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "Create it in Pleo under Settings > API Keys. It is stored encrypted and never shown again."
        ),
    )
    company = forms.CharField(
        label=gettext_lazy("Company ID, if the key belongs to an organisation"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("A UUID, for example 5f1c2b6e-0d5b-4c1e-9a65-1c7c2f0a9d3e."),
    )


# ------------------------------------------------------------------------------------------- the start


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Where Pleo's Connect button leads. What Pleo sends along only helps choosing; nothing of it is believed."""
    if not request.user.is_authenticated:
        return render(request, "connect/welcome.html", {"next": request.get_full_path()})
    return _start(request)


def _start(request: HttpRequest) -> HttpResponse:
    mine = [one for one in memberships(request.user) if one.role != "readonly"]
    choices = [(str(one.organisation_id), one.organisation.name) for one in mine]
    form = StartForm(choices, request.POST or None, initial=_wishes(request))
    if request.method == "POST" and form.is_valid():
        member = _organisation(request, form.cleaned_data, mine)
        setup = flow.begin(member, form.cleaned_data["way"])
        member.note("setup started", flow.way_noted(form.cleaned_data["way"]))
        return redirect("connect_setup", setup.id)
    page = {"form": form, "setups": flow.open_setups(request.user), "has_ways": bool(flow.ways())}
    return render(request, "connect/start.html", page, status=400 if form.errors else 200)


def _wishes(request: HttpRequest) -> dict[str, str]:
    """The way of the environment that the address names, else the first."""
    named = f"oauth {request.GET.get('environment', '')}"
    wished = [way for way, _words in flow.ways() if way == named]
    return {"way": (wished or [way for way, _words in flow.ways()] or [""])[0]}


def _organisation(request: HttpRequest, chosen: dict[str, str], mine: list[Membership]) -> Member:
    for one in mine:
        if str(one.organisation_id) == chosen.get("organisation"):
            return Member(request.user, one.organisation, one.role)  # type: ignore[arg-type]
    with transaction.atomic():
        organisation = Organisation.objects.create(name=chosen["name"])
        Membership.objects.create(organisation=organisation, user=request.user, role="owner")
        member = Member(request.user, organisation, "owner")  # type: ignore[arg-type]
        member.note("organisation created")
    return member


@require_GET
@login_required
def pleo_settings(request: HttpRequest) -> HttpResponse:
    """Where Pleo's Settings link leads: to the connection of the company it names, or the only one."""
    mine = [
        connection
        for one in memberships(request.user)
        for connection in connections_of(Member(request.user, one.organisation, one.role))  # type: ignore[arg-type]
    ]
    wished = request.GET.get("company_id") or request.GET.get("companyId")
    named = [connection for connection in mine if connection.company_id == wished] if wished else mine
    named = [connection for connection in named if connection.is_in_use] or named
    return redirect("connection", named[0].id) if len(named) == 1 else redirect("home")


# ------------------------------------------------------------------------------------------ the steps


@require_GET
def setup(request: HttpRequest, setup: uuid.UUID) -> HttpResponse:
    """The page of the step where the setup is."""
    response: HttpResponse = _page(request, setup=setup)
    return response


@of_setup(asks=True)
def _page(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    return PAGES[setup.step](request, member, setup)


def level_page(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    levels = [(level, meanings_of(level, _), scope_words(scopes_of(level))) for level in reversed(LEVELS)]
    return render(request, "connect/level.html", {"setup": setup, "levels": levels})


def scope_words(scopes: Iterable[str]) -> list[str]:
    """Permissions in words, the most important first."""
    known = list(SCOPE_WORDS)
    asked = sorted(canonical(scopes), key=lambda scope: (known.index(scope) if scope in known else len(known), scope))
    return [str(SCOPE_WORDS.get(scope, scope)) for scope in asked]


@require_POST
@of_setup("level", "consent", "key")
def level(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Choose the level; Pleo is asked for exactly its permissions."""
    chosen = request.POST.get("level", "")
    if chosen not in {str(one) for one in LEVELS}:
        messages.error(request, _("Choose one of the levels."))
        return redirect("connect_setup", setup.id)
    setup.level = int(chosen)
    setup.go_to("consent" if setup.auth == "oauth" else "key")
    return redirect("connect_setup", setup.id)


def consent_page(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    kept = setup.kept_settings()
    meaning = meaning_of(kept, _) if kept else meanings_of(setup.chosen_level, _)
    page = {"setup": setup, "meaning": meaning, "words": scope_words(setup.consent().scopes)}
    return render(request, "connect/consent.html", page)


@require_GET
@of_setup("consent")
def to_pleo(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """On to Pleo's consent page. A link, not a form: the content policy lets no form end elsewhere."""
    return redirect(flow.leave_for_pleo(setup, _session(request)))


def _session(request: HttpRequest) -> str:
    return request.session.session_key or ""


@require_GET
@login_required
def callback(request: HttpRequest) -> HttpResponse:
    """Pleo sends the browser back. An answer that no one here waits for is refused without a word about whose it is."""
    awaited = flow.awaited(request.GET.get("state", ""), request.user, _session(request))
    if awaited is None:
        return render(request, "connect/unknown.html", status=400)

    response: HttpResponse = _answered(request, setup=awaited.id)
    return response


@of_setup(asks=True)
def _answered(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    if flow.awaited(request.GET.get("state", ""), request.user, _session(request)) is None:  # taken in another tab
        return render(request, "connect/unknown.html", status=400)
    try:
        _take_answer(request, setup)
    except KontobroError as fault:
        messages.error(request, told(request, fault))
        return redirect("connect_setup", setup.id)
    return _go_on(request, member, setup)


def _take_answer(request: HttpRequest, setup: Setup) -> None:
    """Exchange Pleo's code, once, and name the company. Raises what Pleo's refusal means in words."""
    try:
        code = code_of(request.GET.dict(), "Press Go to Pleo again.")
    except LoginFailed as fault:
        flow.take_verifier(setup)
        if isinstance(fault, InvalidScope) and flow.offer_another_way(setup):
            raise LoginFailed(OTHER_SPELLING, fault.remedy) from fault
        raise
    flow.exchange(setup, code)
    flow.name_company(setup)


def _go_on(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Pleo's side is there: on to the accounting system; a connection that exists takes it up at once."""
    if setup.company_name:
        words = _("Pleo granted access to %(company)s.") % {"company": setup.company_name}
    else:
        words = _("Pleo granted access.")
    messages.success(request, words)
    return connect_whose.go_on(request, member, setup)


def key_page(request: HttpRequest, member: Member, setup: Setup, form: KeyForm | None = None) -> HttpResponse:
    page = {"setup": setup, "form": form or KeyForm(), "words": scope_words(setup.scopes())}
    return render(request, "connect/key.html", page, status=400 if form else 200)


@require_POST
@of_setup("key", asks=True)
def key(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Take an API key instead of Pleo's consent: try it first."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return key_page(request, member, setup, form)
    if not setup.again:
        setup.company_id = form.cleaned_data["company"]
    setup.seal(tokens=tokens_to(Tokens(access=form.cleaned_data["key"].strip())))
    flow.name_company(setup)
    return _go_on(request, member, setup)


@require_POST
@of_setup()
def back(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Back to the level (Pleo is asked again), or to the choice of the accounting system, while nothing is joined."""
    if setup.step in ("consent", "key", "name", "taken", "erp", "access", "company", "differs"):
        of_books = setup.step in ("access", "company", "differs")
        setup.go_to("erp" if of_books and not setup.again else "level")
    return redirect("connect_setup", setup.id)


@require_POST
@of_setup()
def drop(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Give a setup up: what it holds is deleted. A connection that it made already stays."""
    member.note("setup cancelled", setup.company_name, _made(setup))
    setup.delete()
    messages.info(request, _("The setup was cancelled. What you entered is deleted."))
    made = _made(setup)
    return redirect(reverse("connection", args=[made]) if made else reverse("home"))


def _made(setup: Setup) -> str:
    return setup.connection_id if process.app.store.connection(setup.connection_id) else ""


PAGES: dict[str, Callable[[HttpRequest, Member, Setup], HttpResponse]] = {
    "level": level_page,
    "consent": consent_page,
    "key": key_page,
    "erp": connect_erp.erp_page,
    "access": connect_erp.access_page,
    "company": connect_erp.company_page,
    "name": connect_whose.name_page,
    "taken": connect_whose.taken_page,
    "differs": connect_whose.differs_page,
    "settings": connect_books.settings_page,
    "plan": connect_books.plan_page,
}
