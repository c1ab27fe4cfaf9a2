"""Fields that the filters of lists have in common. A filter is in the address, so a stranger may have written it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar

from babel import Locale
from babel.numbers import NumberFormatError, parse_decimal
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

ENTRY_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)

FIGURE = re.compile(r"[0-9]+(?:[.,'\N{RIGHT SINGLE QUOTATION MARK}\s][0-9]+)*")
"""An amount in anyone's format."""

MOST_DIGITS = 15

FEW = 100
"""Companies in a list to choose from."""


def day_input() -> forms.DateInput:
    """A browser's own field for a day. It takes one notation, whatever the page's language is."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def days_in_order(cleaned: dict[str, Any]) -> dict[str, Any]:
    """What a form with the fields `first` and `last` says. Raises ValidationError when they are the wrong way round."""
    first, last = cleaned.get("first"), cleaned.get("last")
    if first and last and last < first:
        raise forms.ValidationError(_("The last day is before the first day."))
    return cleaned


class FilterForm(forms.Form):
    """Days and a search. What is not in the address filters nothing."""

    q = forms.CharField(
        label=gettext_lazy("Search"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "data-search": "", "autocomplete": "off"}),
    )
    first = forms.DateField(label=gettext_lazy("From"), required=False, widget=day_input())
    last = forms.DateField(label=gettext_lazy("To"), required=False, widget=day_input())
    sort = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput())
    field_order: Sequence[str] | None = None
    asked: Mapping[str, Any] = MappingProxyType({})
    """What the address itself says."""

    def clean(self) -> dict[str, Any]:
        return days_in_order(super().clean() or {})

    def value_of(self, name: str, otherwise: Any = None) -> Any:
        """What a field says; `otherwise` for one that is empty or wrong: the form shows what is wrong."""
        return getattr(self, "cleaned_data", {}).get(name) or otherwise

    @property
    def narrows(self) -> bool:
        """Whether anything but the order was asked for."""
        return any(self.asked.get(name) for name in self.fields if name != "sort")

    @property
    def order(self) -> tuple[str, bool]:
        """The column to sort by, empty for the usual one, and whether from above: `-amount` is."""
        text = self.value_of("sort", "")
        return text.removeprefix("-"), text.startswith("-")


class OfCompanies(forms.Form):
    """A part of a filter: one of several companies. FEW of them are a list to choose from; of more a part of the name
    is typed, for nobody looks for one among hundreds, and each of them would be sent with every page."""

    company = forms.ChoiceField(label=gettext_lazy("Company"), required=False)

    def __init__(self, *args: Any, companies: Mapping[str, str], **other: Any) -> None:
        super().__init__(*args, **other)
        self.companies = companies
        if len(companies) > FEW:
            self.fields["company"] = forms.CharField(
                label=gettext_lazy("Company"),
                required=False,
                max_length=100,
                help_text=gettext_lazy("Part of its name"),
            )
            self.order_fields(self.field_order)
            return
        named = sorted(companies.items(), key=lambda pair: pair[1].casefold())
        self.fields["company"].choices = [("", gettext_lazy("All")), *named]  # type: ignore[attr-defined]

    def chosen(self) -> Sequence[str]:
        """The ids of the companies that are meant: all of them where none is."""
        text = getattr(self, "cleaned_data", {}).get("company") or ""
        if text in self.companies:
            return [text]
        if len(self.companies) <= FEW:
            return list(self.companies)
        return [id for id, name in self.companies.items() if text.casefold() in name.casefold()]


F = TypeVar("F", bound=FilterForm)


def filled(form: type[F], request: HttpRequest, first: date | None = None, **other: Any) -> F:
    """The form of an address, checked. `first` is the usual first day, where the address names none."""
    data = request.GET.copy()
    if first and "first" not in data and not ENTRY_ID.match(data.get("q", "").strip()):
        data["first"] = first.isoformat()
    bound = form(data, **other)
    bound.asked = request.GET
    bound.is_valid()
    return bound


def amounts_in(text: str, locale: Locale) -> Sequence[str]:
    """What a search means as an amount, as amounts are stored: `1.234,5` of a German reader is 1234.50, with either
    sign. Nothing for what is no amount."""
    digits = text.strip().lstrip("+-\N{MINUS SIGN}")
    if len(digits) > MOST_DIGITS or not FIGURE.fullmatch(digits):
        return ()
    try:
        figure = parse_decimal(digits, locale=locale, strict=True)
    except (NumberFormatError, ValueError):
        if not re.fullmatch(r"\d+(\.\d+)?", digits, re.ASCII):
            return ()
        figure = Decimal(digits)
    if not figure.is_finite():
        return ()
    shapes = {f"{figure:.{places}f}" for places in range(5)}
    same = sorted(shape for shape in shapes if Decimal(shape) == figure)
    return [sign + shape for shape in same for sign in ("", "-")]


def months_before(day: date, months: int) -> date:
    """The first day of the month that is so many months before a day's."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def query_of(request: HttpRequest, **changed: str) -> str:
    """The address's filter, for the files and forms of the same list."""
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in changed.items():
        query[name] = value
    return query.urlencode()
