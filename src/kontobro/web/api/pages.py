"""The page on which owners make and revoke API tokens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from kontobro.core.errors import Misconfigured
from kontobro.core.words import worded
from kontobro.service.config import config
from kontobro.web.api.tokens import A_MINUTE, LIVES, MOST, make_token, tokens_of
from kontobro.web.members.rights import as_owner
from kontobro.web.models import ApiToken
from kontobro.web.process import process
from kontobro.web.tenancy import Member, of_organisation


class TokenForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("What it is for"), max_length=100)
    days = forms.TypedChoiceField(
        label=gettext_lazy("Days until it expires"), coerce=int, choices=[(days, str(days)) for days in LIVES]
    )


@require_http_methods(["GET", "POST"])
@of_organisation("owner")
def tokens(request: HttpRequest, member: Member) -> HttpResponse:
    """The organisation's tokens; a new one is shown once, on the answer to its form."""
    if request.method == "GET":
        return _page(request, member, TokenForm(initial={"days": LIVES[1]}))
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, member, form, status=400)
    name, days = form.cleaned_data["name"], form.cleaned_data["days"]
    with as_owner(member) as mine:
        if ApiToken.objects.filter(organisation=member.organisation).count() >= MOST:
            raise Misconfigured(
                _("An organisation has %(most)d tokens at most.") % {"most": MOST},
                _("Revoke one that is no longer used."),
            )
        secret = make_token(mine, name, days, process.app.clock.now())
        member.note("API token made", worded("audit_token", name=name, days=int(days)))
    return _page(request, member, TokenForm(initial={"days": LIVES[1]}), secret=secret)


def _page(
    request: HttpRequest, member: Member, form: TokenForm, *, secret: str = "", status: int = 200
) -> HttpResponse:
    shown: dict[str, Any] = {
        "form": form,
        "secret": secret,
        "tokens": tokens_of(member.organisation),
        "now": process.app.clock.now(),
        "a_minute": A_MINUTE,
        "address": config().public_url.rstrip("/") + "/api/v1/companies",
    }
    return render(request, "api/tokens.html", shown, status=status)


@require_POST
@of_organisation("owner")
def revoke(request: HttpRequest, member: Member, token: int) -> HttpResponse:
    """End a token at once."""
    with as_owner(member):
        found = ApiToken.objects.filter(organisation=member.organisation, id=token).first()
        if found is None:
            raise Http404
        found.delete()
        member.note("API token revoked", found.name)
    return redirect("api_tokens", member.organisation.id)
