"""The settings of a connection as a form, made from their catalogue; `core/settings/toml.py` reads what it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.forms.renderers import BaseRenderer
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kontobro.core.model.settings import Settings
from kontobro.core.settings.catalogue import Entry, catalogue, groups, row_catalogue
from kontobro.core.settings.toml import settings_to
from kontobro.core.words import setting_in
from kontobro.web.language import language_now

ACCOUNT_LIST: Final = "accounts"
"""The id of the page's datalist of accounts."""


class TableField(forms.CharField):
    """A table of texts, a line each, such as the `example`."""

    def __init__(self, example: str, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), required=False, **options)
        self.example = example

    def prepare_value(self, value: Any) -> str:
        return "\n".join(f"{key} = {to}" for key, to in value.items()) if isinstance(value, Mapping) else value or ""

    def clean(self, value: Any) -> dict[str, str]:
        table: dict[str, str] = {}
        for line in super().clean(value).splitlines():
            key, sign, to = (part.strip() for part in line.partition("="))
            if line.strip() and not (key and sign and to):
                said = _("“%(line)s” is not a line such as %(example)s.")
                raise forms.ValidationError(said % {"line": line.strip()[:60], "example": self.example})
            if line.strip():
                table[key] = to
        return table


class WalletsWidget(forms.Widget):
    """An account for each currency, and lines for further ones. Reads a table of texts as well (`TableField`)."""

    template_name = "connection/wallets.html"
    further = 2

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        context: dict[str, Any] = self.get_context(name, value, attrs)
        pairs = [(key.strip(), account.strip()) for key, _sign, account in _lines(value)]
        context["widget"] |= {"pairs": pairs, "further": range(self.further), "list": ACCOUNT_LIST}
        return render_to_string(self.template_name, context)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if not isinstance(data, MultiValueDict) or f"{name}-currency" not in data:
            return data.get(name)
        pairs = zip(data.getlist(f"{name}-currency"), data.getlist(f"{name}-account"), strict=False)
        told = [(currency.strip().upper(), account.strip()) for currency, account in pairs]
        return "\n".join(f"{currency} = {account}" for currency, account in told if account)


def _lines(value: Any) -> list[tuple[str, str, str]]:
    return [line.partition("=") for line in (value or "").splitlines() if line.strip()]


class WalletsField(TableField):
    """The wallets by currency. A line without an account takes the wallet away."""

    def __init__(self, example: str, **options: Any) -> None:
        super().__init__(example, **options)
        self.widget = WalletsWidget()


class RowForm(forms.Form):
    """A row of the posting table: a type of expense that is booked differently than usual."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields |= {key: _row_field(entry) for key, entry in row_catalogue().items()}


def _row_field(entry: Entry) -> forms.Field:
    words: dict[str, Any] = {**_words_of(entry), "required": False}
    if entry.kind == "choice":
        return forms.ChoiceField(choices=[("", "–"), *_choices(entry)], **words)
    if entry.kind == "flag":
        choices = [("", "–"), ("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]
        return forms.ChoiceField(choices=choices, **words)
    if entry.kind == "account":
        return _account(entry, **words)
    return forms.CharField(max_length=entry.longest, **words)


Rows = forms.formset_factory(RowForm, extra=1, can_delete=True, max_num=200, absolute_max=300)
FLAGS: Final = {"yes": True, "no": False}


def rows_of(settings: Settings) -> forms.BaseFormSet[RowForm]:
    """The posting rows, and an empty one."""
    held: Any = settings_to(settings)["rows"]
    told = {True: "yes", False: "no"}
    return Rows(initial=[{key: told.get(value, value) for key, value in row.items()} for row in held], prefix="rows")


def rows_wanted(rows: forms.BaseFormSet[RowForm]) -> list[dict[str, object]]:
    """A cleaned formset as rows of a settings file."""
    kept = [form.cleaned_data for form in rows.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
    named = [{key: value for key, value in row.items() if key != "DELETE" and value} for row in kept]
    return [
        {key: FLAGS.get(str(value), value) if key == "use_line_account" else value for key, value in row.items()}
        for row in named
        if row
    ]


class ListField(forms.CharField):
    """Some texts separated by commas."""

    def prepare_value(self, value: Any) -> str:
        return ", ".join(value) if isinstance(value, list | tuple) else value or ""

    def clean(self, value: Any) -> list[str]:
        return [part.strip() for part in super().clean(value).split(",") if part.strip()]


def _account(entry: Entry, **words: Any) -> forms.Field:
    """A field that names an account by its code; the page offers the chart's."""
    box = forms.TextInput(attrs={"list": ACCOUNT_LIST, "autocomplete": "off"})
    return forms.CharField(**{"required": False, "max_length": entry.longest, "widget": box, **words})


def _words_of(entry: Entry) -> dict[str, Any]:
    language = language_now()
    return {"label": setting_in(entry.label, language), "help_text": setting_in(entry.help, language)}


def _choices(entry: Entry) -> list[tuple[str, str]]:
    language = language_now()
    return [(value, setting_in(text, language)) for value, text in entry.choices.items()]


def field_of(entry: Entry) -> forms.Field:
    """The form's field for a setting."""
    words: dict[str, Any] = _words_of(entry)
    match entry.kind:
        case "account":
            return _account(entry, **words)
        case "choice":
            return forms.ChoiceField(choices=_choices(entry), **words)
        case "flag":
            return forms.BooleanField(required=False, **words)
        case "number":
            low, high = entry.limits
            return forms.IntegerField(min_value=low, max_value=high, **words)
        case "table" if entry.key == "wallets":
            return WalletsField(entry.example, **words)
        case "table":
            words["help_text"] += " " + _("One per line, such as %(example)s.") % {"example": entry.example}
            return TableField(entry.example, **words)
        case "list":
            words["help_text"] += " " + _("Separated by commas, such as %(example)s.") % {"example": entry.example}
            return ListField(required=False, **words)
        case _:
            return forms.CharField(required=entry.default is not None, max_length=entry.longest, **words)


class SettingsForm(forms.Form):
    """Every field is named as its setting. Not here: the level (its own page), and what only a file sets."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields |= {entry.key: field_of(entry) for entry in catalogue().values() if entry.page}

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields below their titles."""
        named = ((title, [self[entry.key] for entry in entries if entry.page]) for title, entries in groups().items())
        return [(title, fields) for title, fields in named if fields]


def form_of(settings: Settings, wallet: str = "") -> SettingsForm:
    """The form, filled with what is set now; with a line for the wallet of a currency that has none yet."""
    filled = {**settings_to(Settings()), **settings_to(settings)}
    if wallet:
        filled["wallets"] = {**settings.wallets, wallet: settings.wallets.get(wallet, "")}
    return SettingsForm(initial=filled)


def settings_wanted(settings: Settings, given: Mapping[str, Any]) -> dict[str, object]:
    """A cleaned form as settings of a file; what the form does not have stays as it is."""
    kept = settings_to(settings)
    wanted = {**kept, **given}
    return {name: value for name, value in wanted.items() if value not in ("", None)}
