"""Who is told when something needs a person: members by mail, and a webhook of the organisation's own."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from kontobro.service.config import config
from kontobro.service.notices.outgoing import checked_url
from kontobro.web.models import Membership, Organisation
from kontobro.web.organisation.notices import hook_secret
from kontobro.web.tenancy import Member, of_organisation

SET = "The webhook is saved. Its signing secret is only for this address. Give the receiver the secret shown here."


class HookForm(forms.Form):
    url = forms.CharField(
        label="Webhook address",
        required=False,
        max_length=500,
        help_text="Your https:// address. Kontobro sends each notification there, signed. Leave empty for no webhook.",
    )


@require_http_methods(["GET", "POST"])
@of_organisation()
def notifications(request: HttpRequest, member: Member) -> HttpResponse:
    """Everyone chooses their own mails; an owner the organisation's webhook."""
    mine = Membership.objects.get(organisation=member.organisation, user=member.user)
    if request.method == "POST":
        mine.mailed = "mailed" in request.POST
        mine.save(update_fields=["mailed"])
        messages.success(
            request,
            "You will get an email when something needs your attention."
            if mine.mailed
            else "You will get no more emails.",
        )
        return redirect("notifications", member.organisation.id)
    return _page(request, member, HookForm(initial={"url": member.organisation.hook_url}), mine)


def _page(request: HttpRequest, member: Member, form: HookForm, mine: Membership, status: int = 200) -> HttpResponse:
    owner = member.may("owner")
    shown = {
        "form": form,
        "membership": mine,
        "secret": hook_secret(config(), member.organisation) if owner and member.organisation.hook_url else "",
        "mail_works": bool(config().mail_url.get_secret_value()),
    }
    return render(request, "organisation/notifications.html", shown, status=status)


@require_POST
@of_organisation("owner")
def hook(request: HttpRequest, member: Member) -> HttpResponse:
    """Set, change or take away the webhook; `renew` makes a new secret."""
    organisation = Organisation.objects.filter(id=member.organisation.id)
    if "renew" in request.POST:
        organisation.update(hook_version=F("hook_version") + 1)
        member.note("webhook secret renewed")
        return redirect("notifications", member.organisation.id)
    form = HookForm(request.POST)
    if not form.is_valid():
        mine = Membership.objects.get(organisation=member.organisation, user=member.user)
        return _page(request, member, form, mine, status=400)
    url = form.cleaned_data["url"]
    if url:
        checked_url(url, local=config().local)
    # A secret belongs to one address. In the same statement, so that no notice is signed with the other's.
    organisation.exclude(hook_url=url).update(hook_url=url, hook_version=F("hook_version") + 1)
    member.note("webhook set" if url else "webhook removed")
    messages.success(request, SET if url else "The webhook was removed.")
    return redirect("notifications", member.organisation.id)
