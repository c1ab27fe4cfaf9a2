"""A person's own language and time zone."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from kontobro.web.language import language_now

AS_BROWSER = gettext_lazy("As in my browser")


@cache
def zones() -> tuple[str, ...]:
    """The names of all time zones: places, and UTC; not the hundred old names of single files."""
    return tuple(sorted(name for name in available_timezones() if name == "UTC" or _is_place(name)))


def _is_place(name: str) -> bool:
    return "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/", "US/"))


class PreferencesForm(forms.Form):
    """`time_zone` is a text that the browser completes from a list: four hundred names can be searched so."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"), required=False, choices=[("", AS_BROWSER), *settings.LANGUAGES]
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        required=False,
        max_length=64,
        help_text=gettext_lazy(
            "Type a city, for example Copenhagen. Empty: the time zone of your browser. Days of entries are "
            "always those of the company's time zone."
        ),
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )

    def clean_time_zone(self) -> str:
        """The zone's own name; a city alone will do where only one zone ends so."""
        given = str(self.cleaned_data["time_zone"]).strip().replace(" ", "_").casefold()
        found = [name for name in zones() if given in (name.casefold(), name.casefold().rpartition("/")[2])]
        if given and len(found) != 1:
            raise ValidationError(_("This time zone is not known. Choose one from the list."))
        return found[0] if found else ""


@login_required
@require_http_methods(["GET", "POST"])
def my_language(request: HttpRequest) -> HttpResponse:
    """Choose the language and the time zone of one's own pages and mails."""
    user: Any = request.user
    form = PreferencesForm(request.POST or None, initial={"language": user.language, "time_zone": user.time_zone})
    if request.method == "POST" and form.is_valid():
        user.language, user.time_zone = form.cleaned_data["language"], form.cleaned_data["time_zone"]
        user.save(update_fields=["language", "time_zone"])
        with translation.override(user.language or translation.get_language_from_request(request)):
            messages.success(request, _("Your language and time zone were saved."))
        return redirect("my_language")
    shown = {"form": form, "zones": zones(), "now_in": _language_name(), "now_zone": _zone(request)}
    return render(request, "members/preferences.html", shown)


def _language_name() -> str:
    return str(Locale(language_now()).display_name).capitalize()


def _zone(request: HttpRequest) -> str:
    return str(getattr(request, "reader_zone", None) or "UTC")
