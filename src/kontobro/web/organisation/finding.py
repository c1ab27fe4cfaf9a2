"""Finding companies among hundreds: search, filters and order, all of them in the address."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from kontobro.store.read.among import Ids
from kontobro.store.read.firm import Company
from kontobro.web.organisation.companies import CAUSES, Listed
from kontobro.web.process import process
from kontobro.web.site.systems import system_name

NO_ONE: Final = "none"

STATES: Final[Mapping[str, Any]] = {
    "": _("Any state"),
    "waits": _("Something waits"),
    **{name: cause.words for name, cause in CAUSES.items()},
    "clear": _("Nothing waits"),
    "disconnected": _("Disconnected"),
}

ORDERS: Final[Mapping[str, Any]] = {
    "": _("Most urgent first"),
    "name": _("Name"),
    "failed": _("Most expenses that need attention"),
    "oldest": _("Longest without an export"),
    "newest": _("Last export first"),
    "person": _("Person in charge"),
}


class FindForm(forms.Form):
    """What to look for. A value that there is not finds as if it were not given: a stranger may have written it."""

    q = forms.CharField(label=_("Search for a company"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("State"), required=False)
    erp = forms.ChoiceField(label=_("Accounting system"), required=False)
    person = forms.ChoiceField(label=_("Person in charge"), required=False)
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=list(ORDERS.items()))

    def __init__(self, given: Mapping[str, Any], companies: Sequence[Listed], people: Mapping[int, str]) -> None:
        super().__init__({name: given.get(name, "") for name in self.base_fields})
        systems = sorted({one.company.erp for one in companies})
        self._choose("state", STATES)
        self._choose("erp", {"": _("Any"), **{erp: system_name(erp) for erp in systems}})
        known = {str(id): email for id, email in people.items()}
        self._choose("person", {"": _("Anyone"), NO_ONE: _("No one"), **known})
        self.full_clean()

    def _choose(self, name: str, choices: Mapping[str, Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices.items())

    @property
    def wanted(self) -> dict[str, str]:
        """What was given and can be meant."""
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def is_narrow(self) -> bool:
        """Whether some companies may be left out."""
        return any(name != "sort" for name in self.wanted)


def found(companies: Sequence[Listed], wanted: Mapping[str, str], ids: Ids) -> Sequence[Listed]:
    """Those that match everything, in the order that was asked for; `companies` are by name, and alike ones stay so.
    `ids`: the question for the ids of all of them."""
    found = companies
    for matches in _conditions(wanted):
        found = list(filter(matches, found))
    named = ids if len(found) == len(companies) else [one.company.id for one in found]
    return _in_order(found, wanted.get("sort", ""), named)


def _conditions(wanted: Mapping[str, str]) -> Iterator[Callable[[Listed], bool]]:
    if text := wanted.get("q", "").strip().casefold():
        yield lambda one: any(text in name.casefold() for name in _names(one.company))
    if "erp" in wanted:
        yield lambda one: one.company.erp == wanted["erp"]
    if "person" in wanted:
        yield lambda one: str(one.in_charge or NO_ONE) == wanted["person"]
    if "state" in wanted:
        yield lambda one: _is_in_state(one, wanted["state"])


def _names(company: Company) -> tuple[str, str, str]:
    return company.pleo_name, company.books_name, company.handle


def _is_in_state(one: Listed, state: str) -> bool:
    match state:
        case "waits":
            return bool(one.waits)
        case "clear":
            return not one.waits and one.company.status == "connected"
        case "disconnected":
            return one.company.status == "disconnected"
        case _:
            return state in one.waits


def _in_order(companies: Sequence[Listed], sort: str, ids: Ids) -> Sequence[Listed]:
    match sort:
        case "name":
            return companies
        case "failed":
            return sorted(companies, key=lambda one: -one.waits.get("failed", 0))
        case "person":
            return sorted(companies, key=lambda one: (not one.person, one.person.casefold()))
        case "oldest" | "newest":
            last = process.firm.last_exports(ids)
            return sorted(companies, key=lambda one: last.get(one.company.id, ""), reverse=sort == "newest")
        case _:
            return sorted(companies, key=lambda one: (one.urgency, -one.waits.get("failed", 0)))
