"""Where someone lands after signing in, and making an organisation."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from kontobro.web.models import Membership, Organisation
from kontobro.web.tenancy import Member, memberships


class OrganisationForm(forms.Form):
    name = forms.CharField(
        max_length=100, label=gettext_lazy("Name of your company"), widget=forms.TextInput(attrs={"autofocus": True})
    )


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """To the organisation: the only one, a choice of several, or the form for the first."""
    mine = memberships(request.user)
    if not mine:
        return redirect("new_organisation")
    if len(mine) == 1:
        return redirect("overview", mine[0].organisation_id)
    return render(request, "organisation/organisations.html", {"memberships": mine})


@login_required
@require_http_methods(["GET", "POST"])
def new_organisation(request: HttpRequest) -> HttpResponse:
    """Make an organisation; its maker owns it."""
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            organisation = Organisation.objects.create(name=form.cleaned_data["name"])
            Membership.objects.create(organisation=organisation, user=request.user, role="owner")
            Member(request.user, organisation, "owner").note("organisation created")  # type: ignore[arg-type]
        return redirect("overview", organisation.id)
    return render(request, "organisation/new_organisation.html", {"form": form})
