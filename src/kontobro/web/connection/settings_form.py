"""The settings of a connection as a form, made from their catalogue; `core/settings/toml.py` reads what it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _

from kontobro.core.model.settings import Settings
from kontobro.core.settings.catalogue import Entry, catalogue, groups
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
                raise forms.ValidationError(
                    _("“%(line)s” is not a line such as %(example)s.")
                    % {"line": line.strip()[:60], "example": self.example}
                )
            if line.strip():
                table[key] = to
        return table


class ListField(forms.CharField):
    """Some texts separated by commas."""

    def prepare_value(self, value: Any) -> str:
        return ", ".join(value) if isinstance(value, list | tuple) else value or ""

    def clean(self, value: Any) -> list[str]:
        return [part.strip() for part in super().clean(value).split(",") if part.strip()]


def _account(entry: Entry, **words: Any) -> forms.Field:
    """A field that names an account by its code; the page offers the chart's."""
    box = forms.TextInput(attrs={"list": ACCOUNT_LIST, "autocomplete": "off"})
    return forms.CharField(required=False, max_length=entry.longest, widget=box, **words)


def field_of(entry: Entry) -> forms.Field:
    """The form's field for a setting."""
    language = language_now()
    words: dict[str, Any] = {
        "label": setting_in(entry.label, language),
        "help_text": setting_in(entry.help, language),
    }
    match entry.kind:
        case "account":
            return _account(entry, **words)
        case "choice":
            return forms.ChoiceField(
                choices=[(value, setting_in(text, language)) for value, text in entry.choices.items()], **words
            )
        case "flag":
            return forms.BooleanField(required=False, **words)
        case "number":
            low, high = entry.limits
            return forms.IntegerField(min_value=low, max_value=high, **words)
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


def form_of(settings: Settings) -> SettingsForm:
    """The form, filled with what is set now."""
    usual = settings_to(Settings())
    return SettingsForm(initial={**usual, **settings_to(settings)})


def settings_wanted(settings: Settings, given: Mapping[str, Any]) -> dict[str, object]:
    """A cleaned form as settings of a file; what the form does not have stays as it is."""
    kept = settings_to(settings)
    wanted = {**kept, **given}
    return {name: value for name, value in wanted.items() if value not in ("", None)}
