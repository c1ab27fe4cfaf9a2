"""Connect from Pleo: whose company it is. Its name, whether it is connected already, whether the books are its own."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kontobro.core.model.connection import Connection
from kontobro.erp.kit.registration import COMPANY
from kontobro.install.connect import LONGEST_NAME
from kontobro.web.connect import taken, views_erp
from kontobro.web.connect.guard import of_setup
from kontobro.web.models import Setup
from kontobro.web.site.systems import system_name
from kontobro.web.tenancy import Member, of_connection


class NameForm(forms.Form):
    """What the company is called at Pleo."""

    name = forms.CharField(label=gettext_lazy("Name of the company in Pleo"), max_length=LONGEST_NAME, strip=True)


def go_on(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Pleo's side is there: its name, then its place, then the accounting system; what exists takes that up at once."""
    if not setup.company_name:
        setup.go_to("name")
    elif not setup.moves and taken.holder(setup) is not None:
        setup.go_to("taken")
    else:
        setup.go_to("erp" if not setup.erp else "access")
        if setup.again:
            return views_erp.again(request, member, setup)
    return redirect("connect_setup", setup.id)


def name_page(request: HttpRequest, member: Member, setup: Setup, form: NameForm | None = None) -> HttpResponse:
    page = {"setup": setup, "form": form or NameForm()}
    return render(request, "connect/name.html", page, status=400 if form else 200)


@require_POST
@of_setup("name", asks=True)
def name(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Asked once, where Pleo does not say what the company is called."""
    form = NameForm(request.POST)
    if not form.is_valid():
        return name_page(request, member, setup, form)
    setup.company_name = form.cleaned_data["name"]
    setup.save()
    return go_on(request, member, setup)


def taken_page(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """It is connected already: to books of this organisation, or elsewhere in this service."""
    other = taken.holder(setup)
    if other is None or taken.may_take(setup, other):
        setup.moves = other is not None
        return go_on(request, member, setup)
    page: dict[str, object] = {"setup": setup, "may": {"end": member.may("owner")}}
    if taken.is_ours(other, member.organisation):
        page["other"] = other
    else:
        waiting = taken.takeover_of(setup)
        page["takeover"] = waiting if waiting and waiting.former_id == other.id else None
        page["effective_at"] = taken.effective_at(waiting) if waiting else None
        page["by_consent"] = setup.auth == "oauth"
    return render(request, "connect/taken.html", page)


@require_POST
@of_setup("taken", asks=True)
def take(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """Move it to other books, try those without booking, or ask another organisation for it."""
    if "trial" in request.POST:
        setup.trial, setup.level = True, 1
        return go_on(request, member, setup)
    member.require("owner")
    other = taken.holder(setup)
    if other is None:
        return go_on(request, member, setup)
    if taken.is_ours(other, member.organisation):
        setup.moves = True
        member.note("move to other books started", other.pleo_name, other.id)
        return go_on(request, member, setup)
    taken.ask_for_takeover(setup)
    member.note("takeover requested", setup.company_name)
    messages.success(request, _("The owners of the other organisation got an email."))
    return redirect("connect_setup", setup.id)


def differs_page(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    page = {"setup": setup, "system": system_name(setup.erp)}
    return render(request, "connect/differs.html", page)


@require_POST
@of_setup("differs", asks=True)
def differs(request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    """The books are called otherwise than the company: a person says whether that is right."""
    if "right" not in request.POST:
        setup.go_to("access")
        return redirect("connect_setup", setup.id)
    setup.confirmed = setup.books_name
    member.note("books of another name confirmed", f"{setup.company_name}: {setup.books_name}")
    return views_erp.join_both(request, member, setup, setup.options.get(COMPANY.name, ""))


@require_POST
@of_connection("owner")
def let_go(request: HttpRequest, member: Member, connection: Connection) -> HttpResponse:
    """An owner confirms that another organisation takes the company over."""
    if taken.confirm(connection):
        member.note("takeover confirmed", "", connection.id)
        messages.success(request, _("Confirmed. The connection ends when the other organisation continues its setup."))
    return redirect("connection", connection.id)
