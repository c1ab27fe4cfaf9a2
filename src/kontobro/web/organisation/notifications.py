"""Who is told when something needs a person: members by mail, and a webhook of the organisation's own."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from kontobro.service.config import config
from kontobro.service.notices.outgoing import checked_url
from kontobro.web.mails.tables import TOPICS, MailChoice
from kontobro.web.mails.topics import HOW_WORDS, TOPIC_WORDS, choices_of
from kontobro.web.models import Membership, Organisation
from kontobro.web.organisation.notices import hook_secret
from kontobro.web.tenancy import Member, of_organisation

SWITCHES: Final = ("mailed", "mailed_if_in_charge")


class HookForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Webhook address"),
        required=False,
        max_length=500,
        help_text=gettext_lazy(
            "Your https:// address. Kontobro sends each notification there, signed. Leave empty for no webhook."
        ),
    )


class MailForm(forms.Form):
    """Whether a member gets mails at all, and when about each topic. What is not sent stays as it is."""

    mailed = forms.BooleanField(required=False)
    mailed_if_in_charge = forms.BooleanField(
        required=False,
        label=gettext_lazy("Not about companies that someone else is in charge of"),
        help_text=gettext_lazy("Who is in charge of a company is chosen on the overview."),
    )

    def __init__(self, membership: Membership, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mailed"].label = _("Send emails to %(address)s") % {"address": membership.user.email}
        for name in SWITCHES:
            self.fields[name].initial = getattr(membership, name)
        for topic, how in choices_of(membership).items():
            self.fields[topic] = forms.ChoiceField(
                label=TOPIC_WORDS[topic], choices=list(HOW_WORDS.items()), initial=how, required=False
            )

    def keep(self, membership: Membership) -> None:
        """Store what was chosen; a topic that was not sent keeps its choice."""
        with transaction.atomic():
            for name in SWITCHES:
                setattr(membership, name, self.cleaned_data[name])
            membership.save(update_fields=SWITCHES)
            for topic in TOPICS:
                if how := self.cleaned_data[topic]:
                    MailChoice.objects.update_or_create(membership=membership, topic=topic, defaults={"how": how})


@require_http_methods(["GET", "POST"])
@of_organisation()
def notifications(request: HttpRequest, member: Member) -> HttpResponse:
    """Everyone chooses their own mails; an owner the organisation's webhook."""
    mine = _membership(member)
    mails = MailForm(mine, request.POST if request.method == "POST" else None)
    if request.method == "POST" and mails.is_valid():
        mails.keep(mine)
        said = _("Saved. You get emails as chosen here."), _("Saved. You get no more emails.")
        messages.success(request, said[not mine.mailed])
        return redirect("notifications", member.organisation.id)
    form = HookForm(initial={"url": member.organisation.hook_url})
    return _page(request, member, form, mails, status=400 if mails.errors else 200)


def _membership(member: Member) -> Membership:
    return Membership.objects.select_related("user").get(organisation=member.organisation, user=member.user)


def _page(request: HttpRequest, member: Member, form: HookForm, mails: MailForm, status: int = 200) -> HttpResponse:
    owner = member.may("owner")
    shown = {
        "form": form,
        "mails": mails,
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
        return _page(request, member, form, MailForm(_membership(member)), status=400)
    url = form.cleaned_data["url"]
    if url:
        checked_url(url, local=config().local)
    # A secret belongs to one address. In the same statement, so that no notice is signed with the other's.
    organisation.exclude(hook_url=url).update(hook_url=url, hook_version=F("hook_version") + 1)
    member.note("webhook set" if url else "webhook removed")
    said = _(
        "The webhook is saved. Its signing secret is only for this address. Give the receiver the secret shown here."
    )
    messages.success(request, said if url else _("The webhook was removed."))
    return redirect("notifications", member.organisation.id)
